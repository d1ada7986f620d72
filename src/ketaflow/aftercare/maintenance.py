"""How long until the next session: stretched while the response holds, shortened when it does not.

The rule is a design, not a guideline; every number in it is the clinic's. A prescriber decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from ketaflow.outcomes.change import Change
from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy, limits

RULE = (
    "Weekly first; then longer by a step while response or remission holds just before the next "
    "session; one step back on worsening or relapse. A design, not a guideline."
)
NEEDED = (
    "maintenance_weekly_sessions",
    "maintenance_step_weeks",
    "maintenance_longest_weeks",
    "worsening_phq9_points",
    "stop_below_improvement_pct",
)


class Advice(StrEnum):
    """What the rule comes to."""

    WEEKLY = "weekly"
    EXTEND = "extend"
    HOLD = "hold"
    STEP_BACK = "step back"
    STOP = "stop"
    CANNOT_SAY = "cannot say"


@dataclass(frozen=True)
class Maintained:
    """What was given since induction; `interval_weeks` is the one signed last, None before any."""

    last_session_on: date
    sessions: int = 0
    interval_weeks: int | None = None


@dataclass(frozen=True)
class Interval:
    """A proposal: `weeks` and `next_on` are None when nothing is proposed."""

    advice: Advice
    weeks: int | None
    next_on: date | None
    because: str
    rule: str
    unset: tuple[str, ...]
    sources: tuple[str, ...]


def propose_interval(given: Maintained, trough: Change, policy: Policy | None) -> Interval:
    """The next interval, with what it rests on.

    Args:
        given: sessions and interval so far.
        trough: the change on the lead instrument, from a total just before the next session.
        policy: the clinic's; a number it has not set is named and nothing is proposed.

    Source:
        Weekly for four weeks S11; the rest is a design with the clinic's numbers (LOCAL).
    """
    values = policy.values if policy else {}
    unset = tuple(limits()[key].label for key in NEEDED if key not in values)
    if unset:
        return _proposal(
            given, Advice.CANNOT_SAY, None, "The clinic must set its rule first", unset
        )
    advice, because = _advise(given, trough, values)
    return _proposal(given, advice, _weeks(given, advice, values), because, ())


def _advise(given: Maintained, trough: Change, values: Mapping[str, Decimal]) -> tuple[Advice, str]:
    if trough.relapse:
        return Advice.STEP_BACK, "Relapse: review now; a second induction can be considered"
    if trough.baseline is None or trough.latest is None or trough.best is None:
        return Advice.CANNOT_SAY, "There is no total to judge by; complete the questionnaire"
    if given.sessions == 0 and (fell := _too_small(trough, values)):
        return Advice.STOP, fell
    if worse := _worse(trough, values):
        return Advice.STEP_BACK, worse
    return _onward(given, trough, values)


def _worse(trough: Change, values: Mapping[str, Decimal]) -> str:
    ends = (trough.latest, trough.best)
    now, lowest = ((one.total if one else None) or Decimal(0) for one in ends)
    risen = now - lowest
    # The clinic's points are PHQ-9's; any other instrument has its own rule.
    if trough.instrument == "phq-9":
        worse = risen >= values["worsening_phq9_points"]
    else:
        worse = bool(trough.worsened)
    return f"The score is {show(risen)} points above the best" if worse else ""


def _onward(given: Maintained, trough: Change, values: Mapping[str, Decimal]) -> tuple[Advice, str]:
    if given.sessions < values["maintenance_weekly_sessions"]:
        return Advice.WEEKLY, f"{given.sessions} weekly sessions have been given"
    if trough.response or trough.remission:
        return Advice.EXTEND, "Remission holds" if trough.remission else "The response holds"
    return Advice.HOLD, "Neither response nor worsening: review before going on"


def _too_small(trough: Change, values: Mapping[str, Decimal]) -> str:
    needed = values["stop_below_improvement_pct"]
    if trough.fall_percent is None or trough.fall_percent >= needed:
        return ""
    fell = max(round(trough.fall_percent), 0)
    return f"After induction the score fell by {fell} %, less than {show(needed)} %"


def _weeks(given: Maintained, advice: Advice, values: Mapping[str, Decimal]) -> int | None:
    step, longest = (int(values[key]) for key in NEEDED[1:3])
    now = given.interval_weeks or 1
    return {
        Advice.WEEKLY: 1,
        Advice.EXTEND: min(now + step, longest),
        Advice.HOLD: now,
        Advice.STEP_BACK: max(now - step, 1),
    }.get(advice)


def _proposal(
    given: Maintained, advice: Advice, weeks: int | None, because: str, unset: tuple[str, ...]
) -> Interval:
    next_on = None if weeks is None else given.last_session_on + timedelta(weeks=weeks)
    return Interval(advice, weeks, next_on, f"{because}.", RULE, unset, ("S11", "S61", "LOCAL"))
