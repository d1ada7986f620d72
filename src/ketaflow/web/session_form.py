"""The esketamine monitoring form of a session: page, PDF, and the list of those still due."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty, may
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import day_of
from ketaflow.session import queries
from ketaflow.session.events import Kind
from ketaflow.session.monitoring_form import actions, form
from ketaflow.session.phases import ADMITS
from ketaflow.session.queries import Room
from ketaflow.web.errors import status_of
from ketaflow.web.forms import refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.paper import monitoring_form, session_record
from ketaflow.web.presses import PressForm
from ketaflow.web.session_page import is_nasal
from ketaflow.web.session_paper import pdf
from ketaflow.web.sessions import room_or_404

CHOICES = (("yes", "Yes"), ("no", "No"))


class FillForm(PressForm):
    """What the record does not know, asked once; what was saved before stands in the boxes."""

    def arrange(self) -> None:
        """One field for each question of the form."""
        for key, one in form.questions().items():
            field = self._field(one)
            field.label = monitoring_form.text(one)
            field.initial = self.room.state.form.answers.get(key, self._proposed(key))
            self.fields[key] = field

    def _field(self, one: form.Question) -> forms.Field:
        required = one.answer != form.WORDS
        if one.answer == form.YES_NO:
            return forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, required=required)
        if one.answer == form.NUMBER:
            attrs = {"class": "govuk-input govuk-input--width-4"}
            return forms.IntegerField(
                min_value=0, max_value=999, required=required, widget=forms.NumberInput(attrs)
            )
        return forms.CharField(max_length=300, required=required)

    def _proposed(self, key: str) -> str:
        row = self.room.session
        return {"phone": row.clinic.phone, "email": row.nurse.user.email}.get(key, "")

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields by group."""
        ordered = groupby(form.questions().values(), key=lambda one: one.group)
        return [(group, [self[one.key] for one in asked]) for group, asked in ordered]

    def said(self) -> dict[str, Any]:
        """The answers."""
        told = {key: self.cleaned_data[key] for key in form.questions()}
        return {"answers": {key: "" if one is None else str(one) for key, one in told.items()}}


class SubmitForm(PressForm):
    """It was submitted, elsewhere and by hand."""

    how = forms.ChoiceField(
        label="How it was submitted", choices=tuple(form.HOW.items()), widget=forms.RadioSelect
    )
    reference = forms.CharField(label="Reference, or why none is needed", max_length=200)


STEPS = {
    "fill": (FillForm, actions.fill, Kind.FORM_FILLED, "The answers are saved."),
    "submit": (SubmitForm, actions.submit, Kind.FORM_SUBMITTED,
               "It is recorded that the form was submitted."),
}  # fmt: skip


class NoForm(Refused):
    """This session has no such form."""


def _spray_room(request: StaffRequest, session: UUID) -> Room:
    room = room_or_404(request, session)
    if not is_nasal(room) or room.protocol.monitoring is None:
        raise NoForm("This session is an infusion; the monitoring form is for esketamine spray.")
    return room


@duty(Duty.SEE_CHART, change=Duty.TREAT)
def monitoring(request: StaffRequest, session: UUID) -> HttpResponse:
    """Show the form as the record fills it; ask for the rest, and mark it as submitted."""
    room, at = _spray_room(request, session), timezone.now()
    people_actions.note_reading(
        patient=room.session.patient, page="monitoring form", by=request.author, at=at
    )
    wrong: dict[str, PressForm] = {}
    status = 200
    if request.method == "POST":
        step = request.POST.get("step", "")
        if step not in STEPS:
            raise Http404
        pressed = STEPS[step][0](request.POST, prefix=step, room=room, author=request.author)
        status = _press(request, room, step, pressed)
        if not status:
            messages.success(request, STEPS[step][3])
            return redirect("monitoring_form", session=session)
        wrong, room = {step: pressed}, _spray_room(request, session)
    return render(request, "session/form.html", _page(request, room, wrong), status=status)


def _press(request: StaffRequest, room: Room, step: str, pressed: PressForm) -> int:
    """Do what was pressed; 0 when it is done, else the status of the refusal."""
    if not pressed.is_valid():
        return 422
    at = timezone.now()
    try:
        STEPS[step][1](  # type: ignore[operator]
            session=room.session.id, seen=pressed.press(at), by=request.author, at=at,
            **pressed.said(),
        )  # fmt: skip
    except Refused as refusal:
        refuse(pressed, refusal)
        return status_of(refusal)
    return 0


def _page(request: StaffRequest, room: Room, wrong: dict[str, PressForm]) -> dict[str, Any]:
    phase, done = room.state.phase, room.state.form.submitted
    open_steps = {
        name: wrong.get(name) or kind(prefix=name, room=room, author=request.author)
        for name, (kind, _, entry, _) in STEPS.items()
        if not done and phase in ADMITS[entry] and may(request.author.roles, Duty.TREAT)
    }
    return {
        "room": room,
        "session": room.session,
        "patient": room.session.patient,
        "known": monitoring_form.known(room),
        "answered": monitoring_form.answered(room) if room.state.form.filled else (),
        "submitted": monitoring_form.submitted(room),
        "deadline": _deadline(room),
        "sources": form.deadline().sources,
        "note": monitoring_form.NOT_OFFICIAL,
        "steps": open_steps,
        "refused": list(wrong.values()),
    }


def _deadline(room: Room) -> str:
    began, zone = room.state.started_at, room.session.clinic.zone
    if began is None or room.state.form.submitted:
        return ""
    treated_on = day_of(began, zone)
    left = form.standing(treated_on, today=day_of(timezone.now(), zone))
    return f"To be submitted by {form.due_on(treated_on):%a %-d %B %Y}: {left}."


@duty(Duty.SEE_CHART)
def monitoring_pdf(request: StaffRequest, session: UUID) -> HttpResponse:
    """Give the form as a PDF; whoever reads it is in the record."""
    room, at = _spray_room(request, session), timezone.now()
    people_actions.note_reading(
        patient=room.session.patient, page="monitoring form (PDF)", by=request.author, at=at
    )
    found = session_record.bundle(clinic=request.clinic.id, room=room)
    return pdf(monitoring_form.sheet(found), f"monitoring-form-{room.session.number}")


@duty(Duty.TREAT)
def due(request: StaffRequest) -> HttpResponse:
    """List the sessions whose form is still to be submitted, the most urgent first."""
    today, zone = timezone.localdate(), request.clinic.zone
    waiting = queries.forms_due(clinic=request.clinic.id, at=timezone.now())
    treated = ((one, day_of(one.started_at, zone)) for one in waiting if one.started_at)
    rows = [(one, form.due_on(on), form.standing(on, today=today)) for one, on in treated]
    context = {"rows": rows, "sources": form.deadline().sources}
    return render(request, "session/forms_due.html", context)
