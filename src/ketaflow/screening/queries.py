"""Every read about screening: what is known, what it amounts to, and what somebody decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import F

from ketaflow.people import queries as people
from ketaflow.people.chart import Sex
from ketaflow.people.models import Patient
from ketaflow.people.registration import age_on
from ketaflow.refusals import Refused
from ketaflow.screening import clearance, interview
from ketaflow.screening.facts import Facts
from ketaflow.screening.findings import Finding, Missing
from ketaflow.screening.models import Answer, Assessment, Clearance, TreatmentTrial, WorkupDone
from ketaflow.screening.resistance import Resistance, Response, Told, Trial
from ketaflow.screening.rules import ProtocolNeeds, Severity
from ketaflow.screening.verdict import Eligibility, Verdict, assess
from ketaflow.screening.workup import ItemFound

DECEASED = "DECEASED"


@dataclass(frozen=True)
class Standing:
    """Where a patient stands with one protocol today.

    `verdict` is what clearances leave; `open` are the findings nobody set aside. `assessed_at`,
    `assessed_as` and `assessed_by` tell of the last assessment somebody recorded; None when nobody
    has.
    """

    verdict: Eligibility
    findings: tuple[Finding, ...]
    open: tuple[Finding, ...]
    missing: tuple[Missing, ...]
    set_aside: tuple[tuple[Finding | Missing, clearance.Clearance], ...]
    workup: tuple[ItemFound, ...]
    resistance: Resistance | None
    facts: Facts
    judged: Verdict
    assessed_at: datetime | None = None
    assessed_as: Eligibility | None = None
    assessed_by: str = ""


class NoSuchPatient(Refused):
    """Nobody of this clinic is known by that identifier."""


def standing(
    *,
    clinic: UUID,
    patient: UUID,
    needs: ProtocolNeeds,
    on: date,
    policy: Mapping[str, Decimal] | None = None,
) -> Standing:
    """What screening says of `patient` for one protocol, with every clearance counted.

    Args:
        clinic: whose patient it must be.
        patient: whom it is about.
        needs: the protocol in plain values.
        on: the day of the question.
        policy: the clinic's own limits by key.

    Raises:
        NoSuchPatient: not a patient of this clinic.
    """
    who = _who(clinic, patient)
    facts, death = _facts(who, on), _death(who)
    judged = assess(facts, protocol=needs, on=on, policy=policy)
    cleared = clearance.clear(judged, _clearances(clinic, patient))
    last = assessments(clinic=clinic, patient=patient, protocol=needs.id)[:1]
    return Standing(
        verdict=Eligibility.BLOCKED if death else cleared.verdict,
        findings=death + judged.findings,
        open=death + cleared.open,
        missing=cleared.missing,
        set_aside=cleared.set_aside,
        workup=judged.workup,
        resistance=judged.resistance,
        facts=facts,
        judged=judged,
        assessed_at=last[0].assessed_at if last else None,
        assessed_as=Eligibility(last[0].verdict) if last else None,
        assessed_by=last[0].by_name if last else "",
    )


def facts_for(*, clinic: UUID, patient: UUID, on: date) -> Facts:
    """Everything known of the patient: the chart, the interview, the trials, the work-up.

    Raises:
        NoSuchPatient: not a patient of this clinic.
    """
    return _facts(_who(clinic, patient), on)


def answers(*, clinic: UUID, patient: UUID) -> Mapping[str, interview.Answer]:
    """What the interview was last told, without what is not known.

    An answer that the interview of today no longer takes is not known: it must be asked again.
    """
    found: dict[str, interview.Answer] = {}
    for key, value in Answer.objects.filter(clinic_id=clinic, patient_id=patient).values_list(
        "key", "value"
    ):
        try:
            found |= interview.read_answers({key: value})
        except Refused:
            continue
    return MappingProxyType(found)


def trials(*, clinic: UUID, patient: UUID) -> Sequence[TreatmentTrial]:
    """The antidepressant trials on record, oldest first, without those entered in error."""
    found = TreatmentTrial.objects.filter(clinic_id=clinic, patient_id=patient, in_error=False)
    return list(found.order_by(F("started_on").asc(nulls_last=True), "recorded_at", "id"))


def trial(*, clinic: UUID, patient: UUID, id: UUID) -> TreatmentTrial | None:
    """One trial of this patient."""
    found = TreatmentTrial.objects.filter(clinic_id=clinic, patient_id=patient, in_error=False)
    return found.filter(id=id).first()


def assessments(*, clinic: UUID, patient: UUID, protocol: str = "") -> Sequence[Assessment]:
    """The last assessments recorded, newest first; of one protocol when it is named."""
    found = Assessment.objects.filter(clinic_id=clinic, patient_id=patient)
    if protocol:
        found = found.filter(protocol=protocol)
    return list(found.order_by("-assessed_at", "-id")[:20])


def latest_verdicts(*, clinic: UUID, patient: UUID) -> Sequence[Assessment]:
    """The newest assessment of each protocol, newest first."""
    newest: dict[str, Assessment] = {}
    for one in assessments(clinic=clinic, patient=patient):
        newest.setdefault(one.protocol, one)
    return list(newest.values())


def _clearances(clinic: UUID, patient: UUID) -> list[clearance.Clearance]:
    """Oldest first: of two reasons for one rule, the later stands."""
    rows = Clearance.objects.filter(clinic_id=clinic, patient_id=patient)
    return [
        clearance.Clearance(
            rule=row.rule,
            severity=Severity(row.severity),
            by=row.by_name,
            roles=tuple(row.by_roles.split(" ")),
            reason=row.reason,
        )
        for row in rows.order_by("given_at", "id")
    ]


def _trial(row: Any) -> Trial:
    return Trial(
        drug=row.drug,
        dose=row.dose,
        started_on=row.started_on,
        stopped_on=row.stopped_on,
        ongoing=row.ongoing,
        adequate_dose=Told(row.adequate_dose),
        outcome=Response(row.outcome),
        source=f"recorded by {row.by_name}",
    )


def _death(who: Patient) -> tuple[Finding, ...]:
    """Nobody may set this one aside."""
    if not who.deceased:
        return ()
    day = f" on {who.died_on}" if who.died_on else ""
    return (
        Finding(
            rule=DECEASED,
            severity=Severity.ABSOLUTE,
            because=f"The record received says that the patient died{day}.",
            evidence=(f"{who.name}, number {who.number}",),
            source=("DERIVED",),
            action="If this is wrong, ask the sender for a corrected record and take it in.",
            finding="The patient has died",
        ),
    )


def _who(clinic: UUID, patient: UUID) -> Patient:
    who = people.patient(clinic=clinic, id=patient)
    if who is None:
        raise NoSuchPatient("Nobody of this clinic is known by that identifier.")
    return who


def _facts(who: Patient, on: date) -> Facts:
    clinic, patient = who.clinic_id, who.id
    tried = trials(clinic=clinic, patient=patient)
    done = WorkupDone.objects.filter(clinic_id=clinic, patient_id=patient)
    return Facts(
        age_years=age_on(who.born_on, on),
        sex=Sex(who.sex),
        items=tuple(people.facts(clinic=clinic, patient=patient)),
        answers=answers(clinic=clinic, patient=patient),
        trials=tuple(_trial(row) for row in tried) or None,
        done=MappingProxyType(dict(done.values_list("item", "done_on"))),
    )
