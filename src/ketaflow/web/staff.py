"""Who works here, in which roles, and whose papers run out."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.people import actions, queries
from ketaflow.people.roles import Duty, validity
from ketaflow.refusals import Refused
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.staff_forms import CredentialForm, EmployForm, LeaveForm


@duty(Duty.MANAGE_STAFF)
def staff(request: StaffRequest) -> HttpResponse:
    """List everybody who works here, and everything that has run out or soon will."""
    today = timezone.localdate()
    people = [_row(one, today) for one in queries.staff(clinic=request.clinic.id)]
    context = {
        "team": [row for row in people if row["who"].active],
        "left": [row["who"] for row in people if not row["who"].active],
    }
    context["due"] = [
        (row["who"], held)
        for row in context["team"]
        for held in row["credentials"]
        if held["state"] != "valid"
    ]
    return render(request, "staff/list.html", context)


def _row(who: Any, today: date) -> dict[str, Any]:
    held = [
        {
            "kind": one.kind,
            "number": one.number,
            "expires_on": one.expires_on,
            "state": validity(one.expires_on, on=today).value,
        }
        for one in who.credentials.all()
    ]
    return {"who": who, "credentials": sorted(held, key=lambda one: one["expires_on"])}


@duty(Duty.MANAGE_STAFF)
def new(request: StaffRequest) -> HttpResponse:
    """Let somebody sign in."""
    form = EmployForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = actions.employ(
                email=said["email"],
                password=said["password"],
                name=said["name"],
                roles=form.chosen(),
                by=request.author,
                at=timezone.now(),
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{made.name} can sign in now. Add their credentials next.")
            return redirect("staff_member", staff=made.id)
    return answer(request, "staff/new.html", {}, form)


@duty(Duty.MANAGE_STAFF)
def member(request: StaffRequest, staff: UUID) -> HttpResponse:
    """Show one colleague and record a credential."""
    who = _colleague(request, staff)
    form = CredentialForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.certify(staff=who.id, **form.cleaned_data, by=request.author, at=timezone.now())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"Recorded for {who.name}.")
            return redirect("staff_member", staff=who.id)
    return answer(request, "staff/member.html", _row(who, timezone.localdate()), form)


@duty(Duty.MANAGE_STAFF)
def leave(request: StaffRequest, staff: UUID) -> HttpResponse:
    """Close somebody's way in."""
    who = _colleague(request, staff)
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.deactivate(
                staff=who.id,
                reason=form.cleaned_data["reason"],
                by=request.author,
                at=timezone.now(),
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{who.name} can no longer sign in.")
            return redirect("staff")
    return answer(request, "staff/leave.html", {"who": who}, form)


def _colleague(request: StaffRequest, staff: UUID) -> Any:
    found = queries.colleague(clinic=request.clinic.id, id=staff)
    if found is None:
        raise Http404("Nobody who works at this clinic has that address.")
    return found
