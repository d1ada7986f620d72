"""Forms on pages of custody: each is one deed, done or given back with what was typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.custody.actions import Sworn
from ketaflow.custody.witness import Witness
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people.roles import Duty, may
from ketaflow.refusals import Refused
from ketaflow.web.errors import status_of
from ketaflow.web.forms import refuse
from ketaflow.web.gate import StaffRequest
from ketaflow.web.second_person import proved


@dataclass(frozen=True)
class Deed:
    """One thing that can be done: its form, what it does, what is said then, and who may."""

    form: Callable[..., forms.Form]
    do: Callable[[StaffRequest, Any, Mapping[str, Any]], None]
    done: str
    title: str
    duty: Duty = Duty.HANDLE_DRUGS


@dataclass(frozen=True)
class Page:
    """A page with deeds: its template, where it is, what it shows, and a fresh form of each."""

    template: str
    url: tuple[str, dict[str, Any]]
    context: Callable[[], dict[str, Any]]
    deeds: Mapping[str, Deed]
    forms: Callable[[], dict[str, dict[str, Any]]]
    about: Any


def show(
    request: StaffRequest,
    page: Page,
    wrong: tuple[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the page with a form for each deed that is open to this person now."""
    offered = []
    for name, options in page.forms().items():
        deed = page.deeds[name]
        if may(request.author.roles, deed.duty):
            form = deed.form(prefix=name, auto_id=f"id_{name}_%s", **options)
            offered.append((name, deed, wrong[1] if wrong and wrong[0] == name else form))
    context = {
        **page.context(),
        "deeds": offered,
        "refused": [wrong[1]] if wrong else [],
    }
    return render(request, page.template, context, status=status)


def press(request: StaffRequest, page: Page, name: str) -> HttpResponse:
    """Do one deed; what is refused comes back with everything that was typed."""
    to = redirect(page.url[0], **page.url[1])
    if request.method != "POST":
        return to
    if name not in page.deeds:
        raise Http404
    deed, options = page.deeds[name], dict(page.forms().get(name, {}))
    if not options and name not in page.forms():
        messages.error(request, "That cannot be done any more: the page has changed.")
        return to
    options.pop("initial", None)
    form = deed.form(request.POST, prefix=name, auto_id=f"id_{name}_%s", **options)
    if not form.is_valid():
        return show(request, page, (name, form), 422)
    try:
        deed.do(request, page.about, form.cleaned_data)
    except Refused as refusal:
        if isinstance(refusal, SomeoneElseMoved):
            # What is there now is on the page below; the form starts afresh from it.
            typed = request.POST.copy()
            fresh = page.forms().get(name, {}).get("initial", {})
            if "seen" in fresh:
                typed[f"{name}-seen"] = str(fresh["seen"])
            form.data = typed
        refuse(form, refusal)
        return show(request, page, (name, form), status_of(refusal))
    messages.success(request, deed.done)
    return to


def sworn(request: StaffRequest, told: Mapping[str, Any]) -> Sworn:
    """Why, and who signed as a witness a moment ago."""
    who = proved(request, told["email"], told["password"])
    return Sworn(told["reason"], Witness(who, timezone.now()))
