"""From milligrams to what is drawn up: the volume of the vial, the bag, and the pump in mL/h."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from ketaflow import units
from ketaflow.protocol import slips
from ketaflow.protocol.figures import rule, show
from ketaflow.refusals import OutsideEnvelope

_ML, _ML_H, _MG_ML = Decimal("0.01"), Decimal("0.1"), Decimal("0.001")


@dataclass(frozen=True)
class Preparation:
    """The vial in hand, and the volume of the bag once the drug is in it."""

    strength_mg_ml: Decimal | None = None
    bag_ml: Decimal | None = None


@dataclass(frozen=True)
class Drawn:
    """What to draw, into what, and how fast the pump runs; what is not known is None."""

    strength_mg_ml: Decimal | None
    volume_ml: Decimal | None
    bag_ml: Decimal | None
    pump_ml_h: Decimal | None
    dilution: str
    warnings: tuple[str, ...]
    sources: tuple[str, ...]


class CannotPrepare(OutsideEnvelope):
    """The vial or the bag does not go with the dose."""


def draw(
    dose_mg: Decimal | None, *, duration_min: Decimal | None, preparation: Preparation
) -> Drawn:
    """What `preparation` needs for `dose_mg` over `duration_min`, rounded down.

    Raises:
        CannotPrepare: the dose is too small for the vial, or the bag for the dose.
        Slip: no vial has that strength, or no bag that volume.
    """
    strength, bag_ml = preparation.strength_mg_ml, preparation.bag_ml
    if strength is not None:
        strength = slips.strength(strength)
    if bag_ml is not None:
        bag_ml = slips.within(bag_ml, "infusion_ml", "bag volume")
    volume_ml = _volume(dose_mg, strength)
    return Drawn(
        strength_mg_ml=strength,
        volume_ml=volume_ml,
        bag_ml=bag_ml,
        pump_ml_h=_pump(dose_mg, duration_min, bag_ml),
        dilution=_dilution(strength, volume_ml, bag_ml),
        warnings=tuple(_warnings(strength, volume_ml, bag_ml)),
        sources=rule("ketamine", "dilute_from").sources if strength is not None else (),
    )


def _volume(dose_mg: Decimal | None, strength: Decimal | None) -> Decimal | None:
    if dose_mg is None or strength is None:
        return None
    volume = (dose_mg / strength).quantize(_ML, rounding=ROUND_DOWN)
    if volume <= 0:
        raise CannotPrepare(
            f"{show(dose_mg)} mg is too little to draw from {show(strength)} mg/mL: "
            "take a weaker vial."
        )
    return volume


def _pump(
    dose_mg: Decimal | None, duration_min: Decimal | None, bag_ml: Decimal | None
) -> Decimal | None:
    if dose_mg is None or duration_min is None or bag_ml is None:
        return None
    hourly = bag_ml * units.MINUTES_PER_HOUR / duration_min
    return hourly.quantize(_ML_H, rounding=ROUND_DOWN)


def _dilution(strength: Decimal | None, volume_ml: Decimal | None, bag_ml: Decimal | None) -> str:
    if strength is None or volume_ml is None or bag_ml is None:
        return ""
    if bag_ml <= volume_ml:
        raise CannotPrepare(
            f"A bag of {show(bag_ml)} mL cannot hold {show(volume_ml)} mL of drug and a diluent: "
            "take a larger bag."
        )
    level = (volume_ml * strength / bag_ml).quantize(_MG_ML, rounding=ROUND_DOWN)
    return (
        f"{show(volume_ml)} mL of {show(strength)} mg/mL made up to {show(bag_ml)} mL "
        f"is {show(level)} mg/mL."
    )


def _warnings(
    strength: Decimal | None, volume_ml: Decimal | None, bag_ml: Decimal | None
) -> Iterator[str]:
    if strength is None:
        return
    if strength >= rule("ketamine", "dilute_from").value and bag_ml is None:
        yield (
            f"{show(strength)} mg/mL must be diluted before intravenous use (S38): "
            "give the volume of the bag."
        )
    if volume_ml is None:
        yield "The total is open, so no volume is proposed: make up the bag by its concentration."
