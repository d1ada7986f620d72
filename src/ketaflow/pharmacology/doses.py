"""What is given: a pump programme, sprays or a solution. Checked, then pushes for the engine."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ketaflow.pharmacology.kinetics import Push
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import Copy, Input
from ketaflow.refusals import BadFile, OutsideEnvelope

MIN_PER_H = 60.0
MOST_STEPS = 500


class IllFormedProgramme(BadFile):
    """A pump programme or a list of sprays that cannot be what was meant."""


class NotADevice(OutsideEnvelope):
    """A spray that is not what the device delivers, or a dose that the route does not take."""


@dataclass(frozen=True)
class Infusion:
    """From `at_min` on the pump runs at this rate, until the next one; 0 is a pause or the end."""

    at_min: float
    rate_mg_min: float


@dataclass(frozen=True)
class NasalDose:
    """One device, emptied at `at_min`."""

    at_min: float
    mg: float


@dataclass(frozen=True)
class Swallowed:
    """A solution swallowed at `at_min`."""

    at_min: float
    mg: float


Dose = Infusion | NasalDose | Swallowed
CALLED = {Infusion: "infusion steps", NasalDose: "sprays", Swallowed: "swallowed doses"}


def infusion(dose_mg: float, over_min: float, *, at_min: float = 0.0) -> tuple[Infusion, Infusion]:
    """The programme that gives `dose_mg` evenly over `over_min`.

    Raises:
        IllFormedProgramme: a duration that is not above 0.
    """
    if not (math.isfinite(over_min) and over_min > 0):
        raise IllFormedProgramme(
            f"An infusion needs a duration above 0 min (got {over_min:g} min)."
        )
    return Infusion(at_min, dose_mg / over_min), Infusion(at_min + over_min, 0.0)


def check(doses: Sequence[Dose]) -> None:
    """Refuse a programme that is empty, mixed, backwards, overlapping or never ends.

    Raises:
        IllFormedProgramme: in one sentence, which step and why.
    """
    if not doses:
        raise IllFormedProgramme("There is no dose: give at least one infusion step or spray.")
    if len(doses) > MOST_STEPS:
        raise IllFormedProgramme(f"A session has at most {MOST_STEPS} steps (got {len(doses)}).")
    kinds = {type(dose) for dose in doses}
    if len(kinds) > 1:
        both = " or ".join(called for kind, called in CALLED.items() if kind in kinds)
        raise IllFormedProgramme(f"A forecast takes {both}, not both.")
    for number, dose in enumerate(doses, start=1):
        amount, unit = amount_of(dose)
        if not (math.isfinite(dose.at_min) and dose.at_min >= 0):
            raise IllFormedProgramme(
                f"Step {number} starts at {dose.at_min:g} min; it must be 0 or later."
            )
        if not (math.isfinite(amount) and amount >= 0):
            raise IllFormedProgramme(
                f"Step {number} gives {amount:g} {unit}; it must be 0 or more."
            )
    in_order(doses)
    last = doses[-1]
    if isinstance(last, Infusion) and last.rate_mg_min > 0:
        raise IllFormedProgramme(
            f"The pump programme never ends: its last step, at {last.at_min:g} min, still runs at "
            f"{last.rate_mg_min:g} mg/min. End it with a rate of 0."
        )


def suit(doses: Sequence[Dose], entry: Input, route: str) -> None:
    """Refuse a spray where a pump belongs, a pump where a spray belongs, and so on.

    Raises:
        NotADevice: naming the route.
    """
    taken = NasalDose if entry.device_mg else Swallowed if entry.over else Infusion
    if not isinstance(doses[0], taken):
        raise NotADevice(
            f"{CALLED[type(doses[0])].capitalize()} cannot be given by the {route} route: "
            f"list {CALLED[taken]} instead."
        )


def amount_of(dose: Dose) -> tuple[float, str]:
    """How much one step gives, and its unit."""
    return (dose.rate_mg_min, "mg/min") if isinstance(dose, Infusion) else (dose.mg, "mg")


def in_order(doses: Sequence[Dose]) -> None:
    """Refuse steps that run backwards, or two pump rates at one moment.

    Raises:
        IllFormedProgramme: naming the two steps.
    """
    for number, (dose, following) in enumerate(pairwise(doses), start=2):
        if following.at_min < dose.at_min:
            raise IllFormedProgramme(
                f"Step {number} at {following.at_min:g} min comes before the step it follows, at "
                f"{dose.at_min:g} min. Put the steps in order of time."
            )
        if following.at_min == dose.at_min and isinstance(dose, Infusion):
            raise IllFormedProgramme(
                f"Two pump rates overlap at {dose.at_min:g} min. Keep one of them."
            )


def total_mg(doses: Sequence[Dose]) -> float:
    """All that the programme gives."""
    if not isinstance(doses[0], Infusion):
        return sum(amount_of(dose)[0] for dose in doses)
    return sum(
        amount_of(dose)[0] * (following.at_min - dose.at_min) for dose, following in pairwise(doses)
    )


def fastest_mg_min(doses: Sequence[Dose]) -> float:
    """The highest pump rate; 0 for sprays."""
    return max((dose.rate_mg_min for dose in doses if isinstance(dose, Infusion)), default=0.0)


def pushes(
    doses: Sequence[Dose],
    entry: Input,
    copy: Copy,
    values: Mapping[str, FloatArray],
    states: Mapping[str, int],
) -> Iterator[Push]:
    """What each dose adds to the engine's state, for one copy of the structure.

    Args:
        doses: checked.
        entry: where this route leads.
        copy: the enantiomer, for its share.
        values: parameters, for what a spray delivers by the nose.
        states: compartment names, and "pump", to state numbers.

    Raises:
        NotADevice: a spray that is not the device's content.
    """
    ones = next(iter(values.values())) * 0.0 + copy.share
    rate = 0.0
    for number, dose in enumerate(doses):
        at_h = dose.at_min / MIN_PER_H
        if isinstance(dose, Infusion):
            yield Push(at_h, states["pump"], (dose.rate_mg_min - rate) * MIN_PER_H * ones)
            rate = dose.rate_mg_min
        elif isinstance(dose, Swallowed):
            yield from evenly(
                at_h,
                dose.mg * values[entry.available] * copy.share,
                values[entry.over],
                states["pump"],
            )
        else:
            yield from spray(dose, number, entry, values, states)


def spray(
    dose: NasalDose,
    number: int,
    entry: Input,
    values: Mapping[str, FloatArray],
    states: Mapping[str, int],
) -> Iterator[Push]:
    """One device: a fraction waits in the nose, the rest is swallowed evenly over a while."""
    if dose.mg != entry.device_mg:
        raise NotADevice(
            f"The spray device gives {entry.device_mg:g} mg, not {dose.mg:g} mg. "
            f"List one dose of {entry.device_mg:g} mg for each device."
        )
    at_h = dose.at_min / MIN_PER_H
    by_nose = values[entry.fraction] * (values[entry.later_device] if number else 1.0)
    swallowed = dose.mg * (1.0 - by_nose) * values[entry.rest_available]
    yield Push(at_h, states[entry.into], dose.mg * by_nose)
    yield from evenly(at_h, swallowed, values[entry.rest_over], states["pump"])


def evenly(at_h: float, mg: FloatArray, over_h: FloatArray, pump: int) -> Iterator[Push]:
    """`mg` of each person reaching the gut at an even rate; how long is the same for all."""
    yield Push(at_h, pump, mg / over_h)
    yield Push(at_h + float(over_h[0]), pump, -mg / over_h)
