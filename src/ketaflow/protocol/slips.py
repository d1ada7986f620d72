"""Slips of the hand, found and named before anything starts: a zero too many, mL for mg."""

from collections.abc import Callable
from decimal import Decimal

from ketaflow import units
from ketaflow.protocol.figures import Range, plausible, rule, show
from ketaflow.refusals import OutsideEnvelope

# A point left out moves a number by ten; milligrams taken for micrograms, by a thousand.
_POWERS = (
    Decimal(10),
    Decimal("0.1"),
    Decimal(100),
    Decimal("0.01"),
    Decimal(1000),
    Decimal("0.001"),
)
_CLOSE = Decimal("0.02")
_NEAR = Decimal("0.25")


class Slip(OutsideEnvelope):
    """A number cannot be meant as written; the message asks for what was probably meant."""


def measure(value: Decimal, name: str, unit: str) -> Decimal:
    """`value` if it is a finite number above zero.

    Raises:
        Slip: it is not a number, infinite, negative, zero or absurd.
    """
    if not value.is_finite():
        raise Slip(f"The {name} must be a finite number of {unit} (got {value}). Enter it again.")
    if value <= 0 or not -6 < value.adjusted() < 9:
        raise Slip(
            f"The {name} must be a plausible number above 0 {unit} (got {show(value)} {unit})."
        )
    return value


def tenfold(given: Decimal, expected: Decimal) -> Decimal | None:
    """What `given` was probably meant to be: a power of ten off, between half and twice `expected`.

    >>> tenfold(Decimal(400), Decimal(40))
    Decimal('40')
    """
    for power in _POWERS:
        meant = given / power
        if expected < 2 * meant and meant < 2 * expected:
            return meant
    return None


def weight(
    weight_kg: Decimal, *, height_cm: Decimal | None = None, previous_kg: Decimal | None = None
) -> Decimal:
    """`weight_kg` if an adult can weigh that, beside the height and the weight before.

    Raises:
        Slip: the message names a tenfold slip, or pounds for kilograms, where it is one.
    """
    kg = measure(weight_kg, "weight", "kg")
    people = plausible("weight_kg")
    if not people.holds(kg):
        raise Slip(_outside("weight", kg, people, _guess(kg, people.holds)))
    if previous_kg is not None:
        _beside_previous(kg, weight(previous_kg))
    if height_cm is not None:
        _beside_height(kg, height(height_cm))
    return kg


def height(height_cm: Decimal) -> Decimal:
    """`height_cm` if an adult can be that tall.

    Raises:
        Slip: the message names metres or inches for centimetres, or a tenfold slip.
    """
    cm = measure(height_cm, "height", "cm")
    people = plausible("height_cm")
    if people.holds(cm):
        return cm
    inches_meant = cm * units.CM_PER_INCH
    if people.holds(inches_meant):
        meant = f"Is {show(cm)} in inches, {show(round(inches_meant, 0))} cm?"
        raise Slip(f"A height of {show(cm)} cm is outside {_words(people)}. {meant}")
    raise Slip(_outside("height", cm, people, _guess(cm, people.holds)))


def age(age_years: Decimal) -> Decimal:
    """`age_years` if a person can be that old.

    Raises:
        Slip: it is negative, above the plausible, or no number.
    """
    people = plausible("age_years")
    if not age_years.is_finite() or not people.holds(age_years):
        raise Slip(
            f"An age of {age_years} years is outside {_words(people)}. Check the date of birth."
        )
    return age_years


def within(value: Decimal, key: str, name: str) -> Decimal:
    """`value` if it lies in the plausible range `key`.

    Raises:
        Slip: it does not; the message names a tenfold slip where it is one.
    """
    seen = plausible(key)
    given = measure(value, name, seen.unit)
    if not seen.holds(given):
        raise Slip(_outside(name, given, seen, _guess(given, seen.holds)))
    return given


def strength(strength_mg_ml: Decimal, *, ordered_mg_ml: Decimal | None = None) -> Decimal:
    """`strength_mg_ml` if ketamine comes so, and as ordered when an order is given.

    Raises:
        Slip: no vial has it, or the vial in hand is not the one ordered.
    """
    given = measure(strength_mg_ml, "strength", "mg/mL")
    vials = strengths()
    if given not in vials:
        words = ", ".join(show(vial) for vial in vials)
        meant = _guess(given, lambda vial: vial in vials)
        ask = f" Is {show(given)} mg/mL meant to be {show(meant)} mg/mL?" if meant else ""
        raise Slip(f"Ketamine comes as {words} mg/mL, not {show(given)} mg/mL.{ask}")
    if ordered_mg_ml is not None and given != ordered_mg_ml:
        times = show(max(given, ordered_mg_ml) / min(given, ordered_mg_ml))
        raise Slip(
            f"The vial holds {show(given)} mg/mL, the order says {show(ordered_mg_ml)} mg/mL: "
            f"{times} times apart. Take the ordered vial or have the order changed."
        )
    return given


def strengths() -> tuple[Decimal, ...]:
    """The strengths ketamine is sold in, mg/mL."""
    return tuple(rule("ketamine", f"strength_{which}").value for which in ("low", "middle", "high"))


def dose(dose_mg: Decimal, *, proposed_mg: Decimal, volume_ml: Decimal | None = None) -> Decimal:
    """`dose_mg` unless it is a slip against the proposal.

    Raises:
        Slip: tenfold, or the volume in mL entered as mg.
    """
    given = measure(dose_mg, "dose", "mg")
    if volume_ml is not None and given != proposed_mg and given == volume_ml:
        raise Slip(
            f"{show(given)} is the volume in mL; the dose is {show(proposed_mg)} mg. Which is it?"
        )
    return beside(given, proposed_mg, name="dose", unit="mg")


def rate(rate_mg_h: Decimal, *, proposed_mg_h: Decimal) -> Decimal:
    """`rate_mg_h` unless it is a slip against the proposal or the rate before.

    Raises:
        Slip: tenfold, or mg/min taken for mg/h.
    """
    given = measure(rate_mg_h, "rate", "mg/h")
    for swapped, unit in ((units.mg_per_h(given), "mg/min"), (given / units.MINUTES_PER_HOUR, "")):
        if given != proposed_mg_h and abs(swapped - proposed_mg_h) <= _CLOSE * proposed_mg_h:
            meant = f"{show(given)} {unit}" if unit else f"{show(round(swapped, 4))} mg/h"
            raise Slip(
                f"A rate of {show(given)} mg/h beside {show(proposed_mg_h)} mg/h is 60 times off: "
                f"minutes taken for hours. Is {meant} meant?"
            )
    return beside(given, proposed_mg_h, name="rate", unit="mg/h")


def beside(given: Decimal, expected: Decimal, *, name: str, unit: str) -> Decimal:
    """`given` unless it is a power of ten away from `expected`.

    Raises:
        Slip: the message asks whether the other was meant.
    """
    meant = tenfold(measure(given, name, unit), expected)
    if meant is not None:
        raise Slip(
            f"A {name} of {show(given)} {unit} is about {_times(given, meant)} the expected "
            f"{show(expected)} {unit}. Is {show(given)} {unit} meant to be {show(meant)} {unit}?"
        )
    return given


def _beside_previous(kg: Decimal, previous_kg: Decimal) -> None:
    for meant, words in (
        (kg / 10, f"{show(kg / 10)} kg"),
        (kg * 10, f"{show(kg * 10)} kg"),
        (units.kilograms(kg), f"{show(kg)} lb ({show(round(units.kilograms(kg), 1))} kg)"),
    ):
        # Someone who gained or lost a little since is nearer to the old weight than to the slip.
        if abs(meant - previous_kg) <= _NEAR * previous_kg < abs(kg - previous_kg):
            raise Slip(
                f"A weight of {show(kg)} kg does not go with {show(previous_kg)} kg before. "
                f"Is {show(kg)} kg meant to be {words}? Correct the weight that is wrong."
            )


def _beside_height(kg: Decimal, cm: Decimal) -> None:
    def bmi(weight_kg: Decimal) -> Decimal:
        return weight_kg / (cm / 100) ** 2

    people = plausible("bmi")
    if people.holds(bmi(kg)):
        return
    weights = plausible("weight_kg")
    meant = _guess(kg, lambda other: weights.holds(other) and people.holds(bmi(other)))
    ask = f"Is {show(kg)} kg meant to be {show(meant)} kg?" if meant else "Measure both again."
    raise Slip(
        f"{show(kg)} kg at {show(cm)} cm is a body mass index of {show(round(bmi(kg), 1))}, "
        f"outside {_words(people)}. {ask}"
    )


def _guess(given: Decimal, fits: Callable[[Decimal], bool]) -> Decimal | None:
    return next((given / power for power in _POWERS if fits(given / power)), None)


def _outside(name: str, given: Decimal, seen: Range, meant: Decimal | None) -> str:
    ask = (
        f"Is {show(given)} {seen.unit} meant to be {show(meant)} {seen.unit}?"
        if meant
        else "Enter it again."
    )
    return f"A {name} of {show(given)} {seen.unit} is outside {_words(seen)}. {ask}"


def _words(seen: Range) -> str:
    return f"{show(seen.low)} to {show(seen.high)} {seen.unit}"


def _times(given: Decimal, meant: Decimal) -> str:
    ratio = given / meant
    return f"{show(ratio)} times" if ratio > 1 else f"1/{show(1 / ratio)} of"
