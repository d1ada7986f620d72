"""A course: planned, agreed to, changed, reviewed, ended; and the one page that shows it whole."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.journal import queries as journal
from ketaflow.outcomes.reviewing import queries as reviewing
from ketaflow.people import actions as people_actions
from ketaflow.people import queries as people
from ketaflow.people.agreement import actions as agreement
from ketaflow.people.chart import Kind
from ketaflow.people.consent import consent_for
from ketaflow.people.roles import Duty
from ketaflow.protocol import actions, queries
from ketaflow.protocol.course import Decision
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.protocol.library import protocols
from ketaflow.protocol.orders import Order, from_payload
from ketaflow.refusals import Refused
from ketaflow.session import queries as sessions
from ketaflow.web import course_page, measures
from ketaflow.web.courses_forms import ChangeForm, DoseForm, EndForm, ReviewForm, StretchForm
from ketaflow.web.forms import answer, refuse
from ketaflow.web.found import course_or_404, patient_or_404
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.outcomes import course_panels, course_words

if TYPE_CHECKING:
    from ketaflow.people.models import Patient


@duty(Duty.PRESCRIBE)
def choose(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Choose a protocol for this patient, seeing the evidence for and against each."""
    context = {"patient": patient_or_404(request, patient), "protocols": protocols().values()}
    return render(request, "courses/choose.html", context)


@duty(Duty.PRESCRIBE)
def plan(request: StaffRequest, patient: UUID, protocol: str) -> HttpResponse:
    """Work out the dose, show how, and plan the course once the prescriber confirms it."""
    who = patient_or_404(request, patient)
    try:
        wanted = protocol_named(protocol)
    except Refused:
        raise Http404 from None
    form = DoseForm(request.POST or None, protocol=wanted, initial=_measured(request, who, wanted))
    order = None
    if request.method == "POST" and form.is_valid():
        try:
            wish = form.plan(who, timezone.localdate())
            order = actions.propose(plan=wish, clinic=request.clinic.id)
            if "confirm" in request.POST and form.cleaned_data["shown"] == _shown(order):
                course = actions.plan_course(
                    patient=who, plan=wish, by=request.author, at=timezone.now()
                )
                messages.success(request, "The course is planned. Next: the patient's agreement.")
                return redirect("course", course=course.id)
        except Refused as refusal:
            refuse(form, refusal)
            return answer(request, "courses/plan.html", _planning(who, wanted, form, order), form)
    return answer(request, "courses/plan.html", _planning(who, wanted, form, order), form)


def _planning(who: "Patient", protocol: Any, form: Any, order: Order | None) -> dict[str, Any]:
    shown = _shown(order) if order else ""
    return {"patient": who, "protocol": protocol, "form": form, "order": order, "shown": shown}


def _shown(order: Order) -> str:
    """What the prescriber saw: a dose that changed since is shown again, never planned unseen."""
    return f"{order.dose_mg}/{order.rate_mg_min}/{order.volume_ml}/{order.devices}"


def _measured(request: StaffRequest, who: "Patient", protocol: Any) -> dict[str, Any]:
    """The chart's last weight and height, and the usual number of sessions."""
    vitals = people.facts(clinic=request.clinic.id, patient=who.id, kind=Kind.VITAL)
    last = {code.code: item for item in reversed(vitals) for code in item.codings}
    weight, height = last.get("29463-7"), last.get("8302-2")
    return {
        "weight_kg": round(weight.value, 1) if weight and weight.value else None,
        "previous_weight_kg": round(weight.value, 1) if weight and weight.value else None,
        "height_cm": round(height.value, 1) if height and height.value else None,
        "sessions": protocol.sessions.least or protocol.sessions.most,
    }


@duty(Duty.SEE_CHART)
def course(request: StaffRequest, course: UUID) -> HttpResponse:
    """Show a course whole: what was ordered and why, how far it is, whether it helps, what next."""
    found = course_or_404(request, course)
    people_actions.note_reading(
        patient=found.patient, page="course", by=request.author, at=timezone.now()
    )
    context = {
        "course": found,
        "patient": found.patient,
        "order": from_payload(found.order),
        "protocol": protocol_named(found.protocol),
        "consent": people.consent(clinic=request.clinic.id, course=found.id),
        "reviews": queries.reviews(clinic=request.clinic.id, course=found.id),
        "next_step": course_page.next_step(found, timezone.now()),
        "sessions": sessions.of_course(clinic=request.clinic.id, course=found.id),
        "panels": course_panels(request, found),
        "words": course_words(request, found),
        "asked": measures.of_course(request, found),
    }
    return render(request, "courses/course.html", context)


@duty(Duty.PRESCRIBE)
def change(request: StaffRequest, course: UUID) -> HttpResponse:
    """Change the dose of the coming sessions, with the reason."""
    found = course_or_404(request, course)
    wanted = protocol_named(found.protocol)
    now = from_payload(found.order)
    stream = journal.last_ordinal(clinic=request.clinic.id, stream=found.stream)
    initial = {
        "weight_kg": now.weight_kg,
        "previous_weight_kg": now.weight_kg,
        "height_cm": now.height_cm,
        "strength_mg_ml": now.strength_mg_ml,
        "bag_ml": now.bag_ml,
        "sessions": found.sessions_planned,
        "seen": stream,
    }
    number = found.sessions_given + 1
    form = ChangeForm(request.POST or None, protocol=wanted, number=number, initial=initial)
    order = None
    if request.method == "POST" and form.is_valid():
        try:
            wish = form.plan(found.patient, timezone.localdate())
            order = actions.propose(plan=wish, clinic=request.clinic.id)
            if "confirm" in request.POST and form.cleaned_data["shown"] == _shown(order):
                actions.change_dose(
                    course=found, plan=wish, reason=form.cleaned_data["reason"],
                    by=request.author, at=timezone.now(), seen=form.cleaned_data["seen"],
                )  # fmt: skip
                messages.success(request, "The dose is changed for the coming sessions.")
                return redirect("course", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    context = {**_planning(found.patient, wanted, form, order), "course": found, "now": now}
    return answer(request, "courses/change.html", context, form)


@duty(Duty.PRESCRIBE)
def review(request: StaffRequest, course: UUID) -> HttpResponse:
    """Prepare the stop-or-continue review and record what the prescriber decides."""
    found = course_or_404(request, course)
    form = ReviewForm(request.POST or None)
    at = timezone.now()
    people_actions.note_reading(patient=found.patient, page="review", by=request.author, at=at)
    prepared = reviewing.prepare(clinic=request.clinic.id, course=found, at=at)
    if request.method == "POST" and form.is_valid():
        try:
            actions.review(
                course=found, decision=Decision(form.cleaned_data["decision"]),
                reason=form.cleaned_data["reason"], by=request.author, at=at,
                read=prepared.as_payload(),
            )  # fmt: skip
            messages.success(request, "The review is recorded.")
            return redirect("course", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    context = {
        "course": found, "patient": found.patient, "form": form, "prepared": prepared,
        "protocol": protocol_named(found.protocol),
    }  # fmt: skip
    return answer(request, "courses/review.html", context, form)


@duty(Duty.PRESCRIBE)
def stretch(request: StaffRequest, course: UUID) -> HttpResponse:
    """Let a course take longer than its protocol says."""
    found = course_or_404(request, course)
    form = StretchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.stretch(
                course=found, reason=form.cleaned_data["reason"], by=request.author,
                at=timezone.now(),
            )  # fmt: skip
            messages.success(request, "The course may take longer now.")
            return redirect("bookings", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    context = {
        "course": found, "patient": found.patient, "form": form,
        "protocol": protocol_named(found.protocol),
    }  # fmt: skip
    return answer(request, "courses/stretch.html", context, form)


@duty(Duty.PRESCRIBE)
def end(request: StaffRequest, course: UUID) -> HttpResponse:
    """End a course, completed or early."""
    found = course_or_404(request, course)
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end(
                course=found, completed=form.cleaned_data["completed"] == "yes",
                reason=form.cleaned_data["reason"], by=request.author, at=timezone.now(),
            )  # fmt: skip
            messages.success(request, "The course is ended.")
            return redirect("course", course=found.id)
        except Refused as refusal:
            refuse(form, refusal)
    context = {"course": found, "patient": found.patient, "form": form}
    return answer(request, "courses/end.html", context, form)


@duty(Duty.CONSENT)
def consent(request: StaffRequest, course: UUID) -> HttpResponse:
    """Go through the agreement with the patient, statement by statement."""
    found = course_or_404(request, course)
    text = consent_for(found.route)
    ticked = tuple(request.POST.getlist("agreed"))
    refusal = None
    if request.method == "POST":
        try:
            agreement.agree(
                patient=found.patient, course=found.id, text_id=text.id, statements=ticked,
                by=request.author, at=timezone.now(),
            )  # fmt: skip
            messages.success(request, "The patient's agreement is recorded.")
            return redirect("course", course=found.id)
        except Refused as refused:
            refusal = refused
    context = {
        "course": found, "patient": found.patient, "text": text, "ticked": ticked,
        "refusal": refusal,
        "given": people.consent(clinic=request.clinic.id, course=found.id),
    }  # fmt: skip
    return render(request, "courses/consent.html", context, status=422 if refusal else 200)


@duty(Duty.CONSENT)
def withdraw(request: StaffRequest, course: UUID) -> HttpResponse:
    """Record that the patient no longer agrees."""
    found = course_or_404(request, course)
    given = people.consent(clinic=request.clinic.id, course=found.id)
    if request.method == "POST" and given:
        try:
            agreement.withdraw(
                consent=given, reason=request.POST.get("reason", ""), by=request.author,
                at=timezone.now(),
            )  # fmt: skip
            messages.success(request, "The withdrawal is recorded; no session may start.")
        except Refused as refusal:
            messages.error(request, str(refusal))
    return redirect("consent", course=found.id)
