"""May this patient be treated? The verdict, what it rests on, and the one thing to do next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from ketaflow.evidence.sources import cite
from ketaflow.journal.queries import last_ordinal
from ketaflow.people import actions as people
from ketaflow.people.roles import Duty, may
from ketaflow.protocol import queries as protocols
from ketaflow.protocol.library import Protocol, protocol
from ketaflow.protocol.library import protocols as library
from ketaflow.protocol.limits import limits
from ketaflow.protocol.orders import needs
from ketaflow.refusals import Refused
from ketaflow.screening import actions, queries
from ketaflow.screening.clearance import DUTIES, WHO
from ketaflow.screening.findings import Finding, Missing, relevant_questions
from ketaflow.screening.resistance import Told
from ketaflow.screening.rules import ROUTES, Severity
from ketaflow.screening.verdict import TRD, Eligibility
from ketaflow.web.forms import answer, ordinal, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.patients import find
from ketaflow.web.screening_forms import OUTCOMES, InterviewForm

DEFAULT = "TRD-IV-STD"
# What is missing of these is asked in the interview and listed in the work-up.
ELSEWHERE = ("answers.", "workup.", "antidepressant_trials")
GRAVITY = {
    Severity.ABSOLUTE: ("Blocks treatment", "red"),
    Severity.RELATIVE: ("Needs a reviewer’s reason", "orange"),
    Severity.CAUTION: ("Take care", "yellow"),
    Severity.INFORM: ("For information", "grey"),
}
TOLD = {Told.YES: "Yes", Told.NO: "No", Told.UNKNOWN: "Not known"}


@dataclass(frozen=True)
class Case:
    """One patient, one protocol, today, under the clinic's limits: what these pages are about."""

    patient: Any
    protocol: Protocol
    asked: actions.Asked
    standing: queries.Standing
    seen: int

    @property
    def url(self) -> str:
        """The screening page of this patient for this protocol."""
        return f"{reverse('screening', args=[self.patient.id])}?protocol={self.protocol.id}"


def case_of(request: StaffRequest, patient: UUID) -> Case:
    """The case the address names; another clinic's patient or an unknown protocol is not found."""
    who = find(request, patient)
    clinic = request.clinic.id
    wanted = _wanted(request, clinic, patient)
    policy = protocols.policy(clinic=clinic)
    own: Mapping[str, Decimal] = policy.values if policy else {}
    asked = actions.Asked(needs(wanted), timezone.localdate(), own)
    seen = last_ordinal(clinic=clinic, stream=f"screening/{who.id}")
    stands = queries.standing(
        clinic=clinic, patient=who.id, needs=asked.needs, on=asked.on, policy=own
    )
    return Case(who, wanted, asked, stands, seen)


def _wanted(request: StaffRequest, clinic: UUID, patient: UUID) -> Protocol:
    named = request.GET.get("protocol", "")
    if not named:
        last = queries.latest_verdicts(clinic=clinic, patient=patient)[:1]
        named = last[0].protocol if last else DEFAULT
    try:
        found = protocol(named)
    except Refused as unknown:
        raise Http404(str(unknown)) from None
    if found not in _screened():
        raise Http404(f"{found.name} is not offered here.")
    return found


def _screened() -> list[Protocol]:
    """The protocols a course can be planned with, by ways that screening has rules for."""
    return [one for one in library().values() if one.available and one.route.value in ROUTES]


@duty(Duty.SEE_CHART, change=Duty.SCREEN)
def screening(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Show the verdict and all it rests on; take the interview; record the assessment."""
    case = case_of(request, patient)
    form = _interview(request, case)
    if request.method == "POST" and form.is_valid():
        try:
            said = _do(request, case, form)
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, said)
            return redirect(case.url)
    if request.method == "GET":
        people.note_reading(
            patient=case.patient, page="screening", by=request.author, at=timezone.now()
        )
    return answer(request, "screening/show.html", _page(request, case, form), form)


def _interview(request: StaffRequest, case: Case) -> InterviewForm:
    asked, facts = case.asked, case.standing.facts
    questions = relevant_questions(facts, needs=asked.needs, on=asked.on, policy=asked.policy)
    return InterviewForm(request.POST or None, questions=questions, told=facts.answers)


def _do(request: StaffRequest, case: Case, form: InterviewForm) -> str:
    """Save the answers, or record the assessment; what the person saw must still be so."""
    by, at = request.author, timezone.now()
    seen = _seen(request)
    if "assess" in request.POST:
        stands = actions.assess(patient=case.patient, asked=case.asked, by=by, at=at, seen=seen)
        return f"Recorded: {WORDS[stands.verdict]} for {case.protocol.name}."
    changed = actions.answer(patient=case.patient, answers=form.given(), by=by, at=at, seen=seen)
    return (
        f"{changed} answer{'' if changed == 1 else 's'} saved." if changed else "No answer changed."
    )


WORDS = {
    Eligibility.ELIGIBLE: "eligible",
    Eligibility.REVIEW: "needs review",
    Eligibility.BLOCKED: "blocked",
}


def _seen(request: StaffRequest) -> int:
    seen = ordinal(request.POST.get("seen", ""))
    if seen is None:
        raise Refused("This page is incomplete; open screening again. Nothing was saved.")
    return seen


def _page(request: StaffRequest, case: Case, form: InterviewForm) -> dict[str, Any]:
    stands = case.standing
    reasons = {one.rule: clear for one, clear in stands.set_aside}
    todo = steps(request, case, form)
    return {
        "patient": case.patient,
        "case": case,
        "stands": stands,
        "protocols": _screened(),
        "verdict": stands.verdict.value,
        "findings": [_finding(request, one, reasons.get(one.rule)) for one in stands.findings],
        "waived": [(gap, clear) for gap, clear in stands.set_aside if not isinstance(gap, Finding)],
        "gaps": [_gap(one) for one in stands.missing if not one.fact.startswith(ELSEWHERE)],
        "next": todo[0],
        "then": todo[1:],
        "trials": _trials(request, case),
        "trd_open": _trd_open(stands),
    }


def _gap(gap: Missing) -> dict[str, Any]:
    limit = limits().get(gap.fact.removeprefix("policy."))
    because = f"The clinic has not set: {limit.label}." if limit else gap.because
    return {"because": because, "holds": gap.holds, "policy": limit is not None}


def _trd_open(stands: queries.Standing) -> bool:
    gaps = {one.fact for one in stands.missing}
    return "antidepressant_trials" in gaps or any(one.rule == TRD for one in stands.open)


def _finding(request: StaffRequest, finding: Finding, clear: Any) -> dict[str, Any]:
    words, colour = GRAVITY[finding.severity]
    wanted = DUTIES.get(finding.severity)
    waits = wanted is not None and clear is None and finding.rule != queries.DECEASED
    return {
        "is": finding,
        "words": words,
        "colour": colour,
        "sources": cite(finding.source),
        "clear": clear,
        "may_clear": waits and wanted is not None and may(request.author.roles, wanted),
        "who": WHO[wanted] if waits and wanted is not None else "",
    }


def _trials(request: StaffRequest, case: Case) -> list[dict[str, Any]]:
    """Every trial with its judgement; those on the chart alone come last and have no row."""
    judged = case.standing.resistance.judged if case.standing.resistance else ()
    rows = queries.trials(clinic=request.clinic.id, patient=case.patient.id) if judged else []
    padded = [*rows, *(None for _ in judged)]
    return [
        {
            "is": one,
            "row": row,
            "counts": TOLD[one.counts],
            "adequate": TOLD[one.trial.adequate_dose],
            "outcome": OUTCOMES[one.trial.outcome],
        }
        for one, row in zip(judged, padded, strict=False)
    ]


@dataclass(frozen=True)
class Step:
    """The one thing to do next, and why; a step without an address is another person's."""

    why: str
    label: str = ""
    url: str = ""
    assess: bool = False


def steps(request: StaffRequest, case: Case, form: InterviewForm) -> list[Step]:
    """What brings this patient to a decision, in order; the first is the one to take now."""
    if case.patient.deceased:
        return [Step("The record received says that the patient has died. Nothing can be planned.")]
    found = [*_to_learn(case, form), *_to_decide(request, case)]
    return found or [_last_step(request, case)]


def _to_learn(case: Case, form: InterviewForm) -> Iterator[Step]:
    stands = case.standing
    if asked := len(form.open_fields()):
        many = f"{asked} question{'' if asked == 1 else 's'}"
        verb = "is" if asked == 1 else "are"
        yield Step(f"{many} of the interview {verb} open.", f"Answer {many}", "#interview")
    if _trd_open(stands) and stands.resistance:
        had, needed = stands.resistance.adequate, stands.resistance.needed
        why = f"{had} of {needed} adequate antidepressant trials without response are on record."
        yield Step(why, "Go to the antidepressant trials", "#trials")
    lacking = [one.item.name for one in stands.workup if one.item.holds and one.state != "present"]
    if lacking:
        yield Step(
            f"Of the work-up, this comes first: {'; '.join(lacking)}.",
            "Go to the work-up",
            "#workup",
        )
    if any(one.fact == "age" for one in stands.missing):
        yield Step(
            "The patient’s age is not known.",
            "Correct the patient’s details",
            reverse("patient_edit", args=[case.patient.id]),
        )


def _to_decide(request: StaffRequest, case: Case) -> Iterator[Step]:
    for one in case.standing.open:
        wanted = DUTIES.get(one.severity)
        if wanted is None or one.rule == TRD:
            continue
        mine = may(request.author.roles, wanted)
        why = f"“{one.finding}” waits for a written reason from {WHO[wanted]}."
        yield Step(why, *(("Write the reason", _clear_url(case, one.rule)) if mine else ()))


def _last_step(request: StaffRequest, case: Case) -> Step:
    stands = case.standing
    if stands.verdict is not Eligibility.ELIGIBLE:
        return Step("A fact is missing.", "See what is missing", "#missing")
    if stands.assessed_as is not Eligibility.ELIGIBLE:
        return Step("Record that, so that a course can be planned.", assess=True)
    if may(request.author.roles, Duty.PRESCRIBE):
        url = reverse("course_plan", args=[case.patient.id, case.protocol.id])
        return Step("Screening is recorded.", "Plan a course", url)
    return Step("Screening is recorded. A prescriber can plan the course now.")


def _clear_url(case: Case, rule: str) -> str:
    return (
        reverse("screening_reason", args=[case.patient.id, rule]) + f"?protocol={case.protocol.id}"
    )
