"""Bookings in the record: booked, moved, cancelled, missed, and made again from the journal."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.people.actions import AlreadyThere
from ketaflow.people.roles import NotYours, Role
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.protocol.models import Course
from ketaflow.protocol.spacing import DayRefused
from ketaflow.refusals import Refused
from ketaflow.schedule import actions, queries
from ketaflow.schedule.actions import NotAllBooked, NotHere, StillBooked, TooEarly
from ketaflow.schedule.hours import Hours, NoSuchHours, instant
from ketaflow.schedule.models import BookedSlot, Booking
from ketaflow.schedule.openings import NobodyOnDuty, NotFree, TooLate, Wish
from ketaflow.schedule.pace import NothingToBook
from ketaflow.schedule.standing import NotFromHere, Standing
from ketaflow.schedule.visits import NoLength

from ..conftest import NOW, register

TODAY = date(2026, 3, 10)
DAY = TODAY + timedelta(days=1)
OPEN = Hours(time(8), time(17))
POLICY = {"iv_recovery_booking_min": "60", "patients_per_nurse": "2"}


def sign_policy(director, values=POLICY):
    """Only the numbers a booking needs; the rest of a policy is another stage's."""
    with transaction.atomic():
        record(
            stream=f"clinic/{director.clinic_id}", kind="policy.signed", by=director.author,
            at=NOW, payload={"version": 1, "values": values, "note": ""},
        )  # fmt: skip


def plan(patient, prescriber, *, protocol="TRD-IV-STD", sessions=6):
    """A course as a prescriber's confirmation records it."""
    course = uuid4()
    order = {"protocol": protocol, "version": "2026-11-22", "dose_mg": "40", "duration_min": "40"}
    if protocol.startswith("ESK"):
        order |= {"duration_min": None, "devices": 2}
    payload = {
        "patient": str(patient.id), "indication": "Depression", "drug": "ketamine",
        "route": "iv", "sessions": sessions, "order": order,
    }  # fmt: skip
    with transaction.atomic():
        record(
            stream=f"course/{course}", kind="course.planned", by=prescriber.author, at=NOW,
            payload=payload,
        )  # fmt: skip
    return Course.objects.get(id=course)


def equip(director, nurse, *, chairs=2, first=TODAY, days=21, at=NOW):
    """Chairs, hours, preparation and a nurse on duty, every day of the week."""
    by = director.author
    for number in range(1, chairs + 1):
        actions.add_chair(name=f"Chair {number}", place="Room A", by=by, at=at)
    actions.set_hours(weekdays=tuple(range(7)), hours_on=OPEN, by=by, at=at)
    actions.set_preparation(minutes=30, by=by, at=at)
    all_days = tuple(first + timedelta(days=ahead) for ahead in range(days))
    actions.put_on_duty(staff=nurse.id, days=all_days, hours_on=OPEN, by=by, at=at)


@pytest.fixture
def ready(director, nurse):
    sign_policy(director)
    equip(director, nurse)


@pytest.fixture
def course(patient, prescriber):
    return plan(patient, prescriber)


def at(day, clock, zone):
    return instant(day, time.fromisoformat(clock), zone)


@pytest.fixture
def book(course, nurse, clinic_a):
    def booked(clock="10:00", day=DAY, course=course, **wish):
        wished = Wish(at(day, clock, clinic_a.zone), **wish)
        return actions.book(course=course.id, wish=wished, by=nurse.author, at=NOW)

    return booked


@pytest.fixture
def booking(ready, book):
    return book()


def test_a_booking_holds_its_chair_its_nurse_and_the_patient_until_recovery_ends(booking):
    assert booking.ends_at - booking.starts_at == timedelta(minutes=135)
    assert BookedSlot.objects.filter(booking=booking).count() == 9


def test_the_spray_keeps_the_chair_for_two_hours_after_the_last_device(
    ready, book, patient, prescriber
):
    found = book(course=plan(patient, prescriber, protocol="ESK-TRD", sessions=8))
    assert found.ends_at - found.starts_at >= timedelta(minutes=30 + 5 + 120)


def test_the_journal_makes_the_same_schedule_again(booking, book, nurse):
    moved = book(day=DAY + timedelta(days=2))
    wish = Wish(moved.starts_at + timedelta(days=1, minutes=15))
    actions.move(booking=moved.id, wish=wish, seen=1, by=nurse.author, at=NOW)
    actions.cancel(booking=booking.id, reason="ill", seen=1, by=nurse.author, at=NOW)
    rows = journal.rebuild()
    assert rows["schedule_booking"] == 2
    assert rows["schedule_bookedslot"] == 9


def test_a_cancelled_visit_gives_its_chair_back(booking, book, nurse):
    actions.cancel(booking=booking.id, reason="ill", seen=1, by=nurse.author, at=NOW)
    again = book()
    assert (again.chair_id, again.starts_at) == (booking.chair_id, booking.starts_at)


def test_a_reason_is_needed_to_cancel(booking, nurse):
    with pytest.raises(Refused, match="why the visit is cancelled"):
        actions.cancel(booking=booking.id, reason=" ", seen=1, by=nurse.author, at=NOW)
    assert queries.booking(clinic=booking.clinic_id, id=booking.id).standing is Standing.BOOKED


def test_a_visit_may_move_into_time_it_holds_itself(booking, nurse):
    later = Wish(booking.starts_at + timedelta(minutes=15), chair=booking.chair_id)
    moved = actions.move(booking=booking.id, wish=later, seen=1, by=nurse.author, at=NOW)
    assert moved.starts_at == booking.starts_at + timedelta(minutes=15)
    assert BookedSlot.objects.count() == 9


def test_an_outdated_page_moves_nothing(booking, nurse):
    later = Wish(booking.starts_at + timedelta(hours=1))
    actions.move(booking=booking.id, wish=later, seen=1, by=nurse.author, at=NOW)
    with pytest.raises(SomeoneElseMoved):
        actions.move(booking=booking.id, wish=later, seen=1, by=nurse.author, at=NOW)


def test_nobody_has_missed_what_has_not_begun(booking, nurse):
    with pytest.raises(TooEarly, match="cancel it instead"):
        actions.mark_missed(booking=booking.id, reason="", seen=1, by=nurse.author, at=NOW)
    late = booking.starts_at + timedelta(minutes=30)
    actions.mark_missed(booking=booking.id, reason="", seen=1, by=nurse.author, at=late)
    assert not BookedSlot.objects.exists()


def test_a_session_that_was_given_keeps_its_number(booking, book, nurse):
    later = book(day=DAY + timedelta(days=2))
    actions.note_checked_in(booking=booking.id, session_number=1, by=nurse.author, at=NOW)
    with pytest.raises(NotFromHere, match="cannot be moved"):
        actions.move(
            booking=booking.id, wish=Wish(later.starts_at), seen=2, by=nurse.author, at=NOW
        )
    actions.note_done(booking=booking.id, by=nurse.author, at=NOW)
    found = queries.of_course(clinic=booking.clinic_id, course=booking.course_id)
    assert [(one.number, one.standing) for one in found] == [
        (1, Standing.DONE),
        (2, Standing.BOOKED),
    ]


@pytest.mark.parametrize(
    ("clock", "ahead", "words"),
    [
        ("10:00", 0, "has passed"),
        ("07:00", 1, "open 08:00 to 17:00"),
        ("15:00", 1, "after the clinic closes at 17:00"),
        ("10:10", 1, "quarter hour"),
        ("10:00", 30, "No nurse is on duty"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_a_sentence(ready, book, clock, ahead, words):
    with pytest.raises(Refused, match=words):
        book(clock, TODAY + timedelta(days=ahead))
    assert not Booking.objects.exists()


def test_the_day_after_a_session_is_refused_with_the_protocols_words(booking, book):
    with pytest.raises(DayRefused, match="Two or three a week"):
        book(day=DAY + timedelta(days=1))


def test_two_patients_cannot_have_one_chair(booking, book, nurse, prescriber):
    other = plan(register(nurse, "K-0002", "Di", "Other"), prescriber)
    with pytest.raises(NotFree, match="Chair 1 is taken at 11:00"):
        book("11:00", course=other, chair=booking.chair_id)
    assert book("11:00", course=other).chair.name == "Chair 2"


def test_two_courses_of_one_patient_cannot_meet(booking, book, patient, prescriber):
    with pytest.raises(NotFree, match="another visit at 10:00"):
        book("09:00", course=plan(patient, prescriber))


def test_a_course_books_no_more_than_it_has(ready, book, patient, prescriber):
    short = plan(patient, prescriber, sessions=1)
    book(course=short)
    with pytest.raises(NothingToBook, match="All 1 sessions"):
        book(course=short, day=DAY + timedelta(days=3))


def test_nothing_is_booked_before_the_clinic_has_set_its_numbers(book, director, nurse):
    equip(director, nurse)
    with pytest.raises(PolicyNotReady, match="medical director"):
        book()
    sign_policy(director, {"patients_per_nurse": "2"})
    with pytest.raises(PolicyNotReady, match="Recovery booked"):
        book()


def test_nothing_is_booked_before_preparation_is_set(book, director, nurse):
    sign_policy(director)
    with pytest.raises(NoLength, match="preparation"):
        book()


def test_a_whole_course_is_booked_at_the_days_its_protocol_proposes(ready, course, nurse, clinic_a):
    proposed = queries.proposal(
        clinic=clinic_a.id, course=course, first_on=DAY, around=time(10), at=NOW, per_week=3
    )
    wishes = tuple(Wish(best.span.starts_at) for _, _, best in proposed)
    made = actions.book_all(course=course.id, wishes=wishes, by=nurse.author, at=NOW)
    assert len(made) == 6
    found = queries.of_course(clinic=clinic_a.id, course=course.id)
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]


def test_a_whole_course_is_booked_or_nothing_of_it(ready, course, nurse, clinic_a):
    days = (DAY, DAY + timedelta(days=2), DAY + timedelta(days=3))
    wishes = tuple(Wish(at(day, "10:00", clinic_a.zone)) for day in days)
    with pytest.raises(NotAllBooked, match=r"Sat 14 Mar 2026, 10:00 could not .* none of the 3"):
        actions.book_all(course=course.id, wishes=wishes, by=nurse.author, at=NOW)
    assert not Booking.objects.exists()
    with pytest.raises(NotAllBooked, match="at least one"):
        actions.book_all(course=course.id, wishes=(), by=nurse.author, at=NOW)


def test_every_time_that_is_offered_can_be_booked(booking, course, clinic_a, book):
    day = DAY + timedelta(days=2)
    offered = queries.free(clinic=clinic_a.id, course=course, day=day, at=NOW)
    assert len(offered) == (9 * 60 - 135) // 15 + 1
    last = offered[-1].span.starts_at.astimezone(clinic_a.zone)
    assert book(f"{last:%H:%M}", day).ends_at == at(day, "17:00", clinic_a.zone)


def test_the_days_ahead_say_how_many_times_are_free_or_why_none(booking, course, clinic_a):
    found = queries.days_ahead(clinic=clinic_a.id, course=course, first=TODAY, at=NOW)
    assert len(found) == 14
    assert found[1][1:] == (0, "There is a session on 2026-03-11 already.")
    assert found[3][1] == 28


def test_a_new_clinic_is_told_what_to_set_first(clinic_a, director, nurse):
    assert len(queries.lacking(clinic=clinic_a.id)) == 4
    sign_policy(director)
    equip(director, nurse)
    assert queries.lacking(clinic=clinic_a.id) == ()


def test_the_database_itself_refuses_a_second_hold(booking):
    held = BookedSlot.objects.filter(booking=booking).first()
    for free in ({"chair": True}, {"patient": True}, {"nurse": True}):
        other = BookedSlot(
            id=uuid4(), clinic=held.clinic, booking=booking, slot=held.slot,
            chair_id=held.chair_id if "chair" in free else _another_chair(held),
            patient_id=held.patient_id if "patient" in free else _another_patient(held),
            nurse_id=held.nurse_id, place=held.place if "nurse" in free else 2,
        )  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            other.save(force_insert=True)


def _another_chair(held):
    return next(one.id for one in queries.chairs(clinic=held.clinic_id) if one.id != held.chair_id)


def _another_patient(held):
    from ketaflow.people.models import Staff

    nurse = Staff.objects.get(id=held.nurse_id)
    return register(nurse, f"K-{uuid4()}"[:20], "Di", "Other").id


def test_a_chair_with_somebody_in_it_stays_in_use(booking, director):
    with pytest.raises(StillBooked, match="Chair 1 is booked on Wed 11 Mar 2026, 10:00"):
        actions.use_chair(chair=booking.chair_id, active=False, by=director.author, at=NOW)


def test_a_chair_out_of_use_is_not_given(ready, book, director, clinic_a):
    first = queries.chairs(clinic=clinic_a.id)[0]
    actions.use_chair(chair=first.id, active=False, by=director.author, at=NOW)
    assert book().chair_id != first.id
    actions.use_chair(chair=first.id, active=True, by=director.author, at=NOW)
    with pytest.raises(NotHere):
        actions.use_chair(chair=uuid4(), active=True, by=director.author, at=NOW)


def test_two_chairs_have_two_names(ready, director):
    with pytest.raises(AlreadyThere, match="Chair 1"):
        actions.add_chair(name="Chair 1", by=director.author, at=NOW)


def test_hours_cannot_shrink_under_a_visit(booking, director):
    by = director.author
    for hours_on in (Hours(time(8), time(12)), None):
        with pytest.raises(StillBooked, match="outside these hours"):
            actions.set_hours(weekdays=(2,), hours_on=hours_on, by=by, at=NOW)
    actions.set_hours(weekdays=(2,), hours_on=Hours(time(9), time(13)), by=by, at=NOW)
    actions.set_hours(weekdays=(3,), hours_on=None, by=by, at=NOW)
    assert 3 not in queries.week_hours(clinic=booking.clinic_id)
    with pytest.raises(NoSuchHours):
        actions.set_hours(weekdays=(7,), hours_on=None, by=by, at=NOW)


def test_nobody_is_left_without_her_nurse(booking, director, nurse):
    by = director.author
    with pytest.raises(StillBooked, match="left without Ada Nurse"):
        actions.take_off_duty(staff=nurse.id, day=DAY, by=by, at=NOW)
    short = Hours(time(8), time(11))
    with pytest.raises(StillBooked, match="left without Ada Nurse"):
        actions.put_on_duty(staff=nurse.id, days=(DAY,), hours_on=short, by=by, at=NOW)
    actions.take_off_duty(staff=nurse.id, day=DAY + timedelta(days=1), by=by, at=NOW)
    with pytest.raises(NotHere, match="is not on duty"):
        actions.take_off_duty(staff=nurse.id, day=DAY + timedelta(days=1), by=by, at=NOW)


@pytest.mark.parametrize(
    ("days", "hours_on", "refusal"),
    [
        ((), OPEN, Refused),
        ((TODAY - timedelta(days=1),), OPEN, TooLate),
        ((date(2027, 3, 14),), Hours(time(2), time(3)), NoSuchHours),
    ],
)
def test_duty_that_cannot_be_is_refused(director, nurse, days, hours_on, refusal):
    with pytest.raises(refusal):
        actions.put_on_duty(
            staff=nurse.id, days=days, hours_on=hours_on, by=director.author, at=NOW
        )


def test_a_prescriber_on_duty_is_no_nurse(ready, book, director, nurse, prescriber):
    by = director.author
    actions.put_on_duty(staff=prescriber.id, days=(DAY,), hours_on=OPEN, by=by, at=NOW)
    actions.take_off_duty(staff=nurse.id, day=DAY, by=by, at=NOW)
    with pytest.raises(NobodyOnDuty):
        book()


def test_preparation_is_minutes_not_hours(director):
    with pytest.raises(Refused, match="0 to 240 minutes"):
        actions.set_preparation(minutes=1800, by=director.author, at=NOW)


def test_only_those_who_may_change_the_schedule(ready, course, nurse, people, booking):
    custodian = people[Role.CUSTODIAN].author
    with pytest.raises(NotYours):
        actions.book(course=course.id, wish=Wish(booking.starts_at), by=custodian, at=NOW)
    with pytest.raises(NotYours):
        actions.add_chair(name="Chair 9", by=nurse.author, at=NOW)


def test_another_clinics_course_booking_and_staff_are_not_here(booking, course, dee):
    by = dee.author
    wish = Wish(booking.starts_at)
    with pytest.raises(NotHere):
        actions.book(course=course.id, wish=wish, by=by, at=NOW)
    with pytest.raises(NotHere):
        actions.cancel(booking=booking.id, reason="x", seen=1, by=by, at=NOW)
    with pytest.raises(NotHere):
        actions.take_off_duty(staff=booking.nurse_id, day=DAY, by=by, at=NOW)
    assert queries.booking(clinic=dee.clinic_id, id=booking.id) is None
    assert not queries.of_course(clinic=dee.clinic_id, course=course.id)


def board_of(clinic, day=DAY):
    visits = queries.on_days(clinic=clinic.id, first=day, last=day)
    return queries.day_board(clinic=clinic.id, day=day, visits=visits, at=NOW)


def test_the_board_shows_each_visit_once(booking, clinic_a):
    visits = [cell.visit for row in board_of(clinic_a).rows for cell in row.cells if cell.visit]
    assert [one.id for one in visits] == [booking.id]
    assert (visits[0].number, visits[0].planned) == (1, 6)


def test_a_board_costs_the_same_with_one_patient_as_with_many(
    booking, book, nurse, prescriber, clinic_a
):
    with CaptureQueriesContext(connection) as with_one:
        board_of(clinic_a)
    for number in range(2, 5):
        other = plan(register(nurse, f"K-{number}", "Di", "Other"), prescriber)
        book(f"{8 + 3 * (number - 2):02}:00", course=other, chair=_free_chair(booking))
    with CaptureQueriesContext(connection) as with_many:
        board_of(clinic_a)
    assert len(with_many) == len(with_one)


def _free_chair(booking):
    return next(
        one.id for one in queries.chairs(clinic=booking.clinic_id) if one.id != booking.chair_id
    )


def test_a_patients_visits_are_told_from_a_moment_on(booking, patient, clinic_a):
    after = booking.ends_at + timedelta(hours=1)
    assert len(queries.of_patient(clinic=clinic_a.id, patient=patient.id)) == 1
    assert not queries.of_patient(clinic=clinic_a.id, patient=patient.id, since=after)


def test_a_clinic_open_over_midnight_books_over_midnight(director, nurse, course, clinic_a):
    sign_policy(director)
    equip(director, nurse, chairs=1)
    by, always = director.author, Hours(time(0), time(0))
    actions.set_hours(weekdays=tuple(range(7)), hours_on=always, by=by, at=NOW)
    actions.put_on_duty(
        staff=nurse.id, days=(DAY, DAY + timedelta(days=1)), hours_on=always, by=by, at=NOW
    )
    wish = Wish(at(DAY, "23:00", clinic_a.zone))
    made = actions.book(course=course.id, wish=wish, by=nurse.author, at=NOW)
    for day in (DAY, DAY + timedelta(days=1)):
        [shown] = queries.on_days(clinic=clinic_a.id, first=day, last=day)
        assert shown.id == made.id
