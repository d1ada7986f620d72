"""What happens to a container: the kinds of entry of its stream, and who must stand by.

Payloads are JSON with exact numbers as text; `on` is the date on the clinic's wall.

    custody.received      item, device, capacity, lot, expires_on, serial, number, place,
                          place_kind, receipt
    custody.moved         place, place_kind
    custody.opened        on, use_by (null: until it expires)
    custody.drawn         account, patient, quantity, on
    custody.administered  draw, quantity
    custody.wasted        draw (null: from the container itself), quantity, reason
    custody.returned      draw, quantity
    custody.lost          draw or null, quantity, reason, incident
    custody.missed        draw, quantity (the session's incident says why)
    custody.quarantined   place, place_kind, reason
    custody.expired       place, place_kind, on
    custody.released      place, place_kind, reason, on
    custody.destroyed     quantity, reason, reference
    custody.sent_back     quantity, to, reference
    custody.adjusted      change (may be negative), reason, incident
    custody.reversed      reverses (an ordinal of this stream), reason

Where somebody must stand by, the payload also holds `witness`: id, name, roles and proved_at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Recorded(Protocol):
    """An entry of the journal, as this stage reads it."""

    ordinal: int
    kind: str
    by: Any
    by_name: str
    at: datetime

    @property
    def payload(self) -> Mapping[str, Any]:
        """What happened."""


class Kind(StrEnum):
    """What an entry of a container's stream says."""

    RECEIVED = "custody.received"
    MOVED = "custody.moved"
    OPENED = "custody.opened"
    DRAWN = "custody.drawn"
    ADMINISTERED = "custody.administered"
    WASTED = "custody.wasted"
    RETURNED = "custody.returned"
    LOST = "custody.lost"
    MISSED = "custody.missed"
    QUARANTINED = "custody.quarantined"
    EXPIRED = "custody.expired"
    RELEASED = "custody.released"
    DESTROYED = "custody.destroyed"
    SENT_BACK = "custody.sent_back"
    ADJUSTED = "custody.adjusted"
    REVERSED = "custody.reversed"

    @property
    def label(self) -> str:
        """The kind in words."""
        return LABELS.get(self, self.value.partition(".")[2]).capitalize()


LABELS = {
    Kind.RETURNED: "returned unopened",
    Kind.MISSED: "not accounted for",
    Kind.EXPIRED: "taken out, expired",
    Kind.RELEASED: "released from quarantine",
    Kind.SENT_BACK: "sent to a reverse distributor",
}

# Nobody does these alone.
WITNESSED = frozenset(
    {Kind.WASTED, Kind.LOST, Kind.RELEASED, Kind.DESTROYED, Kind.ADJUSTED, Kind.REVERSED}
)


class PlaceKind(StrEnum):
    """What a place is for."""

    VAULT = "VAULT"
    WORKING = "WORKING"
    CHAIR = "CHAIR"
    QUARANTINE = "QUARANTINE"

    @property
    def label(self) -> str:
        """The kind of place in words."""
        return {
            PlaceKind.VAULT: "vault",
            PlaceKind.WORKING: "working stock",
            PlaceKind.CHAIR: "at the chair",
            PlaceKind.QUARANTINE: "quarantine",
        }[self]


@dataclass(frozen=True)
class Movement:
    """One entry that is to be written."""

    ordinal: int
    kind: Kind
    by: Any
    by_name: str
    at: datetime
    payload: Mapping[str, Any]
