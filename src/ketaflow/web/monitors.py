"""Monitors: at which chair each stands, what waits for a person, and confirming what they chart."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.journal.author import Author
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.schedule import queries as schedule
from ketaflow.session import queries as sessions
from ketaflow.session import vitals
from ketaflow.session.monitors import actions, queries
from ketaflow.session.monitors.arrivals import By, measured_in
from ketaflow.session.vitals import Vitals
from ketaflow.web import session_page
from ketaflow.web.forms import WRONG, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.monitors_forms import (
    AssignForm,
    BindForm,
    ConfirmForm,
    DiscardForm,
    UnbindForm,
)
from ketaflow.web.sessions import room_or_404


def _bind(told: dict[str, Any], by: Author, at: datetime) -> str:
    monitor, value = By(told["monitor"]), told["value"]
    actions.bind(monitor=monitor, value=value, chair=UUID(told["chair"]), by=by, at=at)
    return f"What {value} sends joins the session in that chair from now on."


def _unbind(told: dict[str, Any], by: Author, at: datetime) -> str:
    actions.unbind(monitor=By(told["monitor"]), value=told["value"], by=by, at=at)
    return f"What {told['value']} sends waits here from now on."


def _assign(told: dict[str, Any], by: Author, at: datetime) -> str:
    whose = UUID(told["session"])
    count = actions.assign(
        group=told["group"], upto=told["upto"], session=whose, reason=told["reason"], by=by, at=at
    )
    return f"{_messages(count)} joined the session; a nurse confirms them on its flowsheet."


def _discard(told: dict[str, Any], by: Author, at: datetime) -> str:
    count = actions.discard(
        group=told["group"], upto=told["upto"], reason=told["reason"], by=by, at=at
    )
    return f"{_messages(count)} discarded. The record keeps them with your reason."


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


@dataclass(frozen=True)
class Deed:
    """A form of this page and what it does when it is right; it says what it has done."""

    form: Callable[..., forms.Form]
    act: Callable[[dict[str, Any], Author, datetime], str]


DEEDS = {
    "bind": Deed(BindForm, _bind),
    "unbind": Deed(UnbindForm, _unbind),
    "assign": Deed(AssignForm, _assign),
    "discard": Deed(DiscardForm, _discard),
}


@dataclass(frozen=True)
class Shown:
    """What waits for one answer, in words, with its two forms."""

    waiting: Any
    patients: str
    monitor: str
    last: str
    assign: forms.Form
    discard: forms.Form


@duty(Duty.SEE_CHART, change=Duty.TREAT)
def monitors(request: StaffRequest) -> HttpResponse:
    """Show what waits and which monitor stands where; take what a nurse decides about it."""
    asked, refused = request.POST.get("do", ""), None
    choices = _choices(request)
    if request.method == "POST" and asked in DEEDS:
        refused = _form(asked, request.POST, choices)
        if refused.is_valid():
            try:
                said = DEEDS[asked].act(refused.cleaned_data, request.author, timezone.now())
            except Refused as refusal:
                refuse(refused, refusal)
            else:
                messages.success(request, said)
                return redirect("monitors")
    waiting = queries.waiting(clinic=request.clinic.id)
    context = {
        "waiting": [_shown(one, choices, request) for one in waiting],
        "bindings": queries.bindings(clinic=request.clinic.id),
        "bind": refused if asked == "bind" else _form("bind", None, choices),
        "refused": refused,
    }
    status = WRONG if request.method == "POST" else 200
    return render(request, "monitors/list.html", context, status=status)


def _choices(request: StaffRequest) -> dict[str, list[tuple[str, str]]]:
    """The chairs in use, and the sessions of today."""
    today = sessions.today(clinic=request.clinic.id, at=timezone.now())
    here = [one.session for one in (*today.present, *today.over)]
    chairs = [one for one in schedule.chairs(clinic=request.clinic.id) if one.active]
    return {
        "chairs": [(str(one.id), one.name) for one in chairs],
        "sessions": [
            (str(one.id), f"{one.patient.name}, {one.chair}, {_lasted(one)}") for one in here
        ],
    }


def _lasted(session: Any) -> str:
    since, until = (
        timezone.localtime(one) if one else None
        for one in (session.checked_in_at, session.ended_at)
    )
    return f"{since:%H:%M} to {until:%H:%M}" if until else f"since {since:%H:%M}"


def _form(name: str, data: Any, choices: dict[str, Any], waiting: Any = None) -> Any:
    """A form of this page; one of each stands there for everything that waits."""
    wanted = {"bind": "chairs", "assign": "sessions"}.get(name)
    more: dict[str, Any] = {wanted: choices[wanted]} if wanted else {}
    if waiting:
        more["auto_id"] = f"id_{waiting.id}_%s"
        more["initial"] = {"group": waiting.id, "upto": waiting.upto}
    return DEEDS[name].form(data, prefix=name, **more)


def _shown(one: Any, choices: dict[str, Any], request: StaffRequest) -> Shown:
    said = one.said
    newest = {name: value for part in measured_in(said) for name, value in part.vitals.items()}
    found = (
        vitals.read({name: str(value) for name, value in newest.items()}) if newest else Vitals()
    )
    known = [said["place"] and f"place {said['place']}", *(f"device {d}" for d in said["devices"])]
    return Shown(
        waiting=one,
        patients=", ".join(said["patients"]),
        monitor=", ".join([said["sender"], *filter(None, known)]),
        last=session_page.summary(found),
        assign=_form("assign", _typed(request, "assign", one), choices, one),
        discard=_form("discard", _typed(request, "discard", one), choices, one),
    )


def _typed(request: StaffRequest, name: str, one: Any) -> Any:
    """What was typed into this form, if it is the one that was sent and came back."""
    ours = request.POST.get("do") == name and request.POST.get(f"{name}-group") == str(one.id)
    return request.POST if ours else None


@duty(Duty.SEE_CHART, change=Duty.TREAT)
def confirm(request: StaffRequest, session: UUID) -> HttpResponse:
    """Confirm one row of the flowsheet that a monitor charted."""
    room_or_404(request, session)
    form = ConfirmForm(request.POST)
    if request.method != "POST":
        return redirect("session", session=session)
    if not form.is_valid():
        messages.error(request, "Which row is meant cannot be read; press its button again.")
        return redirect("session", session=session)
    actions.confirm(session=session, by=request.author, at=timezone.now(), **form.cleaned_data)
    messages.success(request, "The row is confirmed.")
    return redirect("session", session=session)
