"""Is this within what the model was made for? And is it a number anyone means?"""

import math
from collections.abc import Iterator, Sequence

from ketaflow.pharmacology import library
from ketaflow.pharmacology.doses import MIN_PER_H, Dose, fastest_mg_min, total_mg
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.structure import KineticModel, Limit
from ketaflow.refusals import OutsideEnvelope


class Implausible(OutsideEnvelope):
    """A number that nobody means, most often a slip of the decimal point or of the unit."""


class OutsideModel(OutsideEnvelope):
    """The patient or the dose lies outside the population a model came from."""


def insist_on_plausible(subject: Subject, doses: Sequence[Dose]) -> None:
    """Refuse a weight, age, rate or dose that nobody means.

    Raises:
        Implausible: with the bounds, and the value a tenfold slip would have come from.
    """
    plausible = library.plausible()
    grown = inside(plausible["adult"], subject.age)
    asked = {
        ("weight" if grown else "child-weight"): subject.weight_kg,
        "age": subject.age,
        "rate": fastest_mg_min(doses),
        "dose": total_mg(doses),
    }
    for of, value in asked.items():
        bound = plausible[of]
        if not math.isfinite(value):
            raise Implausible(f"{bound.said} must be a number (got {value:g}).")
        if not inside(bound, value):
            raise Implausible(
                f"{bound.said} is {described(bound)}, not {value:g} {bound.unit}."
                f"{slip(bound, value)} Correct it."
            )


def outside(
    model: KineticModel, subject: Subject, doses: Sequence[Dose], *, route: str
) -> Iterator[str]:
    """One sentence for each side on which the patient or the dose lies outside `model`.

    Raises:
        OutsideModel: beyond a firm limit, where nobody may extrapolate.
    """
    for limit in model.envelope:
        if limit.route not in ("", route):
            continue
        value = measured(limit, subject, doses)
        if not inside(limit, value):
            said = (
                f"Model {model.id} was made for {limit.of} {described(limit)} ({limit.said}), "
                f"not {value:.3g} {limit.unit}.{slip(limit, value)}"
            )
            if limit.firm:
                raise OutsideModel(f"{said} It is never extrapolated: take another model.")
            yield said


def measured(limit: Limit, subject: Subject, doses: Sequence[Dose]) -> float:
    """The value that `limit` speaks of, in its unit; an age in years completed."""
    if limit.of == "age":
        return math.floor(subject.age)
    if limit.of == "weight":
        return subject.weight_kg
    amount = total_mg(doses) if limit.of == "dose" else fastest_mg_min(doses) * MIN_PER_H
    return amount / subject.weight_kg if limit.unit.startswith("mg/kg") else amount


def inside(limit: Limit, value: float) -> bool:
    """Whether `value` is within the sides that are known; equal but for rounding is inside."""
    low = -math.inf if limit.low is None else limit.low
    high = math.inf if limit.high is None else limit.high
    return low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


def slip(limit: Limit, value: float) -> str:
    """The tenfold slip `value` may come from, as a question; nothing when it is near the limit."""
    # An age that somebody can have is no slip, however far it lies from a model's.
    lived = limit.of == "age" and inside(library.plausible()["age"], value)
    if lived or value <= 0:
        return ""
    far = [value / 10] if limit.high is not None and value >= 2 * limit.high else []
    far += [value * 10] if limit.low is not None and value <= limit.low / 2 else []
    return "".join(
        f" A tenfold slip for {meant:.3g} {limit.unit}?" for meant in far if inside(limit, meant)
    )


def described(limit: Limit) -> str:
    """The limit in words."""
    if limit.low is None:
        return f"up to {limit.high:g} {limit.unit}"
    if limit.high is None:
        return f"from {limit.low:g} {limit.unit}"
    return f"{limit.low:g} to {limit.high:g} {limit.unit}"
