"""Two hands at once on the schedule: the last chair, the last place, the same patient."""

from datetime import date, time, timedelta

import pytest

from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.refusals import Refused
from ketaflow.schedule import actions
from ketaflow.schedule.hours import instant
from ketaflow.schedule.models import BookedSlot, Booking
from ketaflow.schedule.openings import Wish
from ketaflow.schedule.standing import Standing

from ..conftest import NOW, employ, open_clinic, register
from ..laws.test_schedule_bookings import equip, plan, sign_policy
from .hands import HANDS, together

DAY = date(2026, 3, 11)


class Clinic:
    """A clinic with eight patients, each with a course."""

    def __init__(self, *, chairs, watched_at_once):
        self.row = open_clinic("Races")
        self.nurse = employ(self.row, "Ada Nurse", Role.NURSE)
        self.prescriber = employ(self.row, "Ben Prescriber", Role.PRESCRIBER)
        self.director = employ(self.row, "Mia Director", Role.MEDICAL_DIRECTOR)
        sign_policy(
            self.director,
            {"iv_recovery_booking_min": "60", "patients_per_nurse": str(watched_at_once)},
        )
        equip(self.director, self.nurse, chairs=chairs)
        self.patients = [register(self.nurse, f"K-{n}", "Cy", f"P{n}") for n in range(HANDS)]
        self.courses = [plan(one, self.prescriber) for one in self.patients]

    def at(self, clock, day=DAY):
        return instant(day, time.fromisoformat(clock), self.row.zone)

    def book(self, course, clock, **wish):
        wished = Wish(self.at(clock), **wish)
        return actions.book(course=course.id, wish=wished, by=self.nurse.author, at=NOW)


@pytest.fixture
def clinic(committed, request):
    return Clinic(**getattr(request, "param", {"chairs": 8, "watched_at_once": 6}))


def told(work):
    """What `work` did: "done", or "told" why not."""

    def press(n):
        try:
            work(n)
        except Refused:
            return "told"
        return "done"

    return press


def nobody_is_booked_twice():
    held = list(BookedSlot.objects.values_list("slot", "chair", "patient", "nurse", "place"))
    assert len({(slot, chair) for slot, chair, *_ in held}) == len(held)
    assert len({(slot, patient) for slot, _, patient, *_ in held}) == len(held)
    assert len({(slot, nurse, place) for slot, _, _, nurse, place in held}) == len(held)
    journal.rebuild()
    journal.verify()


ONE_WINS = ["done"] + ["told"] * (HANDS - 1)


@pytest.mark.parametrize("clinic", [{"chairs": 1, "watched_at_once": 6}], indirect=True)
def test_of_eight_who_want_the_last_chair_one_gets_it(clinic):
    got = together(told(lambda n: clinic.book(clinic.courses[n], "10:00")))
    assert sorted(got) == ONE_WINS
    nobody_is_booked_twice()


@pytest.mark.parametrize("clinic", [{"chairs": 8, "watched_at_once": 1}], indirect=True)
def test_of_eight_who_want_the_nurses_last_place_one_gets_it(clinic):
    got = together(told(lambda n: clinic.book(clinic.courses[n], "10:00")))
    assert sorted(got) == ONE_WINS
    nobody_is_booked_twice()


def test_of_eight_courses_of_one_patient_one_is_booked(clinic):
    courses = [plan(clinic.patients[0], clinic.prescriber) for _ in range(HANDS)]
    got = together(told(lambda n: clinic.book(courses[n], "10:00")))
    assert sorted(got) == ONE_WINS
    nobody_is_booked_twice()


def test_eight_presses_book_one_session_of_a_course_that_day(clinic):
    clocks = ["08:00", "08:15", "09:30", "10:15", "11:00", "12:30", "13:00", "14:00"]
    got = together(told(lambda n: clinic.book(clinic.courses[0], clocks[n])))
    assert sorted(got) == ONE_WINS
    nobody_is_booked_twice()


def test_eight_who_want_different_things_all_get_them(clinic):
    got = together(told(lambda n: clinic.book(clinic.courses[n], "08:00" if n < 4 else "11:00")))
    assert got == ["done"] * HANDS
    nobody_is_booked_twice()


def test_a_visit_is_moved_or_cancelled_but_not_both(clinic):
    booked = clinic.book(clinic.courses[0], "10:00")

    def press(n):
        by = clinic.nurse.author
        if n % 2:
            actions.cancel(booking=booked.id, reason="ill", seen=1, by=by, at=NOW)
        else:
            wish = Wish(clinic.at("13:00"))
            actions.move(booking=booked.id, wish=wish, seen=1, by=by, at=NOW)

    assert sorted(together(told(press))) == ONE_WINS
    held = BookedSlot.objects.filter(booking=booked).count()
    cancelled = Booking.objects.get(id=booked.id).standing is Standing.CANCELLED
    assert held == (0 if cancelled else 9)
    nobody_is_booked_twice()


@pytest.mark.parametrize("clinic", [{"chairs": 1, "watched_at_once": 6}], indirect=True)
def test_a_time_is_booked_or_moved_into_but_not_both(clinic):
    booked = clinic.book(clinic.courses[0], "08:00")

    def press(n):
        if n:
            return clinic.book(clinic.courses[n], "13:00")
        wish = Wish(clinic.at("13:00"))
        return actions.move(booking=booked.id, wish=wish, seen=1, by=clinic.nurse.author, at=NOW)

    assert sorted(together(told(press))) == ONE_WINS
    nobody_is_booked_twice()


@pytest.mark.parametrize("clinic", [{"chairs": 2, "watched_at_once": 6}], indirect=True)
def test_two_who_swap_never_block_each_other(clinic):
    booked = [clinic.book(clinic.courses[n], "10:00") for n in range(2)]
    later = [clinic.book(clinic.courses[n], "13:00") for n in range(2, 4)]
    targets = [*([clinic.at("13:00")] * 2), *([clinic.at("10:00")] * 2)]
    everyone = [*booked, *later]

    def press(n):
        row = everyone[n % 4]
        wish = Wish(targets[n % 4] + timedelta(minutes=45 * (n // 4)))
        actions.move(booking=row.id, wish=wish, seen=1, by=clinic.nurse.author, at=NOW)

    assert set(together(told(press))) <= {"done", "told"}
    nobody_is_booked_twice()


def test_a_nurse_goes_off_duty_or_is_booked_but_not_both(clinic):
    def press(n):
        if n % 2:
            return clinic.book(clinic.courses[n], "10:00")
        return actions.take_off_duty(
            staff=clinic.nurse.id, day=DAY, by=clinic.director.author, at=NOW
        )

    together(told(press))
    on_duty = clinic.nurse.shifts.filter(day=DAY).exists()
    assert on_duty == Booking.objects.exists()
    nobody_is_booked_twice()
