"""Every read about who. Each takes the clinic it answers for; nothing of another is reachable."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from ketaflow.people.chart import ChartItem, Kind, item_from_payload
from ketaflow.people.models import (
    ChartFact,
    Clinic,
    Consent,
    Patient,
    ReceivedDocument,
    Referral,
    Staff,
    User,
)


def clinic_named(name: str) -> Clinic | None:
    """The clinic called `name`, for the operator's commands."""
    return Clinic.objects.filter(name=name).first()


def clinics() -> Sequence[Clinic]:
    """Every clinic of this installation, for the operator's commands."""
    return list(Clinic.objects.order_by("name"))


def staff_of(user: User) -> Staff | None:
    """The member of staff who signs in as `user`, if still active."""
    return Staff.objects.select_related("clinic").filter(user=user, active=True).first()


def staff(*, clinic: UUID) -> Sequence[Staff]:
    """Everybody who works at the clinic, by name, with their credentials."""
    return list(Staff.objects.filter(clinic_id=clinic).prefetch_related("credentials"))


def colleague(*, clinic: UUID, id: UUID) -> Staff | None:
    """One member of staff."""
    return Staff.objects.filter(clinic_id=clinic, id=id, active=True).first()


def patients(*, clinic: UUID, search: str = "") -> QuerySet[Patient]:
    """Patients by name, for paging; `search` matches the start of a name or number."""
    found = Patient.objects.filter(clinic_id=clinic).order_by("family", "given", "id")
    for word in search.split():
        found = found.filter(
            Q(family__istartswith=word) | Q(given__istartswith=word) | Q(number__istartswith=word)
        )
    return found


def patient(*, clinic: UUID, id: UUID) -> Patient | None:
    """One patient."""
    return Patient.objects.filter(clinic_id=clinic, id=id).first()


def referrals(*, clinic: UUID, patient: UUID) -> Sequence[Referral]:
    """Who sent the patient, newest first."""
    found = Referral.objects.filter(clinic_id=clinic, patient_id=patient)
    return list(found.order_by("-received_at"))


def documents(*, clinic: UUID, patient: UUID) -> Sequence[ReceivedDocument]:
    """What was received about the patient, newest first."""
    found = ReceivedDocument.objects.filter(clinic_id=clinic, patient_id=patient)
    return list(found.order_by("-received_at"))


def facts(*, clinic: UUID, patient: UUID, kind: Kind | None = None) -> Sequence[ChartItem]:
    """The chart's facts as plain values, newest first."""
    found = ChartFact.objects.filter(clinic_id=clinic, patient_id=patient)
    if kind:
        found = found.filter(kind=kind.value)
    return [
        item_from_payload(
            {
                "kind": row.kind,
                "reference": row.reference,
                "text": row.text,
                "codings": row.codings,
                "active": row.active,
                "value": row.value or None,
                "unit": row.unit,
                "said": row.said,
                "started_at": row.started_at and row.started_at.isoformat(),
                "ended_at": row.ended_at and row.ended_at.isoformat(),
            }
        )
        for row in found.order_by("-started_at", "reference")
    ]


def consent(*, clinic: UUID, course: UUID) -> Consent | None:
    """The consent in force for a course."""
    found = Consent.objects.filter(clinic_id=clinic, course=course, withdrawn_at=None)
    return found.select_related("patient").order_by("-agreed_at").first()
