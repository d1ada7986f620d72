"""Corrections: a new entry lays what should have been said over what was; both stay visible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ketaflow.refusals import Refused
from ketaflow.session import events
from ketaflow.session.events import Kind, NotReadable, Recorded

# Checks, ticks and endings are done again or noted, never rewritten.
CORRECTABLE = frozenset(
    {
        *(Kind.BASELINE, Kind.READING, Kind.SEDATION, Kind.DISSOCIATION, Kind.PAIN, Kind.NOTE),
        *(Kind.SIDE_EFFECT, Kind.DISCHARGE_SCORED, Kind.STARTED, Kind.RATE_CHANGED, Kind.PAUSED),
        *(Kind.RESUMED, Kind.STOPPED, Kind.DEVICE_GIVEN, Kind.RESCUE, Kind.CONFIRMED),
    }
)


class NotCorrectable(Refused):
    """A correction names an entry that is not there, or one that is never rewritten."""


@dataclass(frozen=True)
class Version:
    """What an entry said at one time; `payload` is None when it was struck out."""

    ordinal: int
    at: datetime
    by_name: str
    payload: Mapping[str, Any] | None
    reason: str


@dataclass(frozen=True)
class Line:
    """One entry as it stands now, with every version of it: the first written stands first."""

    ordinal: int
    kind: Kind
    at: datetime
    by: object
    by_name: str
    payload: Mapping[str, Any]
    versions: tuple[Version, ...]

    @property
    def corrected(self) -> bool:
        """Whether it was ever corrected."""
        return len(self.versions) > 1

    @property
    def struck(self) -> bool:
        """Whether it no longer counts."""
        return self.versions[-1].payload is None


def lines_of(entries: Sequence[Recorded]) -> tuple[Line, ...]:
    """The entries as they stand now: each correction laid onto what it corrects."""
    lines: dict[int, Line] = {}
    for entry in entries:
        kind = events.kind_of(entry)
        if kind is Kind.CORRECTED:
            line = _corrected(lines, entry)
        else:
            first = Version(entry.ordinal, entry.at, entry.by_name, entry.payload, "")
            line = Line(
                entry.ordinal, kind, entry.at, entry.by, entry.by_name, entry.payload, (first,)
            )
        lines[line.ordinal] = line
    return tuple(lines.values())


def _corrected(lines: Mapping[int, Line], entry: Recorded) -> Line:
    told = entry.payload
    named = lines.get(events.whole(told, "corrects") or 0)
    if named is None or named.kind not in CORRECTABLE:
        what = f"{named.kind.label} is never rewritten" if named else "there is no such entry"
        raise NotCorrectable(
            f"Entry {told.get('corrects')} cannot be corrected: {what}. Write a note instead."
        )
    payload = told.get("payload")
    if payload is not None and not isinstance(payload, Mapping):
        raise NotReadable("A correction carries what the entry should have said, or nothing.")
    reason = events.words(told, "reason")
    version = Version(entry.ordinal, entry.at, entry.by_name, payload, reason)
    return replace(
        named,
        at=_time(told.get("at"), named.at),
        payload=named.payload if payload is None else payload,
        versions=(*named.versions, version),
    )


def _time(told: object, otherwise: datetime) -> datetime:
    if told is None:
        return otherwise
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        raise NotReadable(f"{told} is no time; write it as 2026-01-31T10:15:00+00:00.") from None
    if found.tzinfo is None:
        raise NotReadable(f"{told} has no offset from UTC; add one.")
    return found
