"""Every write about screening: answers, trials, the work-up, assessments, reasons to go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ketaflow.journal.actions import record, record_once
from ketaflow.journal.author import Author
from ketaflow.journal.models import Entry
from ketaflow.journal.projecting import row_id
from ketaflow.people.actions import check_ours
from ketaflow.people.models import Patient
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.refusals import BadFile, Refused
from ketaflow.screening import clearance, interview, queries, workup
from ketaflow.screening.findings import Finding, Missing
from ketaflow.screening.models import Answer, TreatmentTrial
from ketaflow.screening.resistance import Trial
from ketaflow.screening.rules import ProtocolNeeds, Severity


class NotPossible(Refused):
    """What is told of a trial or of the work-up cannot be right."""


class NoSuchItem(BadFile):
    """The work-up has no such item."""


@dataclass(frozen=True)
class ToldTrial:
    """An antidepressant trial as somebody tells it, and why it was stopped."""

    trial: Trial
    stopped_because: str = ""


@dataclass(frozen=True)
class Correction:
    """Which trial is put right, why, and whether it never happened at all."""

    trial: UUID
    reason: str
    in_error: bool = False


@dataclass(frozen=True)
class Asked:
    """What screening is asked: for which protocol, on which day, under which limits."""

    needs: ProtocolNeeds
    on: date
    policy: Mapping[str, Decimal] | None = None


@dataclass(frozen=True)
class Reason:
    """Why treatment may go on in spite of a rule, which the writer saw at this severity."""

    rule: str
    severity: Severity
    words: str


def answer(
    *,
    patient: Patient,
    answers: Mapping[str, object],
    by: Author,
    at: datetime,
    seen: int | None = None,
) -> int:
    """Record what the interview was told; only what is new is written.

    Args:
        patient: who was asked.
        answers: by question key; "unknown", empty or None takes an earlier answer back.
        by: who asked.
        at: when.
        seen: the ordinal of the last entry of the screening stream on the page.

    Returns:
        How many answers changed.

    Raises:
        NoSuchQuestion, NotAnAnswer: the interview does not take it; nothing is written.
        SomeoneElseMoved: something was recorded since `seen`.
    """
    require(by, Duty.SCREEN)
    read = interview.read_answers(answers)
    wanted = {key: _plain(read.get(key)) for key in answers}
    with transaction.atomic():
        known = dict(Answer.objects.filter(patient=patient).values_list("key", "value"))
        changed = {key: value for key, value in wanted.items() if known.get(key, "") != value}
        if changed:
            _write(patient, "answered", {"answers": changed}, by=by, at=at, seen=seen)
    return len(changed)


def record_trial(
    *, patient: Patient, told: ToldTrial, by: Author, at: datetime, seen: int | None = None
) -> TreatmentTrial:
    """Record an antidepressant trial.

    Raises:
        NotPossible: no drug, or days that cannot be right.
        SomeoneElseMoved: something was recorded since `seen`.
    """
    require(by, Duty.SCREEN)
    payload = _trial_payload(told, at)
    with transaction.atomic():
        entry = _write(patient, "trial_recorded", payload, by=by, at=at, seen=seen)
    return TreatmentTrial.objects.get(id=row_id(entry))


def correct_trial(
    *,
    patient: Patient,
    told: ToldTrial,
    correction: Correction,
    by: Author,
    at: datetime,
    seen: int | None = None,
) -> None:
    """Put a recorded trial right, or say that it was entered in error; the old stays in the record.

    Raises:
        NotPossible: the patient has no such trial, or days that cannot be right.
        SomeoneElseMoved: something was recorded since `seen`.
    """
    require(by, Duty.SCREEN)
    if queries.trial(clinic=by.clinic, patient=patient.id, id=correction.trial) is None:
        raise NotPossible("That trial is not on this patient's record; look at the list again.")
    payload = {
        **_trial_payload(told, at),
        "trial": str(correction.trial),
        "reason": said(correction.reason, "why it is corrected"),
        "in_error": correction.in_error,
    }
    with transaction.atomic():
        _write(patient, "trial_corrected", payload, by=by, at=at, seen=seen)


def note_workup(
    *, patient: Patient, item: str, done_on: date, by: Author, at: datetime, note: str = ""
) -> None:
    """Record the day on which an item of the work-up was done.

    Raises:
        NoSuchItem: the work-up does not have it.
        NotPossible: the day has not come yet.
    """
    require(by, Duty.SCREEN)
    if item not in workup.items():
        raise NoSuchItem(f"The work-up has no {item!r}; it has {', '.join(workup.items())}.")
    _check_past(done_on, at)
    payload = {"item": item, "done_on": done_on.isoformat(), "note": note.strip()[:400]}
    check_ours(patient, by)
    stream, kind = f"screening/{patient.id}", "screening.worked_up"
    with transaction.atomic():
        record_once(stream=stream, kind=kind, by=by, at=at, payload=payload)


def assess(
    *, patient: Patient, asked: Asked, by: Author, at: datetime, seen: int | None = None
) -> queries.Standing:
    """Record what screening says today and on what it rests; a course may be planned on it.

    Raises:
        SomeoneElseMoved: something was recorded since `seen`.
    """
    require(by, Duty.SCREEN)
    with transaction.atomic():
        stands = _stands(patient, asked, by)
        payload = {
            "protocol": asked.needs.id,
            "route": asked.needs.route,
            "on": asked.on.isoformat(),
            "verdict": stands.verdict.value,
            "findings": [_finding(one, stands) for one in stands.findings],
            "missing": [_missing(one) for one in stands.missing],
            "limits": {key: str(value) for key, value in (asked.policy or {}).items()},
        }
        _write(patient, "assessed", payload, by=by, at=at, seen=seen)
    return _stands(patient, asked, by)


def set_aside(
    *,
    patient: Patient,
    asked: Asked,
    reason: Reason,
    by: Author,
    at: datetime,
    seen: int | None = None,
) -> None:
    """Record in writing, in one's own name, why a finding does not stop treatment.

    Raises:
        NothingToClear: no such finding now, or it only warns.
        NotTheirs: an absolute finding is the medical director's, a relative one a prescriber's.
        NoReason: nothing was written.
        SomeoneElseMoved: something was recorded since `seen`.
    """
    given = clearance.Clearance(reason.rule, reason.severity, by.name, by.roles, reason.words)
    kind = "overridden" if reason.severity is Severity.ABSOLUTE else "reviewed"
    with transaction.atomic():
        clearance.check_clearance(_stands(patient, asked, by).judged, given)
        payload = {
            "rule": reason.rule,
            "severity": reason.severity.value,
            "reason": reason.words.strip(),
            "protocol": asked.needs.id,
        }
        _write(patient, kind, payload, by=by, at=at, seen=seen)


def _write(
    patient: Patient,
    kind: str,
    payload: Mapping[str, object],
    *,
    by: Author,
    at: datetime,
    seen: int | None = None,
) -> Entry:
    check_ours(patient, by)
    return record(
        stream=f"screening/{patient.id}",
        kind=f"screening.{kind}",
        by=by,
        at=at,
        payload=payload,
        seen=seen,
    )


def _stands(patient: Patient, asked: Asked, by: Author) -> queries.Standing:
    return queries.standing(
        clinic=by.clinic, patient=patient.id, needs=asked.needs, on=asked.on, policy=asked.policy
    )


def _plain(value: interview.Answer | None) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _trial_payload(told: ToldTrial, at: datetime) -> dict[str, object]:
    trial = told.trial
    for day in (trial.started_on, trial.stopped_on):
        _check_past(day, at)
    if trial.started_on and trial.stopped_on and trial.stopped_on < trial.started_on:
        raise NotPossible(
            f"{trial.drug} stops on {trial.stopped_on}, before it starts on {trial.started_on}; "
            "check both days."
        )
    if trial.ongoing and trial.stopped_on:
        raise NotPossible(
            f"{trial.drug} cannot both go on and have stopped on {trial.stopped_on}; keep one."
        )
    return {
        "drug": said(trial.drug, "which antidepressant it was")[:200],
        "dose": trial.dose.strip()[:200],
        "started_on": trial.started_on and trial.started_on.isoformat(),
        "stopped_on": trial.stopped_on and trial.stopped_on.isoformat(),
        "ongoing": trial.ongoing,
        "adequate_dose": trial.adequate_dose.value,
        "outcome": trial.outcome.value,
        "stopped_because": told.stopped_because.strip()[:400],
    }


def _check_past(day: date | None, at: datetime) -> None:
    # `at` may be a day behind the clinic's calendar, never two.
    if day and (day - at.date()).days > 1:
        raise NotPossible(f"{day} has not come yet; check the date.")


def _finding(finding: Finding, stands: queries.Standing) -> dict[str, object]:
    reasons = {one.rule: clear for one, clear in stands.set_aside}
    clear = reasons.get(finding.rule)
    return {
        "rule": finding.rule,
        "finding": finding.finding,
        "severity": finding.severity.value,
        "because": finding.because,
        "evidence": list(finding.evidence),
        "source": list(finding.source),
        "version": finding.version,
        "set_aside": {"by": clear.by, "reason": clear.reason} if clear else None,
    }


def _missing(gap: Missing) -> dict[str, object]:
    return {"fact": gap.fact, "because": gap.because, "rule": gap.rule, "holds": gap.holds}
