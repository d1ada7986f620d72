"""What stands on a session's chart: a reading, a scale that was taken, a side effect."""

from dataclasses import dataclass
from datetime import datetime

from ketaflow.refusals import Refused
from ketaflow.session import events
from ketaflow.session.corrections import Line
from ketaflow.session.events import Origin
from ketaflow.session.vitals import Vitals


@dataclass(frozen=True)
class Reading:
    """One row of the flowsheet; `was` holds what it said before, oldest first."""

    line: Line
    vitals: Vitals

    @property
    def at(self) -> datetime:
        """When it was taken."""
        return self.line.at

    @property
    def origin(self) -> Origin | None:
        """The monitor it comes from; None when a person typed it."""
        return events.origin(self.line.payload)


class AlreadyConfirmed(Refused):
    """Somebody confirmed this row of the monitor with these values before."""


@dataclass(frozen=True)
class Scored:
    """One scale taken during the session; `total` is None when it is incomplete."""

    line: Line
    instrument: str
    total: int | None


@dataclass(frozen=True)
class SideEffect:
    """One thing from the picklist, from 1 (mild) to 5."""

    line: Line
    effect: str
    severity: int
    note: str
