"""Which questionnaires a course asks for, and when: they follow its sessions wherever those go."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ketaflow.outcomes.measuring import due, programme, queries
from ketaflow.outcomes.measuring.due import Filled, State, Timeline, Visit
from ketaflow.outcomes.sheet import Occasion
from ketaflow.protocol.figures import BadFigure
from ketaflow.protocol.library import protocols

from ..conftest import NOW, register
from .test_outcomes_rows import CALM, DAY, give, plan, treat

__all__ = ["give"]
ZONE = ZoneInfo("America/New_York")


def course(*days, given=0, over=None, reviews=(3, 6)):
    """Visits so many days from now, the first `given` of them held."""
    visits = [
        Visit(n, NOW + timedelta(days=day), n <= given) for n, day in enumerate(days, start=1)
    ]
    return Timeline(tuple(visits), reviews, None if over is None else NOW + over * DAY, None)


def stands(timeline, *filled, name="TRD-IV-STD", days=0):
    found = due.measures(
        programme.programme(name), timeline, filled, at=NOW + days * DAY, zone=ZONE
    )
    return {one.key: one for one in found}


def sheet(days, instrument="phq-9", occasion=Occasion.BEFORE_SESSION, number=None):
    return Filled(instrument, NOW + days * DAY, occasion, number)


def test_every_protocol_has_a_programme_whose_questionnaires_the_record_can_take():
    for name in protocols():
        found = programme.programme(name)
        assert {ask.when for ask in found.asks} == set(programme.When), name
    assert programme.programme("CRPS-OP-1").name == "Pain"
    assert programme.programme("NEW-1").name == "Depression"
    with pytest.raises(BadFigure, match="no record can take"):
        programme._asks("x", {"instruments": ["kset"], "when": "for each review"})


def test_a_visit_that_moves_takes_its_questionnaires_with_it():
    before = stands(course(0, 3))["phq-9/before-2"]
    moved = stands(course(0, 5))["phq-9/before-2"]
    assert (before.due_at, moved.due_at) == (NOW + 3 * DAY, NOW + 5 * DAY)
    assert "phq-9/before-2" not in stands(course(0))


@pytest.mark.parametrize(
    ("key", "timeline", "filled", "days", "state"),
    [
        ("phq-9/baseline", course(), (), 0, State.COMING),
        ("phq-9/baseline", course(2), (), 0, State.COMING),
        ("phq-9/baseline", course(2), (), 2, State.DUE),
        ("phq-9/baseline", course(2), (), 3, State.OVERDUE),
        ("phq-9/baseline", course(2, given=1), (), 3, State.MISSED),
        ("phq-9/baseline", course(2, given=1), (sheet(1),), 3, State.DONE),
        ("phq-9/before-2", course(0, 3), (sheet(0, number=1),), 3, State.DUE),
        ("phq-9/before-2", course(0, 3), (sheet(3, number=2),), 3, State.DONE),
        ("phq-9/before-2", course(0, 3), (sheet(2),), 3, State.DONE),
        ("phq-9/before-2", course(0, 3), (sheet(2, "gad-7"),), 3, State.DUE),
        ("phq-9/before-2", course(0, 3), (), 2, State.COMING),
        ("phq-9/review-3", course(0, 2, 4), (), 4, State.DUE),
        ("phq-9/review-3", course(0, 2, 4), (), 3, State.COMING),
        ("phq-9/review-3", course(0, 2, 4, 7, given=3), (), 6, State.COMING),
        ("phq-9/review-3", course(0, 2, 4, 7, given=3), (sheet(6),), 6, State.DONE),
        ("phq-9/review-3", course(0, 2, 4, given=3), (), 5, State.OVERDUE),
        ("phq-9/review-3", course(0, 2, 4, 7, given=4), (), 8, State.MISSED),
        ("madrs/review-3", course(0, 2, 4, given=3), (), 9, State.COMING),
        ("phq-9/week-1", course(0, given=1), (), 99, State.COMING),
        ("phq-9/week-1", course(0, given=1, over=0), (), 7, State.DUE),
        ("phq-9/week-1", course(0, given=1, over=0), (sheet(5),), 7, State.DONE),
        ("phq-9/week-4", course(0, given=1, over=0), (sheet(5),), 30, State.OVERDUE),
        ("phq-9/week-1", course(0, given=1, over=0), (), 30, State.MISSED),
        ("phq-9/week-24", course(0, given=1, over=0), (), 400, State.OVERDUE),
    ],
)  # fmt: skip
def test_a_questionnaire_is_due_on_its_day_and_overdue_after(key, timeline, filled, days, state):
    assert stands(timeline, *filled, days=days)[key].state is state


def test_what_was_answered_before_an_earlier_course_ended_is_no_baseline():
    again = replace(course(2), since=NOW - DAY)
    assert stands(again, sheet(-2), days=2)["phq-9/baseline"].state is State.DUE


def test_the_ptsd_checklist_is_asked_once_a_week_before_a_session():
    found = stands(course(0, 2, 4, 7, 9, 11, 14), name="PTSD-IV-1")
    asked = [key for key in found if key.startswith("pcl-5/before")]
    assert asked == ["pcl-5/before-4", "pcl-5/before-7"]


@pytest.mark.parametrize(
    ("key", "days", "asked"),
    [
        ("phq-9/week-1", 7, True),
        ("phq-9/week-1", 5, True),
        ("phq-9/week-1", 3, False),
        ("phq-9/week-4", 9, False),
        ("gad-7/baseline", 9, False),
    ],
)
def test_a_questionnaire_is_asked_for_while_its_answer_would_count(key, days, asked):
    at = NOW + days * DAY
    found = stands(course(0, given=1, over=0), days=days)[key]
    assert due.open_now(found, at=at, until=at + 3 * DAY) is asked
    assert not due.open_now(found, at=at, until=NOW)


def test_what_should_be_asked_now_is_the_same_paper_however_often_it_is_read(
    patient, prescriber, nurse, give
):
    treated = plan(patient, prescriber)
    treat(treated, nurse, 6)
    plan(patient, prescriber)  # Nothing is booked of it: it asks for nothing yet.
    last = NOW + 16 * DAY
    at, owed = last + 7 * DAY, {"clinic": patient.clinic_id, "only": ("phq-9", "gad-7")}
    found = list(queries.measures_due(at=at, until=at + DAY, **owed))
    assert [one.measure.key for one in found] == ["phq-9/review-6", "phq-9/week-1", "gad-7/week-1"]
    assert found == list(queries.measures_due(at=at, until=at + DAY, **owed))
    give(CALM, at=at)
    left = list(queries.measures_due(at=at, until=at + DAY, **owed))
    assert [one.measure.key for one in left] == ["gad-7/week-1"]
    assert not list(queries.measures_due(clinic=uuid4(), at=at, until=at + DAY))
    type(patient).objects.filter(id=patient.id).update(deceased=True)
    assert not list(queries.measures_due(at=at, until=at + DAY, **owed))


def test_six_courses_are_read_in_as_many_reads_as_one(patient, clinic_a, nurse, prescriber):
    def reads():
        with CaptureQueriesContext(connection) as asked:
            list(queries.measures_due(clinic=clinic_a.id, at=NOW, until=NOW + timedelta(days=2)))
        return len(asked)

    plan(patient, prescriber)
    before = reads()
    for n in range(5):
        plan(register(nurse, f"K-1{n}", "Eve", "Patient"), prescriber)
    assert reads() == before <= 7
