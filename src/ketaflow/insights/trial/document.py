"""The findings of a trial as one plain document for programs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ketaflow.evidence.sources import cite
from ketaflow.insights.trial.adverse import Peak, Rate
from ketaflow.insights.trial.intervals import Estimate
from ketaflow.insights.trial.report import ArmFound, Findings, Measured, Relapse

Document = dict[str, Any]


def document(found: Findings) -> Document:
    """Everything that was found; shares from 0 to 1, scores in MADRS points, days from day 0."""
    trial = found.trial
    return {
        "title": trial.title,
        "subjects": trial.subjects,
        "seed": trial.seed,
        "days": list(range(trial.asked.days + 1)),
        "setting": asdict(trial.setting),
        "population": asdict(trial.population),
        "outcomes": asdict(trial.asked),
        "arms": [arm(one) for one in found.arms],
        "model": {
            "name": found.model.name,
            "version": found.model.version,
            "grade": found.model.grade,
        },
        "status": found.model.status,
        "extrapolated": list(found.extrapolated),
        "caveats": list(found.caveats),
        "sources": list(found.sources),
        "citations": {source.key: source.citation for source in cite(found.sources)},
    }


def arm(one: ArmFound) -> Document:
    """One arm side by side with the others."""
    return {
        "name": one.arm.name,
        "protocol": one.arm.protocol or None,
        "given": asdict(one.arm.given),
        "sessions_day": list(one.arm.sessions_d),
        "judged_day": one.arm.judged_d,
        "people": one.people,
        "score": {"mean": by_day(one.mean), **percentiles(one.quantiles)},
        "response": by_day(one.response),
        "remission": by_day(one.remission),
        "at_judged": {
            "response": estimate(one.at_judged(one.response)),
            "remission": estimate(one.at_judged(one.remission)),
            "score": estimate(one.at_judged(one.mean)),
        },
        "relapse": relapse(one.relapse),
        "site": one.site or None,
        "exposure": [measured(each) for each in one.exposure],
        "acute": [peak(each) for each in one.peaks],
        "adverse": [rate(each) for each in one.rates],
    }


def percentiles(found: Mapping[float, Sequence[float]]) -> Document:
    """Quantiles by name, such as p05."""
    return {
        f"p{round(100 * at):02d}": [figure(one) for one in curve] for at, curve in found.items()
    }


def by_day(curve: Sequence[Estimate]) -> Document:
    """A curve with its interval."""
    parts = ("value", "low", "high")
    return {part: [figure(getattr(one, part)) for one in curve] for part in parts}


def estimate(one: Estimate) -> Document:
    """A figure with its interval; null where it cannot be told."""
    return {"value": figure(one.value), "low": figure(one.low), "high": figure(one.high)}


def relapse(one: Relapse) -> Document:
    """Relapse among responders, days counted from the day the course is judged."""
    return {
        "responders": one.responders,
        "median_days": estimate(one.median_days),
        "visit_days": list(one.visit_days),
        "free": by_day(one.free),
    }


def measured(one: Measured) -> Document:
    """Peak or area of one curve over the whole course."""
    return {
        "name": one.name,
        "measure": one.measure,
        "unit": one.unit,
        "median": estimate(one.median),
        "p05": figure(one.p05),
        "p95": figure(one.p95),
    }


def peak(one: Peak) -> Document:
    """An acute effect of the first session."""
    row = {key: figure(getattr(one, key)) for key in ("median", "p05", "p95")}
    words = {key: getattr(one, key) for key in ("name", "unit", "people", "grade", "status")}
    return {**words, **row, "sources": list(one.sources)}


def rate(one: Rate) -> Document:
    """A published rate."""
    return {
        "name": one.said,
        "status": "published, not simulated",
        "share": estimate(one.share),
        "people": one.people,
        "sources": list(one.sources),
    }


def figure(value: float | None) -> float | None:
    """Six digits; null for what cannot be told."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
