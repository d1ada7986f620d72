"""Better, well and worse mean what was published, and a sentence says so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.evidence.sources import cite
from ketaflow.outcomes import picture
from ketaflow.outcomes.change import History, Measurement, NoRule, assess, describe, rules
from ketaflow.outcomes.standing import stands
from ketaflow.outcomes.trend import trend

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def over(instrument, *totals, every=7, treated=None, events=()):
    measured = tuple(
        Measurement(day(every * place), None if total is None else Decimal(total))
        for place, total in enumerate(totals)
    )
    return History(instrument, measured, treated, events)


@given(st.integers(0, 27), st.integers(0, 27))
def test_a_response_is_half_of_the_baseline_or_less(before, after):
    change = assess(over("phq-9", before, after))
    assert change.response == (None if before == 0 else after * 2 <= before)
    assert change.fall_points == before - after


@pytest.mark.parametrize(
    ("instrument", "before", "after", "response"),
    [
        ("phq-9", 20, 10, True),
        ("phq-9", 20, 11, False),
        ("nrs-pain", 10, 7, True),
        ("nrs-pain", 10, 8, False),
        ("caps-5", 40, 28, True),
        ("y-bocs", 20, 13, True),
        ("y-bocs", 20, 14, False),
        ("pcl-5", 50, 40, True),
        ("pcl-5", 50, 41, False),
    ],
)
def test_each_instrument_responds_by_its_own_rule(instrument, before, after, response):
    assert assess(over(instrument, before, after)).response is response


@pytest.mark.parametrize(
    ("instrument", "total", "remission"),
    [
        ("phq-9", 4, True),
        ("phq-9", 5, False),
        ("madrs", 10, True),
        ("madrs", 11, False),
        ("ham-d", 7, True),
        ("qids-sr16", 6, False),
        ("nrs-pain", 0, None),
    ],
)
def test_remission_is_the_published_total(instrument, total, remission):
    assert assess(over(instrument, 20, total)).remission is remission


def test_five_points_above_the_best_is_worse_even_by_small_steps():
    assert assess(over("phq-9", 18, 6, 8, 10)).worsened is False
    assert assess(over("phq-9", 18, 6, 8, 10, 11)).worsened is True
    assert assess(over("y-bocs", 18, 30)).worsened is None


def test_a_response_that_is_gone_is_called_lost():
    assert assess(over("phq-9", 18, 8, 12)).lost_response is True
    assert assess(over("phq-9", 18, 12, 8)).lost_response is False
    assert assess(over("phq-9", 18)).lost_response is None


@pytest.mark.parametrize(
    ("totals", "every", "relapse"),
    [
        ((30, 10, 22, 23), 7, True),
        ((30, 10, 22, 21), 7, False),
        ((30, 10, 22, 21, 22), 7, False),
        ((30, 10, 22, 23), 3, False),
        ((30, 10, 22, 23), 20, False),
        ((30, 10, 22, None, 23), 7, True),
    ],
)
def test_relapse_is_two_high_scores_in_a_row_neither_too_near_nor_too_far(totals, every, relapse):
    assert assess(over("madrs", *totals, every=every)).relapse is relapse


def test_an_attempt_or_admission_during_the_course_is_a_relapse():
    assert assess(over("phq-9", 18, 4, events=(day(10),))).relapse is True
    assert assess(over("phq-9", 18, 4, events=(day(-10),))).relapse is False


def test_the_baseline_is_the_last_total_before_the_first_session():
    change = assess(over("phq-9", 12, 20, 8, treated=day(8)))
    assert (change.baseline.total, change.latest.total, change.best.total) == (20, 8, 8)


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (over("phq-9"), "PHQ-9 has not been completed yet."),
        (over("phq-9", None), "PHQ-9 has not been completed yet."),
        (over("phq-9", 18), "PHQ-9 was 18 at baseline; none has been completed since."),
        (
            over("phq-9", 18, treated=day(-1)),
            "PHQ-9 has no total from before the first session to compare with.",
        ),
        (
            over("phq-9", 18, 8),
            "PHQ-9 fell from 18 to 8 (56 %) in 7 days: response, not remission.",
        ),
        (over("phq-9", 18, 4, every=1), "PHQ-9 fell from 18 to 4 (78 %) in 1 day: remission."),
        (over("phq-9", 18, 18, every=0), "PHQ-9 stayed at 18 on the same day: no response."),
        (
            over("phq-9", 12, 18),
            "PHQ-9 rose from 12 to 18 (50 %) in 7 days: no response, "
            "worse than the best by 5 points or more.",
        ),
        (
            over("phq-9", 18, 6, 12),
            "PHQ-9 fell from 18 to 12 (33 %) in 14 days: no response, the earlier response is "
            "lost, worse than the best by 5 points or more.",
        ),
        (
            over("madrs", 30, 10, 22, 24),
            "MADRS fell from 30 to 24 (20 %) in 21 days: no response, relapse.",
        ),
        (over("nrs-pain", 0, 1), "Pain NRS rose from 0 to 1 in 7 days: nothing to compare."),
        (over("nrs-pain", 8, 4), "Pain NRS fell from 8 to 4 (50 %) in 7 days: response."),
    ],
)
def test_the_change_is_said_in_one_plain_sentence(history, said):
    assert describe(history) == said


def test_an_instrument_without_a_rule_is_refused():
    with pytest.raises(NoRule, match="phq-9"):
        assess(over("cadss-6", 3))


def test_every_rule_rests_on_registered_sources():
    for name in rules():
        assert cite(assess(over(name, 10, 5)).sources)
    assert "UNVERIFIED" in assess(over("madrs", 30)).sources


def test_the_table_beside_the_chart_says_every_point_in_words():
    found = trend(over("phq-9", 18, 12, None, 18, 20, treated=day(1)), sessions=(day(2), day(9)))
    assert [row.says for row in found.rows] == ["18", "12", "incomplete", "18", "20"]
    assert [row.change for row in found.rows] == [
        *("baseline", "6 below baseline", "", "as at baseline", "2 above baseline"),
    ]
    assert [row.band for row in found.rows][:3] == ["moderately severe", "moderate", ""]
    assert [row.when for row in found.rows][:3] == [
        *("before the first session", "after session 1", "after session 2"),
    ]


def test_the_chart_has_every_complete_total_and_every_session():
    found = trend(over("phq-9", 18, None, 8), sessions=(day(2),))
    assert found.points == ((day(0), 18), (day(14), 8))
    assert [mark.label for mark in found.marks] == ["Session 1"]
    assert (found.low, found.high, found.label) == (0, 27, "PHQ-9")
    assert found.summary.endswith("response, not remission.")


@pytest.mark.parametrize(
    ("history", "word"),
    [
        (over("phq-9", 20), "UNKNOWN"),
        (over("phq-9", 20, 18), "UNCHANGED"),
        (over("phq-9", 20, 15), "IMPROVED"),
        (over("phq-9", 20, 10), "RESPONSE"),
        (over("phq-9", 20, 4), "REMISSION"),
        (over("phq-9", 20, 10, 11), "SLIPPING"),
        (over("phq-9", 20, 4, 9), "SLIPPING"),
        (over("phq-9", 12, 17), "WORSE"),
        (over("madrs", 30, 12, 22, 22), "RELAPSE"),
        (over("phq-9", 20, 4, events=(day(3),)), "RELAPSE"),
        (over("who-5", 20, 30), "IMPROVED"),
        (over("who-5", 20, 29), "UNCHANGED"),
        (over("who-5", 20, 40, 30), "SLIPPING"),
        (over("peg", 8, Decimal("5.6")), "RESPONSE"),
    ],
)
def test_a_course_stands_where_its_totals_say(history, word):
    found = stands(assess(history))
    assert found.standing == word
    assert cite(found.sources)
    assert found.label
    assert found.means


def test_reliable_change_is_said_only_where_a_source_gives_it():
    assert assess(over("pcl-5", 50, 45)).reliable is True
    assert assess(over("pcl-5", 50, 46)).reliable is False
    assert [name for name, rule in rules().items() if rule.reliable] == ["pcl-5"]


def test_more_well_being_is_better():
    assert describe(over("who-5", 20, 40)) == (
        "WHO-5 rose from 20 to 40 (100 %) in 7 days: better by an amount that matters."
    )
    assert assess(over("who-5", 40, 20)).worsened


def test_the_picture_draws_every_total_session_and_the_difference_that_matters():
    sessions = tuple(day(number) for number in range(2, 16))
    found = trend(over("phq-9", 20, None, 9, 4), sessions=sessions)
    drawn = picture.svg(found, zone=UTC)
    root = ElementTree.fromstring(drawn)
    kinds = [one.get("class") for one in root.iter()]
    assert kinds.count("trend__point") == 3
    assert kinds.count("trend__session") == len(sessions)
    assert {"Matters: 5 below baseline", "Remission: below", "2 Mar 2026"} <= set(root.itertext())
    assert root.get("aria-label") == found.summary
    assert not {"style", "id", "onload"} & {name for one in root.iter() for name in one.attrib}


def test_a_picture_says_nothing_that_its_words_do_not_and_escapes_them():
    found = trend(over("phq-9", 20, 9))
    assert "&lt;script&gt;&quot;" in picture.svg(found, zone=UTC, words='<script>"')
    assert picture.svg(trend(over("phq-9", 20)), zone=UTC) == ""
    assert picture.svg(trend(over("phq-9", 20, 9, every=0)), zone=UTC) == ""


def test_no_level_is_drawn_where_no_total_can_lie():
    assert [one.label for one in trend(over("phq-9", 3, 2)).levels] == ["Remission: below"]
    assert [one.label for one in trend(over("who-5", 40, 50)).levels] == [
        "Matters: 10 above baseline"
    ]
    assert trend(over("peg", 8, 4)).levels == ()


def test_totals_before_the_baseline_and_of_unknown_scales_have_no_words():
    early = trend(over("phq-9", 12, 20, treated=day(8)))
    assert [row.change for row in early.rows] == ["", "baseline"]
    assert trend(over("caps-5", 30)).rows[0].band == ""
