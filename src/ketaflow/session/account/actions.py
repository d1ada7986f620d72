"""What a session tells custody, in plain values: that it begins, how it ends, what is corrected.

A clinic that has not signed how it keeps custody has no accounts, and its sessions run as before.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.custody import queries as custody
from ketaflow.custody.accounts import actions as accounts
from ketaflow.custody.accounts.actions import correct_account
from ketaflow.custody.agreement import NotTheOrder, Wanted
from ketaflow.custody.items import Form
from ketaflow.journal.author import Author
from ketaflow.protocol.library import Route
from ketaflow.session.administration import spray
from ketaflow.session.events import Kind
from ketaflow.session.wishes import Wish

__all__ = ["begin", "correct_account", "end", "require_drawn", "wanted"]

ENDS = (Kind.DISCHARGED, Kind.TRANSFERRED, Kind.CANCELLED)


def wanted(order: Mapping[str, Any]) -> Wanted:
    """What an order asks custody for: the strength and volume it was worked out with."""
    nasal = order["route"] == Route.NASAL.value
    devices = order.get("devices")
    strength, quantity = (
        (spray().device_mg.value, devices)
        if nasal
        else (order.get("strength_mg_ml"), order.get("volume_ml"))
    )
    return Wanted(
        drug=order["drug"],
        form=Form.NASAL_DEVICE if nasal else Form.VIAL,
        dose_mg=Decimal(order["dose_mg"]),
        strength_mg=Decimal(strength) if strength else None,
        quantity=Decimal(quantity) if quantity else None,
    )


def begin(*, session: UUID, payload: Mapping[str, Any], by: Author, at: datetime) -> None:
    """Open the session's account, where the clinic keeps custody."""
    if custody.terms(clinic=by.clinic) is None:
        return
    accounts.open_account(
        session=session, patient=UUID(payload["patient"]), wanted=wanted(payload["order"]),
        by=by, at=at,
    )  # fmt: skip


def end(session: UUID, wish: Wish, given_mg: Decimal, by: Author, at: datetime) -> None:
    """Close the account when `wish` ends the session; nobody who must go to a hospital waits.

    Raises:
        Residue: what was drawn is not explained, so the session cannot end.
    """
    if wish.kind not in ENDS:
        return
    to = wish.payload.get("to")
    hurried = f"Transferred to {to} before it was accounted for." if to else ""
    given = accounts.Given(given_mg, hurried)
    accounts.close_account(session=session, given=given, by=by, at=at)


def require_drawn(*, session: UUID, lot: str, by: Author) -> None:
    """Refuse a nasal device of a lot that was not drawn for this session.

    Raises:
        NotTheOrder: names the lots that were.
    """
    lots = custody.drawn_lots(clinic=by.clinic, session=session)
    if lots is not None and lot.strip() not in lots:
        known = ", ".join(sorted(lots)) or "none"
        raise NotTheOrder(
            f"Lot {lot.strip()} was not drawn for this session (drawn: {known}). Read the lot on "
            "the device again, or draw it first."
        )
