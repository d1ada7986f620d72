"""Which rows follow from the entries of this stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from ketaflow.correspondence.invitation import Purpose
from ketaflow.correspondence.models import (
    Contact,
    Helper,
    Invitation,
    Message,
    Notice,
    Readiness,
)
from ketaflow.correspondence.outbox import Channel, State
from ketaflow.journal.projecting import Projection


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _uuid(said: str | None) -> UUID | None:
    return UUID(said) if said else None


def _invited(entry: Any) -> None:
    _invited_all([entry])


def _invited_all(entries: Sequence[Any]) -> None:
    Invitation.objects.bulk_create([_invitation(one) for one in entries])


def _invitation(entry: Any) -> Invitation:
    said = entry.payload
    return Invitation(
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
        # Entries from before there were pages are all about questionnaires.
        purpose=said.get("purpose", Purpose.FORM.value),
        helper_id=_uuid(said.get("helper")),
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
    _queued_all([entry])


def _queued_all(entries: Sequence[Any]) -> None:
    Message.objects.bulk_create([_message(one) for one in entries])


def _message(entry: Any) -> Message:
    said = entry.payload
    return Message(
        id=_about(entry),
        clinic_id=entry.clinic,
        invitation_id=UUID(said["invitation"]),
        to=said["to"],
        channel=said.get("channel", Channel.EMAIL.value),
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


def _helper_named(entry: Any) -> None:
    said = entry.payload
    Helper.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(said["patient"]),
        name=said["name"],
        email=said["email"],
        named_at=entry.at,
    )


def _helper_ended(entry: Any) -> None:
    Helper.objects.filter(id=_about(entry)).update(ended_at=entry.at)


def _contact_said(entry: Any) -> None:
    said = entry.payload
    Contact.objects.update_or_create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=_about(entry),
        defaults={"text_to": said["text_to"], "language": said["language"], "said_at": entry.at},
    )


def _before_visit(entry: Any) -> None:
    said = entry.payload
    Readiness.objects.update_or_create(
        id=_about(entry),
        clinic_id=entry.clinic,
        booking_id=_about(entry),
        patient_id=UUID(said["patient"]),
        defaults={
            "coming": said["coming"],
            "escort": said["escort"],
            "words": said["words"],
            "said_at": entry.at,
            "said_by": entry.by_name,
        },
    )


def _noticed(entry: Any) -> None:
    said = entry.payload
    Notice.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(said["patient"]),
        kind=said["kind"],
        words=said["words"],
        raised_at=entry.at,
    )


def _notice_seen(entry: Any) -> None:
    Notice.objects.filter(id=_about(entry)).update(seen_at=entry.at, seen_by=entry.by_name)


PROJECTION = Projection(
    stage="correspondence",
    tables=(Helper, Invitation, Message, Contact, Readiness, Notice),
    handlers={
        "invitation.made": _invited,
        "invitation.answer_given": _given,
        "invitation.sent_in": _sent_in,
        "invitation.withdrawn": _withdrawn,
        "invitation.birth_wrong": _birth_wrong,
        "message.queued": _queued,
        "message.taken": _taken,
        "message.tried": _tried,
        "helper.named": _helper_named,
        "helper.ended": _helper_ended,
        "contact.said": _contact_said,
        "visit.answered": _before_visit,
        "notice.raised": _noticed,
        "notice.seen": _notice_seen,
    },
    together={"invitation.made": _invited_all, "message.queued": _queued_all},
)
