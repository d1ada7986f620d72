"""An order: the proposal a prescriber confirmed, as the journal keeps it and a session reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from ketaflow.protocol.dosing import Proposal
from ketaflow.protocol.library import Protocol
from ketaflow.protocol.weight import Body
from ketaflow.refusals import Refused
from ketaflow.screening.rules import ProtocolNeeds


class NotAChairSession(Refused):
    """The protocol is a continuous infusion titrated over days, which no chair session runs."""


@dataclass(frozen=True)
class Order:
    """What is to be given in each session; what does not apply is None."""

    protocol: str
    version: str
    amount: Decimal
    amount_unit: str
    dose_mg: Decimal
    dosing_weight_kg: Decimal | None
    weight_basis: str | None
    weight_rule: str
    weight_kg: Decimal | None
    height_cm: Decimal | None
    duration_min: Decimal | None
    rate_mg_min: Decimal | None
    rate_mg_h: Decimal | None
    strength_mg_ml: Decimal | None
    volume_ml: Decimal | None
    bag_ml: Decimal | None
    pump_ml_h: Decimal | None
    dilution: str
    devices: int | None
    formula: str
    rounding: str
    warnings: tuple[str, ...]
    sources: tuple[str, ...]

    def as_payload(self) -> dict[str, object]:
        """The order as plain JSON, amounts as text."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def order_from(proposal: Proposal, body: Body) -> Order:
    """The order that `proposal` becomes when a prescriber confirms it for `body`.

    Raises:
        NotAChairSession: the proposal has no total dose, because it is titrated over days.
    """
    if proposal.dose_mg is None:
        raise NotAChairSession(
            f"{proposal.protocol} is titrated over days on a ward; Ketaflow lists it but does not "
            "run it in a chair. Choose an outpatient protocol."
        )
    return Order(
        protocol=proposal.protocol,
        version=proposal.version,
        amount=proposal.amount,
        amount_unit=proposal.amount_unit,
        dose_mg=proposal.dose_mg,
        dosing_weight_kg=proposal.dosing_weight_kg,
        weight_basis=proposal.weight_basis.value if proposal.weight_basis else None,
        weight_rule=proposal.weight_rule,
        weight_kg=body.weight_kg,
        height_cm=body.height_cm,
        duration_min=proposal.duration_min,
        rate_mg_min=proposal.rate_mg_min,
        rate_mg_h=proposal.rate_mg_h,
        strength_mg_ml=proposal.strength_mg_ml,
        volume_ml=proposal.volume_ml,
        bag_ml=proposal.bag_ml,
        pump_ml_h=proposal.pump_ml_h,
        dilution=proposal.dilution,
        devices=proposal.devices,
        formula=proposal.formula,
        rounding=proposal.rounding,
        warnings=proposal.warnings,
        sources=proposal.sources,
    )


def from_payload(said: Mapping[str, Any]) -> Order:
    """The order that `as_payload` wrote."""
    return Order(**{field.name: _typed(field.type, said[field.name]) for field in fields(Order)})


def needs(protocol: Protocol) -> ProtocolNeeds:
    """What screening must know of `protocol`."""
    return ProtocolNeeds(
        id=protocol.id,
        indication=protocol.indication,
        route=protocol.route.value,
        sessions=protocol.sessions.most,
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _typed(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if "Decimal" in str(kind):
        return Decimal(value)
    return tuple(value) if "tuple" in str(kind) else value
