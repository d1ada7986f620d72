"""A safety task: by when somebody must come, and when it may be closed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ketaflow.outcomes.suicidality import Risk
from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy
from ketaflow.refusals import Refused

LIMIT = "alert_acknowledge_min"


class NotToBeClosed(Refused):
    """The task must stay open; the message says what is still to be done."""


class Standing(StrEnum):
    """How far a task is."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CLOSED = "CLOSED"


class Outcome(StrEnum):
    """How a task ended."""

    NOTHING_REPORTED = "NOTHING_REPORTED"
    RESOURCES = "RESOURCES"
    SEEN = "SEEN"
    HANDED_OVER = "HANDED_OVER"
    EMERGENCY = "EMERGENCY"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return LABELS[self]


LABELS = {
    Outcome.NOTHING_REPORTED: "Asked in person; nothing reported",
    Outcome.RESOURCES: "Safety resources and numbers given",
    Outcome.SEEN: "Seen by a clinician",
    Outcome.HANDED_OVER: "Handed over to another service, which has taken over",
    Outcome.EMERGENCY: "Emergency services or hospital have taken over",
}
TAKEN_OVER = frozenset({Outcome.HANDED_OVER, Outcome.EMERGENCY})
ENOUGH = {
    Risk.NONE_REPORTED: frozenset(Outcome),
    Risk.LOW: frozenset(Outcome) - {Outcome.NOTHING_REPORTED},
    Risk.MODERATE: TAKEN_OVER | {Outcome.SEEN},
    Risk.HIGH: TAKEN_OVER | {Outcome.SEEN},
}


@dataclass(frozen=True)
class Due:
    """By when somebody must act, and whose number that is."""

    by_at: datetime
    words: str


@dataclass(frozen=True)
class Closing:
    """How somebody wants to close a task."""

    outcome: Outcome
    safety_plan: bool
    reason: str


def due(at: datetime, policy: Policy | None, *, at_once: str = "") -> Due:
    """By when a task that opened `at` must be taken on.

    Args:
        at: when the answer was given.
        policy: the clinic's; without its minutes the task is due at once.
        at_once: why it cannot wait, if it cannot.

    Source:
        The clinic's policy (LOCAL).
    """
    minutes = policy.values.get(LIMIT) if policy else None
    if at_once:
        return Due(at, f"At once: {at_once}")
    if minutes is None:
        return Due(at, "At once: the clinic has not set how long an alert may wait")
    within = timedelta(minutes=float(minutes))
    return Due(at + within, f"Within {show(minutes)} minutes, as the clinic's policy says")


def check_close(closing: Closing, *, risk: Risk | None, prescriber: bool) -> None:
    """Let a task be closed, or say what must come first.

    Args:
        closing: the outcome, whether a safety plan was agreed, and the reason.
        risk: what the Columbia screener came to; None while nobody has asked.
        prescriber: whether the person who closes prescribes.

    Raises:
        NotToBeClosed: the questions are open, the outcome does not answer the risk, or a high risk
            would be closed by somebody who does not decide about the session.

    Source:
        Triage S54; what each level asks for is a design from memory (UNVERIFIED).
    """
    if not closing.reason.strip():
        raise NotToBeClosed("Write what was done and why the task can be closed.")
    if risk is Risk.HIGH and not prescriber:
        raise NotToBeClosed("A high risk is closed by a prescriber: ask one to see the patient.")
    if closing.outcome in TAKEN_OVER:
        return
    if risk is None or risk is Risk.FOLLOW_UP:
        raise NotToBeClosed("Questions are still open: ask the Columbia screener first.")
    if closing.outcome not in ENOUGH[risk]:
        raise NotToBeClosed(
            f"The risk is {risk.value}: {closing.outcome.label.lower()!r} does not answer it."
        )
    if risk in (Risk.MODERATE, Risk.HIGH) and not closing.safety_plan:
        raise NotToBeClosed(
            f"The risk is {risk.value}: agree a safety plan with the patient first."
        )
