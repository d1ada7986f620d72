"""What is recorded in a session: the kinds of entry, and their payloads as plain values.

Payloads are JSON with numbers that have a point as text. What each kind carries:

    session.checked_in        order {drug, route, dose_mg, duration_min, rate_mg_min, devices}
    session.checklist_item    item, done, note
    session.baseline          systolic, diastolic, heart_rate, spo2, respiratory_rate, temperature
    session.dose_checked      prepared_by, prepared_by_name, dose_mg, rate_mg_min, devices
    session.started           rate_mg_min
    session.rate_changed      rate_mg_min, reason
    session.paused            reason
    session.resumed           rate_mg_min
    session.stopped           reason
    session.device_given      lot
    session.reading           as baseline, any of them
    session.sedation          total (MOAA/S)
    session.dissociation      total (CADSS-6)
    session.pain              total (0 to 10)
    session.side_effect       effect, severity, note
    session.rescue_given      medicine (as it is called), dose and route as given, reason
    session.note              text
    session.discharge_scored  instrument, answers
    session.discharged        done [..], escort, override {by_name, reason}
    session.transferred       to, reason
    session.cancelled         reason
    session.hold              rule {..}, policy_version, policy_signed_by, readings [..]; those
                              of a monitor that nobody had confirmed have the ordinal 0
    session.hold_acknowledged hold (its ordinal), words
    session.hold_released     hold (its ordinal), reason
    session.form_filled       answers {key: "yes"|"no"|text}
    session.form_submitted    how, reference
    session.corrected         corrects, reason, payload (null strikes out), at (a new time)
    session.reading_confirmed as baseline, any of them; monitor {reading, sender}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from ketaflow import tables
from ketaflow.protocol.figures import keys
from ketaflow.protocol.library import Drug, Route
from ketaflow.refusals import Refused


class NotReadable(Refused):
    """An entry lacks something, or holds something that is not what it should be."""


class Kind(StrEnum):
    """What an entry of a session's stream says."""

    CHECKED_IN = "session.checked_in"
    CHECKLIST_ITEM = "session.checklist_item"
    BASELINE = "session.baseline"
    DOSE_CHECKED = "session.dose_checked"
    STARTED = "session.started"
    RATE_CHANGED = "session.rate_changed"
    PAUSED = "session.paused"
    RESUMED = "session.resumed"
    STOPPED = "session.stopped"
    DEVICE_GIVEN = "session.device_given"
    READING = "session.reading"
    SEDATION = "session.sedation"
    DISSOCIATION = "session.dissociation"
    PAIN = "session.pain"
    SIDE_EFFECT = "session.side_effect"
    RESCUE = "session.rescue_given"
    NOTE = "session.note"
    DISCHARGE_SCORED = "session.discharge_scored"
    DISCHARGED = "session.discharged"
    TRANSFERRED = "session.transferred"
    CANCELLED = "session.cancelled"
    HOLD = "session.hold"
    HOLD_ACKNOWLEDGED = "session.hold_acknowledged"
    HOLD_RELEASED = "session.hold_released"
    FORM_FILLED = "session.form_filled"
    FORM_SUBMITTED = "session.form_submitted"
    CORRECTED = "session.corrected"
    CONFIRMED = "session.reading_confirmed"

    @property
    def label(self) -> str:
        """The kind in words, as a heading."""
        return self.removeprefix("session.").replace("_", " ").capitalize()


@dataclass(frozen=True)
class Origin:
    """Where a reading comes from when nobody typed it: a monitor's row, and who sent it."""

    reading: str
    sender: str

    @property
    def payload(self) -> dict[str, Any]:
        """As an entry that rests on that row carries it."""
        return {"monitor": {"reading": self.reading, "sender": self.sender}}


class Recorded(Protocol):
    """One entry of a session's stream, as the journal gives it."""

    @property
    def ordinal(self) -> int:
        """Its place in the stream, from 1."""

    @property
    def kind(self) -> str:
        """What it says."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def by(self) -> object:
        """Who recorded it; compared as text."""

    @property
    def by_name(self) -> str:
        """Their name then."""

    @property
    def payload(self) -> Mapping[str, Any]:
        """What happened."""


@dataclass(frozen=True)
class Entry:
    """A plain `Recorded`, for an entry that is still to be written."""

    ordinal: int
    kind: str
    at: datetime
    by: object
    by_name: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """What the prescriber ordered for this session; what does not apply is None."""

    drug: Drug
    route: Route
    dose_mg: Decimal | None
    duration_min: Decimal | None
    rate_mg_min: Decimal | None
    devices: int


@dataclass(frozen=True)
class Tick:
    """One checklist item as it stands."""

    item: str
    done: bool
    note: str
    at: datetime
    by_name: str


@dataclass(frozen=True)
class DoseCheck:
    """The second person's check of what the first one prepared."""

    prepared_by: str
    prepared_by_name: str
    checked_by: str
    checked_by_name: str
    at: datetime
    dose_mg: Decimal | None
    rate_mg_min: Decimal | None
    devices: int


@dataclass(frozen=True)
class SideEffectKind:
    """One line of the picklist: `seen` says how often, in the words of its sources."""

    key: str
    label: str
    seen: str
    sources: tuple[str, ...]


@cache
def side_effects() -> Mapping[str, SideEffectKind]:
    """What a nurse can pick, by key, in the order of the list."""
    table = dict(tables.read("ketaflow.session", "library"))["side_effects"]
    return MappingProxyType(
        {
            key: SideEffectKind(key, row["label"], row["seen"], keys(row, f"side effect {key}"))
            for key, row in table.items()
        }
    )


@dataclass(frozen=True)
class RescueKind:
    """A medicine that sources name for something that can go wrong, and for what."""

    key: str
    label: str
    against: str
    sources: tuple[str, ...]


@cache
def rescues() -> Mapping[str, RescueKind]:
    """What is suggested for a rescue medicine; anything else can be written too."""
    table = dict(tables.read("ketaflow.session", "library"))["rescue"]
    return MappingProxyType(
        {
            key: RescueKind(key, row["label"], row["for"], keys(row, f"rescue medicine {key}"))
            for key, row in table.items()
        }
    )


def rescue(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Medicine, dose, route and reason of a rescue medicine; all four must be said."""
    return tuple(words(payload, key) for key in ("medicine", "dose", "route", "reason"))


def kind_of(entry: Recorded) -> Kind:
    """The kind of `entry`, or `NotReadable` when no session has such an entry."""
    try:
        return Kind(entry.kind)
    except ValueError:
        raise NotReadable(f"Entry {entry.ordinal} is a {entry.kind}: sessions have none.") from None


def order(payload: Mapping[str, Any]) -> Order:
    """The order in a check-in."""
    told = payload.get("order")
    if not isinstance(told, Mapping):
        raise NotReadable("The check-in carries no order; check in again from the course.")
    try:
        drug, route = Drug(told.get("drug", "")), Route(told.get("route", ""))
    except ValueError as wrong:
        raise NotReadable(f"The order cannot be read: {wrong}.") from None
    return Order(
        drug=drug,
        route=route,
        dose_mg=number(told, "dose_mg"),
        duration_min=number(told, "duration_min"),
        rate_mg_min=number(told, "rate_mg_min"),
        devices=whole(told, "devices") or 0,
    )


def tick(entry: Recorded) -> Tick:
    """The checklist item of `entry`."""
    done = entry.payload.get("done") is True
    note = str(entry.payload.get("note", ""))
    return Tick(words(entry.payload, "item"), done, note, entry.at, entry.by_name)


def dose_check(entry: Recorded) -> DoseCheck:
    """The dose check of `entry`."""
    told = entry.payload
    return DoseCheck(
        prepared_by=words(told, "prepared_by"),
        prepared_by_name=str(told.get("prepared_by_name", "")),
        checked_by=str(entry.by),
        checked_by_name=entry.by_name,
        at=entry.at,
        dose_mg=number(told, "dose_mg"),
        rate_mg_min=number(told, "rate_mg_min"),
        devices=whole(told, "devices") or 0,
    )


def origin(payload: Mapping[str, Any]) -> Origin | None:
    """The monitor a reading comes from; None when a person typed it."""
    told = payload.get("monitor")
    if not isinstance(told, Mapping):
        return None
    return Origin(words(told, "reading"), words(told, "sender"))


SAID = {
    "dose_mg": "A dose in mg",
    "rate_mg_min": "A rate in mg/min",
    "devices": "A number of devices",
}


def number(payload: Mapping[str, Any], key: str) -> Decimal | None:
    """A finite number that is 0 or more, or None when it is not given."""
    told = payload.get(key)
    if told is None or told == "":
        return None
    try:
        found = None if isinstance(told, bool | float) else Decimal(told)
    except (InvalidOperation, TypeError, ValueError):
        found = None
    # A billion of anything is a stuck key, and too large to make a whole number of.
    if found is None or not found.is_finite() or found < 0 or found.adjusted() > 8:
        got = str(told if found is None else found)[:40]
        raise NotReadable(f"{SAID.get(key, key)} must be a number of 0 or more (got {got}).")
    return found


def whole(payload: Mapping[str, Any], key: str) -> int | None:
    """A whole number of 0 or more, or None when it is not given."""
    found = number(payload, key)
    if found is None:
        return None
    if found != found.to_integral_value():
        raise NotReadable(f"{key} must be a whole number (got {found}).")
    return int(found)


def amount(payload: Mapping[str, Any], key: str) -> Decimal:
    """A number that must be given."""
    found = number(payload, key)
    if found is None:
        raise NotReadable(f"{key} is missing; enter it.")
    return found


def count(payload: Mapping[str, Any], key: str) -> int:
    """A whole number that must be given."""
    amount(payload, key)
    return whole(payload, key) or 0


def words(payload: Mapping[str, Any], key: str) -> str:
    """A text that must be given."""
    found = payload.get(key)
    if not isinstance(found, str) or not found.strip():
        raise NotReadable(f"{key} is missing; enter it.")
    return found.strip()
