"""The custodian's page: what is where, what is due, what does not agree; and one container."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.custody import actions, queries
from ketaflow.custody.actions import On
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import profile
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web import custody_forms as entering
from ketaflow.web.custody_acts import Deed, Page, press, show, sworn
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty


@duty(Duty.SEE_CUSTODY)
def custody(request: StaffRequest) -> HttpResponse:
    """Show what is where, what is due, and what does not agree."""
    clinic, at = request.clinic.id, timezone.now()
    terms = queries.terms(clinic=clinic)
    if terms is None:
        return render(request, "custody/not_yet.html")
    context = {
        "terms": terms,
        "profile": profile(terms.jurisdiction),
        "balance": queries.balance(clinic=clinic),
        "places": queries.places(clinic=clinic),
        "due": counting.due(clinic=clinic, at=at),
        "inventory_on": counting.inventory_on(clinic=clinic, at=at),
        "today": timezone.localdate(),
        "incidents": queries.incidents(clinic=clinic),
        "expired": queries.expired(clinic=clinic, on=timezone.localdate()),
        "unsettled": queries.unsettled(clinic=clinic),
    }
    return render(request, "custody/custody.html", context)


@duty(Duty.SEE_CUSTODY)
def place(request: StaffRequest, place: UUID) -> HttpResponse:
    """Show every container of one place; those that are counted blind are a page of their own."""
    found = queries.place(clinic=request.clinic.id, id=place)
    if found is None:
        raise Http404
    held = queries.held(clinic=request.clinic.id, place=place)
    return render(request, "custody/place.html", {"place": found, "held": held})


@duty(Duty.SEE_CUSTODY, change=Duty.HANDLE_DRUGS)
def move(request: StaffRequest) -> HttpResponse:
    """Set up the day: move containers to where they are needed, or back."""
    clinic = request.clinic.id
    held = [one for one in queries.held(clinic=clinic) if one.place.kind != PlaceKind.QUARANTINE]
    places = [one for one in queries.places(clinic=clinic) if one.kind != PlaceKind.QUARANTINE]
    form = entering.MoveForm(
        request.POST or None,
        containers=[(entering.marked(one.id, one.ordinal), _named(one)) for one in held],
        places=[(str(one.id), one.name) for one in places],
    )
    if request.method == "POST" and form.is_valid():
        chosen = dict(entering.unmarked(one) for one in form.cleaned_data["containers"])
        to = UUID(form.cleaned_data["to"])
        try:
            actions.transfer(containers=chosen, to=to, by=request.author, at=timezone.now())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, f"{len(chosen)} moved.")
            return redirect("custody")
    return answer(request, "custody/move.html", {}, form)


def _named(one: Any) -> str:
    return (
        f"{one.item.name}, no. {one.number}, lot {one.lot}, {one.held.normalize():f} "
        f"{one.item.unit}, {one.place.name}"
    )


def container_page(request: StaffRequest, container: UUID) -> Page:
    """One container: everything that happened to it, and what can be done."""
    row = queries.container(clinic=request.clinic.id, id=container)
    if row is None:
        raise Http404
    return Page(
        template="custody/container.html",
        url=("custody_container", {"container": container}),
        context=lambda: {
            "row": queries.container(clinic=request.clinic.id, id=container),
            "movements": queries.movements(clinic=request.clinic.id, container=container),
        },
        deeds=DEEDS,
        forms=lambda: _offered(request, container),
        about=container,
    )


def _offered(request: StaffRequest, container: UUID) -> dict[str, dict[str, Any]]:
    """The deeds that this container allows now, and what their forms need."""
    clinic = request.clinic.id
    row = queries.container(clinic=clinic, id=container)
    if row is None:
        return {}
    seen = {"initial": {"seen": row.ordinal}}
    places = queries.places(clinic=clinic)
    away = [(str(one.id), one.name) for one in places if one.kind == PlaceKind.QUARANTINE]
    back = [(str(one.id), one.name) for one in places if one.kind != PlaceKind.QUARANTINE]
    incidents = [
        (str(one.id), f"Incident {one.number}") for one in queries.incidents(clinic=clinic)
    ]
    found: dict[str, dict[str, Any]] = {"reverse": seen}
    if row.held:
        found |= {"lose": seen, "destroy": seen, "send": seen}
    if row.held and row.status == "OPEN":
        found["waste"] = seen
    if row.place.kind == PlaceKind.QUARANTINE:
        found["release"] = {**seen, "places": back}
    elif row.held:
        found["quarantine"] = {**seen, "places": away}
    if incidents and row.status != "GONE":
        found["adjust"] = {**seen, "incidents": incidents}
    return found


def _on(container: UUID, told: Mapping[str, Any]) -> On:
    return On(container, told["seen"])


def _quarantine(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.quarantine(
        on=_on(container, told), place=UUID(told["place"]), reason=told["reason"],
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _release(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.release(
        on=_on(container, told), place=UUID(told["place"]), sworn=sworn(request, told),
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _waste(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.waste(
        on=_on(container, told), draw=None, quantity=told["quantity"], sworn=sworn(request, told),
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _lose(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.lose(
        on=_on(container, told), draw=None, quantity=told["quantity"], sworn=sworn(request, told),
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _destroy(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.destroy(
        on=_on(container, told), reference=told["reference"], sworn=sworn(request, told),
        by=request.author, at=timezone.now(),
    )  # fmt: skip


def _send(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.send_back(
        on=_on(container, told), to=told["to"], reference=told["reference"], by=request.author,
        at=timezone.now(),
    )  # fmt: skip


def _adjust(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.adjust(
        on=_on(container, told), found=told["found"], incident=UUID(told["incident"]),
        sworn=sworn(request, told), by=request.author, at=timezone.now(),
    )  # fmt: skip


def _reverse(request: StaffRequest, container: UUID, told: Mapping[str, Any]) -> None:
    actions.reverse(
        on=_on(container, told), ordinal=told["ordinal"], sworn=sworn(request, told),
        by=request.author, at=timezone.now(),
    )  # fmt: skip


KEEP = Duty.KEEP_DRUGS
DEEDS: dict[str, Deed] = {
    "waste": Deed(entering.WasteForm, _waste, "Wasted.", "Waste what is left in it"),
    "quarantine": Deed(entering.WhereForm, _quarantine, "In quarantine.", "Put into quarantine"),
    "release": Deed(entering.ReleaseForm, _release, "Released.", "Release", KEEP),
    "lose": Deed(entering.LoseForm, _lose, "Recorded as lost.", "Spilt, broken or missing"),
    "destroy": Deed(entering.DestroyForm, _destroy, "Destroyed.", "Destroy it", KEEP),
    "send": Deed(entering.SendBackForm, _send, "Sent back.", "Send to a distributor", KEEP),
    "adjust": Deed(entering.AdjustForm, _adjust, "Adjusted.", "Adjust to what was found", KEEP),
    "reverse": Deed(entering.ReverseForm, _reverse, "Taken back.", "Take a movement back"),
}


@duty(Duty.SEE_CUSTODY)
def container(request: StaffRequest, container: UUID) -> HttpResponse:
    """Show one container with its whole history."""
    return show(request, container_page(request, container))


@duty(Duty.SEE_CUSTODY, change=Duty.HANDLE_DRUGS)
def container_do(request: StaffRequest, container: UUID, deed: str) -> HttpResponse:
    """Do one thing to a container."""
    return press(request, container_page(request, container), deed)
