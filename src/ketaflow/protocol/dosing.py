"""A dose from a protocol and a person: proposed with its formula, for a clinician to accept.

Rounding is always downward, so that it can never carry a value past a cap: dose to 0.1 mg, volume
to 0.01 mL, pump to 0.1 mL/h, rates to 0.0001 mg/min and 0.001 mg/h.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from ketaflow import units
from ketaflow.protocol import limits, slips, weight
from ketaflow.protocol import preparation as preparing
from ketaflow.protocol.figures import rule, show
from ketaflow.protocol.library import Dose, Protocol, Route
from ketaflow.protocol.limits import Ceiling, ClinicCaps
from ketaflow.protocol.preparation import CannotPrepare, Preparation
from ketaflow.protocol.weight import Basis, Body, DosingWeight
from ketaflow.refusals import OutsideEnvelope, Refused

ROUNDING = "Rounded down: dose to 0.1 mg, volume to 0.01 mL, pump to 0.1 mL/h."
_MG, _MG_MIN, _MG_H = Decimal("0.1"), Decimal("0.0001"), Decimal("0.001")


@dataclass(frozen=True)
class Choice:
    """What the prescriber chose, where the protocol leaves a choice; None takes the proposed one.

    `amount` is in the protocol's own unit (mg/kg, mg/kg/h, mg/h, or mg by nasal device).
    """

    session_number: int = 1
    amount: Decimal | None = None
    duration_min: Decimal | None = None
    basis: Basis | None = None
    entered_kg: Decimal | None = None


@dataclass(frozen=True)
class Proposal:
    """A dose with everything needed to check it by hand. What does not apply is None."""

    protocol: str
    version: str
    amount: Decimal
    amount_unit: str
    dose_mg: Decimal | None
    dosing_weight_kg: Decimal | None
    weight_basis: Basis | None
    weight_rule: str
    duration_min: Decimal | None
    rate_mg_min: Decimal | None
    rate_mg_h: Decimal | None
    formula: str
    warnings: tuple[str, ...]
    sources: tuple[str, ...]
    strength_mg_ml: Decimal | None = None
    volume_ml: Decimal | None = None
    bag_ml: Decimal | None = None
    pump_ml_h: Decimal | None = None
    dilution: str = ""
    devices: int | None = None
    rounding: str = ROUNDING


class NotAvailable(Refused):
    """The protocol is listed, but this system does not propose a dose for it."""


class OutsideProtocol(OutsideEnvelope):
    """The person or the choice lies outside what the protocol was published for."""


class CapReached(Refused):
    """A cap leaves nothing to give."""


def propose(
    protocol: Protocol,
    body: Body,
    *,
    choice: Choice | None = None,
    preparation: Preparation | None = None,
    caps: ClinicCaps | None = None,
) -> Proposal:
    """The dose `protocol` gives for `body`, never above a published cap or one of the clinic's.

    Args:
        protocol: from the library.
        body: weight in kg, and what else is known.
        choice: the prescriber's, within what the protocol allows.
        preparation: the vial and the bag, for volume and pump rate.
        caps: the clinic's signed ceilings; None leaves the published ones alone.

    Returns:
        The proposal; the clinician decides.

    Raises:
        NotAvailable: the protocol has no sourced dose.
        OutsideProtocol: age, dose or duration the protocol was not published for.
        NoDosingWeight: the weight it needs is missing.
        CannotPrepare: the vial or bag does not go with it.
        Slip: a number cannot be meant as written.

    Source:
        The protocol's own; the arithmetic is in `formula`.
    """
    chosen = choice or Choice()
    dose = _dose(protocol, chosen)
    amount = _amount(protocol, dose, chosen)
    warnings = [*_about_age(protocol, body), *_about_choice(dose, chosen)]
    if protocol.route is Route.NASAL:
        if preparation is not None and preparation != Preparation():
            raise CannotPrepare("A nasal spray has no strength or bag: leave both out.")
        return _by_device(protocol, dose, amount, warnings)
    dosed_by = None
    if dose.figure.unit != "mg/h":
        dosed_by = weight.choose(body, basis=chosen.basis, entered_kg=chosen.entered_kg)
    order = _Order(protocol, dose, amount, _duration(protocol, chosen), dosed_by)
    return _drawn(_infuse(order, warnings, caps), preparation or Preparation())


@dataclass(frozen=True)
class _Order:
    protocol: Protocol
    dose: Dose
    amount: Decimal
    duration_min: Decimal | None
    weight: DosingWeight | None

    @property
    def kg(self) -> Decimal:
        """The dosing weight, or 1 where the dose does not depend on it."""
        return self.weight.kg if self.weight else Decimal(1)

    @property
    def formula(self) -> str:
        said = f"{show(self.amount)} {self.dose.figure.unit}"
        if self.weight:
            said += f" × {show(self.weight.kg)} kg ({self.weight.basis.lower()} weight)"
        return said


def _dose(protocol: Protocol, choice: Choice) -> Dose:
    if choice.session_number < 1:
        raise OutsideProtocol(f"Sessions count from 1 (got {choice.session_number}).")
    dose = protocol.dose_at(choice.session_number)
    if dose is None:
        why = protocol.why_no_dose.text if protocol.why_no_dose else ""
        raise NotAvailable(f"{protocol.id} has no dose to propose. {why}")
    return dose


def _amount(protocol: Protocol, dose: Dose, choice: Choice) -> Decimal:
    if choice.amount is None:
        return dose.figure.value
    unit = dose.figure.unit
    amount = slips.measure(choice.amount, "dose", unit)
    if dose.allows(amount):
        return amount
    slips.beside(amount, dose.figure.value, name="dose", unit=unit)
    if len(dose.steps) > 1 or (not dose.steps and dose.low < dose.high):
        allowed = _allowed(dose)
    else:
        allowed = f"{show(dose.figure.value)} {unit}"
    raise OutsideProtocol(
        f"{protocol.id} gives {allowed} at session {choice.session_number}, not {show(amount)} "
        f"{unit}. Choose from these or another protocol."
    )


def _allowed(dose: Dose) -> str:
    unit = dose.figure.unit
    if dose.steps:
        return f"{' or '.join(show(step) for step in dose.steps)} {unit}"
    return f"{show(dose.low)} to {show(dose.high)} {unit}"


def _duration(protocol: Protocol, choice: Choice) -> Decimal | None:
    seen = protocol.duration
    fixed = seen.figure.value if seen and seen.figure else None
    if choice.duration_min is None:
        return fixed
    minutes = slips.within(choice.duration_min, "duration_min", "duration")
    if seen is None:
        raise OutsideProtocol(f"{protocol.id} is titrated and has no fixed duration: leave it out.")
    if minutes < seen.low_min or (seen.high_min is not None and minutes > seen.high_min):
        most = f" to {show(seen.high_min)}" if seen.high_min is not None else " or more"
        span = show(seen.low_min) + most if fixed is None else show(fixed)
        raise OutsideProtocol(f"{protocol.id} runs {span} min, not {show(minutes)} min.")
    return minutes


def _about_age(protocol: Protocol, body: Body) -> list[str]:
    older = rule("ketamine", "older_from").value
    if body.age_years is None:
        return [f"Age not given: {protocol.id} is for {protocol.age_from} years and over."]
    age = slips.age(body.age_years)
    if age < protocol.age_from:
        raise OutsideProtocol(
            f"{protocol.id} is for {protocol.age_from} years and over (got {show(age)}): "
            "no dose is proposed."
        )
    if age < older or protocol.age_from >= older:
        return []
    if protocol.route is Route.NASAL:
        return ["At 65 or over the EU, UK and Hong Kong labels start at 28 mg: see ESK-TRD-65."]
    return ["At 65 or over blood pressure rises more (S34): consider a lower first dose."]


def _about_choice(dose: Dose, choice: Choice) -> list[str]:
    most = max(dose.steps) if dose.steps else dose.high
    least = min(dose.steps) if dose.steps else dose.low
    found = []
    if choice.amount is None and dose.figure.value == least < most:
        found.append(f"The sources give {_allowed(dose)}; the lowest is proposed.")
    if dose.titrated:
        found.append(
            "A starting rate: titrated while it runs, so the total is not known beforehand."
        )
    return found


def _by_device(
    protocol: Protocol, dose: Dose, amount: Decimal, warnings: Iterable[str]
) -> Proposal:
    device = rule("ketamine", "device")
    devices = int(amount / device.value)
    return Proposal(
        protocol=protocol.id,
        version=protocol.version.isoformat(),
        amount=amount,
        amount_unit=dose.figure.unit,
        dose_mg=amount,
        dosing_weight_kg=None,
        weight_basis=None,
        weight_rule="",
        duration_min=None,
        rate_mg_min=None,
        rate_mg_h=None,
        formula=f"{devices} × {show(device.value)} mg = {show(amount)} mg",
        warnings=tuple(warnings),
        sources=_once(dose.figure.sources, device.sources),
        devices=devices,
        rounding="",
    )


def _infuse(order: _Order, warnings: Iterable[str], caps: ClinicCaps | None) -> Proposal:
    total: Decimal | None = None
    if order.duration_min is not None and not order.dose.titrated:
        total, formula, lowest = _total(order, order.duration_min, caps)
        rates = _rates(total, order.duration_min)
    else:
        rate_mg_h, formula, lowest = _running(order, caps)
        rates = _rates(rate_mg_h, units.MINUTES_PER_HOUR)
    seen = order.protocol.duration
    return Proposal(
        protocol=order.protocol.id,
        version=order.protocol.version.isoformat(),
        amount=order.amount,
        amount_unit=order.dose.figure.unit,
        dose_mg=total,
        dosing_weight_kg=order.weight.kg if order.weight else None,
        weight_basis=order.weight.basis if order.weight else None,
        weight_rule=order.weight.rule if order.weight else "",
        duration_min=order.duration_min,
        rate_mg_min=rates[0],
        rate_mg_h=rates[1],
        formula=formula,
        warnings=(*warnings, *_doubts(order, lowest)),
        sources=_once(
            order.dose.figure.sources,
            seen.sources if seen else (),
            order.weight.sources if order.weight else (),
            lowest.sources if lowest else (),
        ),
    )


def _total(
    order: _Order, minutes: Decimal, caps: ClinicCaps | None
) -> tuple[Decimal, str, Ceiling | None]:
    formula, wanted = order.formula, order.amount * order.kg
    if order.dose.figure.unit == "mg/kg/h":
        wanted = wanted * minutes / units.MINUTES_PER_HOUR
        formula += f" × {show(minutes)} min / 60 min/h = {show(wanted)} mg"
    else:
        formula += f" = {show(wanted)} mg, over {show(minutes)} min"
    ceilings = [
        replace(each, value=each.value * minutes / units.MINUTES_PER_HOUR)
        for each in limits.rate_ceilings(order.protocol.caps, kg=order.kg, caps=caps)
    ]
    lowest = limits.lowest(
        wanted, [*ceilings, *limits.session_ceilings(order.protocol.caps, caps=caps)]
    )
    total = (lowest.value if lowest else wanted).quantize(_MG, rounding=ROUND_DOWN)
    if total <= 0:
        raise CapReached(f"Nothing may be given: {lowest.words if lowest else 'the dose is nil'}.")
    if lowest:
        formula += f", lowered to {show(total)} mg by {lowest.words}"
    elif total != wanted:
        formula += f", rounded down to {show(total)} mg"
    return total, formula, lowest


def _running(order: _Order, caps: ClinicCaps | None) -> tuple[Decimal, str, Ceiling | None]:
    wanted = order.amount * order.kg
    lowest = limits.lowest(
        wanted, limits.rate_ceilings(order.protocol.caps, kg=order.kg, caps=caps)
    )
    rate_mg_h = (lowest.value if lowest else wanted).quantize(_MG_H, rounding=ROUND_DOWN)
    formula = order.formula + (f" = {show(wanted)} mg/h" if order.weight else "")
    if lowest:
        formula += f", lowered to {show(rate_mg_h)} mg/h by {lowest.words}"
    return rate_mg_h, formula, lowest


def _rates(mg: Decimal, minutes: Decimal) -> tuple[Decimal, Decimal]:
    return (
        (mg / minutes).quantize(_MG_MIN, rounding=ROUND_DOWN),
        (units.mg_per_h(mg) / minutes).quantize(_MG_H, rounding=ROUND_DOWN),
    )


def _doubts(order: _Order, lowest: Ceiling | None) -> list[str]:
    found = []
    if lowest:
        found.append(f"Lowered by {lowest.words}.")
    if order.weight and order.weight.rule == "DW-2":
        found.append(order.weight.why)
    if order.weight and order.weight.basis is Basis.ENTERED:
        found.append("The dosing weight was entered by the prescriber.")
    seen = order.protocol.duration
    if order.duration_min is None and seen is not None:
        found.append("The sources leave the duration open: the prescriber chooses it.")
    if seen and seen.figure and not seen.figure.verified:
        found.append(
            f"The duration of {show(seen.figure.value)} min is from memory, not verified: check it."
        )
    return found


def _drawn(proposal: Proposal, preparation: Preparation) -> Proposal:
    drawn = preparing.draw(
        proposal.dose_mg, duration_min=proposal.duration_min, preparation=preparation
    )
    return replace(
        proposal,
        strength_mg_ml=drawn.strength_mg_ml,
        volume_ml=drawn.volume_ml,
        bag_ml=drawn.bag_ml,
        pump_ml_h=drawn.pump_ml_h,
        dilution=drawn.dilution,
        warnings=(*proposal.warnings, *drawn.warnings),
        sources=_once(proposal.sources, drawn.sources),
    )


def _once(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for group in groups for key in group))
