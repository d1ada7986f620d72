"""Which rows follow from the entries of this stage."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.journal.projecting import Projection, row_id
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.safety import Standing


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _answered(entry: Any) -> None:
    said = entry.payload
    Answered.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        course_id=UUID(said["course"]) if said["course"] else None,
        session_number=said["session_number"],
        sheet=UUID(said["sheet"]),
        instrument=said["instrument"],
        version=said["version"],
        occasion=said["occasion"],
        answers=said["answers"],
        total=None if said["total"] is None else Decimal(said["total"]),
        band=said["band"],
        complete=said["complete"],
        flags=said["flags"],
        answered_at=entry.at,
        recorded_by=entry.by_name,
    )


def _opened(entry: Any) -> None:
    said = entry.payload
    SafetyTask.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(said["patient"]),
        answered_id=UUID(said["answered"]) if said["answered"] else None,
        because=said["because"][:600],
        asks=said["asks"][:200],
        must_act_by=datetime.fromisoformat(said["must_act_by"]),
        due_words=said["due"][:200],
        opened_at=entry.at,
        opened_by=entry.by_name,
    )


def _sheet_put(entry: Any) -> None:
    SafetyTask.objects.filter(id=_about(entry)).update(answered_id=UUID(entry.payload["answered"]))


def _escalated(entry: Any) -> None:
    said = entry.payload
    SafetyTask.objects.filter(id=_about(entry)).update(
        step=said["step"],
        escalated_to=said["who"],
        escalated_at=entry.at,
        must_act_by=datetime.fromisoformat(said["must_act_by"]),
        due_words=said["due"][:200],
    )


def _triaged(entry: Any) -> None:
    said = entry.payload
    found = {
        "level": said["level"],
        "triage_because": said["because"][:600],
        "triaged_at": entry.at,
        "triaged_by": entry.by_name,
    }
    if said["must_act_by"]:
        found["must_act_by"] = datetime.fromisoformat(said["must_act_by"])
        found["due_words"] = said["due"][:200]
    SafetyTask.objects.filter(id=_about(entry)).update(**found)


def _acknowledged(entry: Any) -> None:
    SafetyTask.objects.filter(id=_about(entry)).update(
        status=Standing.ACKNOWLEDGED.value,
        acknowledged_at=entry.at,
        acknowledged_by=entry.by_name,
    )


def _closed(entry: Any) -> None:
    said = entry.payload
    SafetyTask.objects.filter(id=_about(entry)).update(
        status=Standing.CLOSED.value,
        closed_at=entry.at,
        closed_by=entry.by_name,
        outcome=said["outcome"],
        safety_plan=said["safety_plan"],
        reason=said["reason"][:1000],
    )


PROJECTION = Projection(
    stage="outcomes",
    tables=(Answered, SafetyTask),
    handlers={
        "outcomes.answered": _answered,
        "safety.opened": _opened,
        "safety.sheet_put": _sheet_put,
        "safety.escalated": _escalated,
        "safety.triaged": _triaged,
        "safety.acknowledged": _acknowledged,
        "safety.closed": _closed,
    },
)
