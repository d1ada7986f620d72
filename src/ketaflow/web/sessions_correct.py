"""Saying what an entry should have said: the old words stay, the new stand beside them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import nearest_shown
from ketaflow.session import actions, vitals
from ketaflow.session.corrections import CORRECTABLE, Line
from ketaflow.session.events import Kind, side_effects
from ketaflow.session.fold import SCALES
from ketaflow.session.wishes import Correction
from ketaflow.web import session_page
from ketaflow.web.errors import status_of
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.presses import number
from ketaflow.web.sessions import room_or_404

WHOLE = {"total", "severity"}
ASKED: Mapping[Kind, tuple[str, ...]] = {
    Kind.BASELINE: tuple(vitals.signs()),
    Kind.READING: tuple(vitals.signs()),
    **dict.fromkeys(SCALES, ("total",)),
    Kind.NOTE: ("text",),
    Kind.RESCUE: ("medicine", "dose", "route", "reason"),
    Kind.SIDE_EFFECT: ("effect", "severity", "note"),
    Kind.STARTED: ("rate_mg_min",),
    Kind.RATE_CHANGED: ("rate_mg_min", "reason"),
    Kind.RESUMED: ("rate_mg_min",),
    Kind.PAUSED: ("reason",),
    Kind.STOPPED: ("reason",),
    Kind.DEVICE_GIVEN: ("lot",),
}
LABELS = {
    "total": ("Total", ""),
    "severity": ("How bad (1 to 5)", ""),
    "rate_mg_min": ("Rate", "mg/min"),
}
WORDS = {
    "text": "Note",
    "note": "Note",
    "reason": "Why it happened",
    "lot": "Lot number",
    "medicine": "Medicine",
    "dose": "Dose with its unit",
    "route": "Route",
}


class CorrectForm(forms.Form):
    """The entry's own fields, the time, the reason; or strike it out."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, line: Line, zone: ZoneInfo, **more: Any) -> None:
        super().__init__(*args, **more)
        self.line, self.zone = line, zone
        for name in ASKED.get(line.kind, ()):
            self.fields[name] = self._field(name)
            self.fields[name].initial = line.payload.get(name)
        self.fields["time"] = forms.TimeField(
            label="Time",
            initial=timezone.localtime(line.at).strftime("%H:%M"),
            widget=forms.TimeInput({"type": "time", "class": "govuk-input--width-5"}),
        )
        self.fields["strike"] = forms.BooleanField(
            label="Strike it out: it should not be here at all", required=False
        )
        self.fields["because"] = forms.CharField(label="Why it is corrected", max_length=300)

    def _field(self, name: str) -> forms.Field:
        if name == "effect":
            listed = [(one.key, one.label) for one in side_effects().values()]
            return forms.ChoiceField(label="What", choices=listed)
        if name in WORDS:
            return forms.CharField(label=WORDS[name], required=False, max_length=2000)
        sign = vitals.signs().get(name)
        label, unit = (sign.label, sign.unit) if sign else LABELS[name]
        return number(label, unit)

    def correction(self) -> Correction:
        """What the entry should have said; what is left empty was not measured."""
        told = self.cleaned_data
        if told["strike"]:
            return Correction(self.line.ordinal, None, told["because"])
        kept = {key: value for key, value in self.line.payload.items() if key not in vitals.signs()}
        new = {name: _plain(name, told[name]) for name in ASKED.get(self.line.kind, ())}
        said = {name: value for name, value in new.items() if value is not None}
        return Correction(self.line.ordinal, {**kept, **said}, told["because"], self._moment())

    def _moment(self) -> datetime | None:
        was = timezone.localtime(self.line.at)
        clock = self.cleaned_data["time"]
        if clock.strftime("%H:%M") == was.strftime("%H:%M"):
            return None
        return nearest_shown(clock, to=self.line.at, zone=self.zone)


def _plain(name: str, value: Any) -> object:
    if value is None or isinstance(value, str):
        return value
    return int(value) if name in WHOLE and value == int(value) else str(value)


@duty(Duty.TREAT)
def correct(request: StaffRequest, session: UUID, ordinal: int) -> HttpResponse:
    """Correct one entry of a session."""
    room = room_or_404(request, session)
    line = next((one for one in room.state.lines if one.ordinal == ordinal), None)
    if line is None or line.kind not in CORRECTABLE or line.struck:
        raise Http404
    initial = {"seen": room.state.last_ordinal}
    form = CorrectForm(request.POST or None, line=line, zone=request.clinic.zone, initial=initial)
    context = {
        "room": room,
        "session": room.session,
        "patient": room.session.patient,
        "line": line,
        "now_says": session_page.told(line.kind, line.payload),
    }
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(
                session=session, correction=form.correction(), seen=form.cleaned_data["seen"],
                by=request.author, at=timezone.now(),
            )  # fmt: skip
            messages.success(request, "Corrected; the old words stay on record.")
            return redirect("session", session=session)
        except Refused as refusal:
            refuse(form, refusal)
            response = answer(request, "session/correct.html", context, form)
            response.status_code = status_of(refusal)
            return response
    return answer(request, "session/correct.html", context, form)
