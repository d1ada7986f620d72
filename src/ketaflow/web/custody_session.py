"""The drug of one session: what is drawn for it, what became of that, and whether it adds up."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone

from ketaflow.custody import actions, barcode, queries
from ketaflow.custody.accounts import actions as accounts
from ketaflow.custody.actions import On
from ketaflow.custody.barcode import NotABox
from ketaflow.people.roles import Duty
from ketaflow.session import queries as sessions
from ketaflow.web import custody_forms as entering
from ketaflow.web.custody_acts import Deed, Page, press, show, sworn
from ketaflow.web.gate import StaffRequest, duty

LEAST = Decimal("0.001")


def _page(request: StaffRequest, session: UUID) -> Page:
    clinic = request.clinic.id
    held = sessions.session(clinic=clinic, id=session)
    if held is None:
        raise Http404

    def context() -> dict[str, Any]:
        return {
            "session": held,
            "patient": held.patient,
            "account": queries.account(clinic=clinic, session=session),
            "draws": queries.draws(clinic=clinic, session=session),
            "open_deed": "draw",
        }

    deeds = {**DEEDS}
    for one in queries.draws(clinic=clinic, session=session):
        where = f"no. {one.container.number}, lot {one.container.lot}"
        for name, (form, do, done, title) in OF_A_DRAW.items():
            deeds[f"{name}-{one.id}"] = Deed(form, do(one), done, f"{title} ({where})")
    return Page(
        template="custody/session.html",
        url=("custody_session", {"session": session}),
        context=context,
        deeds=deeds,
        forms=lambda: _offered(request, session),
        about=session,
    )


def _offered(request: StaffRequest, session: UUID) -> dict[str, dict[str, Any]]:
    clinic = request.clinic.id
    account = queries.account(clinic=clinic, session=session)
    if account is None:
        return {}
    if account.settled_at:
        return {"reopen": {"initial": {"seen": 0}}}
    found: dict[str, dict[str, Any]] = {"draw": _drawing(request, session, account)}
    for one in queries.draws(clinic=clinic, session=session):
        if not one.held:
            continue
        initial = {"seen": one.container.ordinal, "quantity": one.held.normalize()}
        device = account.form == "NASAL_DEVICE"
        found[f"{'back' if device else 'waste'}-{one.id}"] = {"initial": initial}
    if account.given_mg is not None:
        found["close"] = {"initial": {"seen": 0}}
    elif account.held and not account.explained:
        found["explain"] = {"initial": {"seen": 0}}
    return found


def _drawing(request: StaffRequest, session: UUID, account: Any) -> dict[str, Any]:
    """The form that draws: what may be drawn from, and the ordered amount as the proposal."""
    held = queries.for_session(clinic=request.clinic.id, session=session)
    choices = [
        (
            entering.marked(one.id, one.ordinal),
            f"No. {one.number}, lot {one.lot}, {one.held.normalize():f} {one.item.unit}, "
            f"{one.place.name}, until {one.use_by or one.expires_on}",
        )
        for one in held
    ]
    device = account.form == "NASAL_DEVICE"
    ordered = Decimal(1) if device else account.quantity
    propose = ordered if device or not account.drawn else None
    initial = {"quantity": f"{propose.normalize():f}"} if propose else {}
    return {"containers": choices, "unit": "device" if device else "mL", "initial": initial}


def _draw(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
    value = told["container"] or _scanned(request, session, told["scan"])
    container, seen = entering.unmarked(value)
    actions.draw(
        on=On(container, seen), session=session, quantity=told["quantity"], by=request.author,
        at=timezone.now(),
    )  # fmt: skip


def _scanned(request: StaffRequest, session: UUID, typed: str) -> str:
    """The container whose box was scanned.

    Raises:
        NotABox: the code is of something else, or of nothing that may be drawn for this session.
    """
    said = barcode.scan(typed)
    item = queries.item_of_gtin(clinic=request.clinic.id, gtin=said.gtin)
    for one in queries.for_session(clinic=request.clinic.id, session=session):
        same = item and one.item_id == item.id and one.lot == said.lot
        if same and said.serial in ("", one.serial):
            return entering.marked(one.id, one.ordinal)
    named = item.name if item else f"GTIN {said.gtin}"
    raise NotABox(
        f"The box scanned is {named}, lot {said.lot or 'unknown'}: nothing of it is there to be "
        "drawn for this order. Take the ordered drug, or receive the box first."
    )


def _wasting(draw: Any) -> Any:
    def waste(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
        actions.waste(
            on=On(draw.container_id, told["seen"]), draw=draw.ordinal, quantity=told["quantity"],
            sworn=sworn(request, told), by=request.author, at=timezone.now(),
        )  # fmt: skip

    return waste


def _returning(draw: Any) -> Any:
    def give_back(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
        actions.give_back(
            on=On(draw.container_id, told["seen"]), draw=draw.ordinal, by=request.author,
            at=timezone.now(),
        )  # fmt: skip

    return give_back


def _explain(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
    said, at = sworn(request, told), timezone.now()
    accounts.explain(
        session=session, given_mg=_given(request, session, at), reason=said.reason,
        witness=said.witness, by=request.author, at=at,
    )  # fmt: skip


def _given(request: StaffRequest, session: UUID, at: datetime) -> Decimal:
    return sessions.state(clinic=request.clinic.id, id=session).given_mg(at).quantize(LEAST)


def _reopen(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
    said = sworn(request, told)
    accounts.reopen(
        session=session, reason=said.reason, witness=said.witness, by=request.author,
        at=timezone.now(),
    )  # fmt: skip


def _close(request: StaffRequest, session: UUID, told: Mapping[str, Any]) -> None:
    accounts.close_again(session=session, by=request.author, at=timezone.now())


KEEP = Duty.KEEP_DRUGS
DEEDS = {
    "draw": Deed(entering.DrawForm, _draw, "Drawn.", "Draw for this session"),
    "explain": Deed(
        entering.WitnessForm, _explain, "An incident is open; the session can end.",
        "It does not add up: explain it as a discrepancy",
    ),
    "reopen": Deed(entering.WitnessForm, _reopen, "Open again.", "Reopen to correct", KEEP),
    "close": Deed(entering.SeenForm, _close, "It adds up again.", "Close it again", KEEP),
}  # fmt: skip
OF_A_DRAW = {
    "waste": (entering.WasteForm, _wasting, "Wasted, with a witness.", "Waste the rest"),
    "back": (entering.SeenForm, _returning, "Returned.", "Return it unopened"),
}


@duty(Duty.SEE_CUSTODY)
def session(request: StaffRequest, session: UUID) -> HttpResponse:
    """Show the drug of one session."""
    return show(request, _page(request, session))


@duty(Duty.SEE_CUSTODY, change=Duty.HANDLE_DRUGS)
def session_do(request: StaffRequest, session: UUID, deed: str) -> HttpResponse:
    """Draw, waste, return or explain."""
    return press(request, _page(request, session), deed)
