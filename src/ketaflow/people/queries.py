"""Every read about who. Each takes the clinic it answers for; nothing of another is reachable."""

from collections.abc import Iterable, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When

from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry
from ketaflow.people.chart import ChartItem, Kind, item_from_payload
from ketaflow.people.models import (
    ChartFact,
    Clinic,
    Consent,
    Patient,
    PatientIdentifier,
    PatientWord,
    ReceivedDocument,
    Referral,
    Staff,
    User,
)
from ketaflow.people.registration import search_words

# So many words that begin alike are too many to collect.
MANY = 20_000


def clinic_named(name: str) -> Clinic | None:
    """The clinic called `name`, for the operator's commands."""
    return Clinic.objects.filter(name=name).first()


def clinics() -> Sequence[Clinic]:
    """Every clinic of this installation, for the operator's commands."""
    return list(Clinic.objects.order_by("name"))


def zone_of(*, clinic: UUID) -> ZoneInfo:
    """The time zone by which the clinic's wall clock goes."""
    return Clinic.objects.get(id=clinic).zone


def staff_of(user: User) -> Staff | None:
    """The member of staff who signs in as `user`, if still active."""
    return Staff.objects.select_related("clinic").filter(user=user, active=True).first()


def staff(*, clinic: UUID) -> Sequence[Staff]:
    """Everybody who works at the clinic, by name, with their credentials."""
    return list(Staff.objects.filter(clinic_id=clinic).prefetch_related("credentials"))


def colleague(*, clinic: UUID, id: UUID) -> Staff | None:
    """One member of staff."""
    return Staff.objects.filter(clinic_id=clinic, id=id, active=True).first()


def patients(*, clinic: UUID, search: str = "", after: UUID | None = None) -> QuerySet[Patient]:
    """Patients by name, for paging: a page begins behind the patient `after`.

    Each word of `search` must begin one of the patient's names or the number. Page by slicing; a
    count over everybody would cost more with each patient.
    """
    found = _known_as(clinic, search_words(search)).order_by("family", "given", "id")
    last = patient(clinic=clinic, id=after) if after else None
    if last:
        same_family = Q(family=last.family)
        later = Q(given__gt=last.given) | Q(given=last.given, id__gt=last.id)
        # The first condition alone lets the index begin at the right name.
        found = found.filter(family__gte=last.family)
        found = found.filter(Q(family__gt=last.family) | same_family & later)
    return found


def _known_as(clinic: UUID, words: Sequence[str]) -> QuerySet[Patient]:
    """The patients of the clinic whom all of `words` begin to name."""
    begun = [_beginning(word) for word in words]
    # Whoever a rare word names is quickly collected, in whichever order. Where every word is half
    # of all names, going along the list by name finds a page of them sooner.
    rare = next((one for one in begun if not one.filter(clinic_id=clinic)[MANY:].exists()), None)
    if rare is None:
        found = Patient.objects.filter(clinic_id=clinic)
    else:
        # The words are the clinic's, so the patients are: asked of both, SQLite takes the list.
        found = Patient.objects.filter(id__in=rare.filter(clinic_id=clinic).values("patient_id"))
    for one in begun:
        if one is not rare:
            found = found.filter(Exists(one.filter(patient=OuterRef("pk"))))
    return found


def _beginning(start: str) -> QuerySet[PatientWord]:
    if connection.vendor == "postgresql":
        return PatientWord.objects.filter(word__startswith=start)
    # SQLite's LIKE reads the whole table; a range reads the index.
    return PatientWord.objects.filter(word__gte=start, word__lt=f"{start}\U0010ffff")


def patient(*, clinic: UUID, id: UUID) -> Patient | None:
    """One patient."""
    return Patient.objects.filter(clinic_id=clinic, id=id).first()


def identifiers(*, clinic: UUID, patient: UUID) -> tuple[tuple[str, str], ...]:
    """The identifiers by which other systems know the patient."""
    found = PatientIdentifier.objects.filter(clinic_id=clinic, patient_id=patient)
    return tuple(found.order_by("system", "value").values_list("system", "value"))


def identifiers_of(*, clinic: UUID, patients: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """By what other systems know each of several patients, whatever the system."""
    found: dict[UUID, tuple[str, ...]] = {}
    rows = PatientIdentifier.objects.filter(clinic_id=clinic, patient_id__in=list(patients))
    for patient, value in rows.values_list("patient_id", "value"):
        found[patient] = (*found.get(patient, ()), value)
    return found


def latest_referrals(*, clinic: UUID, patients: Iterable[UUID]) -> dict[UUID, Referral]:
    """The newest referral of each of `patients`."""
    found = Referral.objects.filter(clinic_id=clinic, patient_id__in=list(patients))
    return {one.patient_id: one for one in found.order_by("received_at", "id")}


def record_of(
    *, clinic: UUID, streams: Iterable[str], before: int | None = None, limit: int = 50
) -> Sequence[Entry]:
    """What was written to `streams`, newest first, from before entry `before`.

    A received document stays in its entry: it is not read here.
    """
    found = journal.of_streams(clinic=clinic, streams=streams)
    if before is not None:
        found = found.filter(id__lt=before)
    light = Case(
        When(kind="patient.chart_received", then=Value("{}")),
        default=F("payload_json"),
        output_field=TextField(),
    )
    newest = found.defer("payload_json").annotate(said_json=light).order_by("-id")
    return list(newest[:limit])


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
        for row in found.order_by(F("started_at").desc(nulls_last=True), "reference")
    ]


def consent(*, clinic: UUID, course: UUID) -> Consent | None:
    """The consent in force for a course."""
    found = Consent.objects.filter(clinic_id=clinic, course=course, withdrawn_at=None)
    return found.select_related("patient").order_by("-agreed_at").first()


def consents(*, clinic: UUID, patient: UUID) -> Sequence[Consent]:
    """Everything the patient ever agreed to, newest first, what was withdrawn too."""
    found = Consent.objects.filter(clinic_id=clinic, patient_id=patient)
    return list(found.order_by("-agreed_at", "-id"))
