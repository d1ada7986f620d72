"""Two hands at once at the chair: one start, one check-in, every reading kept once."""

from decimal import Decimal
from uuid import uuid4

import pytest

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people.roles import Role
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.openings import Wish as Visit
from ketaflow.session import actions
from ketaflow.session.models import Session
from ketaflow.session.phases import Phase
from ketaflow.session.wishes import Press, Taken

from ..conftest import employ, open_clinic, register
from ..laws.test_schedule_bookings import equip
from ..laws.test_session_rows import (
    NASAL_ORDER,
    VITALS,
    Chairside,
    agree,
    at,
    plan,
    screen,
    sign_policy,
)
from .hands import HANDS, together

ONE_WINS = ["done"] + ["told"] * (HANDS - 1)


@pytest.fixture
def clinic(committed):
    return Clinic()


class Clinic:
    """A clinic with a policy, chairs, two people on duty and a patient who may be treated."""

    def __init__(self):
        row = open_clinic("Races")
        self.nurse = employ(row, "Ada Nurse", Role.NURSE)
        self.second = employ(row, "Ben Prescriber", Role.PRESCRIBER)
        self.director = employ(row, "Mia Director", Role.MEDICAL_DIRECTOR)
        sign_policy(self.director)
        equip(self.director, self.nurse, days=2)
        self.patient = register(self.nurse, "K-1", "Cy", "Patient")

    def course(self, **order):
        course = plan(self.patient, self.second, **order)
        screen(self.patient, self.nurse, course)
        agree(self.patient, course, self.nurse)
        return course

    def walk_in(self, course):
        return actions.walk_in(
            course=course.id, chair="Chair 1", nurse=self.nurse.id, by=self.nurse.author, at=at()
        )

    def chair(self, **order):
        return Chairside(self.walk_in(self.course(**order)), self.nurse, self.second)


def told(work):
    """What `work` did: "done", or "told" that somebody was first."""

    def press(n):
        try:
            work(n)
        except SomeoneElseMoved:
            return "told"
        return "done"

    return press


def whole(chair):
    """The record verifies and makes the same rows again."""
    journal.verify()
    journal.rebuild()
    return chair.state


def test_of_eight_hands_that_press_start_one_starts(clinic):
    chair = clinic.chair().prepare()
    seen = chair.seen
    press = told(lambda n: chair.do(actions.start, 10 + n / 60, seen=seen, rate_mg_min=Decimal(1)))
    assert sorted(together(press)) == ONE_WINS
    state = whole(chair)
    assert (state.phase, len(state.programme)) == (Phase.RUNNING, 1)


def test_of_eight_hands_that_give_a_device_one_gives_it(clinic):
    chair = clinic.chair(order=NASAL_ORDER).prepare()
    seen = chair.seen
    press = told(lambda n: chair.do(actions.give_device, 10, seen=seen, lot=f"L{n}"))
    assert sorted(together(press)) == ONE_WINS
    assert len(whole(chair).devices) == 1


def test_of_pause_and_stop_one_happens(clinic):
    chair = clinic.chair().run()
    seen = chair.seen
    press = told(
        lambda n: chair.do(actions.stop if n % 2 else actions.pause, 20, seen=seen, reason="now")
    )
    assert sorted(together(press)) == ONE_WINS
    assert whole(chair).phase in {Phase.PAUSED, Phase.OBSERVING}


def test_of_eight_hands_that_check_a_patient_in_one_opens_a_session(clinic):
    course = clinic.course()
    press = told(lambda n: clinic.walk_in(course))
    assert sorted(together(press)) == ONE_WINS
    assert Session.objects.count() == 1


def test_of_eight_hands_that_check_a_visit_in_one_opens_a_session(clinic):
    course, by = clinic.course(), clinic.nurse.author
    visit = schedule.book(course=course.id, wish=Visit(at()), by=by, at=at(-60))
    press = told(lambda n: actions.check_in(booking=visit.id, by=by, at=at()))
    assert sorted(together(press)) == ONE_WINS
    assert Session.objects.count() == 1
    journal.rebuild()


def test_eight_different_readings_are_all_kept(clinic):
    chair = clinic.chair().run()
    seen = chair.seen

    def press(n):
        taken = Taken({**VITALS, "systolic": Decimal(120 + n)})
        return chair.do(actions.record_round, 20, seen=seen, taken=taken)

    assert together(told(press)) == ["done"] * HANDS
    assert len(whole(chair).readings) == 1 + HANDS


def test_one_reading_sent_eight_times_is_kept_once(clinic):
    chair = clinic.chair().run()
    seen = chair.seen
    press = told(lambda n: chair.do(actions.record_round, 20, seen=seen, taken=Taken(VITALS)))
    assert sorted(together(press)) == ONE_WINS
    assert len(whole(chair).readings) == 2


def test_one_press_that_eight_lines_bring_at_once_is_kept_once(clinic):
    chair = clinic.chair().run()
    press = Press(chair.seen, key=uuid4(), happened_at=at(12))
    send = told(lambda _: chair.do(actions.note, 15, seen=press, text="the line was lost"))
    assert sorted(together(send)) == ONE_WINS
    kinds = [one.kind for one in journal.entries(clinic=chair.nurse.clinic_id,
                                                 stream=f"session/{chair.id}")]  # fmt: skip
    assert kinds.count("session.note") == 1
