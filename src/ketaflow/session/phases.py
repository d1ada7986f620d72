"""The phases of a session: one table of moves, and what may be recorded in each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ketaflow.refusals import Refused
from ketaflow.session.events import Kind


class IllegalMove(Refused):
    """No session goes from that phase to the other."""


class NotNow(Refused):
    """That cannot be recorded in the session's present phase."""


class Phase(StrEnum):
    """Where a session stands.

    "Eligible for discharge" is no phase: it comes with the clock, not with an entry.
    """

    BOOKED = "BOOKED"
    CHECKED_IN = "CHECKED_IN"
    READY = "READY"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    OBSERVING = "OBSERVING"
    DISCHARGED = "DISCHARGED"
    TRANSFERRED = "TRANSFERRED"
    CANCELLED = "CANCELLED"

    @property
    def label(self) -> str:
        """The phase in words."""
        return LABELS[self]

    @property
    def over(self) -> bool:
        """Whether the session has ended."""
        return not MOVES[self]


LABELS = {
    Phase.BOOKED: "booked",
    Phase.CHECKED_IN: "checked-in",
    Phase.READY: "ready",
    Phase.RUNNING: "running",
    Phase.PAUSED: "paused",
    Phase.OBSERVING: "observed",
    Phase.DISCHARGED: "discharged",
    Phase.TRANSFERRED: "transferred",
    Phase.CANCELLED: "cancelled",
}

MOVES: Mapping[Phase, frozenset[Phase]] = MappingProxyType(
    {
        Phase.BOOKED: frozenset({Phase.CHECKED_IN, Phase.CANCELLED}),
        Phase.CHECKED_IN: frozenset({Phase.READY, Phase.CANCELLED, Phase.TRANSFERRED}),
        # Back to CHECKED_IN when a tick is taken away again.
        Phase.READY: frozenset(
            {Phase.CHECKED_IN, Phase.RUNNING, Phase.CANCELLED, Phase.TRANSFERRED}
        ),
        Phase.RUNNING: frozenset({Phase.PAUSED, Phase.OBSERVING, Phase.TRANSFERRED}),
        Phase.PAUSED: frozenset({Phase.RUNNING, Phase.OBSERVING, Phase.TRANSFERRED}),
        Phase.OBSERVING: frozenset({Phase.DISCHARGED, Phase.TRANSFERRED}),
        Phase.DISCHARGED: frozenset(),
        Phase.TRANSFERRED: frozenset(),
        Phase.CANCELLED: frozenset(),
    }
)

PREPARING = frozenset({Phase.CHECKED_IN, Phase.READY})
GIVING = frozenset({Phase.RUNNING, Phase.PAUSED})
PRESENT = PREPARING | GIVING | {Phase.OBSERVING}
KNOWN = frozenset(Phase) - {Phase.BOOKED}

ADMITS: Mapping[Kind, frozenset[Phase]] = MappingProxyType(
    {
        Kind.CHECKED_IN: frozenset({Phase.BOOKED}),
        Kind.CHECKLIST_ITEM: PREPARING,
        Kind.BASELINE: PREPARING,
        Kind.DOSE_CHECKED: PREPARING,
        Kind.STARTED: frozenset({Phase.READY}),
        Kind.RATE_CHANGED: frozenset({Phase.RUNNING}),
        Kind.PAUSED: frozenset({Phase.RUNNING}),
        Kind.RESUMED: frozenset({Phase.PAUSED}),
        Kind.STOPPED: GIVING,
        Kind.DEVICE_GIVEN: frozenset({Phase.READY, Phase.RUNNING}),
        Kind.READING: PRESENT,
        Kind.SEDATION: PRESENT,
        Kind.DISSOCIATION: PRESENT,
        Kind.PAIN: PRESENT,
        Kind.SIDE_EFFECT: PRESENT,
        Kind.RESCUE: PRESENT,
        Kind.NOTE: KNOWN,
        Kind.DISCHARGE_SCORED: frozenset({Phase.OBSERVING}),
        Kind.DISCHARGED: frozenset({Phase.OBSERVING}),
        Kind.TRANSFERRED: PRESENT,
        Kind.CANCELLED: PREPARING | {Phase.BOOKED},
        Kind.CORRECTED: KNOWN,
        # The monitor took it while the patient was here; a nurse may look at it later.
        Kind.CONFIRMED: KNOWN,
    }
)


def move(current: Phase, to: Phase) -> Phase:
    """Return `to`, or raise `IllegalMove` naming what is possible instead."""
    if to in MOVES[current]:
        return to
    options = " or ".join(sorted(phase.label for phase in MOVES[current]))
    raise IllegalMove(
        f"A {current.label} session cannot become {to.label}. "
        f"From here: {options or 'nothing, it has ended'}."
    )


def admit(current: Phase, kind: Kind) -> None:
    """Let `kind` be recorded in this phase, or raise `NotNow` naming the phases that take it."""
    if current not in ADMITS[kind]:
        wanted = " or ".join(phase.label for phase in Phase if phase in ADMITS[kind])
        raise NotNow(
            f"{kind.label} cannot be recorded now: the session is {current.label}, "
            f"and it would have to be {wanted}. Look at the page again."
        )
