"""What next, and is she safe? The plan that a prescriber signs, and what is done of it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.aftercare import actions, queries
from ketaflow.aftercare.crisis import card
from ketaflow.aftercare.induction import NotOver
from ketaflow.aftercare.notes import kind
from ketaflow.aftercare.queries import Proposal
from ketaflow.journal.queries import last_ordinal
from ketaflow.outcomes import sheet as sheets
from ketaflow.outcomes.standing import stands
from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web.aftercare_forms import CheckInForm, NoteForm, RelapseForm, SignForm
from ketaflow.web.forms import answer, refuse
from ketaflow.web.found import course_or_404, patient_or_404
from ketaflow.web.gate import StaffRequest, duty


@dataclass(frozen=True)
class Line:
    """One thing that happened since; `colour` where it must not be overlooked."""

    entry: Any
    what: str
    colour: str
    said: str
    thoughts: bool = False


@duty(Duty.SEE_CHART)
def aftercare(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Go to the aftercare of the patient's newest course, or say that there is none yet."""
    who = patient_or_404(request, patient)
    course = queries.latest_course(clinic=request.clinic.id, patient=who.id)
    if course:
        return redirect("course_aftercare", course=course.id)
    return render(request, "aftercare/none.html", {"patient": who})


@duty(Duty.SEE_CHART, change=Duty.SIGN_AFTERCARE)
def course_aftercare(request: StaffRequest, course: UUID) -> HttpResponse:
    """Show the plan in force, what is due and what the proposal is now; a prescriber signs it."""
    found = course_or_404(request, course)
    at = timezone.now()
    people_actions.note_reading(patient=found.patient, page="aftercare", by=request.author, at=at)
    plans = queries.signed(clinic=request.clinic.id, course=found.id)
    try:
        proposal = queries.proposal(clinic=request.clinic.id, course=found, at=at)
    except NotOver as refusal:
        context = {"course": found, "patient": found.patient, "because": refusal}
        return render(request, "aftercare/none.html", context)
    form = _sign_form(request, proposal, plans)
    if request.method == "POST" and form.is_valid():
        try:
            signed = actions.sign(
                course=found,
                chosen=form.chosen(),
                shown=form.cleaned_data["shown"],
                seen=form.cleaned_data["seen"],
                by=request.author,
                at=at,
            )
            messages.success(request, f"Version {signed.version} is signed and in force.")
            return redirect("course_aftercare", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
            # What is shown below is what is read now; the next press signs that.
            form.data = {**request.POST.dict(), **_read(proposal, plans)}
    context = _context(request, found, proposal, plans)
    return answer(request, "aftercare/course.html", context, form)


@duty(Duty.ASSESS)
def check_in(request: StaffRequest, course: UUID) -> HttpResponse:
    """Record a call or visit: what was done of the plan, and how the patient is."""
    found = course_or_404(request, course)
    clinic = request.clinic.id
    rows = queries.check_ins(clinic=clinic, course=found.id)
    waiting = [one for one in rows if one.done_at is None]
    now = last_ordinal(clinic=clinic, stream=actions.stream_of(course=found))
    form = CheckInForm(request.POST or None, waiting=waiting, initial={"seen": now})
    if request.method == "POST" and form.is_valid():
        try:
            task = actions.check_in(
                course=found,
                check=form.check(),
                seen=form.cleaned_data["seen"],
                by=request.author,
                at=timezone.now(),
            )
            return _after_check_in(request, found, task)
        except Refused as refusal:
            refuse(form, refusal)
            said: dict[str, Any] = {name: request.POST.getlist(name) for name in request.POST}
            form.data = {**request.POST.dict(), "done": said.get("done", []), "seen": now}
    context = {"course": found, "patient": found.patient, "clinic_line": request.clinic.crisis_line}
    return answer(request, "aftercare/check_in.html", context, form)


@duty(Duty.ASSESS)
def relapse(request: StaffRequest, course: UUID) -> HttpResponse:
    """Record an event that is a relapse by itself."""
    found = course_or_404(request, course)
    form = RelapseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.note_relapse(
                course=found, what=form.cleaned_data["what"], by=request.author, at=timezone.now()
            )
            messages.success(request, "It is recorded. Read the proposal below again.")
            return redirect("course_aftercare", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    return answer(
        request, "aftercare/relapse.html", {"course": found, "patient": found.patient}, form
    )


@duty(Duty.ASSESS)
def note(request: StaffRequest, course: UUID) -> HttpResponse:
    """Note a sign of misuse, a referral or something else."""
    found = course_or_404(request, course)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.note(
                course=found,
                kind=form.cleaned_data["kind"],
                words=form.cleaned_data["words"],
                by=request.author,
                at=timezone.now(),
            )
            messages.success(request, "It is noted.")
            return redirect("course_aftercare", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    return answer(request, "aftercare/note.html", {"course": found, "patient": found.patient}, form)


@duty(Duty.SEE_CHART)
def crisis_card(request: StaffRequest, course: UUID) -> HttpResponse:
    """Show the card that the patient carries, to be printed."""
    found = course_or_404(request, course)
    plans = queries.signed(clinic=request.clinic.id, course=found.id)
    context = {
        "course": found,
        "patient": found.patient,
        "card": card(_said(request, plans)),
        "signed": plans[0] if plans else None,
    }
    return render(request, "aftercare/card.html", context)


def _after_check_in(request: StaffRequest, course: Any, task: Any) -> HttpResponse:
    if task is None:
        messages.success(request, "The check-in is recorded.")
        return redirect("course_aftercare", course=course.id)
    messages.warning(request, "The check-in is recorded. It opened this safety task.")
    return redirect("safety_task", task=task.id)


def _sign_form(request: StaffRequest, proposal: Proposal, plans: Any) -> SignForm:
    said = _said(request, plans)
    initial = {"weeks": proposal.plan.interval.weeks, **_read(proposal, plans)}
    return SignForm(request.POST or None, card=card(said), initial=initial)


def _read(proposal: Proposal, plans: Any) -> dict[str, Any]:
    """What is on the page, so that nothing else gets signed."""
    seen = plans[0].version if plans else 0
    return {"shown": actions.fingerprint(proposal=proposal), "seen": seen}


def _said(request: StaffRequest, plans: Any) -> dict[str, str]:
    """What the card says: the clinic's own lines, and over them what was signed."""
    clinic = request.clinic
    own = ", ".join(part for part in (clinic.name, clinic.phone) if part)
    signed = plans[0].card if plans else {}
    written = {key: text for key, text in signed.items() if text}
    return {"clinic": own, "crisis_line": clinic.crisis_line, **written}


def _line(entry: Any) -> Line:
    """An entry about what happened since, as the table tells it."""
    told = entry.payload
    if entry.kind == "aftercare.relapse_noted":
        return Line(entry, "Relapse", "red", told["what"])
    if entry.kind == "aftercare.noted":
        noted = kind(told["note"])
        return Line(entry, noted.label, "orange" if noted.misuse else "", told["words"])
    done = f": {', '.join(told['done'])}" if told["done"] else ""
    thoughts = told["thoughts"] == actions.Thoughts.YES
    return Line(entry, f"Check-in{done}", "", told["note"], thoughts)


def _context(request: StaffRequest, course: Any, proposal: Proposal, plans: Any) -> dict[str, Any]:
    at = timezone.now()
    rows = queries.check_ins(clinic=request.clinic.id, course=course.id)
    signed = plans[0] if plans else None
    return {
        "course": course,
        "patient": course.patient,
        "proposal": proposal,
        "plan": proposal.plan,
        "lead": (proposal.instrument, sheets.label(proposal.instrument)),
        "signed": signed,
        "since_signed": course.sessions_given - signed.sessions_given if signed else 0,
        "versions": plans[1:],
        "waiting": [(one, one.due_at <= at) for one in rows if one.done_at is None],
        "done": [one for one in rows if one.done_at],
        "stands": stands(proposal.change),
        "happened": [
            _line(one) for one in queries.happened(clinic=request.clinic.id, course=course.id)[:20]
        ],
    }
