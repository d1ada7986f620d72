"""Every read about sessions: the board's rows, and one session whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from ketaflow.custody import queries as custody
from ketaflow.journal import queries as journal
from ketaflow.people import queries as people
from ketaflow.people.models import Clinic
from ketaflow.protocol import course as courses
from ketaflow.protocol import library
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.library import Protocol
from ketaflow.protocol.limits import Policy
from ketaflow.protocol.models import Course
from ketaflow.protocol.orders import needs
from ketaflow.refusals import Refused
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.booked import Booked
from ketaflow.schedule.hours import day_of, whole_day
from ketaflow.schedule.standing import Standing
from ketaflow.screening.queries import standing
from ketaflow.screening.rules import Severity
from ketaflow.screening.verdict import Eligibility
from ketaflow.session import checklist, vitals
from ketaflow.session.checklist import StartFacts
from ketaflow.session.events import Recorded
from ketaflow.session.fold import Folded, SessionState, fold
from ketaflow.session.folds import queries as folds
from ketaflow.session.holds.standing import obstacles as held_back
from ketaflow.session.models import OVER, Press, Session
from ketaflow.session.monitors import queries as monitors
from ketaflow.session.monitors.queries import Unconfirmed

MOST_SESSIONS = 200
MOST_EARLIER = 6
IN_HAND = 25
ORDER_CHANGED = (
    "the order was changed after check-in: cancel this session and check the patient in again"
)


@dataclass(frozen=True)
class Room:
    """One session whole: its row, what its stream says, and by which rules it is run."""

    session: Session
    told: Folded
    protocol: Protocol
    policy: Policy | None

    @property
    def state(self) -> SessionState:
        """What the stream says."""
        return self.told.state

    @property
    def next_due_at(self) -> datetime | None:
        """When the next vital signs are due; None while nothing is."""
        return _next_due_at(self.session, self.policy)


@dataclass(frozen=True)
class Ended:
    """A session that is over: its number in its course, and what its stream says."""

    number: int
    state: SessionState


@dataclass(frozen=True)
class OnBoard:
    """One session on the board; `next_due_at` is None while nothing is due.

    `watch_until` is the end of the observation that the label fixes, None where it fixes none;
    `monitor` is what its monitor said since and nobody has confirmed, the newest first.
    """

    session: Session
    next_due_at: datetime | None
    watch_until: datetime | None
    monitor: Sequence[Unconfirmed] = ()


@dataclass(frozen=True)
class Today:
    """The board: who is here, over and still to come, which chairs are free, who is on duty."""

    present: tuple[OnBoard, ...]
    over: tuple[OnBoard, ...]
    coming: tuple[Booked, ...]
    free_chairs: tuple[str, ...]
    on_duty: tuple[str, ...]
    policy: Policy | None


def session(*, clinic: UUID, id: UUID) -> Session | None:
    """One session with its patient, course and nurse."""
    return _named().filter(clinic_id=clinic, id=id).first()


def of_booking(*, clinic: UUID, booking: UUID) -> Session | None:
    """The session that a visit became."""
    return _named().filter(clinic_id=clinic, booking_id=booking).first()


def live_of(*, clinic: UUID, patient: UUID) -> Session | None:
    """The session that this patient is in now."""
    found = _named().filter(clinic_id=clinic, patient_id=patient)
    return found.exclude(phase__in=OVER).first()


def of_patient(*, clinic: UUID, patient: UUID) -> Sequence[Session]:
    """The patient's sessions, newest first."""
    found = _named().filter(clinic_id=clinic, patient_id=patient)
    return list(found.order_by("-checked_in_at")[:MOST_SESSIONS])


def of_course(*, clinic: UUID, course: UUID) -> Sequence[Session]:
    """The sessions of a course, first to last, without those that ended before any drug."""
    found = _named().filter(clinic_id=clinic, course_id=course, void=False)
    return list(found.order_by("number")[:MOST_SESSIONS])


def forms_due(*, clinic: UUID, at: datetime) -> Sequence[Session]:
    """The esketamine sessions whose monitoring form is still to be submitted, the oldest first."""
    found = _named().filter(clinic_id=clinic, form_owed_since__lte=at)
    return list(found.order_by("form_owed_since")[:MOST_SESSIONS])


def pressed(*, clinic: UUID, name: UUID) -> Press | None:
    """The press of that name, if it is in the record."""
    return Press.objects.filter(clinic_id=clinic, name=name).first()


def state(*, clinic: UUID, id: UUID) -> SessionState:
    """What the stream of a session says."""
    return folds.of_stream(clinic=clinic, stream=f"session/{id}").state


def earlier(*, clinic: UUID, session: Session) -> Sequence[Ended]:
    """This patient's latest ended sessions before `session`, of the same drug by the same route."""
    course = session.course
    found = Session.objects.filter(
        clinic_id=clinic,
        patient_id=session.patient_id,
        checked_in_at__lt=session.checked_in_at,
        course__drug=course.drug,
        course__route=course.route,
    ).exclude(started_at=None)
    rows = found.exclude(ended_at=None).order_by("-checked_in_at")[:MOST_EARLIER]
    numbers = {row.stream: row.number for row in rows}
    written: dict[str, list[Recorded]] = {stream: [] for stream in numbers}
    for entry in journal.of_streams(clinic=clinic, streams=numbers).order_by("stream", "ordinal"):
        written[entry.stream].append(entry)
    return [Ended(numbers[stream], fold(entries)) for stream, entries in written.items()]


def told_all(*, clinic: UUID, patient: UUID) -> Iterator[tuple[Session, SessionState]]:
    """Every session of a patient with its state, first to last; a few are in hand at a time."""
    found = _named().filter(clinic_id=clinic, patient_id=patient).order_by("checked_in_at", "id")
    for first in count(0, IN_HAND):
        rows = list(found[first : first + IN_HAND])
        written: dict[str, list[Recorded]] = {row.stream: [] for row in rows}
        entries = journal.of_streams(clinic=clinic, streams=written)
        for entry in entries.order_by("stream", "ordinal"):
            written[entry.stream].append(entry)
        yield from ((row, fold(written[row.stream])) for row in rows)
        if len(rows) < IN_HAND:
            return


def room(*, clinic: UUID, id: UUID) -> Room | None:
    """One session whole, or None when the clinic has none of that name."""
    row = session(clinic=clinic, id=id)
    if row is None:
        return None
    return Room(
        session=row,
        told=folds.of_stream(clinic=clinic, stream=row.stream),
        protocol=library.protocol(row.course.protocol),
        policy=protocol.policy(clinic=clinic),
    )


def obstacles(*, clinic: UUID, room: Room, at: datetime) -> tuple[str, ...]:
    """Everything that keeps the drug from being given now, each in a few words."""
    row = room.session
    return (
        *_screening_obstacles(row, room.protocol, room.policy, at),
        *_course_obstacles(row.course, room.protocol),
        *((ORDER_CHANGED,) if _order_changed(row) else ()),
        *held_back(room.state.holds),
        *custody.obstacles(clinic=clinic, session=row.id, device=row.order["route"] == "nasal"),
        *checklist.obstacles(room.state.preparation, _start_facts(room, clinic, at)),
    )


def _start_facts(room: Room, clinic: UUID, at: datetime) -> StartFacts:
    """What the rest of the record knows before the drug; screening speaks for itself elsewhere."""
    row = room.session
    return StartFacts(
        findings=(),
        consented=people.consent(clinic=clinic, course=row.course_id) is not None,
        policy=room.policy,
        published=room.protocol.caps,
        given_today_mg=given_today_mg(clinic=clinic, session=row, at=at),
    )


def given_today_mg(*, clinic: UUID, session: Session, at: datetime) -> Decimal:
    """Milligrams of the same drug this patient had today in other sessions."""
    day = whole_day(day_of(at, session.clinic.zone), session.clinic.zone)
    others = Session.objects.filter(
        clinic_id=clinic,
        patient_id=session.patient_id,
        started_at__range=(day.starts_at, day.ends_at),
    ).exclude(id=session.id)
    drug = session.order["drug"]
    return sum((one.given_mg for one in others if one.order["drug"] == drug), Decimal(0))


def _next_due_at(session: Session, policy: Policy | None) -> datetime | None:
    """When the next vital signs are due; None before the drug, after the end, or when not set."""
    monitoring = library.protocol(session.course.protocol).monitoring
    if session.started_at is None or session.ended_at or monitoring is None or policy is None:
        return None
    taken = (session.last_reading_at,) if session.last_reading_at else ()
    return vitals.next_due(
        vitals.Course(session.started_at, session.stopped_at, taken), monitoring, policy
    )


def _watch_until(session: Session) -> datetime | None:
    monitoring = library.protocol(session.course.protocol).monitoring
    fixed = monitoring.observe_min if monitoring else None
    if fixed is None or session.started_at is None:
        return None
    return session.started_at + timedelta(minutes=float(fixed.value))


def today(*, clinic: UUID, at: datetime) -> Today:
    """The board of the clinic's day, in a number of queries that does not grow with it."""
    zone = Clinic.objects.get(id=clinic).zone
    day = day_of(at, zone)
    span = whole_day(day, zone)
    policy = protocol.policy(clinic=clinic)
    rows = _named().filter(clinic_id=clinic).order_by("chair", "checked_in_at")
    # Asked together, the two would be looked for in every session there ever was.
    here = rows.filter(ended_at=None)
    gone = rows.filter(ended_at__gte=span.starts_at, ended_at__lt=span.ends_at)
    heard = monitors.latest(clinic=clinic, sessions=here, at=at)
    present, over = (
        tuple(
            OnBoard(row, _next_due_at(row, policy), _watch_until(row), heard.get(row.id, ()))
            for row in found
        )
        for found in (here, gone)
    )
    taken = {one.session.chair for one in present}
    visits = schedule.on_days(clinic=clinic, first=day, last=day)
    chairs = [chair.name for chair in schedule.chairs(clinic=clinic) if chair.active]
    return Today(
        present=present,
        over=over,
        coming=tuple(one for one in visits if one.standing is Standing.BOOKED),
        free_chairs=tuple(name for name in chairs if name not in taken),
        on_duty=tuple(
            one.staff.name
            for one in schedule.shifts(clinic=clinic, first=day, last=day)
            if one.starts_at <= at < one.ends_at
        ),
        policy=policy,
    )


def _named() -> Any:
    return Session.objects.select_related("clinic", "patient", "course", "nurse")


def _order_changed(row: Session) -> bool:
    return any(row.order.get(key) != value for key, value in row.course.order.items())


def _course_obstacles(course: Course, protocol_: Protocol) -> tuple[str, ...]:
    reviewed = [
        one.after_session for one in protocol.reviews(clinic=course.clinic_id, course=course.id)
    ]
    try:
        courses.may_continue(
            protocol_,
            done=course.sessions_given,
            reviewed_after=reviewed,
            sessions_planned=course.sessions_allowed,
        )
    except Refused as refusal:
        return (_clause(refusal),)
    return ("the course has ended",) if course.ended_at else ()


def _screening_obstacles(
    row: Session, protocol_: Protocol, policy: Policy | None, at: datetime
) -> tuple[str, ...]:
    found = standing(
        clinic=row.clinic_id,
        patient=row.patient_id,
        needs=needs(protocol_),
        on=day_of(at, row.clinic.zone),
        policy=policy.values if policy else {},
    )
    if found.assessed_at is None:
        return ("screening for this protocol has not been recorded",)
    if found.verdict is Eligibility.ELIGIBLE:
        return ()
    grave = [one.because for one in found.open if one.severity is not Severity.CAUTION]
    said = [*grave, *(one.because for one in found.missing if one.holds)]
    return tuple(f"screening: {one.rstrip('.')}" for one in said) or (
        f"screening says {found.verdict.value}",
    )


def _clause(refusal: Refused) -> str:
    said = str(refusal).rstrip(".")
    return said[:1].lower() + said[1:]
