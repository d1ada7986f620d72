"""Every read about when, where and with whom."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from ketaflow.people.models import Clinic
from ketaflow.people.roles import Role
from ketaflow.protocol import library
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.models import Course
from ketaflow.protocol.spacing import Opening
from ketaflow.schedule import board, openings, pace, readiness
from ketaflow.schedule.booked import Booked, Counted, numbers
from ketaflow.schedule.hours import (
    Hours,
    Span,
    day_more,
    day_of,
    instant,
    joined,
    open_spans,
    whole_day,
)
from ketaflow.schedule.models import BookedSlot, Booking, Chair, OpeningHours, Preparation, Shift
from ketaflow.schedule.openings import Diary, Seat, Taken
from ketaflow.schedule.pace import Pace
from ketaflow.schedule.standing import STANDING, Standing
from ketaflow.schedule.visits import Visit, visit, watched_at_once

# Of one patient or course; a day is bounded by its chairs and hours.
MOST_BOOKINGS = 200
DAYS_AHEAD = 14
# Who began two days earlier has gone home: else a day would be looked for in every year.
LONGEST_VISIT = timedelta(days=2)


def chairs(*, clinic: UUID) -> Sequence[Chair]:
    """Every chair, those in use first."""
    return list(Chair.objects.filter(clinic_id=clinic).order_by("-active", "name"))


def preparation_min(*, clinic: UUID) -> int | None:
    """How many minutes the clinic plans before each treatment; None until it has said so."""
    row = Preparation.objects.filter(clinic_id=clinic).first()
    return row.minutes if row else None


def week_hours(*, clinic: UUID) -> Mapping[int, Hours]:
    """The opening hours by weekday, Monday 0; a day that is missing is closed."""
    found = OpeningHours.objects.filter(clinic_id=clinic).order_by("weekday")
    return {row.weekday: Hours(row.opens, row.closes) for row in found}


def shifts(*, clinic: UUID, first: date, last: date) -> Sequence[Shift]:
    """Who is on duty from `first` to `last`, by day and name."""
    found = Shift.objects.filter(clinic_id=clinic, day__range=(first, last))
    return list(found.select_related("staff").order_by("day", "starts_at", "staff__name"))


def shifts_of(*, clinic: UUID, staff: UUID, since: date) -> Sequence[Shift]:
    """The shifts of one person from `since` on."""
    return list(
        Shift.objects.filter(clinic_id=clinic, staff_id=staff, day__gte=since).order_by("day")
    )


def booking(*, clinic: UUID, id: UUID) -> Booked | None:
    """One booking."""
    return next(iter(_read(Booking.objects.filter(clinic_id=clinic, id=id))), None)


def of_course(*, clinic: UUID, course: UUID) -> Sequence[Booked]:
    """The bookings of a course, first to last, cancelled and missed ones too."""
    return _read(Booking.objects.filter(clinic_id=clinic, course_id=course))[:MOST_BOOKINGS]


def of_courses(*, clinic: UUID, courses: Sequence[UUID]) -> Sequence[Booked]:
    """The visits of several courses that keep their place, first to last, in two reads."""
    found = Booking.objects.filter(clinic_id=clinic, course_id__in=courses, status__in=_HOLDING)
    return _read(found)


def of_patient(*, clinic: UUID, patient: UUID, since: datetime | None = None) -> Sequence[Booked]:
    """The bookings of a patient, first to last, cancelled and missed ones too."""
    found = Booking.objects.filter(clinic_id=clinic, patient_id=patient)
    return _read(found.filter(ends_at__gte=since) if since else found)[:MOST_BOOKINGS]


def all_of_patient(*, clinic: UUID, patient: UUID) -> Sequence[Booked]:
    """Every booking a patient ever had, first to last."""
    return _read(Booking.objects.filter(clinic_id=clinic, patient_id=patient))


def on_days(*, clinic: UUID, first: date, last: date) -> Sequence[Booked]:
    """Every booking from `first` to `last`, by time."""
    zone = _zone(clinic)
    span = Span(whole_day(first, zone).starts_at, whole_day(last, zone).ends_at)
    return _read(
        Booking.objects.filter(
            clinic_id=clinic,
            starts_at__gt=span.starts_at - LONGEST_VISIT,
            starts_at__lt=span.ends_at,
            ends_at__gt=span.starts_at,
        )
    )


def upcoming(
    *, clinic: UUID, at: datetime, chair: UUID | None = None, nurse: UUID | None = None
) -> Sequence[Span]:
    """When visits are booked or under way after `at`, for one chair or nurse if given."""
    found = Booking.objects.filter(
        clinic_id=clinic, starts_at__gt=at - LONGEST_VISIT, ends_at__gt=at, status__in=_HOLDING
    )
    if chair:
        found = found.filter(chair_id=chair)
    if nurse:
        found = found.filter(nurse_id=nurse)
    times = found.order_by("starts_at").values_list("starts_at", "ends_at")
    return [Span(starts_at, ends_at) for starts_at, ends_at in times]


def day_board(*, clinic: UUID, day: date, visits: Sequence[Booked], at: datetime) -> board.Board:
    """The day by chair and quarter hour, with those of `visits` that keep their chair."""
    zone = _zone(clinic)
    kept = [one for one in visits if one.standing in STANDING]
    used = {one.chair for one in kept}
    found = Chair.objects.filter(Q(active=True) | Q(id__in=used), clinic_id=clinic)
    return board.lay_out(
        [board.Column(row.id, row.name, row.place) for row in found.order_by("name")],
        day=whole_day(day, zone),
        open=open_spans(week_hours(clinic=clinic), day, day, zone),
        visits=kept,
        at=at,
        zone=zone,
    )


def lacking(*, clinic: UUID) -> tuple[str, ...]:
    """What the clinic has to say before anything can be booked."""
    return readiness.lacking(
        readiness.Ground(
            chairs_in_use=Chair.objects.filter(clinic_id=clinic, active=True).count(),
            days_open=len(week_hours(clinic=clinic)),
            preparation_min=preparation_min(clinic=clinic),
            policy=protocol.policy(clinic=clinic),
        )
    )


def diary(*, clinic: UUID, first: date, last: date, without: UUID | None = None) -> Diary:
    """What is open, on duty and taken from `first` to `last`.

    Args:
        clinic: whose.
        first: the first day.
        last: the last day.
        without: a booking that is being moved and so takes nothing.

    Raises:
        PolicyNotReady: the clinic has not signed how many patients a nurse may watch at once.
    """
    zone = _zone(clinic)
    # A day more on each side: a visit may begin before midnight and end after it.
    first, last = day_more(first, last)
    in_use = Chair.objects.filter(clinic_id=clinic, active=True).order_by("name")
    names: dict[UUID, str] = {row.id: row.name for row in in_use}
    on_duty: dict[UUID, list[Span]] = {}
    for shift in shifts(clinic=clinic, first=first, last=last):
        if Role.NURSE.value in shift.staff.roles.split(" ") and shift.staff.active:
            on_duty.setdefault(shift.staff_id, []).append(Span(shift.starts_at, shift.ends_at))
            names[shift.staff_id] = shift.staff.name
    return Diary(
        zone=zone,
        open=open_spans(week_hours(clinic=clinic), first, last, zone),
        chairs=tuple(row.id for row in in_use),
        on_duty={nurse: joined(spans) for nurse, spans in on_duty.items()},
        watched_at_once=watched_at_once(protocol.policy(clinic=clinic)),
        taken=_taken(clinic, first, last, zone, without),
        names=names,
    )


def visit_of(*, clinic: UUID, course: Course) -> Visit:
    """How long a visit of the course takes.

    Raises:
        PolicyNotReady, NoLength: what the clinic or the prescriber has yet to say.
    """
    return visit(
        protocol=library.protocol(course.protocol),
        order=course.order,
        policy=protocol.policy(clinic=clinic),
        preparation_min=preparation_min(clinic=clinic),
    )


def pace_of(*, clinic: UUID, course: Course, without: UUID | None = None) -> Pace:
    """How far the course is, leaving out the booking that is being moved."""
    zone = _zone(clinic)
    rows = Booking.objects.filter(clinic_id=clinic, course=course, status__in=_HOLDING)
    known = [(row.standing, day_of(row.starts_at, zone)) for row in rows if row.id != without]
    given = {day_of(datetime.fromisoformat(one), zone) for one in course.given_at.values()}
    begun = {day for standing, day in known if standing is not Standing.BOOKED}
    under_way = sum(standing is Standing.CHECKED_IN for standing, _ in known)
    return Pace(
        protocol=library.protocol(course.protocol),
        planned=course.sessions_allowed,
        given=max(course.sessions_given, sum(s is Standing.DONE for s, _ in known) + under_way),
        ended=course.ended_at is not None,
        given_on=frozenset(given | begun),
        booked_on=tuple(day for standing, day in known if standing is Standing.BOOKED),
        # Sessions after induction follow the signed interval, not the span of the induction.
        stretched=bool(course.stretched) or course.maintenance_sessions > 0,
    )


def free(
    *, clinic: UUID, course: Course, day: date, at: datetime, without: UUID | None = None
) -> tuple[Seat, ...]:
    """Every time on `day` at which a visit of the course could begin.

    Raises:
        DayRefused, NothingToBook, PolicyNotReady, NoLength: why there is none at all.
    """
    progress = pace_of(clinic=clinic, course=course, without=without)
    pace.require_room(progress)
    pace.require_spacing(progress, day)
    return openings.openings(
        diary(clinic=clinic, first=day, last=day, without=without),
        visit=visit_of(clinic=clinic, course=course),
        day=day,
        patient=course.patient_id,
        at=at,
    )


def days_ahead(
    *, clinic: UUID, course: Course, first: date, at: datetime, without: UUID | None = None
) -> tuple[tuple[date, int, str], ...]:
    """For each of the next days: how many times are free, or why none can be.

    Raises:
        NothingToBook, PolicyNotReady, NoLength: why there is none at all.
    """
    progress = pace_of(clinic=clinic, course=course, without=without)
    pace.require_room(progress)
    length = visit_of(clinic=clinic, course=course)
    days = [first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)]
    seen = diary(clinic=clinic, first=days[0], last=days[-1], without=without)
    found = []
    for day in days:
        if why := pace.why_not(progress, day):
            found.append((day, 0, why))
            continue
        seats = openings.openings(seen, visit=length, day=day, patient=course.patient_id, at=at)
        found.append((day, len(seats), ""))
    return tuple(found)


def proposal(
    *,
    clinic: UUID,
    course: Course,
    first_on: date,
    around: time,
    at: datetime,
    per_week: int | None = None,
) -> tuple[tuple[date, tuple[Seat, ...], Seat | None], ...]:
    """For each session left: a day, its openings, and the one nearest to `around`.

    Raises:
        NoDays, NothingToBook, PolicyNotReady, NoLength: why nothing can be proposed.
    """
    zone = _zone(clinic)
    opening = Opening(frozenset(week_hours(clinic=clinic)))
    progress = pace_of(clinic=clinic, course=course)
    days = pace.propose(progress, first_on=first_on, opening=opening, per_week=per_week)
    seen = diary(clinic=clinic, first=days[0], last=days[-1])
    length = visit_of(clinic=clinic, course=course)
    found = []
    for day in days:
        seats = openings.openings(seen, visit=length, day=day, patient=course.patient_id, at=at)
        best = openings.nearest(seats, around=instant(day, around, zone))
        found.append((day, seats, best))
    return tuple(found)


_HOLDING = [standing.value for standing in STANDING]


def _zone(clinic: UUID) -> ZoneInfo:
    return Clinic.objects.get(id=clinic).zone


def _taken(
    clinic: UUID, first: date, last: date, zone: ZoneInfo, without: UUID | None
) -> tuple[Taken, ...]:
    rows = BookedSlot.objects.filter(
        clinic_id=clinic,
        slot__gte=whole_day(first, zone).starts_at,
        slot__lt=whole_day(last, zone).ends_at,
    )
    if without:
        rows = rows.exclude(booking_id=without)
    columns = rows.values_list("slot", "chair_id", "nurse_id", "place", "patient_id")
    return tuple(Taken(*row) for row in columns)


def _read(found: QuerySet[Booking]) -> Sequence[Booked]:
    """Bookings as plain values, in two queries however many there are."""
    named = found.select_related("course", "patient", "chair", "nurse")
    rows = list(named.order_by("starts_at", "id"))
    given = {row.course_id: row.course.sessions_given for row in rows}
    counted: dict[UUID, list[Counted]] = {course: [] for course in given}
    same = Booking.objects.filter(course_id__in=list(given), status__in=_HOLDING)
    for id, course, status, starts_at, number in same.values_list(
        "id", "course_id", "status", "starts_at", "session_number"
    ):
        counted[course].append(Counted(id, Standing(status), starts_at, number))
    number_of: dict[UUID, int] = {}
    for course, sessions_given in given.items():
        number_of |= numbers(counted[course], given=sessions_given)
    return [_booked(row, number_of.get(row.id)) for row in rows]


def _booked(row: Any, number: int | None) -> Booked:
    return Booked(
        id=row.id,
        course=row.course_id,
        protocol=row.course.protocol,
        patient=row.patient_id,
        patient_name=row.patient.name,
        patient_number=row.patient.number,
        chair=row.chair_id,
        chair_name=row.chair.name,
        nurse=row.nurse_id,
        nurse_name=row.nurse.name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        prepare_min=row.prepare_min,
        treat_min=row.treat_min,
        standing=row.standing,
        number=number,
        planned=row.course.sessions_planned,
        reason=row.reason,
        seen=row.ordinal,
    )
