"""Scores over weeks: who is drawn, what fades, who relapses."""

from dataclasses import replace

import numpy as np
import pytest

from ketaflow.pharmacology.response import course, judging
from ketaflow.pharmacology.response.course import Course, NotACourse, scores
from ketaflow.pharmacology.response.model import UnknownSetting, response_model
from ketaflow.pharmacology.response.people import Draw, People, people

MODEL = response_model()
SIX = (0.0, 2.0, 4.0, 7.0, 9.0, 11.0)
DAYS = tuple(float(day) for day in range(91))
DRAW = Draw(seed=3, chunk=0, count=2000)


def mean_score(one, draw=DRAW, **asked):
    return scores(MODEL, one, people(MODEL, draw), draw, **asked).mean(axis=0)


def test_the_first_people_are_the_same_however_many_are_drawn():
    few, many = people(MODEL, Draw(5, 2, 10)), people(MODEL, Draw(5, 2, 300))
    assert np.array_equal(few.koff, many.koff[:10])
    six = Course(SIX, DAYS, "open label")
    first = scores(MODEL, six, few, Draw(5, 2, 10))
    assert np.array_equal(first, scores(MODEL, six, many, Draw(5, 2, 300))[:10])


def test_chunks_and_seeds_hold_different_people():
    one = people(MODEL, Draw(5, 2, 10)).drug
    assert not np.array_equal(one, people(MODEL, Draw(5, 3, 10)).drug)
    assert not np.array_equal(one, people(MODEL, Draw(6, 2, 10)).drug)


def test_without_the_drug_only_the_setting_helps():
    nothing = mean_score(Course((), DAYS, "saline"))
    treated = mean_score(Course(SIX, DAYS, "saline"))
    assert nothing[12] > treated[12] + 5
    assert nothing[12] == pytest.approx(nothing[90], abs=0.5)


def test_without_strength_a_session_is_no_session():
    empty = mean_score(Course(SIX, DAYS, "saline", held_until_d=90), strength=0.0)
    assert empty == pytest.approx(mean_score(Course((), DAYS, "saline")))


def test_what_helps_without_the_drug_fades_after_the_course_unless_it_is_held():
    fading = course.expectancy(MODEL, Course(SIX, DAYS, "midazolam"), MODEL.setting("midazolam"))
    held = course.expectancy(
        MODEL, Course(SIX, DAYS, "midazolam", held_until_d=60), MODEL.setting("midazolam")
    )
    days = round(11 + MODEL.fades_after_d)
    assert np.all(np.diff(fading[days:]) < 0)
    assert held[60] > 0.99 > held[70]


def test_an_antidepressant_makes_it_last():
    bare = mean_score(Course(SIX, DAYS, "open label"))
    with_it = mean_score(Course(SIX, DAYS, "open label", antidepressant=True))
    assert with_it[40] < bare[40] - 2
    assert with_it[90] < bare[90]


def test_maintenance_holds_what_was_gained():
    weekly = tuple(11.0 + 7 * week for week in range(1, 9))
    with_it = mean_score(Course((*SIX, *weekly), DAYS, "open label"))
    assert with_it[68] < mean_score(Course(SIX, DAYS, "open label"))[68] - 3


def test_scores_stay_on_the_scale():
    found = scores(MODEL, Course(SIX, DAYS, "midazolam"), people(MODEL, DRAW), DRAW)
    assert found.min() >= 0
    assert found.max() <= MODEL.score.most


def test_the_baseline_keeps_its_floor():
    severe = replace(MODEL.score, mean=20)
    assert people(MODEL, DRAW, score=severe).baseline.min() == MODEL.score.floor


def test_an_unknown_setting_is_named_with_those_there_are():
    with pytest.raises(UnknownSetting, match="midazolam, open label, saline"):
        mean_score(Course(SIX, DAYS, "sham"))


@pytest.mark.parametrize(
    ("sessions", "read"),
    [((2, 1), (1,)), ((1, 1), (1,)), ((-1,), (1,)), ((float("nan"),), (1,)), ((0,), (1e9,))],
)
def test_days_that_cannot_be_meant_are_refused(sessions, read):
    with pytest.raises(NotACourse, match="in order"):
        Course(sessions, read, "saline")


def test_a_course_nobody_looks_at_is_refused():
    with pytest.raises(NotACourse, match="at least one day"):
        Course(SIX, (), "saline")


def test_one_bad_visit_is_no_relapse_and_two_are_dated_at_the_second():
    visits = np.array([[25.0, 10, 25, 10], [10.0, 25, 25, 25], [25.0, 25, 0, 0], [0.0, 0, 0, 30]])
    assert judging.relapse_places(visits, MODEL.judged).tolist() == [4, 2, 1, 4]


def test_one_visit_alone_confirms_nothing():
    assert judging.relapse_places(np.full((2, 1), 60.0), MODEL.judged).tolist() == [1, 1]


def test_response_is_half_of_ones_own_baseline():
    group = People(*(np.array([0.5, 0.5]) for _ in range(3)), baseline=np.array([40.0, 30.0]))
    found = judging.responded(np.array([[20.0], [20.0]]), group.baseline, MODEL.judged)
    assert found[:, 0].tolist() == [True, False]
