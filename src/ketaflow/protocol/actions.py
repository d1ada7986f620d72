"""Every write about what will be given: the clinic's policy, courses, their doses and reviews."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.journal.author import Author
from ketaflow.people.actions import check_licence
from ketaflow.people.models import Patient
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.protocol import course as courses
from ketaflow.protocol import dosing, library, limits, queries
from ketaflow.protocol.course import Decision
from ketaflow.protocol.holds import shapes
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.protocol.models import Course, SignedPolicy
from ketaflow.protocol.orders import Order, from_payload, needs, order_from
from ketaflow.protocol.preparation import Preparation
from ketaflow.protocol.weight import Body
from ketaflow.refusals import Refused
from ketaflow.screening.queries import standing
from ketaflow.screening.rules import Severity
from ketaflow.screening.verdict import Eligibility

GRAVE = {Severity.RELATIVE, Severity.ABSOLUTE}


class NotCleared(Refused):
    """Screening leaves something open, so no course may be planned."""


class CourseOver(Refused):
    """The course has ended; nothing more is given in it."""


@dataclass(frozen=True)
class Ended:
    """A session that is over, and when it ended."""

    id: UUID
    ended_at: datetime


@dataclass(frozen=True)
class Plan:
    """What a prescriber wants: which protocol, for which body, with which choices."""

    protocol: str
    body: Body
    sessions: int
    choice: dosing.Choice | None = None
    preparation: Preparation | None = None


def sign_policy(
    *, values: Mapping[str, Decimal], note: str, seen: int, by: Author, at: datetime,
    holds: Mapping[str, Choice] = MappingProxyType({}),
) -> SignedPolicy:  # fmt: skip
    """Sign a new version of the clinic's own numbers and hold rules; `seen` is the page's version.

    Raises:
        PolicyNotReady: a value is missing or cannot be right.
        SomeoneElseMoved: another version was signed meanwhile.
    """
    require(by, Duty.SIGN_POLICY)
    version = seen + 1
    limits.check(limits.Policy(str(version), by.name, at, values))
    rules = shapes.chosen(holds, values=values)
    payload = {
        "version": version,
        "values": {key: str(value) for key, value in values.items()},
        "holds": [rule.payload() for rule in rules],
        "note": note.strip(),
    }
    try:
        with transaction.atomic():
            now = queries.signed_policy(clinic=by.clinic)
            if seen != (now.version if now else 0):
                raise SomeoneElseMoved(_newer(now.version if now else 0))
            record(
                stream=f"clinic/{by.clinic}", kind="policy.signed", by=by, at=at, payload=payload
            )
    except IntegrityError:
        raise SomeoneElseMoved(_newer(version)) from None
    return SignedPolicy.objects.get(clinic_id=by.clinic, version=version)


def _newer(version: int) -> str:
    return (
        f"Version {version} of the policy is in force now, signed after you opened this page. "
        "Nothing of yours was saved: open the page again and read it first."
    )


def propose(*, plan: Plan, clinic: UUID) -> Order:
    """The order `plan` would become, under the published caps and the clinic's own."""
    policy = limits.check(queries.policy(clinic=clinic))
    protocol = library.protocol(plan.protocol)
    proposal = dosing.propose(
        protocol,
        plan.body,
        choice=plan.choice,
        preparation=plan.preparation,
        caps=limits.caps(policy),
    )
    return order_from(proposal, plan.body)


def plan_course(*, patient: Patient, plan: Plan, by: Author, at: datetime) -> Course:
    """Plan a course for `patient`: the order as proposed, confirmed by the prescriber who presses.

    Raises:
        NotCleared: screening has not been recorded, or leaves something open.
        PolicyNotReady: the clinic has not set its caps.
        OutsideEnvelope: the protocol was not made for this person.
        SomeoneElseMoved: a course of this protocol is open.
    """
    require(by, Duty.PRESCRIBE)
    check_licence(by, at=at)
    protocol = library.protocol(plan.protocol)
    order = propose(plan=plan, clinic=by.clinic)
    _sessions_allowed(protocol, plan.sessions)
    course = uuid4()
    payload = {
        "patient": str(patient.id),
        "indication": protocol.indication,
        "drug": protocol.drug.value,
        "route": protocol.route.value,
        "sessions": plan.sessions,
        "order": order.as_payload(),
    }
    with transaction.atomic():
        _check_screening(patient, protocol, by.clinic, at)
        _check_open(patient, protocol)
        record(stream=f"course/{course}", kind="course.planned", by=by, at=at, payload=payload)
    return Course.objects.get(id=course)


def change_dose(
    *, course: Course, plan: Plan, reason: str, by: Author, at: datetime, seen: int | None = None
) -> None:
    """Change what the coming sessions give, with the reason; what was given stays as it was."""
    require(by, Duty.PRESCRIBE)
    check_licence(by, at=at)
    _still_running(course)
    order = propose(plan=plan, clinic=by.clinic)
    was = from_payload(course.order)
    if order.amount != was.amount:
        policy = limits.check(queries.policy(clinic=by.clinic))
        courses.change_dose(
            library.protocol(course.protocol),
            was=was.amount,
            becomes=order.amount,
            from_session=course.sessions_given + 1,
            reason=reason,
            escalation_max_mg_kg=policy.value("escalation_max_mg_kg"),
        )
    payload = {"order": order.as_payload(), "reason": said(reason, "why the dose changes")}
    with transaction.atomic():
        _still_running(_locked(course))
        record(
            stream=course.stream, kind="course.dose_changed", by=by, at=at, payload=payload,
            seen=seen,
        )  # fmt: skip


def note_session(
    *, course: Course, session: UUID, number: int, given_mg: Decimal, by: Author, at: datetime
) -> None:
    """Count a session that was given, and its milligrams; called when a session ends."""
    with transaction.atomic():
        record(
            stream=course.stream,
            kind="course.session_given",
            by=by,
            at=at,
            payload={"session": str(session), "number": number, "given_mg": str(given_mg)},
        )


def correct_session(
    *, course: Course, session: Ended, was_mg: Decimal, given_mg: Decimal, by: Author, at: datetime
) -> None:
    """Count what a session gave anew; called when an entry of an ended session is corrected."""
    payload = {
        "session": str(session.id),
        "ended_at": session.ended_at.isoformat(),
        "was_mg": str(was_mg),
        "given_mg": str(given_mg),
    }
    with transaction.atomic():
        record(stream=course.stream, kind="course.session_corrected", by=by, at=at, payload=payload)


def stretch(*, course: Course, reason: str, by: Author, at: datetime) -> None:
    """Let a course take longer than its protocol says, for instance after an illness.

    How close together sessions may lie stays as the protocol says.

    Raises:
        CourseOver: it has ended.
        Refused: the protocol sets no span, or the course may take longer already.
    """
    require(by, Duty.PRESCRIBE)
    payload = {"reason": said(reason, "why the course takes longer")}
    if library.protocol(course.protocol).spacing.span_days is None:
        raise Refused("This protocol does not say how long a course may take at most.")
    with transaction.atomic():
        held = _locked(course)
        _still_running(held)
        if held.stretched:
            raise SomeoneElseMoved("This course may take longer already; nothing was recorded.")
        record(stream=course.stream, kind="course.stretched", by=by, at=at, payload=payload)


def maintain(*, course: Course, sessions: int, by: Author, at: datetime) -> None:
    """Allow so many sessions after induction in all, as a signed aftercare plan says.

    A course that has ended takes none; whoever goes on plans a new one.
    """
    require(by, Duty.PRESCRIBE)
    with transaction.atomic():
        held = _locked(course)
        if held.ended_at is None and held.maintenance_sessions != sessions:
            payload = {"sessions": sessions}
            record(stream=course.stream, kind="course.maintained", by=by, at=at, payload=payload)


def review(
    *,
    course: Course,
    decision: Decision,
    reason: str,
    by: Author,
    at: datetime,
    read: Mapping[str, Any] | None = None,
) -> None:
    """Record the stop-or-continue review that is due after so many sessions.

    `read` is what the prescriber had before them, in plain values: the journal keeps it beside
    the decision.
    """
    require(by, Duty.PRESCRIBE)
    _still_running(course)
    if not course.sessions_given:
        raise Refused("No session was given yet; there is nothing to review.")
    payload = {
        "after_session": course.sessions_given,
        "decision": decision.value,
        "reason": said(reason, "why"),
        "read": dict(read or {}),
    }
    try:
        with transaction.atomic():
            record(stream=course.stream, kind="course.reviewed", by=by, at=at, payload=payload)
            if decision is Decision.STOP:
                _still_running(_locked(course))
                _end(course, Course.Status.STOPPED, payload["reason"], by, at)
    except IntegrityError:
        raise SomeoneElseMoved(
            f"The review after session {course.sessions_given} was recorded a moment ago."
        ) from None


def end(*, course: Course, completed: bool, reason: str, by: Author, at: datetime) -> None:
    """End a course: completed, or stopped early, with the reason."""
    require(by, Duty.PRESCRIBE)
    status = Course.Status.COMPLETED if completed else Course.Status.STOPPED
    with transaction.atomic():
        _still_running(_locked(course))
        _end(course, status, said(reason, "why the course ends"), by, at)


def _end(course: Course, status: Course.Status, reason: object, by: Author, at: datetime) -> None:
    payload = {"status": status.value, "reason": reason}
    record(stream=course.stream, kind="course.ended", by=by, at=at, payload=payload)


def _locked(course: Course) -> Course:
    """The course as it is now; whoever else changes it waits."""
    return Course.objects.select_for_update().get(id=course.id)


def _still_running(course: Course) -> None:
    if course.ended_at:
        raise CourseOver(f"This course ended on {course.ended_at:%d %b %Y}; plan a new one.")


def _sessions_allowed(protocol: library.Protocol, wanted: int) -> None:
    least, most = protocol.sessions.least or 1, protocol.sessions.most
    if wanted < least or (most is not None and wanted > most):
        between = (
            f"{least}" if least == most else f"{least} to {most or 'as many as the clinic set'}"
        )
        raise dosing.OutsideProtocol(
            f"{protocol.id} has {between} sessions (got {wanted}); plan a new course for more."
        )


def _check_open(patient: Patient, protocol: library.Protocol) -> None:
    """Refuse a second course beside an open one; two presses wait for each other at the patient."""
    held = Patient.objects.select_for_update().get(id=patient.id)
    if Course.objects.filter(patient=held, protocol=protocol.id, ended_at=None).exists():
        raise SomeoneElseMoved(
            f"{held.name} has a course of {protocol.id} already; go on with that one, or end it "
            "first. Nothing was planned twice."
        )


def _check_screening(
    patient: Patient, protocol: library.Protocol, clinic: UUID, at: datetime
) -> None:
    policy = queries.policy(clinic=clinic)
    found = standing(
        clinic=clinic,
        patient=patient.id,
        needs=needs(protocol),
        on=at.astimezone(patient.clinic.zone).date(),
        policy=policy.values if policy else {},
    )
    if found.assessed_at is None:
        raise NotCleared("Screening has not been recorded for this protocol; record it first.")
    if found.verdict is not Eligibility.ELIGIBLE:
        # A mere caution is open as well, and is never why.
        reasons = [one.because for one in found.open if one.severity in GRAVE]
        reasons += [one.because for one in found.missing]
        raise NotCleared(
            f"Screening leaves something open: {reasons[0] if reasons else found.verdict}"
        )
