"""Which rows follow from the entries of this stage."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ketaflow.aftercare.models import CheckInDue, Plan
from ketaflow.journal.projecting import Projection, leave, row_id


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _signed(entry: Any) -> None:
    said = entry.payload
    Plan.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        course_id=_about(entry),
        version=said["version"],
        content=said["content"],
        card=said["card"],
        interval_weeks=said["weeks"],
        next_on=date.fromisoformat(said["next_on"]) if said["next_on"] else None,
        reason=said["reason"][:1000],
        sessions_given=said["content"]["sessions"],
        signed_by=entry.by_name,
        signed_at=entry.at,
    )
    # What an older plan asked for and nobody did is asked for by this one, or no longer.
    CheckInDue.objects.filter(course_id=_about(entry), done_at=None).delete()
    for check in said["content"]["checks"]:
        if check["due_at"] and not _done_already(entry, check):
            _await(entry, check)


def _checked_in(entry: Any) -> None:
    said = entry.payload
    waiting = CheckInDue.objects.filter(course_id=_about(entry), done_at=None)
    waiting.filter(kind__in=said["done"]).update(done_at=entry.at, done_by=entry.by_name)
    for check in said["next"]:
        _await(entry, check)


def _done_already(entry: Any, check: dict[str, Any]) -> bool:
    done = CheckInDue.objects.filter(course_id=_about(entry), kind=check["name"])
    return done.filter(due_at=datetime.fromisoformat(check["due_at"])).exists()


def _await(entry: Any, check: dict[str, Any]) -> None:
    CheckInDue.objects.create(
        id=row_id(entry, check["name"]),
        clinic_id=entry.clinic,
        course_id=_about(entry),
        patient_id=UUID(entry.payload["patient"]),
        kind=check["name"],
        what=check["what"][:400],
        rhythm=check["rhythm"][:120],
        due_at=datetime.fromisoformat(check["due_at"]),
    )


PROJECTION = Projection(
    stage="aftercare",
    tables=(Plan, CheckInDue),
    handlers={
        "aftercare.signed": _signed,
        "aftercare.checked_in": _checked_in,
        "aftercare.relapse_noted": leave,
        "aftercare.noted": leave,
    },
)
