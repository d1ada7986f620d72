"""Every write about when, where and with whom: chairs, hours, duty, and bookings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.journal.actions import record, record_once
from ketaflow.journal.author import Author
from ketaflow.people.actions import AlreadyThere
from ketaflow.people.models import Clinic, Staff
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.protocol.models import Course
from ketaflow.refusals import Refused
from ketaflow.schedule import hours, pace, queries
from ketaflow.schedule.hours import Hours, Span, clock_shown, day_of, shown
from ketaflow.schedule.models import Booking, Chair, Shift
from ketaflow.schedule.openings import NotFree, Seat, TooLate, Wish, seat
from ketaflow.schedule.standing import Standing, change, require_movable
from ketaflow.schedule.visits import Visit

LONGEST_PREPARATION_MIN = 240
MOST_DAYS_AT_ONCE = 100


class StillBooked(Refused):
    """Visits are booked there; they must be moved before it can change."""


class NotAllBooked(Refused):
    """One session of the course could not be booked, so none was."""


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


def add_chair(*, name: str, place: str = "", by: Author, at: datetime) -> Chair:
    """Add a chair that patients can be booked into.

    Raises:
        AlreadyThere: a chair has that name.
    """
    require(by, Duty.MANAGE_STAFF)
    chair = uuid4()
    payload = {"chair": str(chair), "name": said(name, "the chair's name")[:60]}
    payload["place"] = place.strip()[:120]
    try:
        with transaction.atomic():
            record(stream=f"clinic/{by.clinic}", kind="chair.added", by=by, at=at, payload=payload)
    except IntegrityError:
        raise AlreadyThere(f"There is a chair called {payload['name']} already.") from None
    return Chair.objects.get(id=chair)


def use_chair(*, chair: UUID, active: bool, by: Author, at: datetime) -> None:
    """Take a chair out of use, or bring it back.

    Raises:
        StillBooked: somebody is booked into it.
    """
    require(by, Duty.MANAGE_STAFF)
    with _alone(by) as clinic:
        row = Chair.objects.filter(clinic_id=by.clinic, id=chair).first()
        if row is None:
            raise NotHere("No chair of this clinic is known by that identifier.")
        booked = queries.upcoming(clinic=by.clinic, at=at, chair=chair)
        if booked and not active:
            raise StillBooked(
                f"{row.name} is booked on {shown(booked[0].starts_at, clinic.zone)}: move what is "
                "booked there first."
            )
        if row.active == active:
            return
        payload = {"chair": str(chair), "active": active}
        record(stream=f"clinic/{by.clinic}", kind="chair.used", by=by, at=at, payload=payload)


def set_hours(
    *, weekdays: tuple[int, ...], hours_on: Hours | None, by: Author, at: datetime
) -> None:
    """Set when the clinic is open on days of the week, Monday 0; None closes them.

    Raises:
        StillBooked: a visit that is booked would fall outside.
    """
    require(by, Duty.MANAGE_STAFF)
    if not weekdays or not set(weekdays) <= set(range(len(hours.WEEKDAYS))):
        raise hours.NoSuchHours("Choose at least one day from Monday to Sunday.")
    with _alone(by) as clinic:
        known = queries.week_hours(clinic=by.clinic)
        week = {day: known[day] for day in known if day not in weekdays}
        if hours_on:
            week |= dict.fromkeys(weekdays, hours_on)
        _keep_open(week, weekdays, clinic, at)
        for weekday in sorted(set(weekdays)):
            if known.get(weekday) == hours_on:
                continue
            payload = {
                "weekday": weekday,
                "opens": hours_on.opens.isoformat() if hours_on else None,
                "closes": hours_on.closes.isoformat() if hours_on else None,
            }
            record(stream=f"clinic/{by.clinic}", kind="hours.set", by=by, at=at, payload=payload)


def set_preparation(*, minutes: int, by: Author, at: datetime) -> None:
    """Set how many minutes are planned before each treatment; what is booked stays as it is."""
    require(by, Duty.MANAGE_STAFF)
    if not 0 <= minutes <= LONGEST_PREPARATION_MIN:
        raise Refused(f"Preparation takes 0 to {LONGEST_PREPARATION_MIN} minutes (got {minutes}).")
    with _alone(by):
        if queries.preparation_min(clinic=by.clinic) == minutes:
            return
        payload = {"minutes": minutes}
        record(stream=f"clinic/{by.clinic}", kind="preparation.set", by=by, at=at, payload=payload)


def put_on_duty(
    *, staff: UUID, days: tuple[date, ...], hours_on: Hours, by: Author, at: datetime
) -> int:
    """Put somebody on duty on `days`; a day that has a shift gets this one instead.

    Returns:
        On how many days.

    Raises:
        StillBooked: a patient they watch would be left alone.
        TooLate: a day has passed.
    """
    require(by, Duty.MANAGE_STAFF)
    if not 0 < len(set(days)) <= MOST_DAYS_AT_ONCE:
        raise Refused(f"Choose 1 to {MOST_DAYS_AT_ONCE} days (got {len(set(days))}).")
    with _alone(by) as clinic:
        person = _colleague(by, staff)
        _not_past(min(days), clinic, at)
        spans = {day: hours_on.on(day, clinic.zone) for day in sorted(set(days))}
        missing = [day for day, span in spans.items() if span is None]
        if missing:
            raise hours.NoSuchHours(f"The clocks leave nothing of these hours on {missing[0]}.")
        given = {day: span for day, span in spans.items() if span}
        _keep_watch(person, given, clinic, at)
        shifts = [
            [day.isoformat(), span.starts_at.isoformat(), span.ends_at.isoformat()]
            for day, span in given.items()
        ]
        payload = {"shifts": shifts}
        record_once(stream=f"staff/{staff}", kind="duty.on", by=by, at=at, payload=payload)
    return len(given)


def take_off_duty(*, staff: UUID, day: date, by: Author, at: datetime) -> None:
    """Take somebody off duty on `day`.

    Raises:
        StillBooked: they watch a patient that day.
    """
    require(by, Duty.MANAGE_STAFF)
    with _alone(by) as clinic:
        person = _colleague(by, staff)
        _not_past(day, clinic, at)
        if not Shift.objects.filter(clinic_id=by.clinic, staff=person, day=day).exists():
            raise NotHere(f"{person.name} is not on duty on {day}.")
        _keep_watch(person, {day: None}, clinic, at)
        payload = {"day": day.isoformat()}
        record(stream=f"staff/{staff}", kind="duty.off", by=by, at=at, payload=payload)


def book(*, course: UUID, wish: Wish, by: Author, at: datetime) -> Booking:
    """Book the next session of a course.

    Raises:
        Refused: in one sentence, what stands in the way: the hours, the chair, the nurse, the
            patient, the protocol's spacing, the course, or a number the clinic has not set.
    """
    require(by, Duty.BOOK)
    with _alone(by):
        return _book(course, wish, by, at)


def book_all(
    *, course: UUID, wishes: tuple[Wish, ...], by: Author, at: datetime
) -> tuple[Booking, ...]:
    """Book several sessions of a course at once: all of them, or none.

    Raises:
        NotAllBooked: which one failed, and why.
    """
    require(by, Duty.BOOK)
    if not wishes:
        raise NotAllBooked("Choose at least one time to book.")
    made = []
    with _alone(by) as clinic:
        for wish in sorted(wishes, key=lambda one: one.starts_at):
            try:
                made.append(_book(course, wish, by, at))
            except Refused as why:
                raise NotAllBooked(
                    f"{shown(wish.starts_at, clinic.zone)} could not be booked, so none of the "
                    f"{len(wishes)} was. {why}"
                ) from None
    return tuple(made)


def move(*, booking: UUID, wish: Wish, seen: int, by: Author, at: datetime) -> Booking:
    """Move a booking to another time, chair or nurse; `seen` is the last entry on the page.

    Raises:
        NotFromHere: the visit has begun, or will not be.
        SomeoneElseMoved: another hand changed it first.
        Refused: what stands in the way, as when booking.
    """
    require(by, Duty.BOOK)
    with _alone(by):
        row = _booking(by, booking)
        require_movable(row.standing)
        payload = _payload(*_seat(row.course, wish, by, at, without=row.id))
        record(stream=row.stream, kind="booking.moved", by=by, at=at, payload=payload, seen=seen)
    row.refresh_from_db()
    return row


def cancel(*, booking: UUID, reason: str, seen: int, by: Author, at: datetime) -> None:
    """Cancel a booking, with the reason; its chair and nurse are free again."""
    require(by, Duty.BOOK)
    with _alone(by):
        row = _booking(by, booking)
        change(row.standing, Standing.CANCELLED)
        payload = {"reason": said(reason, "why the visit is cancelled")}
        record(
            stream=row.stream, kind="booking.cancelled", by=by, at=at, payload=payload, seen=seen
        )


def mark_missed(*, booking: UUID, reason: str, seen: int, by: Author, at: datetime) -> None:
    """Say that the patient did not come; what is left of the time is free again.

    Raises:
        TooEarly: the visit has not begun.
    """
    require(by, Duty.BOOK)
    with _alone(by) as clinic:
        row = _booking(by, booking)
        change(row.standing, Standing.MISSED)
        if at < row.starts_at:
            raise TooEarly(
                f"The visit begins at {clock_shown(row.starts_at, clinic.zone)}, so nobody has "
                "missed it yet: cancel it instead."
            )
        payload = {"reason": reason.strip()}
        record(stream=row.stream, kind="booking.missed", by=by, at=at, payload=payload, seen=seen)


def note_checked_in(*, booking: UUID, session_number: int, by: Author, at: datetime) -> None:
    """Note that the patient has come for a session; called when it is opened."""
    require(by, Duty.PREPARE)
    with transaction.atomic():
        row = _booking(by, booking)
        change(row.standing, Standing.CHECKED_IN)
        payload = {"session_number": session_number}
        record(stream=row.stream, kind="booking.checked_in", by=by, at=at, payload=payload)


def note_done(*, booking: UUID, by: Author, at: datetime) -> None:
    """Note that the visit is over; called when the patient is discharged."""
    require(by, Duty.PREPARE)
    with transaction.atomic():
        row = _booking(by, booking)
        change(row.standing, Standing.DONE)
        record(stream=row.stream, kind="booking.done", by=by, at=at, payload={})


class TooEarly(Refused):
    """A visit that has not begun cannot have been missed."""


@contextmanager
def _alone(by: Author) -> Iterator[Clinic]:
    """A transaction in which nobody else changes this clinic's schedule.

    Waiting for each other makes each refusal exact and lets two swaps cross without a deadlock;
    should it ever fail, the database's constraints still hold.
    """
    try:
        with transaction.atomic():
            yield Clinic.objects.select_for_update(no_key=True).get(id=by.clinic)
    except IntegrityError:
        raise NotFree(
            "Somebody else took that chair, nurse or time a moment ago; nothing was booked. "
            "Look at what is free now."
        ) from None


def _book(course: UUID, wish: Wish, by: Author, at: datetime) -> Booking:
    row = Course.objects.filter(clinic_id=by.clinic, id=course).first()
    if row is None:
        raise NotHere("No course of this clinic is known by that identifier.")
    payload = {
        "course": str(row.id),
        "patient": str(row.patient_id),
        **_payload(*_seat(row, wish, by, at)),
    }
    id = uuid4()
    record(stream=f"booking/{id}", kind="booking.booked", by=by, at=at, payload=payload)
    return Booking.objects.get(id=id)


def _seat(
    course: Course, wish: Wish, by: Author, at: datetime, without: UUID | None = None
) -> tuple[Seat, Visit]:
    progress = queries.pace_of(clinic=by.clinic, course=course, without=without)
    pace.require_room(progress)
    visit = queries.visit_of(clinic=by.clinic, course=course)
    zone = Clinic.objects.get(id=by.clinic).zone
    wish = replace(wish, starts_at=wish.starts_at.astimezone(zone))
    day = wish.starts_at.date()
    diary = queries.diary(clinic=by.clinic, first=day, last=day, without=without)
    found = seat(diary, visit=visit, wish=wish, patient=course.patient_id, at=at)
    pace.require_spacing(progress, day)
    return found, visit


def _payload(found: Seat, visit: Visit) -> dict[str, object]:
    return {
        "chair": str(found.chair),
        "nurse": str(found.nurse),
        "places": list(found.places),
        "starts_at": found.span.starts_at.isoformat(),
        "ends_at": found.span.ends_at.isoformat(),
        "prepare_min": visit.prepare_min,
        "treat_min": visit.treat_min,
    }


def _booking(by: Author, id: UUID) -> Booking:
    found = Booking.objects.filter(clinic_id=by.clinic, id=id).select_related("course").first()
    if found is None:
        raise NotHere("No booking of this clinic is known by that identifier.")
    return found


def _colleague(by: Author, id: UUID) -> Staff:
    found = Staff.objects.filter(clinic_id=by.clinic, id=id, active=True).first()
    if found is None:
        raise NotHere("Nobody who works at this clinic is known by that identifier.")
    return found


def _not_past(day: date, clinic: Clinic, at: datetime) -> None:
    if day < day_of(at, clinic.zone):
        raise TooLate(f"{day} has passed: duty is planned from today on.")


def _keep_open(
    week: Mapping[int, Hours], weekdays: tuple[int, ...], clinic: Clinic, at: datetime
) -> None:
    """Refuse when a visit that begins on one of `weekdays` would fall outside the new hours."""
    booked = queries.upcoming(clinic=clinic.id, at=at)
    if booked:
        first, last = (day_of(one.starts_at, clinic.zone) for one in (booked[0], booked[-1]))
        spans = hours.open_spans(week, *hours.day_more(first, last), clinic.zone)
        on_them = [
            one for one in booked if day_of(one.starts_at, clinic.zone).weekday() in weekdays
        ]
        _refuse_uncovered(hours.uncovered(spans, on_them), clinic, "outside these hours")


def _keep_watch(
    person: Staff, new: dict[date, Span] | dict[date, None], clinic: Clinic, at: datetime
) -> None:
    """Refuse when `new` shifts would leave a patient alone whom `person` is to watch."""
    booked = queries.upcoming(clinic=clinic.id, at=at, nurse=person.id)
    today = day_of(at, clinic.zone)
    known = queries.shifts_of(
        clinic=clinic.id, staff=person.id, since=hours.day_more(today, today)[0]
    )
    kept = [Span(one.starts_at, one.ends_at) for one in known if one.day not in new]
    kept += [span for span in new.values() if span]
    _refuse_uncovered(hours.uncovered(kept, booked), clinic, f"left without {person.name}")


def _refuse_uncovered(lost: Span | None, clinic: Clinic, how: str) -> None:
    if lost:
        raise StillBooked(
            f"The visit on {shown(lost.starts_at, clinic.zone)} would be {how}: move it first."
        )
