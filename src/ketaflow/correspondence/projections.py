"""Which rows follow from the entries of this stage."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from ketaflow.correspondence.models import Invitation, Message
from ketaflow.correspondence.outbox import State
from ketaflow.journal.projecting import Projection


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _uuid(said: str | None) -> UUID | None:
    return UUID(said) if said else None


def _invited(entry: Any) -> None:
    said = entry.payload
    Invitation.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(said["patient"]),
        course_id=_uuid(said["course"]),
        instrument=said["instrument"],
        occasion=said["occasion"],
        sheet=UUID(said["sheet"]),
        made_at=entry.at,
        made_by=entry.by_name,
        expires_at=datetime.fromisoformat(said["expires_at"]),
    )


def _given(entry: Any) -> None:
    said = entry.payload
    row = Invitation.objects.get(id=_about(entry))
    row.given = {**row.given, said["item"]: said["answer"]}
    row.task = _uuid(said["task"]) or row.task
    row.save(update_fields=["given", "task"])


def _sent_in(entry: Any) -> None:
    said = entry.payload
    Invitation.objects.filter(id=_about(entry)).update(
        submitted_at=entry.at, answered_id=UUID(said["answered"]), task=_uuid(said["task"])
    )


def _withdrawn(entry: Any) -> None:
    Invitation.objects.filter(id=_about(entry)).update(withdrawn_at=entry.at)


def _birth_wrong(entry: Any) -> None:
    Invitation.objects.filter(id=_about(entry)).update(wrong_births=F("wrong_births") + 1)


def _queued(entry: Any) -> None:
    said = entry.payload
    Message.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        invitation_id=UUID(said["invitation"]),
        to=said["to"],
        state_at=entry.at,
    )


def _taken(entry: Any) -> None:
    Message.objects.filter(id=_about(entry)).update(
        state=State.SENDING.value,
        tries=F("tries") + 1,
        taken_at=entry.at,
        state_at=entry.at,
        words="",
    )


def _tried(entry: Any) -> None:
    said = entry.payload
    Message.objects.filter(id=_about(entry)).update(
        state=said["state"],
        try_at=datetime.fromisoformat(said["try_at"]) if said["try_at"] else None,
        state_at=entry.at,
        words=said["words"][:300],
    )


PROJECTION = Projection(
    stage="correspondence",
    tables=(Invitation, Message),
    handlers={
        "invitation.made": _invited,
        "invitation.answer_given": _given,
        "invitation.sent_in": _sent_in,
        "invitation.withdrawn": _withdrawn,
        "invitation.birth_wrong": _birth_wrong,
        "message.queued": _queued,
        "message.taken": _taken,
        "message.tried": _tried,
    },
)
