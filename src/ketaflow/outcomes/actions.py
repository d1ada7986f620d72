"""Every write about whether it helped, and about answers that somebody must follow up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from ketaflow.journal.actions import SomeoneElseMoved, record
from ketaflow.journal.author import Author
from ketaflow.outcomes import safety, sheet
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.safety import Closing, Standing
from ketaflow.outcomes.sheet import Occasion, Result, Sheet
from ketaflow.outcomes.suicidality import (
    COLUMBIA,
    Next,
    Risk,
    Triage,
    Trigger,
    mentions,
    triggers,
)
from ketaflow.people.models import Patient
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, is_patient, may, require
from ketaflow.protocol import queries as protocol
from ketaflow.refusals import Refused

T = TypeVar("T")
ATTEMPTS = 3


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


class AlreadyRecorded(Refused):
    """The sheet is in the record with other answers; nothing of this one was saved."""


class AlreadyTaken(SomeoneElseMoved):
    """Somebody has taken this task on, or closed it."""


@dataclass(frozen=True)
class Taken:
    """What recording a sheet did; `task` is the safety task it opened, if it asked for one."""

    answered: Answered
    task: SafetyTask | None


def answer(
    *, patient: Patient, sheet: Sheet, by: Author, at: datetime, opened: UUID | None = None
) -> Taken:
    """Record a questionnaire; an answer about suicide opens a safety task with it, or neither is.

    Sending the same sheet twice records it once. `opened` is the task that one of its answers
    opened before the sheet was whole (`alarm`): while it waits, the sheet is put to it.

    Raises:
        NothingAnswered, AnswerOutOfRange, UnknownInstrument: the sheet cannot be read.
        AlreadyRecorded: this sheet was recorded with other answers.
        NotHere: the course is not this patient's.
    """
    _require_answering(patient, by)
    _check_whose(patient, sheet, by)
    return _insist(lambda: _answer(patient, sheet, by, at, opened))


def alarm(
    *, patient: Patient, said: tuple[str, str, int | None], by: Author, at: datetime
) -> SafetyTask | None:
    """Open a safety task for one answer, before the sheet that it belongs to is whole.

    Somebody who answers at home may stop after the question that matters.

    Args:
        patient: who answered.
        said: the instrument, the item and its answer; None for one left out on purpose.
        by: who answered, or who wrote it down.
        at: when.

    Returns:
        The task, or None when the answer asks for nothing.
    """
    _require_answering(patient, by)
    instrument, item, given = said
    policy = protocol.policy(clinic=by.clinic)
    raised = triggers(instrument, {item: given}, policy)
    if not raised:
        return None
    with transaction.atomic():
        return _open(patient, raised, None, by, at)


def concern(*, patient: Patient, because: str, asks: Next, by: Author, at: datetime) -> SafetyTask:
    """Open a safety task for something said or seen outside a questionnaire."""
    require(by, Duty.ASSESS)
    if patient.clinic_id != by.clinic:
        raise NotHere("No patient of this clinic is known by that identifier.")
    raised = Trigger(asks, said(because, "what was said or seen"), False, ("UNVERIFIED",))
    with transaction.atomic():
        return _open(patient, (raised,), None, by, at)


def hear(*, patient: Patient, text: str, by: Author, at: datetime) -> SafetyTask | None:
    """Open a safety task when what was written at home speaks of suicide, whoever wrote it."""
    if patient.clinic_id != by.clinic:
        raise NotHere("No patient of this clinic is known by that identifier.")
    raised = mentions(text)
    if raised is None:
        return None
    with transaction.atomic():
        return _open(patient, (raised,), None, by, at)


def triage(*, task: UUID, sheet: Sheet, by: Author, at: datetime) -> SafetyTask:
    """Record the Columbia screener's answers on a task and the risk they come to.

    Answers are never turned away because somebody else took the task on meanwhile. A high risk is
    due at once.

    Raises:
        AlreadyTaken: the task is closed.
        NothingAnswered, AnswerOutOfRange, WrongNumberOfAnswers: the answers cannot be read.
    """
    require(by, Duty.ANSWER_SAFETY)
    if sheet.instrument != COLUMBIA:
        raise Refused("A safety task is answered with the Columbia screener.")
    return _insist(lambda: _triage(task, sheet, by, at))


def acknowledge(*, task: UUID, by: Author, at: datetime) -> SafetyTask:
    """Take a task on by name: from now on it is this person's.

    Raises:
        AlreadyTaken: another hand was first; names whose.
    """
    require(by, Duty.ANSWER_SAFETY)
    with transaction.atomic():
        row = _locked(task, by)
        if row.status != Standing.OPEN:
            raise AlreadyTaken(
                f"{row.acknowledged_by or row.closed_by} has taken this task on already."
            )
        record(stream=row.stream, kind="safety.acknowledged", by=by, at=at, payload={})
    return SafetyTask.objects.get(id=task)


def close(*, task: UUID, closing: Closing, seen: int, by: Author, at: datetime) -> SafetyTask:
    """Close a task with its outcome; `seen` is the last entry of the task that was on the page.

    Raises:
        NotToBeClosed: something must be done first.
        SomeoneElseMoved: the task changed since it was looked at.
    """
    require(by, Duty.ANSWER_SAFETY)
    payload = {
        "outcome": closing.outcome.value,
        "safety_plan": closing.safety_plan,
        "reason": closing.reason.strip(),
    }
    with transaction.atomic():
        row = _locked(task, by)
        _still_open(row)
        safety.check_close(
            closing,
            risk=Risk(row.level) if row.level else None,
            prescriber=may(by.roles, Duty.PRESCRIBE),
        )
        record(stream=row.stream, kind="safety.closed", by=by, at=at, payload=payload, seen=seen)
    return SafetyTask.objects.get(id=task)


def _insist(write: Callable[[], T]) -> T:
    """Try again when another hand wrote to the same stream: an answer must not get lost."""
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except AlreadyTaken:
            raise
        except (IntegrityError, SomeoneElseMoved):
            continue
    return write()


def _require_answering(patient: Patient, by: Author) -> None:
    """A patient answers about nobody else; staff need the duty and the clinic."""
    if not is_patient(by, patient.id):
        require(by, Duty.ASSESS)
    if patient.clinic_id != by.clinic:
        raise NotHere("No patient of this clinic is known by that identifier.")


def _check_whose(patient: Patient, sheet: Sheet, by: Author) -> None:
    if sheet.course is None:
        return
    course = protocol.course(clinic=by.clinic, id=sheet.course)
    if course is None or course.patient_id != patient.id:
        raise NotHere("That course is not this patient's; open the patient's own course.")


def _answer(
    patient: Patient, filled: Sheet, by: Author, at: datetime, opened: UUID | None
) -> Taken:
    policy = protocol.policy(clinic=by.clinic)
    result = sheet.read(filled, policy)
    with transaction.atomic():
        if earlier := Answered.objects.filter(patient=patient, sheet=filled.id).first():
            return _again(earlier, filled)
        row = _keep(patient, filled, result, by, at)
        if not sheet.needs_person(result):
            return Taken(row, None)
        task = _put_to(opened, row, by, at) or _open(patient, result.triggers, row, by, at)
        if result.columbia:
            task = _note_triage(task, result.columbia, row, by, at)
        return Taken(row, task)


def _put_to(opened: UUID | None, row: Answered, by: Author, at: datetime) -> SafetyTask | None:
    """Put a whole sheet to the task that one of its answers opened, unless that is closed."""
    if opened is None:
        return None
    waiting = SafetyTask.objects.filter(id=opened, patient=row.patient, answered=None)
    task = waiting.exclude(status=Standing.CLOSED).first()
    if task is None:
        return None
    payload = {"answered": str(row.id)}
    record(stream=task.stream, kind="safety.sheet_put", by=by, at=at, payload=payload)
    return SafetyTask.objects.get(id=task.id)


def _again(earlier: Answered, filled: Sheet) -> Taken:
    same = earlier.instrument == filled.instrument and (
        earlier.total == filled.total
        if sheet.total_only(filled.instrument)
        else tuple(earlier.answers) == filled.answers
    )
    if not same:
        kept_at = localtime(earlier.answered_at)
        raise AlreadyRecorded(
            f"This sheet was recorded with other answers on {kept_at:%d %b %Y, %H:%M}. Look at "
            "them; send the form again only if it was given again."
        )
    return Taken(earlier, SafetyTask.objects.filter(answered=earlier).first())


def _keep(patient: Patient, filled: Sheet, result: Result, by: Author, at: datetime) -> Answered:
    payload = {
        "sheet": str(filled.id),
        "instrument": filled.instrument,
        "version": result.version,
        "occasion": Occasion(filled.occasion).value,
        "answers": list(filled.answers),
        "suicide_item": filled.suicide_item,
        "course": str(filled.course) if filled.course else None,
        "session_number": filled.session_number,
        "total": None if result.total is None else str(result.total),
        "band": result.band,
        "complete": result.complete,
        "flags": list(result.flags),
    }
    stream = f"outcomes/{patient.id}"
    record(stream=stream, kind="outcomes.answered", by=by, at=at, payload=payload)
    return Answered.objects.get(patient=patient, sheet=filled.id)


def _open(
    patient: Patient,
    triggers: tuple[Trigger, ...],
    row: Answered | None,
    by: Author,
    at: datetime,
) -> SafetyTask:
    task = uuid4()
    calls = any(one.call_clinician for one in triggers)
    due = safety.due(
        at,
        protocol.policy(clinic=by.clinic),
        at_once="the clinic calls a clinician at this answer" if calls else "",
    )
    payload = {
        "patient": str(patient.id),
        "answered": str(row.id) if row else None,
        "because": " ".join(one.because for one in triggers) or "The screener asks for follow-up.",
        "asks": triggers[0].next.value if triggers else Next.FOLLOW_UP.value,
        "sources": [key for one in triggers for key in one.sources],
        "must_act_by": due.by_at.isoformat(),
        "due": due.words,
    }
    record(stream=f"safety/{task}", kind="safety.opened", by=by, at=at, payload=payload)
    return SafetyTask.objects.get(id=task)


def _triage(task: UUID, filled: Sheet, by: Author, at: datetime) -> SafetyTask:
    result = sheet.read(filled, None)
    with transaction.atomic():
        row = _locked(task, by)
        if earlier := Answered.objects.filter(patient=row.patient, sheet=filled.id).first():
            _again(earlier, filled)
            return row
        _still_open(row)
        answered = _keep(row.patient, filled, result, by, at)
        assert result.columbia is not None
        return _note_triage(row, result.columbia, answered, by, at)


def _note_triage(
    task: SafetyTask, found: Triage, answered: Answered, by: Author, at: datetime
) -> SafetyTask:
    due = safety.due(at, None, at_once="the risk is high") if found.risk is Risk.HIGH else None
    payload = {
        "answered": str(answered.id),
        "level": found.risk.value,
        "because": found.because,
        "open_items": list(found.open_items),
        "sources": list(found.sources),
        "must_act_by": due.by_at.isoformat() if due else None,
        "due": due.words if due else "",
    }
    record(stream=task.stream, kind="safety.triaged", by=by, at=at, payload=payload)
    return SafetyTask.objects.get(id=task.id)


def _locked(task: UUID, by: Author) -> SafetyTask:
    found = SafetyTask.objects.select_for_update(of=("self",)).select_related("patient")
    row = found.filter(clinic_id=by.clinic, id=task).first()
    if row is None:
        raise NotHere("No safety task of this clinic is known by that identifier.")
    return row


def _still_open(row: SafetyTask) -> None:
    if row.status == Standing.CLOSED:
        raise AlreadyTaken(
            f"{row.closed_by} closed this task at {localtime(row.closed_at):%d %b %Y, %H:%M}: "
            f"{row.get_outcome_display().lower()}. Give the questionnaire again to open a new one."
        )
