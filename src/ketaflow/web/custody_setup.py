"""How custody is kept: signed terms, items and places."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.custody import barcode, queries
from ketaflow.custody.items import Details, Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import profiles
from ketaflow.custody.setting import actions
from ketaflow.journal.author import Author
from ketaflow.people.roles import Duty, may
from ketaflow.protocol.library import Drug
from ketaflow.refusals import Refused
from ketaflow.web import custody_forms as entering
from ketaflow.web.errors import status_of
from ketaflow.web.forms import refuse
from ketaflow.web.gate import StaffRequest, duty


def _terms(form: Any, by: Author, at: datetime) -> str:
    actions.sign_terms(terms=form.terms, seen=form.cleaned_data["seen"], by=by, at=at)
    return "Signed: every session that begins from now on must add up."


def _item(form: Any, by: Author, at: datetime) -> str:
    told = form.cleaned_data
    gtin = told["gtin"].strip()
    if gtin and not (gtin.isdecimal() and len(gtin) == 14):
        gtin = barcode.scan(gtin).gtin
    details = Details(
        Drug(told["drug"]), Form(told["form"]), told["strength_mg"], told["each"],
        told["schedule"], told["ndc"], gtin,
    )  # fmt: skip
    actions.add_item(details=details, by=by, at=at)
    return f"{details.name} is kept here."


def _place(form: Any, by: Author, at: datetime) -> str:
    told = form.cleaned_data
    actions.add_place(name=told["name"], kind=PlaceKind(told["kind"]), by=by, at=at)
    return f"{told['name']} is on the list."


DO: dict[str, tuple[type[forms.Form], Callable[..., str], str]] = {
    "terms": (entering.TermsForm, _terms, "How custody is kept"),
    "item": (entering.ItemForm, _item, "Add an item"),
    "place": (entering.PlaceForm, _place, "Add a place"),
}


@duty(Duty.KEEP_DRUGS)
def setup(request: StaffRequest) -> HttpResponse:
    """Show and change how custody is kept; the medical director signs the terms."""
    chosen, status = request.POST.get("do", ""), 200
    shown = {name: form for name, form in _fresh(request).items()}
    if request.method == "POST" and chosen in DO:
        form = DO[chosen][0](request.POST, prefix=chosen)
        shown[chosen], status = form, 422
        if form.is_valid():
            try:
                said = DO[chosen][1](form, request.author, timezone.now())
                messages.success(request, said)
                return redirect("custody_setup")
            except Refused as refusal:
                refuse(form, refusal)
                status = status_of(refusal)
    clinic = request.clinic.id
    context = {
        "sections": [(name, DO[name][2], form) for name, form in shown.items()],
        "forms": list(shown.values()),
        "terms": queries.terms(clinic=clinic),
        "items": queries.items(clinic=clinic),
        "places": queries.places(clinic=clinic),
        "profiles": profiles().values(),
    }
    return render(request, "custody/setup.html", context, status=status)


def _fresh(request: StaffRequest) -> dict[str, forms.Form]:
    """The forms this person may use; the terms are for whoever signs the policy."""
    signed = queries.terms(clinic=request.clinic.id)
    names = ("jurisdiction", "agreement_mg", "count_every_h", "open_vial_days")
    initial = {name: getattr(signed, name) for name in names} if signed else {}
    limits = queries.limits(clinic=request.clinic.id)
    initial |= {f"limit_{name}": limit for name, limit in limits.items()}
    initial["seen"] = signed.version if signed else 0
    found: dict[str, forms.Form] = {}
    if may(request.author.roles, Duty.SIGN_POLICY):
        found["terms"] = entering.TermsForm(prefix="terms", initial=initial)
    return found | {name: DO[name][0](prefix=name) for name in ("item", "place")}
