"""Which rows follow from the entries of this stage."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ketaflow.journal.projecting import Projection, leave, row_id
from ketaflow.people.chart import from_payload
from ketaflow.people.models import (
    ChartFact,
    Clinic,
    Consent,
    Credential,
    Patient,
    PatientIdentifier,
    PatientWord,
    ReceivedDocument,
    Referral,
    Staff,
)
from ketaflow.people.registration import identifiers_of, search_words


def _about(entry: Any) -> UUID:
    """The identifier in the entry's stream: "patient/…" is about that patient."""
    return UUID(entry.stream.partition("/")[2])


def _clinic_opened(entry: Any) -> None:
    Clinic.objects.create(id=_about(entry), **entry.payload)


def _staff_employed(entry: Any) -> None:
    said = entry.payload
    Staff.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        user_id=said["user"],
        name=said["name"],
        roles=" ".join(said["roles"]),
    )


def _staff_deactivated(entry: Any) -> None:
    Staff.objects.filter(id=_about(entry)).update(active=False)


def _staff_certified(entry: Any) -> None:
    said = entry.payload
    Credential.objects.update_or_create(
        staff_id=_about(entry),
        kind=said["kind"],
        defaults={"number": said["number"], "expires_on": date.fromisoformat(said["expires_on"])},
        create_defaults={
            "id": row_id(entry),
            "clinic_id": entry.clinic,
            "number": said["number"],
            "expires_on": date.fromisoformat(said["expires_on"]),
        },
    )


def _details(entry: Any) -> dict[str, Any]:
    said = entry.payload
    kept = ("number", "family", "given", "sex", "phone", "email", "address")
    return {**{name: said[name] for name in kept}, "born_on": date.fromisoformat(said["born_on"])}


def _patient_registered(entry: Any) -> None:
    Patient.objects.create(
        id=_about(entry), clinic_id=entry.clinic, registered_at=entry.at, **_details(entry)
    )
    _identify(entry, entry.payload["identifiers"])
    _make_findable(entry)


def _patient_amended(entry: Any) -> None:
    Patient.objects.filter(id=_about(entry)).update(**_details(entry))
    PatientIdentifier.objects.filter(patient_id=_about(entry)).delete()
    PatientWord.objects.filter(patient_id=_about(entry)).delete()
    _identify(entry, entry.payload["identifiers"])
    _make_findable(entry)


def _make_findable(entry: Any) -> None:
    said = entry.payload
    PatientWord.objects.bulk_create(
        PatientWord(
            id=row_id(entry, "word", word),
            clinic_id=entry.clinic,
            patient_id=_about(entry),
            word=word,
        )
        for word in search_words(said["family"], said["given"], said["number"])
    )


def _identify(
    entry: Any, identifiers: Iterable[tuple[str, str]], ignore_conflicts: bool = False
) -> None:
    rows = [
        PatientIdentifier(
            id=row_id(entry, system, value),
            clinic_id=entry.clinic,
            patient_id=_about(entry),
            system=system,
            value=value,
        )
        for system, value in identifiers
    ]
    PatientIdentifier.objects.bulk_create(rows, ignore_conflicts=ignore_conflicts)


def _patient_referred(entry: Any) -> None:
    Referral.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        received_at=entry.at,
        referrer=entry.payload["referrer"][:200],
        reason=entry.payload["reason"][:400],
    )


def _chart_received(entry: Any) -> None:
    said = entry.payload
    chart = from_payload(said)
    died_at = chart.person.died_at
    # The newest document has the last word on whether the patient lives.
    Patient.objects.filter(id=_about(entry)).update(
        deceased=chart.person.deceased, died_on=died_at.date() if died_at else None
    )
    _identify(entry, identifiers_of(chart), ignore_conflicts=True)
    ReceivedDocument.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        name=said["name"],
        sha256=said["sha256"],
        received_at=entry.at,
        not_used=said["not_used"],
        ordinal=entry.ordinal,
    )
    _keep_facts(entry, said["items"])


def _fact_noted(entry: Any) -> None:
    _keep_facts(entry, [entry.payload["item"]])


def _keep_facts(entry: Any, items: list[dict[str, Any]]) -> None:
    # A later word on the same fact replaces the earlier: the newest stands.
    ChartFact.objects.bulk_create(
        [_fact(entry, item) for item in items],
        update_conflicts=True,
        unique_fields=["patient", "reference"],
        update_fields=[
            "kind",
            "text",
            "codings",
            "active",
            "value",
            "unit",
            "said",
            "started_at",
            "ended_at",
        ],
        batch_size=500,
    )


def _fact(entry: Any, item: dict[str, Any]) -> ChartFact:
    return ChartFact(
        id=row_id(entry, item["reference"]),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        kind=item["kind"],
        reference=item["reference"][:200],
        text=item["text"][:400],
        codings=item["codings"],
        active=item["active"],
        value=item["value"] or "",
        unit=item["unit"],
        said=item["said"][:400],
        started_at=_moment(item["started_at"]),
        ended_at=_moment(item["ended_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _consent_given(entry: Any) -> None:
    said = entry.payload
    Consent.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        course=UUID(said["course"]),
        text_id=said["text"],
        text_version=said["version"],
        text_sha256=said["sha256"],
        agreed_at=entry.at,
        taken_by=entry.author.name,
    )


def _consent_withdrawn(entry: Any) -> None:
    Consent.objects.filter(id=entry.payload["consent"]).update(withdrawn_at=entry.at)


PROJECTION = Projection(
    stage="people",
    tables=(
        Clinic,
        Staff,
        Credential,
        Patient,
        PatientIdentifier,
        PatientWord,
        Referral,
        ReceivedDocument,
        ChartFact,
        Consent,
    ),
    handlers={
        "clinic.opened": _clinic_opened,
        "staff.employed": _staff_employed,
        "staff.certified": _staff_certified,
        "staff.deactivated": _staff_deactivated,
        "patient.registered": _patient_registered,
        "patient.amended": _patient_amended,
        "patient.referred": _patient_referred,
        "patient.chart_received": _chart_received,
        "patient.fact_noted": _fact_noted,
        "consent.given": _consent_given,
        "consent.withdrawn": _consent_withdrawn,
        "chart.read": leave,
    },
)
