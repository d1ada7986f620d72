"""A score is the sum of what was answered, or it is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.instruments.library import Verdict, instrument, library
from ketaflow.instruments.scoring import (
    AnswerOutOfRange,
    Flag,
    NamedOnly,
    WrongNumberOfAnswers,
    match,
    missing,
    score,
)

SCORED = sorted(name for name, one in library().items() if one.verdict is not Verdict.LINK)
NO_TOTAL = {"c-ssrs-screener", "bpi-sf"}


@st.composite
def answered(draw, blanks=False):
    name = draw(st.sampled_from(SCORED))
    one = st.none() if blanks else st.nothing()
    answers = [draw(one | st.integers(i.low, i.high)) for i in instrument(name).items]
    return name, answers


@given(answered())
def test_a_full_questionnaire_has_a_total_in_its_published_range(case):
    name, answers = case
    result, asked = score(name, answers), instrument(name)
    assert result.complete
    assert (result.total is None) == (name in NO_TOTAL)
    assert result.total is None or asked.lowest <= result.total <= asked.highest


@given(answered(blanks=True))
def test_what_is_missing_is_never_guessed(case):
    result = score(*case)
    if not result.complete:
        assert result.total is None
        assert result.band is None


@given(answered(), st.data())
def test_a_worse_answer_never_lowers_the_total(case, data):
    name, answers = case
    place = data.draw(st.integers(0, len(answers) - 1))
    worse = list(answers)
    worse[place] = instrument(name).items[place].high
    assert (score(name, worse).total or 0) >= (score(name, answers).total or 0)


@pytest.mark.parametrize(
    ("name", "answers", "total", "band"),
    [
        ("phq-9", [0, 0, 0, 0, 0, 0, 1, 1, 2], 4, "none"),
        ("phq-9", [1, 1, 1, 1, 1, 0, 0, 0, 0], 5, "mild"),
        ("phq-9", [2, 2, 2, 2, 2, 2, 2, 0, 0], 14, "moderate"),
        ("phq-9", [2, 2, 2, 2, 2, 2, 3, 0, 0], 15, "moderately severe"),
        ("phq-9", [3, 3, 3, 3, 3, 3, 2, 0, 0, 3], 20, "severe"),
        ("gad-7", [1, 1, 1, 1, 0, 0, 0], 4, "none"),
        ("gad-7", [3, 3, 3, 3, 3, 0, 0], 15, "severe"),
        ("nrs-pain", [7], 7, "severe"),
        ("cadss-6", [4, 4, 0, 0, 0, 1], 9, None),
        ("modified-aldrete", [2, 2, 2, 2, 1], 9, "meets the discharge score"),
        ("mpadss", [2, 2, 1, 1, 2], 8, "below the discharge score"),
        # Bands as their sources print them: HAM-D CamCOPS (S47), MADRS S50, YMRS S58, Y-BOCS
        # Storch 2015 (S59), BDI-II and PROMIS from memory.
        ("ham-d", [1, 1, 1, 1, 1, 1, 1, *[0] * 10], 7, "none"),
        ("ham-d", [4, 4, 4, 2, 2, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 22, "severe"),
        ("ham-d", [4, 4, 4, 2, 2, 2, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 23, "very severe"),
        ("madrs", [6, 6, 6, 1, 0, 0, 0, 0, 0, 0], 19, "mild"),
        ("madrs", [6, 6, 6, 2, 0, 0, 0, 0, 0, 0], 20, "moderate"),
        ("ymrs", [4, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0], 11, "not manic"),
        ("ymrs", [0, 0, 0, 0, 8, 8, 0, 5, 0, 0, 0], 21, "manic"),
        ("y-bocs", [2, 2, 2, 2, 2, 2, 2, 0, 0, 0], 14, "moderate"),
        ("bdi-ii", [3] * 6 + [1] * 2 + [0] * 13, 20, "moderate"),
        ("asrm", [2, 2, 2, 0, 0], 6, None),
        ("audit-c", [4, 4, 4], 12, None),
        ("dast-10", [1] * 10, 10, None),
        ("bprs", [1] * 18, 18, None),
        ("bpic-ss", [20], 20, None),
        ("promis-pain-interference", [60], 60, "moderate"),
    ],
)
def test_totals_fall_into_the_published_bands(name, answers, total, band):
    result = score(name, answers)
    assert (result.total, result.band) == (total, band)


def test_the_function_question_of_phq_9_adds_nothing_and_may_be_left_out():
    nine = [1] * 9
    assert score("phq-9", nine).total == score("phq-9", [*nine, 3]).total == 9
    assert score("phq-9", [*nine, None]).complete


def test_any_thought_of_being_better_off_dead_is_flagged_however_low_the_total():
    result = score("phq-9", [0, 0, 0, 0, 0, 0, 0, 0, 1])
    assert (result.band, result.flags) == ("none", (Flag.SUICIDALITY,))


def test_an_unanswered_suicide_question_needs_follow_up_and_is_not_a_no():
    result = score("phq-9", [0, 0, 0, 0, 0, 0, 0, 0, None])
    assert (result.total, result.band) == (None, None)
    assert result.flags == (Flag.SUICIDALITY_UNANSWERED,)
    assert "follow-up" in result.flags[0].says


@pytest.mark.parametrize(
    ("answers", "level"),
    [
        ([0, 0, None, None, None, 0, None], "none reported"),
        ([0, 0, None, None, None, 0], "none reported"),
        ([1, 0, None, None, None, 0, None], "low"),
        ([1, 1, 0, 0, 0, 0, None], "low"),
        ([1, 1, 1, 0, 0, 0, None], "moderate"),
        ([0, 0, None, None, None, 1, 0], "moderate"),
        ([1, 1, 0, 1, 0, 0, None], "high"),
        ([1, 1, 0, 0, 1, 0, None], "high"),
        ([0, 0, None, None, None, 1, 1], "high"),
    ],
)
def test_the_columbia_screener_is_as_high_as_its_worst_answer(answers, level):
    result = score("c-ssrs-screener", answers)
    assert (result.complete, result.total, result.band) == (True, None, level)


def test_behaviour_whose_time_was_not_asked_leaves_the_screener_open():
    result = score("c-ssrs-screener", [0, 0, None, None, None, 1, None])
    assert not result.complete
    assert set(result.flags) == {Flag.SUICIDALITY, Flag.SUICIDALITY_UNANSWERED}


def test_what_was_not_answered_can_be_asked_again():
    open_items = missing(instrument("phq-9"), match("phq-9", [0, None, 0, 0, 0, 0, 0, 0, None]))
    assert [item.key for item in open_items] == ["2", "9"]


def test_ptsd_clusters_are_summed_and_their_symptom_rule_checked():
    just_enough = [2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0]
    result = score("pcl-5", just_enough)
    assert dict(result.subscales) == {"B": 2, "C": 2, "D": 4, "E": 4}
    assert (result.flags, result.band) == ((Flag.CRITERIA,), None)


def test_a_ptsd_total_of_31_reaches_the_cut_point_and_30_does_not():
    high = [4, 4, 4, 4, 4, 1, 1, 4, 4, 1, *([0] * 10)]
    assert Flag.CUT_POINT in score("pcl-5", high).flags
    high[0] = 3
    assert Flag.CUT_POINT not in score("pcl-5", high).flags


def test_a_cluster_with_a_gap_has_no_sum():
    assert score("pcl-5", [None, *([0] * 19)]).subscales["B"] is None


def test_an_answer_outside_its_range_is_refused_by_name():
    with pytest.raises(AnswerOutOfRange, match=r"item 3 is answered from 0 to 3 and 20") as refused:
        score("phq-9", [0, 0, 20, 0, 0, 0, 0, 0, 0])
    assert refused.value.exit_code == 11


@pytest.mark.parametrize(
    ("name", "count", "wanted"),
    [("phq-9", 8, "9 to 10"), ("phq-9", 11, "9 to 10"), ("gad-7", 6, "takes 7 answers")],
)
def test_too_many_or_too_few_answers_are_refused(name, count, wanted):
    with pytest.raises(WrongNumberOfAnswers, match=wanted):
        score(name, [0] * count)


# QIDS: nine domains, sleep the worst of items 1 to 4, appetite and weight of 6 to 9, restlessness
# and slowing of 15 and 16 (S49b).
def qids(**changed):
    answers = dict.fromkeys((str(number) for number in range(1, 17)), 0)
    return [(answers | {key[1:]: value for key, value in changed.items()})[key] for key in answers]


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ({"q1": 3, "q2": 3, "q3": 3, "q4": 3}, 3),
        ({"q1": 1, "q4": 2}, 2),
        ({"q6": 3, "q9": 3}, 3),
        ({"q15": 2, "q16": 3}, 3),
        ({"q5": 3, "q10": 3, "q11": 3, "q12": 3, "q13": 3, "q14": 3}, 18),
        ({f"q{number}": 3 for number in range(1, 17)}, 27),
    ],
)
def test_a_domain_of_the_qids_is_as_bad_as_its_worst_item(changed, total):
    assert score("qids-sr16", qids(**changed)).total == total


def test_of_appetite_less_and_more_the_qids_asks_one():
    result = score("qids-sr16", qids(q6=None, q7=2, q8=1, q9=None))
    assert (result.complete, result.total) == (True, 2)


@pytest.mark.parametrize("open_items", [{"q6": None, "q7": None}, {"q1": None}, {"q16": None}])
def test_a_qids_with_an_open_question_has_no_total(open_items):
    assert score("qids-sr16", qids(**open_items)).total is None


@pytest.mark.parametrize(
    ("name", "place"), [("qids-sr16", 12), ("madrs", 10), ("bdi-ii", 9), ("ham-d", 3)]
)
def test_every_scale_of_mood_has_its_question_about_suicide(name, place):
    answers = [0] * len(instrument(name).items)
    answers[place - 1] = 1
    assert score(name, answers).flags == (Flag.SUICIDALITY,)
    answers[place - 1] = None
    result = score(name, answers)
    assert (result.total, result.flags) == (None, (Flag.SUICIDALITY_UNANSWERED,))


def test_the_peg_is_the_mean_of_its_three():  # Krebs 2009
    assert str(score("peg", [5, 5, 6]).total) == "5.33"
    assert score("peg", [10, 10, 10]).total == 10
    assert score("peg", [5, None, 6]).total is None


def test_the_brief_pain_inventory_has_two_means_and_no_total():
    result = score("bpi-sf", [1, 2, 3, 5, *[4] * 7])
    assert (result.total, result.band, result.complete) == (None, None, True)
    assert {key: str(mean) for key, mean in result.subscales.items()} == {
        "severity": "2.75",
        "interference": "4.00",
    }
    assert score("bpi-sf", [None] * 4 + [4] * 7).subscales["severity"] is None


@pytest.mark.parametrize(("raw", "band"), [(12, "poor well-being"), (13, "well-being not poor")])
def test_the_who_5_is_four_times_its_raw_score_and_poor_below_13(raw, band):
    answers = [5, 5, raw - 10, 0, 0]
    result = score("who-5", answers)
    assert (result.total, result.subscales["raw"], result.band) == (raw * 4, raw, band)


def test_the_four_psychosis_items_are_a_subscale_of_the_bprs_and_a_scale_of_their_own():
    answers = [1] * 18
    for place in (4, 11, 12, 15):
        answers[place - 1] = 7
    assert score("bprs", answers).subscales["psychosis"] == 28
    assert score("bprs-4", [7, 7, 7, 7]).total == 28
    assert score("bprs-psychosis", [1, 1, 1, 1]).flags == ()


@pytest.mark.parametrize(
    ("name", "below", "at"),
    [
        ("asrm", [1, 1, 1, 1, 1], [2, 1, 1, 1, 1]),
        ("audit-c", [2, 0, 0], [3, 0, 0]),
        ("dast-10", [1, 1, *[0] * 8], [1, 1, 1, *[0] * 7]),
        ("cadss", [4, *[0] * 22], [4, 1, *[0] * 21]),
        ("bpic-ss", [18], [19]),
    ],
)
def test_a_cut_point_is_reached_at_its_number(name, below, at):
    assert score(name, below).flags == ()
    assert score(name, at).flags == (Flag.CUT_POINT,)


@pytest.mark.parametrize("name", ["kset", "moca", "eq-5d", "mdq"])
def test_what_may_only_be_named_is_not_scored_and_says_why(name):
    with pytest.raises(NamedOnly, match="named only"):
        score(name, [1])
