"""Every read for the pages at home: what was said there, and of which visits to remind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import Q, QuerySet

from ketaflow.correspondence.models import Contact, Helper, Invitation, Message, Notice, Readiness
from ketaflow.people.models import Patient
from ketaflow.schedule.models import Booking
from ketaflow.schedule.standing import Standing

MOST_NOTICES = 200


@dataclass(frozen=True)
class Coming:
    """A visit ahead, with whom to remind of it."""

    booking: UUID
    starts_at: datetime
    ends_at: datetime
    patient: Patient
    contact: Contact | None


def contact(*, clinic: UUID, patient: UUID) -> Contact | None:
    """How the patient said that she wants to be reached."""
    return Contact.objects.filter(clinic_id=clinic, patient_id=patient).first()


def helper(*, clinic: UUID, patient: UUID) -> Helper | None:
    """Who helps the patient now."""
    return Helper.objects.filter(clinic_id=clinic, patient_id=patient, ended_at=None).first()


def readiness(*, clinic: UUID, bookings: Iterable[UUID]) -> dict[UUID, Readiness]:
    """What was said before each of several visits."""
    found = Readiness.objects.filter(clinic_id=clinic, booking_id__in=list(bookings))
    return {row.booking_id: row for row in found}


def said_by(*, clinic: UUID, patient: UUID) -> QuerySet[Readiness]:
    """Everything that was said before visits of a patient, newest first."""
    found = Readiness.objects.filter(clinic_id=clinic, patient_id=patient)
    return found.select_related("booking").order_by("-said_at")


def open_notices(*, clinic: UUID) -> Sequence[Notice]:
    """What nobody has read yet, the oldest first."""
    found = Notice.objects.filter(clinic_id=clinic, seen_at=None).select_related("patient")
    return list(found.order_by("raised_at", "id")[:MOST_NOTICES])


def messages_to(*, clinic: UUID, patient: UUID) -> QuerySet[Message]:
    """Every message that was queued for a patient, oldest first."""
    found = Message.objects.filter(clinic_id=clinic, invitation__patient_id=patient)
    return found.select_related("invitation").order_by("invitation__made_at", "id")


def links_of(*, clinic: UUID, patient: UUID) -> QuerySet[Invitation]:
    """Every link of a patient, oldest first."""
    found = Invitation.objects.filter(clinic_id=clinic, patient_id=patient)
    return found.select_related("helper").order_by("made_at", "id")


def reminder_sheet(visit: Coming) -> UUID:
    """The name of the reminder of a visit: another one when the visit is moved."""
    return uuid5(visit.booking, visit.starts_at.isoformat())


def coming(
    *, clinic: UUID, at: datetime, until: datetime, after: Coming | None, limit: int
) -> Sequence[Coming]:
    """The booked visits that begin from `at` to `until`, by time, from behind `after` on."""
    found = Booking.objects.filter(
        clinic_id=clinic, starts_at__gte=at, starts_at__lte=until, status=Standing.BOOKED
    )
    if after:
        later = Q(starts_at__gt=after.starts_at)
        found = found.filter(later | Q(starts_at=after.starts_at, id__gt=after.booking))
        found = found.filter(starts_at__gte=after.starts_at)
    rows = list(found.select_related("patient").order_by("starts_at", "id")[:limit])
    said = Contact.objects.filter(patient_id__in=[row.patient_id for row in rows])
    contacts = {one.patient_id: one for one in said}
    return [
        Coming(row.id, row.starts_at, row.ends_at, row.patient, contacts.get(row.patient_id))
        for row in rows
    ]
