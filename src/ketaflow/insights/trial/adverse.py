"""What else the drug does: acute effects of the first session, and rates as published."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.insights.trial import intervals
from ketaflow.insights.trial.intervals import Estimate
from ketaflow.insights.trial.plan.design import Arm, Population, programme
from ketaflow.pharmacology.forecast import CONCENTRATION, forecast
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.quantities import quantity

PACKAGE = "ketaflow.insights.trial"
MOST_SIMULATED = 500


@dataclass(frozen=True)
class Peak:
    """The peak of one acute effect in the first session: median person and the 5-95 % band."""

    name: str
    unit: str
    median: float
    p05: float
    p95: float
    people: int
    grade: str
    status: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Rate:
    """How often a side effect was reported; the interval is of that many people, or a range."""

    said: str
    drug: str
    route: str
    share: Estimate
    people: int | None
    sources: tuple[str, ...]


def peaks(
    arm: Arm, who: Population, *, subjects: int, seed: int, extrapolate: bool
) -> tuple[Peak, ...]:
    """Peaks of the acute effects of the first session, for people of the mean weight and age."""
    if not arm.sessions_d:
        return ()
    count = max(1, min(subjects, MOST_SIMULATED))
    seen = forecast(
        drug=arm.given.drug,
        route=arm.given.route,
        doses=programme(arm.given, who.weight_kg.mean),
        subject=Subject(weight_kg=who.weight_kg.mean, age=who.age.mean),
        subjects=count,
        seed=seed % 2**32,
        hours=max(3.0, arm.given.duration_min / 60.0 + 1.0),
        extrapolate=extrapolate,
    )
    return tuple(
        Peak(
            name=one.name,
            unit=one.unit,
            median=max(one.median),
            p05=max(one.p05 or one.median),
            p95=max(one.p95 or one.median),
            people=count,
            grade=one.grade,
            status=one.status,
            sources=one.sources,
        )
        for one in seen.series
        if one.quantity != CONCENTRATION
    )


@cache
def known() -> tuple[Rate, ...]:
    """Every published rate."""
    ((_, table),) = tables.read(PACKAGE, "library")
    return tuple(rate(row) for row in table["rate"])


def rate(row: Mapping[str, Any]) -> Rate:
    """One rate as written: a share of so many people, or a range."""
    said, drug, route = row["said"], row["drug"], row["route"]
    if "share" in row:
        share, people = quantity(row["share"], said), int(row["people"])
        counted = intervals.share(round(share.value * people), people)
        return Rate(said, drug, route, counted, people, share.source)
    low, high = quantity(row["low"], said), quantity(row["high"], said)
    return Rate(said, drug, route, Estimate(None, low.value, high.value), None, low.source)


def rates(arm: Arm) -> tuple[Rate, ...]:
    """The published rates for the arm's drug and route."""
    given = (arm.given.drug, arm.given.route)
    return tuple(one for one in known() if (one.drug, one.route) == given)
