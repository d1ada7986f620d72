"""The single steps of screening, each on its own page: a trial, a reason, a part of the work-up."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.screening import actions, queries
from ketaflow.screening.resistance import drug_name, trials_on_chart
from ketaflow.screening.rules import Severity
from ketaflow.screening.workup import items
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.screening import GRAVITY, Case, case_of
from ketaflow.web.screening_forms import CorrectTrialForm, ReasonForm, TrialForm, WorkupForm


@duty(Duty.SCREEN)
def trial_new(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Record an antidepressant trial; one on the chart is filled in as far as the chart tells."""
    case = case_of(request, patient)
    form = TrialForm(
        request.POST or None, initial={**_from_chart(request, case), "seen": case.seen}
    )

    def save() -> str:
        told = form.told()
        actions.record_trial(
            patient=case.patient,
            told=told,
            by=request.author,
            at=timezone.now(),
            seen=form.cleaned_data["seen"],
        )
        return f"The trial of {told.trial.drug} is recorded."

    return _step(request, case, form, save, "screening/trial.html", {"row": None})


def _from_chart(request: StaffRequest, case: Case) -> dict[str, Any]:
    wanted = request.GET.get("drug", "")
    for one in trials_on_chart(case.standing.facts.items):
        if wanted and one.drug == drug_name(wanted):
            return {
                "drug": one.drug.capitalize(),
                "dose": one.dose,
                "started_on": one.started_on,
                "stopped_on": one.stopped_on,
                "ongoing": one.ongoing,
            }
    return {}


@duty(Duty.SCREEN)
def trial_correct(request: StaffRequest, patient: UUID, trial: UUID) -> HttpResponse:
    """Put a recorded trial right, with the reason."""
    case = case_of(request, patient)
    row = queries.trial(clinic=request.clinic.id, patient=case.patient.id, id=trial)
    if row is None:
        raise Http404("This patient has no such trial.")
    kept = [name for name in TrialForm.base_fields if name != "seen"]
    initial = {**{name: getattr(row, name) for name in kept}, "seen": case.seen}
    form = CorrectTrialForm(request.POST or None, initial=initial)

    def save() -> str:
        said = form.cleaned_data
        actions.correct_trial(
            patient=case.patient,
            told=form.told(),
            correction=actions.Correction(row.id, said["reason"], said["in_error"]),
            by=request.author,
            at=timezone.now(),
            seen=said["seen"],
        )
        return "The correction is saved."

    return _step(request, case, form, save, "screening/trial.html", {"row": row})


@duty(Duty.REVIEW, Duty.OVERRIDE)
def reason(request: StaffRequest, patient: UUID, rule: str) -> HttpResponse:
    """Write why a finding does not stop treatment, in one's own name."""
    case = case_of(request, patient)
    found = next((one for one in case.standing.open if one.rule == rule), None)
    gaps = (one for one in case.standing.missing if one.fact == "antidepressant_trials")
    gap = next((one for one in gaps if one.rule == rule), None)
    if found is None and gap is None:
        raise Http404("Nothing of that name waits for a reason.")
    severity = found.severity if found else Severity.ABSOLUTE
    form = ReasonForm(request.POST or None, initial={"severity": severity, "seen": case.seen})

    def save() -> str:
        said = form.cleaned_data
        actions.set_aside(
            patient=case.patient,
            asked=case.asked,
            reason=actions.Reason(rule, _severity(said["severity"]), said["reason"]),
            by=request.author,
            at=timezone.now(),
            seen=said["seen"],
        )
        return "Your reason is recorded."

    words, colour = GRAVITY[severity]
    context = {"found": found, "gap": gap, "words": words, "colour": colour}
    return _step(request, case, form, save, "screening/reason.html", context)


def _severity(said: str) -> Severity:
    try:
        return Severity(said)
    except ValueError:
        raise Refused("This page is incomplete; open screening again. Nothing was saved.") from None


@duty(Duty.SCREEN)
def workup(request: StaffRequest, patient: UUID, item: str) -> HttpResponse:
    """Record the day on which a part of the work-up was done."""
    case = case_of(request, patient)
    if item not in items():
        raise Http404("The work-up has no such part.")
    form = WorkupForm(request.POST or None)

    def save() -> str:
        actions.note_workup(
            patient=case.patient,
            item=item,
            **form.cleaned_data,
            by=request.author,
            at=timezone.now(),
        )
        return f"Recorded: {items()[item].name}."

    return _step(request, case, form, save, "screening/workup.html", {"item": items()[item]})


def _step(
    request: StaffRequest,
    case: Case,
    form: forms.Form,
    save: Any,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            said = save()
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, said)
            return redirect(case.url)
    return answer(request, template, {"patient": case.patient, "case": case, **context}, form)
