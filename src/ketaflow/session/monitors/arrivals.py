"""What a monitor sent, as plain values: whose it says it is, and what it measured when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5


class By(StrEnum):
    """By what a monitor is known."""

    PLACE = "PLACE"
    DEVICE = "DEVICE"

    @property
    def label(self) -> str:
        """In words."""
        return "Place" if self is By.PLACE else "Device"


@dataclass(frozen=True)
class Measured:
    """The vital signs of one moment.

    `withdrawn` names the signs that the monitor takes back for that moment, and `corrected` says
    that these values replace what it had sent before.
    """

    at: datetime
    vitals: Mapping[str, Decimal]
    withdrawn: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "at": self.at.isoformat(),
            "vitals": {name: str(value) for name, value in self.vitals.items()},
            "withdrawn": list(self.withdrawn),
            "corrected": self.corrected,
        }


@dataclass(frozen=True)
class Arrival:
    """One message of a monitor or its gateway.

    Args:
        sender: which application sent it.
        control_id: by which the sender knows the message; sent again, it is the same reading.
        place: where the monitor says it stands; empty when it does not say.
        devices: every identifier of a device in it.
        patients: every identifier of a patient in it; empty when it names nobody.
        measured: by moment, earliest first.
        not_used: what was in it and could not be charted, each in a few words.
    """

    sender: str
    control_id: str
    place: str
    devices: tuple[str, ...]
    patients: tuple[str, ...]
    measured: tuple[Measured, ...]
    not_used: tuple[str, ...] = ()

    def id(self, clinic: UUID) -> UUID:
        """What makes two messages the same: sent again, it is the same reading.

        Besides sender and control id, the monitor and the first moment are part of it: monitors of
        one make share a name and count alike, and one that counts from 1 again after it was
        switched off must not have its new readings taken for old ones.
        """
        first = min(one.at for one in self.measured).astimezone(UTC).isoformat()
        said = [self.sender, self.control_id, first, self.place, *self.devices]
        return uuid5(clinic, "\x1f".join(said))

    @property
    def known_by(self) -> tuple[tuple[By, str], ...]:
        """Everything by which a chair may be bound to it."""
        place = ((By.PLACE, self.place),) if self.place else ()
        return (*place, *((By.DEVICE, one) for one in self.devices))

    @property
    def payload(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "sender": self.sender,
            "control_id": self.control_id,
            "place": self.place,
            "devices": list(self.devices),
            "patients": list(self.patients),
            "measured": [one.payload for one in self.measured],
            "not_used": list(self.not_used),
        }


def measured_in(payload: Mapping[str, Any]) -> tuple[Measured, ...]:
    """What an entry says was measured."""
    return tuple(
        Measured(
            at=datetime.fromisoformat(one["at"]),
            vitals={name: Decimal(value) for name, value in one["vitals"].items()},
            withdrawn=tuple(one["withdrawn"]),
            corrected=one["corrected"],
        )
        for one in payload["measured"]
    )
