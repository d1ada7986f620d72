"""Which rows follow from the entries of this stage."""

from datetime import date
from typing import Any
from uuid import UUID

from ketaflow.journal.projecting import Projection, row_id
from ketaflow.screening.models import Answer, Assessment, Clearance, TreatmentTrial, WorkupDone


def _about(entry: Any) -> dict[str, Any]:
    """Clinic and patient of the entry: the stream "screening/…" names the patient."""
    return {"clinic_id": entry.clinic, "patient_id": UUID(entry.stream.partition("/")[2])}


def _answered(entry: Any) -> None:
    for key, value in entry.payload["answers"].items():
        told = {"value": value, "answered_at": entry.at, "by_name": entry.author.name}
        Answer.objects.update_or_create(
            **_about(entry),
            key=key,
            defaults=told,
            create_defaults={"id": row_id(entry, key), **told},
        )


def _trial(said: dict[str, Any]) -> dict[str, Any]:
    same = ("drug", "dose", "ongoing", "adequate_dose", "outcome", "stopped_because")
    days = {name: said[name] and date.fromisoformat(said[name]) for name in DAYS}
    return {**{name: said[name] for name in same}, **days}


DAYS = ("started_on", "stopped_on")


def _trial_recorded(entry: Any) -> None:
    TreatmentTrial.objects.create(
        id=row_id(entry),
        **_about(entry),
        **_trial(entry.payload),
        recorded_at=entry.at,
        by_name=entry.author.name,
    )


def _trial_corrected(entry: Any) -> None:
    said = entry.payload
    TreatmentTrial.objects.filter(**_about(entry), id=said["trial"]).update(
        **_trial(said),
        recorded_at=entry.at,
        by_name=entry.author.name,
        in_error=said["in_error"],
    )


def _worked_up(entry: Any) -> None:
    said = entry.payload
    told = {"done_on": date.fromisoformat(said["done_on"]), "note": said["note"]}
    WorkupDone.objects.update_or_create(
        **_about(entry),
        item=said["item"],
        defaults=told,
        create_defaults={"id": row_id(entry), **told},
    )


def _assessed(entry: Any) -> None:
    said = entry.payload
    Assessment.objects.create(
        id=row_id(entry),
        **_about(entry),
        protocol=said["protocol"],
        verdict=said["verdict"],
        findings=said["findings"],
        missing=said["missing"],
        assessed_at=entry.at,
        by_name=entry.author.name,
    )


def _set_aside(entry: Any) -> None:
    said = entry.payload
    Clearance.objects.create(
        id=row_id(entry),
        **_about(entry),
        rule=said["rule"],
        severity=said["severity"],
        reason=said["reason"],
        by_name=entry.author.name,
        by_roles=" ".join(entry.author.roles),
        given_at=entry.at,
    )


PROJECTION = Projection(
    stage="screening",
    tables=(Answer, TreatmentTrial, WorkupDone, Assessment, Clearance),
    handlers={
        "screening.answered": _answered,
        "screening.trial_recorded": _trial_recorded,
        "screening.trial_corrected": _trial_corrected,
        "screening.worked_up": _worked_up,
        "screening.assessed": _assessed,
        "screening.reviewed": _set_aside,
        "screening.overridden": _set_aside,
    },
)
