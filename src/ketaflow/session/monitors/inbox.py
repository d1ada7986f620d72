"""The inbox: what came from a monitor and belongs to nobody until a person says so."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from ketaflow.refusals import Refused


class NotThere(Refused):
    """Nothing of this clinic waits under that name, or is known by it."""


class NothingOfIt(Refused):
    """None of what waits was measured during the session it was to be assigned to."""


class AlreadyBound(Refused):
    """The monitor is bound to a chair already."""


class Standing(StrEnum):
    """Where a message of a monitor went."""

    CHARTED = "CHARTED"
    WAITING = "WAITING"
    ASSIGNED = "ASSIGNED"
    DISCARDED = "DISCARDED"

    @property
    def label(self) -> str:
        """In words."""
        return self.value.capitalize()


def group(clinic: UUID, payload: Mapping[str, Any]) -> UUID:
    """Names the messages that wait for the same answer: same monitor, same patient, same reason.

    A monitor in an empty chair speaks every second, and nobody answers that a thousand times.
    """
    said = [payload["sender"], payload["place"], *payload["devices"], "/", *payload["patients"]]
    return uuid5(clinic, "\x1f".join([*said, payload.get("why", "")]))
