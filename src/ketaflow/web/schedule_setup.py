"""What a clinic sets before it books: chairs, opening hours, preparation, and who is on duty."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.journal.author import Author
from ketaflow.people import queries as people
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.schedule import actions, queries
from ketaflow.schedule.hours import WEEKDAYS
from ketaflow.web.forms import WRONG, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.schedule_forms import (
    ChairForm,
    ChairUseForm,
    CloseForm,
    DutyForm,
    HoursForm,
    OffDutyForm,
    PreparationForm,
)

SHIFTS_AHEAD = timedelta(days=13)


def _add_chair(form: Any, by: Author, at: datetime) -> str:
    said = form.cleaned_data
    chair = actions.add_chair(name=said["name"], place=said["place"], by=by, at=at)
    return f"{chair.name} can be booked."


def _use_chair(form: Any, by: Author, at: datetime) -> str:
    said = form.cleaned_data
    actions.use_chair(chair=said["chair"], active=said["active"], by=by, at=at)
    return "The chair is in use again." if said["active"] else "The chair is out of use."


def _set_hours(form: Any, by: Author, at: datetime) -> str:
    said = form.cleaned_data
    days = tuple(said["weekdays"])
    actions.set_hours(weekdays=days, hours_on=said["hours"], by=by, at=at)
    return f"Opening hours set: {', '.join(WEEKDAYS[day] for day in days)}."


def _close(form: Any, by: Author, at: datetime) -> str:
    days = tuple(form.cleaned_data["weekdays"])
    actions.set_hours(weekdays=days, hours_on=None, by=by, at=at)
    return f"Closed: {', '.join(WEEKDAYS[day] for day in days)}."


def _prepare(form: Any, by: Author, at: datetime) -> str:
    minutes = form.cleaned_data["minutes"]
    actions.set_preparation(minutes=minutes, by=by, at=at)
    return f"{minutes} minutes are planned before each treatment; what is booked stays as it is."


def _put_on_duty(form: Any, by: Author, at: datetime) -> str:
    said = form.cleaned_data
    count = actions.put_on_duty(
        staff=UUID(said["staff"]), days=form.days, hours_on=said["hours"], by=by, at=at
    )
    return f"On duty on {count} day{'' if count == 1 else 's'}."


def _take_off_duty(form: Any, by: Author, at: datetime) -> str:
    said = form.cleaned_data
    actions.take_off_duty(staff=said["staff"], day=said["day"], by=by, at=at)
    return f"Off duty on {said['day']:%a} {said['day'].day} {said['day']:%b %Y}."


@dataclass(frozen=True)
class Deed:
    """A form of this page and what it does when it is right; it says what it has done."""

    form: type[forms.Form]
    act: Callable[[Any, Author, datetime], str]


DEEDS = {
    "chair": Deed(ChairForm, _add_chair),
    "chair_use": Deed(ChairUseForm, _use_chair),
    "hours": Deed(HoursForm, _set_hours),
    "close": Deed(CloseForm, _close),
    "preparation": Deed(PreparationForm, _prepare),
    "duty": Deed(DutyForm, _put_on_duty),
    "off_duty": Deed(OffDutyForm, _take_off_duty),
}


@duty(Duty.MANAGE_STAFF)
def setup(request: StaffRequest) -> HttpResponse:
    """Show what the clinic has set, and take what it changes."""
    asked = request.POST.get("do", "")
    shown = {name: _form(request, name) for name in DEEDS}
    if request.method == "POST" and asked in DEEDS:
        shown[asked] = form = _form(request, asked, sent=True)
        if form.is_valid():
            try:
                done = DEEDS[asked].act(form, request.author, timezone.now())
            except Refused as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, done)
                return redirect("schedule_setup")
    context = {f"{name}_form": form for name, form in shown.items()} | _known(request)
    status = WRONG if request.method == "POST" else 200
    return render(request, "schedule/setup.html", context, status=status)


def _form(request: StaffRequest, name: str, *, sent: bool = False) -> forms.Form:
    data = request.POST if sent else None
    initial: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if name == "preparation":
        initial["minutes"] = queries.preparation_min(clinic=request.clinic.id)
    if name == "duty":
        initial["first_on"] = timezone.localdate()
        more["people"] = [one for one in people.staff(clinic=request.clinic.id) if one.active]
    return DEEDS[name].form(data, prefix=name, initial=initial, **more)


def _known(request: StaffRequest) -> dict[str, Any]:
    clinic, today = request.clinic.id, timezone.localdate()
    opened = queries.week_hours(clinic=clinic)
    return {
        "chairs": queries.chairs(clinic=clinic),
        "week": [(number, name, opened.get(number)) for number, name in enumerate(WEEKDAYS)],
        "shifts": queries.shifts(clinic=clinic, first=today, last=today + SHIFTS_AHEAD),
        "lacking": queries.lacking(clinic=clinic),
    }
