"""Which weight a dose is reckoned from: total, ideal or adjusted, and the rule that chose it."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from ketaflow import units
from ketaflow.people.chart import Sex
from ketaflow.protocol import slips
from ketaflow.protocol.figures import rule, show
from ketaflow.refusals import OutsideEnvelope

_STEP_KG = Decimal("0.1")


class Basis(StrEnum):
    """What the dosing weight is."""

    TOTAL = "TOTAL"
    IDEAL = "IDEAL"
    ADJUSTED = "ADJUSTED"
    ENTERED = "ENTERED"


@dataclass(frozen=True)
class Body:
    """What is known of the person's body; the weight before serves to find slips."""

    weight_kg: Decimal | None
    height_cm: Decimal | None = None
    sex: Sex | None = None
    age_years: Decimal | None = None
    previous_weight_kg: Decimal | None = None


@dataclass(frozen=True)
class DosingWeight:
    """The weight a dose is reckoned from, the rule that chose it and what else is on offer."""

    kg: Decimal
    basis: Basis
    rule: str
    why: str
    offered: tuple[tuple[Basis, Decimal], ...]
    sources: tuple[str, ...]


class NoDosingWeight(OutsideEnvelope):
    """The weight asked for cannot be reckoned; the message says what is needed."""


def bmi(body: Body) -> Decimal | None:
    """Body mass index, kg/m2, or None without weight or height."""
    if body.weight_kg is None or body.height_cm is None:
        return None
    return body.weight_kg / (body.height_cm / 100) ** 2


def ideal_kg(height_cm: Decimal, sex: Sex | None) -> Decimal:
    """Ideal weight after Devine, rounded down to 0.1 kg.

    Args:
        height_cm: at least 60 inches (152.4 cm).
        sex: female or male; the formula knows no other.

    Raises:
        NoDosingWeight: the person is shorter, or the sex is not one the formula knows.

    Source:
        From memory, not verified.

    Example:
        >>> ideal_kg(Decimal("177.8"), Sex.MALE)
        Decimal('73.0')
    """
    over = units.inches(height_cm) - rule("weight", "formula_from").value
    if over < 0:
        raise NoDosingWeight(
            f"Ideal weight is defined from 60 in (152.4 cm); this person is {show(height_cm)} cm: "
            "the prescriber enters the dosing weight."
        )
    if sex not in (Sex.FEMALE, Sex.MALE):
        raise NoDosingWeight(
            "Ideal weight is defined for female and male: the prescriber enters the dosing weight."
        )
    start = rule("weight", f"ideal_{sex}").value
    return _down(start + rule("weight", "ideal_per_inch").value * over)


def adjusted_kg(weight_kg: Decimal, ideal: Decimal) -> Decimal:
    """Ideal weight plus two fifths of what lies above it, rounded down to 0.1 kg."""
    return _down(ideal + rule("weight", "adjusted_share").value * (weight_kg - ideal))


def choose(
    body: Body, *, basis: Basis | None = None, entered_kg: Decimal | None = None
) -> DosingWeight:
    """The dosing weight: the measured one, unless the prescriber chose another.

    From a body mass index of 30 the ideal and adjusted weights are offered, never imposed.

    Raises:
        NoDosingWeight: what the chosen weight needs is missing or outside its formula.
        Slip: a number cannot be meant as written.
    """
    if body.weight_kg is None:
        raise NoDosingWeight("This protocol doses by weight: weigh the person and enter kilograms.")
    total = slips.weight(
        body.weight_kg, height_cm=body.height_cm, previous_kg=body.previous_weight_kg
    )
    if entered_kg is not None or basis is Basis.ENTERED:
        return _entered(entered_kg, total)
    if basis in (Basis.IDEAL, Basis.ADJUSTED):
        return _by_formula(body, total, basis)
    offered, why = _offers(body, total)
    chosen = basis is Basis.TOTAL and bool(offered)
    rule_id = "DW-2" if offered else "DW-1"
    said = "The prescriber chose the measured weight." if chosen else why
    return DosingWeight(
        total, Basis.TOTAL, rule_id, said, () if chosen else offered, ("UNVERIFIED",)
    )


def _entered(entered_kg: Decimal | None, total: Decimal) -> DosingWeight:
    if entered_kg is None:
        raise NoDosingWeight(
            "The prescriber chose to enter the dosing weight: enter it in kilograms."
        )
    kg = slips.weight(entered_kg)
    slips.beside(kg, total, name="dosing weight", unit="kg")
    if kg > total:
        raise NoDosingWeight(
            f"A dosing weight of {show(kg)} kg is above the measured {show(total)} kg: enter less."
        )
    return DosingWeight(kg, Basis.ENTERED, "DW-3", "Entered by the prescriber.", (), ("LOCAL",))


def _by_formula(body: Body, total: Decimal, basis: Basis) -> DosingWeight:
    if body.height_cm is None:
        raise NoDosingWeight(
            f"{basis.title()} weight needs the height: measure it, in centimetres."
        )
    ideal = ideal_kg(body.height_cm, body.sex)
    kg = ideal if basis is Basis.IDEAL else adjusted_kg(total, ideal)
    if kg > total:
        raise NoDosingWeight(
            f"The {basis.lower()} weight of {show(kg)} kg is above the measured {show(total)} kg: "
            "dose by the measured weight."
        )
    why = f"The prescriber chose the {basis.lower()} weight of {show(kg)} kg (Devine)."
    return DosingWeight(kg, basis, "DW-3", why, (), ("UNVERIFIED",))


def _offers(body: Body, total: Decimal) -> tuple[tuple[tuple[Basis, Decimal], ...], str]:
    index = bmi(body)
    if index is None or index < rule("weight", "obese_from").value:
        return (), "Measured weight, the default."
    said = f"Body mass index {show(_down(index))} is 30 or more"
    try:
        assert body.height_cm is not None
        ideal = ideal_kg(body.height_cm, body.sex)
    except NoDosingWeight as reason:
        return (), f"{said}, but no other weight can be offered. {reason}"
    offers = ((Basis.IDEAL, ideal), (Basis.ADJUSTED, adjusted_kg(total, ideal)))
    words = " or ".join(f"{basis.lower()} ({show(kg)} kg)" for basis, kg in offers)
    return offers, f"{said}: measured weight is used unless the prescriber chooses {words}."


def _down(kg: Decimal) -> Decimal:
    return kg.quantize(_STEP_KG, rounding=ROUND_DOWN)
