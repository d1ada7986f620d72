"""What a prescriber reads before deciding to go on, change or stop. It forecasts nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ketaflow.outcomes.change import Change
from ketaflow.outcomes.standing import stands
from ketaflow.outcomes.trend import Trend
from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy
from ketaflow.session.corrections import Line as WrittenLine
from ketaflow.session.events import Kind, side_effects
from ketaflow.session.fold import SessionState

LIMIT = "stop_below_improvement_pct"
# Pumps round: what lacks less than this of the ordered dose was given whole.
WHOLE_MG = 1
# What is told as it was written down, and the word it begins with.
TOLD = {
    Kind.PAUSED: ("Paused", "reason"),
    Kind.STOPPED: ("Stopped early", "reason"),
    Kind.TRANSFERRED: ("Transferred", "reason"),
    Kind.RESCUE: ("Rescue medicine", "medicine"),
}


@dataclass(frozen=True)
class Line:
    """One questionnaire: where it stands and the change in one sentence."""

    instrument: str
    stands: str
    says: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """Something that went wrong, or had to be looked at, in one session."""

    session: int
    what: str


@dataclass(frozen=True)
class Prepared:
    """Everything a review rests on; `unanswered` are the questionnaires that are missing for it."""

    after_session: int
    planned: int
    given_mg: Decimal
    lines: tuple[Line, ...]
    unanswered: tuple[str, ...]
    events: tuple[Event, ...]
    safety_tasks: int
    threshold: str

    def as_payload(self) -> dict[str, Any]:
        """What was on the page, in plain values, as the journal keeps it beside the decision."""
        return {
            "given_mg": str(self.given_mg),
            "measures": [[one.instrument, one.stands, one.says] for one in self.lines],
            "unanswered": list(self.unanswered),
            "events": [[one.session, one.what] for one in self.events],
            "safety_tasks": self.safety_tasks,
            "threshold": self.threshold,
        }


def measure_by_measure(found: Sequence[tuple[Trend, Change]], lead: str) -> tuple[Line, ...]:
    """Each questionnaire in one line, the one the course is judged by first."""
    lines = []
    for trend, change in found:
        word = stands(change)
        sources = tuple(dict.fromkeys((*word.sources, *change.sources)))
        lines.append(Line(trend.instrument, word.label, trend.summary, sources))
    return tuple(sorted(lines, key=lambda one: one.instrument != lead))


def threshold(change: Change | None, policy: Policy | None) -> str:
    """Where the lead questionnaire lies against the clinic's own line, in words.

    Args:
        change: on the questionnaire that the course is judged by; None while it was never given.
        policy: the clinic's.

    Source:
        The percentage is the clinic's (LOCAL); that a course without benefit ends, S24.
    """
    needed = policy.values.get(LIMIT) if policy else None
    if needed is None:
        return "The clinic has not set below which improvement a course is stopped after induction."
    line = f"After a full induction the clinic stops below {show(needed)} % improvement"
    if change is None or change.fall_percent is None:
        return f"{line}; how much it is cannot be said."
    better = round(change.fall_percent)
    side = "below" if change.fall_percent < needed else "not below"
    return f"{line}; it is {better} % now, {side} that line."


def events_of(session: int, state: SessionState) -> tuple[Event, ...]:
    """What went wrong in a session, in order of time; what was struck out is left out."""
    found = [
        (one.line.at, f"{side_effects()[one.effect].label}, severity {one.severity} of 5")
        for one in state.side_effects
    ]
    found += [(one.at, f"Hold: {one.rule.words}") for one in state.holds]
    for line in state.lines:
        if line.kind in TOLD and not line.struck and not _as_ordered(state, line):
            word, key = TOLD[line.kind]
            found.append((line.at, f"{word}: {line.payload[key]}"))
    return tuple(Event(session, what) for _, what in sorted(found, key=lambda one: one[0]))


def _as_ordered(state: SessionState, line: WrittenLine) -> bool:
    """Whether a stop is only the end of an infusion that was given whole."""
    ordered = state.order.dose_mg if state.order else None
    if line.kind is not Kind.STOPPED or ordered is None:
        return False
    return ordered - state.given_mg(line.at) < WHOLE_MG
