"""Every write about who: clinics, staff, patients, referrals, received charts."""

import base64
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.journal.actions import SomeoneElseMoved, record, record_once
from ketaflow.journal.author import Author
from ketaflow.people import registration
from ketaflow.people.chart import ChartItem, ReceivedChart, as_payload, item_payload
from ketaflow.people.models import (
    Clinic,
    Credential,
    Patient,
    ReceivedDocument,
    Staff,
    User,
)
from ketaflow.people.roles import (
    LICENCE,
    PATIENT,
    Duty,
    Role,
    require,
    require_valid_licence,
)
from ketaflow.refusals import Refused

AHEAD = timedelta(hours=14)
SYSTEM = Author(clinic=UUID(int=0), id=None, name="Ketaflow", roles=("SYSTEM",))


def system_of(clinic: Clinic, name: str = SYSTEM.name) -> Author:
    """The author of what the operator does for a clinic: every duty, and a name that says so."""
    return Author(clinic.id, None, name, ("SYSTEM",))


def oneself(patient: Patient) -> Author:
    """The patient as the author of what they answer at home."""
    return Author(patient.clinic_id, patient.id, f"{patient.name}, at home", (PATIENT,))


class AlreadyThere(Refused):
    """What was to be made is there already; nothing was changed."""


@dataclass(frozen=True)
class Received:
    """What taking in one document did."""

    patient: Patient
    new: bool
    facts: int
    not_used: dict[str, int]


def open_clinic(*, details: registration.ClinicDetails, at: datetime) -> Clinic:
    """Open a clinic: the first entry of its record."""
    clinic = uuid4()
    with transaction.atomic():
        record(
            stream=f"clinic/{clinic}",
            kind="clinic.opened",
            by=replace(SYSTEM, clinic=clinic),
            at=at,
            payload=details.as_payload(),
        )
    return Clinic.objects.get(id=clinic)


def employ(
    *, email: str, password: str, name: str, roles: tuple[Role, ...], by: Author, at: datetime
) -> Staff:
    """Let somebody sign in to the clinic of `by`, with `roles`.

    Raises:
        AlreadyThere: the e-mail address is in use.
    """
    require(by, Duty.MANAGE_STAFF)
    name = registration.said(name, "who it is")
    if not roles:
        raise Refused("Choose at least one role; without one nobody may open anything.")
    staff = uuid4()
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            record(
                stream=f"staff/{staff}",
                kind="staff.employed",
                by=by,
                at=at,
                payload={"user": user.pk, "name": name, "roles": [role.value for role in roles]},
            )
    except IntegrityError:
        raise AlreadyThere(f"{email} is in use already; choose another address.") from None
    return Staff.objects.get(id=staff)


def deactivate(*, staff: UUID, reason: str, by: Author, at: datetime) -> None:
    """Close a colleague's way in, from the next page they ask for; what they wrote stays theirs.

    Raises:
        Refused: it is oneself: somebody must be left who can let others in.
    """
    require(by, Duty.MANAGE_STAFF)
    if staff == by.id:
        raise Refused("You cannot close your own way in; ask another administrator to do it.")
    payload = {"reason": registration.said(reason, "a reason")}
    with transaction.atomic():
        _colleague(staff, by)
        record(stream=f"staff/{staff}", kind="staff.deactivated", by=by, at=at, payload=payload)


def _colleague(staff: UUID, by: Author) -> Staff:
    rows = Staff.objects.select_for_update().filter(clinic_id=by.clinic, id=staff)
    held = rows.filter(active=True).first()
    if held is None:
        raise Refused("Nobody who works at this clinic is known by that identifier.")
    return held


def certify(
    *, staff: UUID, kind: str, number: str, expires_on: date, by: Author, at: datetime
) -> None:
    """Record a credential of a member of staff and when it runs out."""
    require(by, Duty.MANAGE_STAFF)
    registration.said(kind, "which credential it is")
    payload = {"kind": kind, "number": number, "expires_on": expires_on.isoformat()}
    with transaction.atomic():
        _colleague(staff, by)
        record_once(stream=f"staff/{staff}", kind="staff.certified", by=by, at=at, payload=payload)


def check_licence(of: Author, *, at: datetime) -> None:
    """Refuse the signature of somebody whose licence on record has run out by the clinic's day.

    A licence that was never recorded says nothing, and refuses nothing.

    Raises:
        RunOut: says since when, and what to do.
    """
    held = Credential.objects.filter(clinic_id=of.clinic, staff_id__in=[of.id], kind=LICENCE)
    for one in held:
        require_valid_licence(of, one.expires_on, on=_today(of, at))


def register(*, details: registration.PatientDetails, by: Author, at: datetime) -> Patient:
    """Register a patient of the clinic of `by`.

    Raises:
        Refused: the details are not plausible, or the number is taken.
    """
    require(by, Duty.REGISTER)
    details.check(_today(by, at))
    patient = uuid4()
    try:
        with transaction.atomic():
            record(
                stream=f"patient/{patient}",
                kind="patient.registered",
                by=by,
                at=at,
                payload=details.as_payload(),
            )
    except IntegrityError:
        raise AlreadyThere(
            f"Number {details.number} or another identifier belongs to a patient already; "
            "open that chart instead."
        ) from None
    return Patient.objects.get(id=patient)


def _today(by: Author, at: datetime) -> date:
    """The date on the clinic's wall."""
    return at.astimezone(Clinic.objects.get(id=by.clinic).zone).date()


def amend(
    *,
    patient: Patient,
    details: registration.PatientDetails,
    reason: str,
    by: Author,
    at: datetime,
    seen: int | None = None,
) -> None:
    """Correct who the patient is; the entry names the correction's reason and keeps the old.

    Raises:
        SomeoneElseMoved: the chart changed since the person saw it at ordinal `seen`.
    """
    require(by, Duty.REGISTER)
    check_ours(patient, by)
    details.check(_today(by, at))
    payload = {**details.as_payload(), "reason": registration.said(reason, "a reason")}
    try:
        with transaction.atomic():
            record(
                stream=patient.stream,
                kind="patient.amended",
                by=by,
                at=at,
                payload=payload,
                seen=seen,
            )
    except IntegrityError:
        raise AlreadyThere(f"Number {details.number} belongs to another patient.") from None


def refer(*, patient: Patient, referrer: str, reason: str, by: Author, at: datetime) -> None:
    """Record who sent the patient and what for."""
    require(by, Duty.REGISTER)
    check_ours(patient, by)
    payload = {
        "referrer": registration.said(referrer, "who referred the patient"),
        "reason": registration.said(reason, "what the referral is for"),
    }
    with transaction.atomic():
        record(stream=patient.stream, kind="patient.referred", by=by, at=at, payload=payload)


def receive(
    *, chart: ReceivedChart, document: bytes, name: str, by: Author, at: datetime
) -> Received:
    """Take in a chart as another clinic sent it; the same document twice changes nothing.

    The patient is found by any identifier the document carries; a new one is registered. The
    bytes are kept in the journal entry as they came.
    """
    require(by, Duty.IMPORT)
    try:
        return _take_in(chart, document, name, by, at)
    except (AlreadyThere, IntegrityError, SomeoneElseMoved):
        # Another hand may have taken the same in a moment ago: then it is known now.
        return _take_in(chart, document, name, by, at)


def _take_in(
    chart: ReceivedChart, document: bytes, name: str, by: Author, at: datetime
) -> Received:
    digest = registration.digest(document)
    with transaction.atomic():
        known = ReceivedDocument.objects.filter(clinic_id=by.clinic, sha256=digest)
        if earlier := known.select_related("patient").first():
            return Received(earlier.patient, new=False, facts=0, not_used=dict(earlier.not_used))
        patient = _whose(chart, by) or register(
            details=registration.from_chart(chart), by=by, at=at
        )
        payload = {
            **as_payload(chart),
            "name": name[:200],
            "sha256": digest,
            "document": base64.b64encode(document).decode(),
        }
        before = patient.facts.count()
        record(stream=patient.stream, kind="patient.chart_received", by=by, at=at, payload=payload)
        return Received(patient, True, patient.facts.count() - before, dict(chart.not_used))


def note_fact(*, patient: Patient, item: ChartItem, by: Author, at: datetime) -> None:
    """Put into the chart what the clinic itself found: a medicine, a diagnosis, a weight.

    An item with the reference of an earlier one is the later word on it.

    Raises:
        NotPlausible: it says nothing, or lies in the future.
    """
    require(by, Duty.SCREEN)
    check_ours(patient, by)
    registration.said(item.text, "what it is")
    # A day alone is kept as its first moment in UTC; no clock is further ahead than this.
    if item.started_at and item.started_at > at + AHEAD:
        raise registration.NotPlausible(
            f"{item.started_at.date()} lies in the future; check the date."
        )
    payload = {"item": item_payload(item)}
    with transaction.atomic():
        record_once(stream=patient.stream, kind="patient.fact_noted", by=by, at=at, payload=payload)


def note_reading(*, patient: Patient, page: str, by: Author, at: datetime) -> None:
    """Journal that somebody read this chart. In a stream of its own: looking changes nothing."""
    check_ours(patient, by)
    with transaction.atomic():
        record(
            stream=f"access/{patient.id}", kind="chart.read", by=by, at=at, payload={"page": page}
        )


def check_ours(patient: Patient, by: Author) -> None:
    """Refuse to write about a patient of another clinic, whatever page led here.

    Raises:
        Refused: not a patient of the clinic of `by`.
    """
    if patient.clinic_id != by.clinic:
        raise Refused("Nobody of this clinic is known by that identifier. Nothing was saved.")


def _whose(chart: ReceivedChart, by: Author) -> Patient | None:
    """The patient of this clinic whom the chart's identifiers name, if any.

    Raises:
        Refused: its identifiers name two patients, or name and birth date do not agree.
    """
    found = {
        one
        for system, value in registration.identifiers_of(chart)
        for one in Patient.objects.filter(
            clinic_id=by.clinic, identifiers__system=system, identifiers__value=value
        )
    }
    if len(found) > 1:
        names = " and ".join(sorted(one.name for one in found))
        raise Refused(f"The file's identifiers belong to two patients ({names}); ask the sender.")
    patient = found.pop() if found else None
    if patient and chart.person.born_on != patient.born_on:
        raise Refused(
            f"The file's identifiers are those of {patient.name}, born {patient.born_on}, but it "
            f"says born {chart.person.born_on}; ask the sender which is right."
        )
    return patient
