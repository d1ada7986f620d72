"""What only the clinic can set: caps, thresholds and times that no source settles. No defaults.

A medical director sets every value and signs them together as one `Policy`; without it no session
starts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import BadFigure, Figure, keys, number, show
from ketaflow.protocol.holds.rules import Rule
from ketaflow.protocol.library import Caps
from ketaflow.refusals import Refused

# The first must stay below the second (or at most equal it where the last says so).
_ORDERS = (
    ("ketamine_max_mg_session", "ketamine_max_mg_day", True),
    ("alert_systolic_mmhg", "stop_systolic_mmhg", False),
    ("alert_diastolic_mmhg", "stop_diastolic_mmhg", False),
    ("predose_diastolic_max_mmhg", "predose_systolic_max_mmhg", False),
    ("heart_rate_min_per_min", "heart_rate_max_per_min", False),
    ("sedation_stop_moaas", "sedation_pause_moaas", False),
    ("iv_observation_min", "iv_recovery_booking_min", True),
    ("iv_fasting_liquid_h", "iv_fasting_food_h", True),
    ("review_soft_sessions", "review_hard_sessions", True),
)


@dataclass(frozen=True)
class Limit:
    """One value the clinic must set, why nobody else can, and what the evidence saw."""

    key: str
    group: str
    label: str
    unit: str
    low: Decimal
    high: Decimal
    whole: bool
    why_local: str
    seen: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """The clinic's values and hold rules, signed together; `fictional` in a demonstration."""

    version: str
    signed_by: str
    signed_at: datetime | None
    values: Mapping[str, Decimal]
    fictional: bool = False
    holds: tuple[Rule, ...] = ()

    def value(self, key: str) -> Decimal:
        """The value of `key`.

        Raises:
            PolicyNotReady: the clinic has not set it.
        """
        if key not in self.values:
            label = limits()[key].label
            raise PolicyNotReady(f"The clinic has not set {label!r}: the medical director sets it.")
        return self.values[key]


@dataclass(frozen=True)
class ClinicCaps:
    """The clinic's ceilings for ketamine, and what was already given today."""

    session_mg: Decimal
    rate_mg_h: Decimal
    day_mg: Decimal
    given_today_mg: Decimal = Decimal(0)


@dataclass(frozen=True)
class Ceiling:
    """A value that may not be passed, in words, with the keys of its sources."""

    value: Decimal
    words: str
    sources: tuple[str, ...]


class PolicyNotReady(Refused):
    """The clinic's policy is missing, incomplete, contradictory or unsigned."""


@cache
def limits() -> Mapping[str, Limit]:
    """Every value a clinic must set, by key, in the order in which a session meets them.

    Raises:
        BadFile: an entry lacks its label, unit, bounds, reason or source.
    """
    found = {}
    for group, table in tables.read("ketaflow.protocol", "clinic_limits"):
        for key, row in table.items():
            found[key] = _limit(key, group.partition("_")[2], row)
    return MappingProxyType(found)


def missing(policy: Policy) -> tuple[Limit, ...]:
    """The limits `policy` leaves open."""
    return tuple(limit for key, limit in limits().items() if key not in policy.values)


def problems(policy: Policy) -> tuple[str, ...]:
    """What is wrong with the values given: unknown, implausible or at odds; one sentence each."""
    known = limits()
    unknown = [
        f"{key} is not a limit this system knows." for key in policy.values if key not in known
    ]
    implausible = [
        said
        for key, value in policy.values.items()
        if key in known and (said := implausibility(known[key], value))
    ]
    return (*unknown, *(implausible or _at_odds(policy.values)))


def implausibility(limit: Limit, value: Decimal) -> str:
    """Why `value` cannot be meant for `limit`, or an empty string."""
    if not value.is_finite() or not limit.low <= value <= limit.high:
        return (
            f"{limit.label} must lie between {show(limit.low)} and {show(limit.high)} {limit.unit} "
            f"(got {value if not value.is_finite() else show(value)})."
        )
    if limit.whole and value != value.to_integral_value():
        return f"{limit.label} must be a whole number of {limit.unit} (got {show(value)})."
    return ""


def check(policy: Policy | None) -> Policy:
    """`policy` if it is complete, plausible and signed: the condition for any session.

    Raises:
        PolicyNotReady: what is missing, and who can mend it.
    """
    if policy is None:
        raise PolicyNotReady("This clinic has no policy: the medical director sets and signs one.")
    open_ones = missing(policy)
    if open_ones:
        more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
        raise PolicyNotReady(
            f"The clinic's policy leaves open {open_ones[0].label!r}{more}: "
            "the medical director sets every value before a session starts."
        )
    wrong = problems(policy)
    if wrong:
        raise PolicyNotReady(f"The clinic's policy cannot be used. {wrong[0]}")
    if not policy.signed_by or policy.signed_at is None:
        raise PolicyNotReady(
            "The clinic's policy is not signed: the medical director signs it first."
        )
    return policy


def caps(policy: Policy, *, given_today_mg: Decimal = Decimal(0)) -> ClinicCaps:
    """The ceilings `policy` sets for ketamine.

    Raises:
        PolicyNotReady: one of them is not set.
    """
    return ClinicCaps(
        session_mg=policy.value("ketamine_max_mg_session"),
        rate_mg_h=policy.value("ketamine_max_mg_h"),
        day_mg=policy.value("ketamine_max_mg_day"),
        given_today_mg=given_today_mg,
    )


def rate_ceilings(published: Caps, *, kg: Decimal, caps: ClinicCaps | None) -> list[Ceiling]:
    """What may not be passed while the pump runs, mg/h: published and the clinic's own."""
    found = []
    if published.rate_mg_h:
        found.append(_published(published.rate_mg_h, published.rate_mg_h.value))
    if published.rate_mg_kg_h:
        found.append(_published(published.rate_mg_kg_h, published.rate_mg_kg_h.value * kg))
    if caps:
        words = f"the clinic's cap of {show(caps.rate_mg_h)} mg/h"
        found.append(Ceiling(caps.rate_mg_h, words, ("LOCAL",)))
    return found


def session_ceilings(published: Caps, *, caps: ClinicCaps | None) -> list[Ceiling]:
    """What may not be passed in one session or day, mg: published and the clinic's own."""
    found = []
    if published.session_mg:
        found.append(_published(published.session_mg, published.session_mg.value))
    if caps:
        session = f"the clinic's cap of {show(caps.session_mg)} mg a session"
        day = (
            f"the clinic's cap of {show(caps.day_mg)} mg a day, "
            f"of which {show(caps.given_today_mg)} mg was given"
        )
        left = max(caps.day_mg - caps.given_today_mg, Decimal(0))
        found += [Ceiling(caps.session_mg, session, ("LOCAL",)), Ceiling(left, day, ("LOCAL",))]
    return found


def lowest(wanted: Decimal, ceilings: Iterable[Ceiling]) -> Ceiling | None:
    """The lowest of `ceilings` that lies below `wanted`, if any does."""
    binding = [each for each in ceilings if each.value < wanted]
    return min(binding, key=lambda each: each.value) if binding else None


def _published(cap: Figure, value: Decimal) -> Ceiling:
    return Ceiling(value, f"the published cap of {show(cap.value)} {cap.unit}", cap.sources)


def _at_odds(values: Mapping[str, Decimal]) -> list[str]:
    known = limits()
    found = []
    for lower, upper, may_equal in _ORDERS:
        if lower in values and upper in values:
            below, above = values[lower], values[upper]
            if below > above or (below == above and not may_equal):
                relation = "at most" if may_equal else "below"
                found.append(
                    f"{known[lower].label} ({show(below)}) must be {relation} "
                    f"{known[upper].label.lower()} ({show(above)})."
                )
    return found


def _limit(key: str, group: str, row: Mapping[str, Any]) -> Limit:
    words = {part: str(row.get(part, "")) for part in ("label", "unit", "why_local", "seen")}
    lacking = [part for part, said in words.items() if not said]
    if lacking:
        raise BadFigure(f"Limit {key} needs {lacking[0]}.")
    low, high = number(row.get("low"), key), number(row.get("high"), key)
    if low >= high:
        raise BadFigure(f"Limit {key} needs a lower bound below its upper bound.")
    return Limit(
        key=key,
        group=group,
        low=low,
        high=high,
        whole=bool(row.get("whole", True)),
        sources=keys(row, f"Limit {key}"),
        **words,
    )
