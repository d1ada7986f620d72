"""Vital signs: what can be entered, and how a reading stands against the person's own baseline.

The ranges here only catch slips of the keyboard. They are not clinical thresholds: those are the
clinic's own, come from its signed policy and are passed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from operator import ge, gt, lt
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import Figure, figure, show
from ketaflow.protocol.library import Monitoring
from ketaflow.protocol.limits import Policy
from ketaflow.protocol.limits import limits as known_limits
from ketaflow.refusals import Refused
from ketaflow.session.events import NotReadable, number


class Implausible(Refused):
    """A reading that no living person has, or two values exchanged."""


@dataclass(frozen=True)
class Vitals:
    """One set of vital signs; what was not measured is None."""

    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    heart_rate: Decimal | None = None
    spo2: Decimal | None = None
    respiratory_rate: Decimal | None = None
    temperature: Decimal | None = None

    @cached_property
    def measured(self) -> Mapping[str, Decimal]:
        """What was measured, by name."""
        every = {sign.name: getattr(self, sign.name) for sign in fields(self)}
        return MappingProxyType({name: value for name, value in every.items() if value is not None})


@dataclass(frozen=True)
class Sign:
    """One vital sign: how it is called, its unit, and what can be entered for it."""

    name: str
    label: str
    low: Figure
    high: Figure
    in_baseline: bool

    @property
    def unit(self) -> str:
        """The unit as people write it."""
        return self.low.unit


@dataclass(frozen=True)
class Limited:
    """One of the clinic's limits on one sign; `rise` compares the change since baseline."""

    key: str
    sign: str
    crossed: Callable[[Decimal, Decimal], bool]
    rise: bool = False


BEFORE = (
    Limited("predose_systolic_max_mmhg", "systolic", gt),
    Limited("predose_diastolic_max_mmhg", "diastolic", gt),
)
DURING = (
    Limited("stop_systolic_mmhg", "systolic", ge),
    Limited("stop_diastolic_mmhg", "diastolic", ge),
    Limited("alert_systolic_mmhg", "systolic", ge),
    Limited("alert_diastolic_mmhg", "diastolic", ge),
    Limited("alert_systolic_rise_mmhg", "systolic", ge, rise=True),
    Limited("alert_diastolic_rise_mmhg", "diastolic", ge, rise=True),
    Limited("heart_rate_max_per_min", "heart_rate", gt),
    Limited("heart_rate_min_per_min", "heart_rate", lt),
    Limited("spo2_min_pct", "spo2", lt),
    Limited("respiratory_rate_min_per_min", "respiratory_rate", lt),
)


@cache
def signs() -> Mapping[str, Sign]:
    """The vital signs by name, in the order of the flowsheet."""
    table = dict(tables.read("ketaflow.session", "library"))["vitals"]
    return MappingProxyType({name: _sign(name, row) for name, row in table["sign"].items()})


def read(payload: Mapping[str, Any]) -> Vitals:
    """The vital signs in an entry, checked for slips.

    Raises:
        NotReadable: nothing was measured, or a value is no number.
        Implausible: a value outside what can be entered, or systolic and diastolic exchanged.
    """
    given = {name: number(payload, name) for name in signs()}
    found = Vitals(**given)
    if not found.measured:
        raise NotReadable("No vital sign was entered; enter at least one.")
    for name, value in found.measured.items():
        _check(signs()[name], value)
    if (
        found.systolic is not None
        and found.diastolic is not None
        and found.systolic <= found.diastolic
    ):
        raise Implausible(
            f"Blood pressure {found.systolic}/{found.diastolic}: systolic is not above diastolic. "
            "Were the two exchanged? Enter them again."
        )
    return found


def missing_from_baseline(found: Vitals) -> tuple[str, ...]:
    """The labels of what a baseline still lacks."""
    return tuple(
        sign.label
        for name, sign in signs().items()
        if sign.in_baseline and name not in found.measured
    )


def against(found: Vitals, baseline: Vitals) -> Mapping[str, str]:
    """How each measured sign stands against the baseline, in words, by name."""
    said: dict[str, str] = {}
    for name, value in found.measured.items():
        before = baseline.measured.get(name)
        said[name] = "no baseline" if before is None else _difference(value - before)
    return MappingProxyType(said)


def beyond(
    found: Vitals, policy: Policy, limits: tuple[Limited, ...], *, baseline: Vitals | None = None
) -> tuple[str, ...]:
    """What lies beyond the clinic's own limits, each in a sentence.

    Args:
        found: the reading.
        policy: the clinic's; a limit that it does not set is not compared.
        limits: `BEFORE` or `DURING`.
        baseline: for limits on a rise.
    """
    before = baseline.measured if baseline else {}
    said = []
    for limited in limits:
        value, limit = found.measured.get(limited.sign), policy.values.get(limited.key)
        if value is None or limit is None or (limited.rise and limited.sign not in before):
            continue
        compared = value - before[limited.sign] if limited.rise else value
        if limited.crossed(compared, limit):
            sign, label = signs()[limited.sign], known_limits()[limited.key].label
            said.append(f"{sign.label} {show(value)} {sign.unit}; {label.lower()}: {show(limit)}.")
    return tuple(said)


def sedated(total: int, policy: Policy) -> str:
    """What the clinic's policy says to do at this MOAA/S: "stop", "pause" or nothing."""
    for key, action in (("sedation_stop_moaas", "stop"), ("sedation_pause_moaas", "pause")):
        limit = policy.values.get(key)
        if limit is not None and total <= limit:
            return action
    return ""


@dataclass(frozen=True)
class Course:
    """When the drug began and ended, and when vital signs were taken."""

    started_at: datetime
    stopped_at: datetime | None
    taken_at: tuple[datetime, ...]


def next_due(course: Course, monitoring: Monitoring, policy: Policy) -> datetime | None:
    """When the next set of vital signs is due.

    The earlier of two: the interval since the last set, and the next fixed mark since the start, so
    that the readings at the peak are never skipped.

    Args:
        course: what has happened; its `taken_at` may hold sets from before the start.
        monitoring: the protocol's schedule.
        policy: the clinic's; its intervals are used where the protocol gives none.

    Returns:
        The moment, in the past when it is overdue; None when neither protocol nor clinic sets one.

    Source:
        The monitoring's own.
    """
    last = max((at for at in course.taken_at if at >= course.started_at), default=None)
    since = max(filter(None, (course.started_at, course.stopped_at, last)))
    every_min = _every_min(course, monitoring, policy)
    due = [] if every_min is None else [since + timedelta(minutes=float(every_min))]
    marks = (course.started_at + timedelta(minutes=mark) for mark in monitoring.due_at_min if mark)
    due += [mark for mark in marks if last is None or mark > last]
    return min(due, default=None)


def _every_min(course: Course, monitoring: Monitoring, policy: Policy) -> Decimal | None:
    every = monitoring.after_every_min if course.stopped_at else monitoring.during_every_min
    if every:
        return every.value
    if monitoring.observe_min:
        # The label's marks rule while the spray is given; the clinic's interval follows it.
        return policy.values.get("esketamine_vitals_every_min") if course.stopped_at else None
    return policy.values.get("pain_vitals_every_min")


def _difference(change: Decimal) -> str:
    if change == 0:
        return "as at baseline"
    return f"{abs(change)} {'above' if change > 0 else 'below'} baseline"


def _check(sign: Sign, value: Decimal) -> None:
    if not sign.low.value <= value <= sign.high.value:
        raise Implausible(
            f"{sign.label} {value} {sign.unit} cannot be entered: it takes {sign.low.value} to "
            f"{sign.high.value}. Measure or type it again; if it is real, write it as a note."
        )


def _sign(name: str, row: Mapping[str, Any]) -> Sign:
    units = ("mmHg", "/min", "%", "°C")
    low, high = (
        figure(
            {"value": row[edge], "unit": row["unit"], "source": row["source"]},
            f"{name} {edge}",
            units=units,
        )
        for edge in ("low", "high")
    )
    return Sign(name, row["label"], low, high, row.get("in_baseline", False))
