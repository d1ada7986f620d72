"""Published trials asked of the response model, for the calibration and the literature tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from ketaflow import tables
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.quantities import quantity
from ketaflow.pharmacology.response import judging
from ketaflow.pharmacology.response.course import Course, scores
from ketaflow.pharmacology.response.judging import BoolArray
from ketaflow.pharmacology.response.model import PACKAGE, Judged, ResponseModel, number
from ketaflow.pharmacology.response.people import Draw, people

PER_CENT = 100.0
TRIALS = 500
NEVER = np.inf


@dataclass(frozen=True)
class Target:
    """One published figure, and the course that a trial put people through to find it.

    Attributes:
        day: of the first infusion's count, when the score is taken.
        from_day: what a change is counted from.
        visits: days between visits after `day`, in turn; empty when relapse is not asked for.
        baseline: mean score before treatment, points.
        published: the figure; per cent, points or days.
        sd: spread between people, where it was printed.
        count: people in that arm.
    """

    id: str
    said: str
    course: Course
    day: float
    from_day: float
    visits: tuple[float, ...]
    baseline: float
    measure: str
    published: float
    unit: str
    sources: tuple[str, ...]
    sd: float | None
    count: int
    fitted: bool


@dataclass(frozen=True)
class Found:
    """What the model says: with many people, and the 95 % range of trials of the published size."""

    value: float
    low: float
    high: float

    def holds(self, published: float) -> bool:
        """Whether a trial of that size could well have found what was published."""
        return self.low <= published <= self.high


@cache
def targets() -> tuple[Target, ...]:
    """Every published figure that the model is held against."""
    ((_, table),) = tables.read(PACKAGE, "targets")
    return tuple(target(row) for row in table["target"])


def target(row: Mapping[str, Any]) -> Target:
    """One figure as written, with its source."""
    published = quantity(row["published"], row["id"])
    written = str(row["published"]["unit"])
    day, visits = float(row["day"]), tuple(float(gap) for gap in row.get("visits", ()))
    later = judging.visit_days(day, row.get("until", day), visits) if visits else ()
    from_day = float(row.get("from", 0))
    return Target(
        id=row["id"],
        said=row["said"],
        course=Course(
            sessions_d=tuple(float(each) for each in row["sessions"]),
            read_d=tuple(sorted({from_day, day, *later})),
            setting=row["setting"],
            held_until_d=float(row.get("held_until", 0)),
            antidepressant=bool(row.get("antidepressant", False)),
        ),
        day=day,
        from_day=from_day,
        visits=later,
        baseline=float(row.get("baseline", 0)),
        measure=row["measure"],
        published=number(row["published"], row["id"]) * (PER_CENT if written == "%" else 1.0),
        unit=written,
        sources=published.source,
        sd=float(row["sd"]) if "sd" in row else None,
        count=int(row["people"]),
        fitted=bool(row["fitted"]),
    )


@dataclass(frozen=True)
class Seen:
    """Scores of many virtual people in one published arm, and their days."""

    target: Target
    scores: FloatArray
    baseline: FloatArray
    judged: Judged

    def on(self, day: float) -> FloatArray:
        """Scores of one day, shape `(n, 1)`."""
        return self.scores[:, [self.target.course.read_d.index(day)]]

    def relapse_d(self) -> FloatArray:
        """Days from the last score of the course to a confirmed relapse; infinite where none."""
        places = [self.target.course.read_d.index(day) for day in self.target.visits]
        after = np.array([*(day - self.target.day for day in self.target.visits), NEVER])
        return np.asarray(after[judging.relapse_places(self.scores[:, places], self.judged)])


def change(seen: Seen) -> FloatArray:
    """Fall or rise from the day it is counted from; from baseline when that is day 0."""
    before = seen.baseline if seen.target.from_day == 0 else seen.on(seen.target.from_day)[:, 0]
    return np.asarray(seen.on(seen.target.day)[:, 0] - before)


def responders(seen: Seen) -> BoolArray:
    """Who responded on the day of the target."""
    return judging.responded(seen.on(seen.target.day), seen.baseline, seen.judged)[:, 0]


def remitters(seen: Seen) -> BoolArray:
    """Who was in remission on the day of the target."""
    return judging.remitted(seen.on(seen.target.day), seen.judged)[:, 0]


def relapse_of_responders(seen: Seen) -> FloatArray:
    """Time to relapse of those who responded; not a number for the others."""
    return np.where(responders(seen), seen.relapse_d(), np.nan)


def relapse_of_remitters(seen: Seen) -> FloatArray:
    """Time to relapse of those in remission; not a number for the others."""
    return np.where(remitters(seen), seen.relapse_d(), np.nan)


def average(each: FloatArray) -> FloatArray:
    """The mean of each trial."""
    return np.asarray(each.mean(axis=1))


def rate(each: FloatArray) -> FloatArray:
    """The share of each trial, per cent."""
    return np.asarray(PER_CENT * each.mean(axis=1))


def median(each: FloatArray) -> FloatArray:
    """The median of those of each trial who count."""
    return np.asarray(np.nanmedian(each, axis=1))


def free(each: FloatArray) -> FloatArray:
    """The share without relapse of those of each trial who count, per cent."""
    counted = np.maximum(1, (~np.isnan(each)).sum(axis=1))
    return np.asarray(PER_CENT * np.isinf(each).sum(axis=1) / counted)


# What each person contributes, and how a trial sums it up; the second takes shape (trials, n).
MEASURES: Mapping[
    str, tuple[Callable[[Seen], FloatArray | BoolArray], Callable[[FloatArray], FloatArray]]
] = {
    "mean": (lambda seen: seen.on(seen.target.day)[:, 0], average),
    "change": (change, average),
    "response": (responders, rate),
    "remission": (remitters, rate),
    "median relapse": (relapse_of_responders, median),
    "relapse-free": (relapse_of_responders, free),
    "median relapse of remitters": (relapse_of_remitters, median),
    "relapse-free of remitters": (relapse_of_remitters, free),
}


def look(model: ResponseModel, target: Target, draw: Draw) -> FloatArray:
    """What each of many virtual people contributes to `target`, shape `(n,)`."""
    score = model.score
    if target.baseline:
        score = replace(score, mean=target.baseline)
    group = people(model, draw, score=score)
    found = scores(model, target.course, group, draw)
    seen = Seen(target, found, group.baseline, model.judged)
    return np.asarray(MEASURES[target.measure][0](seen), dtype=np.float64)


def sum_up(target: Target, each: FloatArray) -> float:
    """The figure that `each` (shape `(n,)`) adds up to."""
    return float(MEASURES[target.measure][1](each[None])[0])


def ask(model: ResponseModel, target: Target, draw: Draw) -> Found:
    """The model's answer to one published figure, with the range of trials of that size.

    Args:
        model: the response model.
        target: the published figure.
        draw: how many virtual people, and from which seed.

    Returns:
        The value over all of `draw`, and the 2.5-97.5 % range over 500 trials of
        `target.count` people drawn from them.
    """
    each = look(model, target, draw)
    generator = np.random.Generator(np.random.Philox(key=draw.seed))
    trials = each[generator.integers(0, each.size, (TRIALS, target.count))]
    low, high = np.nanquantile(
        MEASURES[target.measure][1](trials), (0.025, 0.975), method="nearest"
    )
    return Found(sum_up(target, each), float(low), float(high))
