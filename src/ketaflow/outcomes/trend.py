"""One instrument over time, as a chart draws it and as the table beside it says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ketaflow.instruments.library import library
from ketaflow.outcomes.change import History, Measurement, Rule, assess, describe, rule
from ketaflow.protocol.figures import show


@dataclass(frozen=True)
class Mark:
    """A session on the chart."""

    at: datetime
    label: str


@dataclass(frozen=True)
class Level:
    """A total that means something, drawn across the chart, and what it means."""

    total: Decimal
    label: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One measurement in words; `total` is None when it was not complete."""

    at: datetime
    total: Decimal | None
    says: str
    band: str
    change: str
    when: str


@dataclass(frozen=True)
class Trend:
    """The chart's points and marks, and its table; `summary` says it in one sentence."""

    instrument: str
    label: str
    low: int
    high: int
    points: tuple[tuple[datetime, Decimal], ...]
    marks: tuple[Mark, ...]
    rows: tuple[Row, ...]
    summary: str
    levels: tuple[Level, ...]


def trend(history: History, *, sessions: Sequence[datetime] = ()) -> Trend:
    """The trend of one instrument with the sessions marked.

    Args:
        history: the totals in order of time.
        sessions: when each session began, in order of time.

    Raises:
        NoRule: nothing is known about change on that instrument.
    """
    ruled = rule(history.instrument)
    baseline = assess(history).baseline
    points = [(one.at, one.total) for one in history.measurements if one.total is not None]
    return Trend(
        instrument=history.instrument,
        label=ruled.label,
        low=ruled.low,
        high=ruled.high,
        points=tuple(points),
        marks=tuple(Mark(at, f"Session {place}") for place, at in enumerate(sessions, start=1)),
        rows=tuple(_row(history, one, baseline, sessions) for one in history.measurements),
        summary=describe(history),
        levels=_levels(ruled, baseline),
    )


def _levels(ruled: Rule, baseline: Measurement | None) -> tuple[Level, ...]:
    """Where remission ends, and how far from baseline a difference begins to matter."""
    found = []
    if ruled.remission:
        word = "Remission: up to here" if ruled.remission_at_most else "Remission: below"
        found.append(Level(ruled.remission.value, word, ruled.remission.sources))
    if ruled.important and baseline and baseline.total is not None:
        step = ruled.important.value if ruled.more_is_better else -ruled.important.value
        total = baseline.total + step
        if ruled.low <= total <= ruled.high:
            side = "above" if ruled.more_is_better else "below"
            word = f"Matters: {show(ruled.important.value)} {side} baseline"
            found.append(Level(total, word, ruled.important.sources))
    return tuple(found)


def _row(
    history: History,
    one: Measurement,
    baseline: Measurement | None,
    sessions: Sequence[datetime],
) -> Row:
    return Row(
        at=one.at,
        total=one.total,
        says="incomplete" if one.total is None else show(one.total),
        band=_band(history.instrument, one.total),
        change=_change(one, baseline),
        when=_when(one.at, sessions),
    )


def _band(instrument: str, total: Decimal | None) -> str:
    known = library().get(instrument)
    if known is None or total is None:
        return ""
    return known.band_of(total) or ""


def _change(one: Measurement, baseline: Measurement | None) -> str:
    if baseline is None or baseline.total is None or one.total is None or one.at < baseline.at:
        return ""
    if one is baseline:
        return "baseline"
    points = one.total - baseline.total
    if points == 0:
        return "as at baseline"
    return f"{show(abs(points))} {'above' if points > 0 else 'below'} baseline"


def _when(at: datetime, sessions: Sequence[datetime]) -> str:
    before = sum(began <= at for began in sessions)
    return f"after session {before}" if before else "before the first session"
