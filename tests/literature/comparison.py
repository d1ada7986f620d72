"""What a paper printed beside what is computed here: the tests judge it, the page shows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from ketaflow.pharmacology.forecast import Subject, forecast, infusion

ADULT = Subject(weight_kg=70, age=40, sex="female")


class Judged(StrEnum):
    """What must lie within the tolerance."""

    EACH = "each value"
    MEDIAN = "the median of the errors"
    BETWEEN = "between the two"


@dataclass(frozen=True)
class Comparison:
    """Figures from a paper and the function that works them out here.

    `published` is one value or many; judged `BETWEEN` it is the lowest and the highest allowed.
    """

    what: str
    unit: str
    published: tuple[float, ...]
    computed: Callable[[], Sequence[float] | float]
    within: float = 0.0
    judged: Judged = Judged.EACH

    def __str__(self) -> str:
        return self.what

    def found(self) -> np.ndarray:
        """What is computed here, as many values as were published."""
        return np.atleast_1d(np.asarray(self.computed(), dtype=float))

    def error(self) -> float:
        """The share by which it misses: the worst, the median, or how far outside the range."""
        published, found = np.asarray(self.published), self.found()
        if self.judged is Judged.BETWEEN:
            low, high = published
            return float(max(low - found.min(), found.max() - high, 0.0))
        errors = found / published - 1.0
        worst = errors[np.abs(errors).argmax()]
        return float(np.median(np.abs(errors)) if self.judged is Judged.MEDIAN else worst)

    def agrees(self) -> bool:
        """Whether that is within the tolerance."""
        return abs(self.error()) <= self.within

    def allowed(self) -> str:
        """The tolerance in words."""
        if self.judged is Judged.BETWEEN:
            return "within the range"
        return f"{self.judged} within {100 * self.within:g} %"

    def __repr__(self) -> str:
        """Published and computed side by side, for a test that fails."""
        found = self.found()
        if self.judged is Judged.BETWEEN:
            low, high = self.published
            return f"{self.what}: allowed {low:g} to {high:g} {self.unit}, computed {found}"
        rows = [
            f"  published {p:10.4g}   computed {c:10.4g}   {100 * (c / p - 1.0):+6.1f} %"
            for p, c in zip(self.published, found, strict=True)
        ]
        return "\n".join([f"{self.what}, {self.unit}; {self.allowed()}:", *rows])


Curve = tuple[Sequence[float], Sequence[float]]
Spans = tuple[Sequence[float], Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Panel:
    """One small multiple: computed curves as lines, what was published as points and spans.

    A span is a published range at one time: times, lower ends, upper ends.
    """

    title: str
    x: str
    y: str
    lines: Mapping[str, Curve]
    points: Mapping[str, Curve] = field(default_factory=dict)
    spans: Mapping[str, Spans] = field(default_factory=dict)
    logarithmic: bool = False


@dataclass(frozen=True)
class Paper:
    """One publication: where its figures were seen, what is compared and what it looks like."""

    name: str
    sources: tuple[str, ...]
    rows: tuple[Comparison, ...]
    panels: Callable[[], Sequence[Panel]] = field(default=tuple)


def typical(drug, doses, *, route="iv", **asked):
    """Times in minutes, and the typical adult's curves by name."""
    told = {"hours": 4, "subject": ADULT, "subjects": 0, **asked}
    seen = forecast(drug=drug, route=route, doses=doses, **told)
    return seen.time_min, {one.name: one.median for one in seen.series}


def half_mg_per_kg(**asked):
    """Racemic ketamine, 35 mg over 40 min in an adult of 70 kg."""
    return typical("ketamine", infusion(35, 40), **asked)


def at(curve, minutes):
    """The curve at these minutes, on a grid of one."""
    return [curve[minute] for minute in minutes]
