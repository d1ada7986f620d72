"""Taking in a delivery: many lines of one invoice, scanned or typed, and no script needed.

The list lives in the form itself: each scan sends the form and gets it back with one box more.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.custody import barcode, queries
from ketaflow.custody.barcode import NotABox
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.setting import actions
from ketaflow.custody.setting.delivery import Delivered, NotALine, Supplier, with_box
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web.custody_forms import LineForm, ReceiveForm
from ketaflow.web.errors import status_of
from ketaflow.web.forms import WRONG, refuse
from ketaflow.web.gate import StaffRequest, duty

MOST_LINES = 60
BLANK_LINES = 2


@duty(Duty.KEEP_DRUGS)
def receive(request: StaffRequest) -> HttpResponse:
    """Take in a delivery, or put one more box on its list."""
    form, lines = _forms(request, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form, lines)
    # A scan ends with Enter, which presses the first button of the form: “Put it on the list”.
    taking, whole = "take" in request.POST, lines.is_valid()
    if not whole or (taking and not form.is_valid()):
        return _page(request, form, lines, WRONG)
    try:
        found = _scanned(request, [one.delivered for one in lines if one.delivered])
        if taking:
            return _take(request, form.cleaned_data, found)
    except Refused as refusal:
        refuse(form, refusal)
        if not taking:
            # What is still to be typed is not yet wrong.
            for name in set(form.errors) - {NON_FIELD_ERRORS}:
                del form.errors[name]
        return _page(request, form, lines, status_of(refusal))
    return _page(request, *_again(request, found))


def _forms(request: StaffRequest, sent: Any, **more: Any) -> tuple[ReceiveForm, Any]:
    """The form about the delivery, and one for each of its lines with some blank ones."""
    clinic = request.clinic.id
    vaults = [one for one in queries.places(clinic=clinic) if one.kind == PlaceKind.VAULT]
    items = [(str(one.id), one.name) for one in queries.items(clinic=clinic)]
    about = {"initial": more.get("about")}
    form = ReceiveForm(sent, places=[(str(one.id), one.name) for one in vaults], **about)
    lines = forms.formset_factory(
        LineForm, extra=BLANK_LINES, max_num=MOST_LINES, absolute_max=MOST_LINES
    )
    listed = lines(sent, prefix="line", initial=more.get("lines"), form_kwargs={"items": items})
    return form, listed


def _page(request: StaffRequest, form: ReceiveForm, lines: Any, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "lines": lines,
        "vaults": form.fields["place"].choices,  # type: ignore[attr-defined]
    }
    return render(request, "custody/receive.html", context, status=status)


def _scanned(request: StaffRequest, lines: Sequence[Delivered]) -> tuple[Delivered, ...]:
    """The lines, with the box that was just scanned.

    Raises:
        NotABox: the code is of something else, or does not say what a delivery needs.
        NotALine: the box was scanned already, or there are too many lines.
    """
    typed = request.POST.get("scan", "")[:200].strip()
    if not typed:
        return tuple(lines)
    said = barcode.scan(typed)
    known = queries.item_of_gtin(clinic=request.clinic.id, gtin=said.gtin)
    if known is None:
        raise NotABox(
            f"The box says GTIN {said.gtin}, and no item on the list has it. Add that item first, "
            "or scan another box."
        )
    if not said.lot or said.expires_on is None:
        raise NotABox(
            f"The code of this {known.name} does not say its lot and expiry. Type them below."
        )
    serials = (said.serial,) if said.serial else ()
    found = with_box(lines, Delivered(known.id, said.lot, said.expires_on, 1, serials))
    if len(found) + BLANK_LINES > MOST_LINES:
        raise NotALine(
            f"{MOST_LINES - BLANK_LINES} lines are the most at once. Take these in first."
        )
    return found


def _again(request: StaffRequest, found: Sequence[Delivered]) -> tuple[ReceiveForm, Any]:
    """The form with the list as it is now, ready for the next box."""
    about = {name: request.POST.get(name, "") for name in ReceiveForm.base_fields}
    listed = [
        {**vars(one), "item": str(one.item), "serials": " ".join(one.serials)} for one in found
    ]
    form, lines = _forms(request, None, about=about | {"scan": ""}, lines=listed)
    form.fields["scan"].widget.attrs["autofocus"] = True
    return form, lines


def _take(
    request: StaffRequest, told: dict[str, Any], lines: tuple[Delivered, ...]
) -> HttpResponse:
    supplier = Supplier(told["supplier"], told["address"], told["registration"], told["invoice"])
    came = actions.receive(
        supplier=supplier, lines=lines, place=UUID(told["place"]), by=request.author,
        at=timezone.now(),
    )  # fmt: skip
    messages.success(request, f"{came.containers} containers are in the vault.")
    return redirect("custody")
