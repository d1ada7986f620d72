"""A score is the sum of what was answered, or it is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.instruments.library import instrument, library
from ketaflow.instruments.scoring import (
    AnswerOutOfRange,
    Flag,
    WrongNumberOfAnswers,
    match,
    missing,
    score,
)


@st.composite
def answered(draw, blanks=False):
    name = draw(st.sampled_from(sorted(library())))
    one = st.none() if blanks else st.nothing()
    answers = [draw(one | st.integers(i.low, i.high)) for i in instrument(name).items]
    return name, answers


@given(answered())
def test_a_full_questionnaire_has_a_total_in_its_published_range(case):
    name, answers = case
    result, asked = score(name, answers), instrument(name)
    assert result.complete
    assert (result.total is None) == (name == "c-ssrs-screener")
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
