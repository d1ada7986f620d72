"""Whose reading is it? A message joins the session in its chair, or waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ketaflow.session.gates import SOON
from ketaflow.session.monitors.arrivals import Arrival, By, Measured


class Why(StrEnum):
    """Why a message waits for a person."""

    UNBOUND = "UNBOUND"
    TWO_CHAIRS = "TWO_CHAIRS"
    NO_SESSION = "NO_SESSION"
    TWO_SESSIONS = "TWO_SESSIONS"
    OTHER_PATIENT = "OTHER_PATIENT"
    BEFORE_CHECK_IN = "BEFORE_CHECK_IN"
    AHEAD = "AHEAD"

    @property
    def label(self) -> str:
        """The reason in words."""
        return WHY[self]


WHY = {
    Why.UNBOUND: "no chair is bound to this monitor",
    Why.TWO_CHAIRS: "its place and its device are bound to different chairs",
    Why.NO_SESSION: "nobody is checked in at its chair",
    Why.TWO_SESSIONS: "two patients are checked in at its chair",
    Why.OTHER_PATIENT: "it names another patient than the one in its chair",
    Why.BEFORE_CHECK_IN: "it was measured before the patient in its chair was checked in",
    Why.AHEAD: "its clock is ahead of the server's",
}


@dataclass(frozen=True)
class Seated:
    """One session under way; `known_as` are the patient's own number and all other identifiers."""

    session: UUID
    chair: str
    checked_in_at: datetime
    known_as: frozenset[str]


@dataclass(frozen=True)
class Ground:
    """Which chair each monitor is bound to, and who sits where."""

    bound: Mapping[tuple[By, str], str]
    seated: Mapping[str, Sequence[Seated]]


@dataclass(frozen=True)
class Joins:
    """The session a message joins; `early` were measured before its patient was checked in."""

    session: UUID
    measured: tuple[Measured, ...]
    early: tuple[Measured, ...]


def route(arrival: Arrival, ground: Ground, *, at: datetime) -> Joins | Why:
    """The session that `arrival` joins, or why nobody but a person can say.

    Nothing is guessed: one chair, one session, no other patient's identifier, and only what was
    measured since that patient was checked in.

    Args:
        arrival: the message.
        ground: bindings and sessions as they are now.
        at: when it was received.
    """
    chairs = {ground.bound[one] for one in arrival.known_by if one in ground.bound}
    if len(chairs) != 1:
        return Why.TWO_CHAIRS if chairs else Why.UNBOUND
    (chair,) = chairs
    seated = ground.seated.get(chair, ())
    if len(seated) != 1:
        return Why.TWO_SESSIONS if seated else Why.NO_SESSION
    if arrival.patients and not seated[0].known_as.intersection(arrival.patients):
        return Why.OTHER_PATIENT
    return _since(arrival, seated[0], at)


def _since(arrival: Arrival, seated: Seated, at: datetime) -> Joins | Why:
    if any(one.at > at + SOON for one in arrival.measured):
        return Why.AHEAD
    since = tuple(one for one in arrival.measured if one.at >= seated.checked_in_at)
    if not since:
        return Why.BEFORE_CHECK_IN
    early = tuple(one for one in arrival.measured if one.at < seated.checked_in_at)
    return Joins(seated.session, since, early)


def within(
    measured: Sequence[Measured], *, checked_in_at: datetime, ended_at: datetime | None
) -> tuple[Measured, ...]:
    """What of `measured` was taken while a session lasted, to a minute at its ends."""
    return tuple(
        one
        for one in measured
        if one.at >= checked_in_at - SOON and (ended_at is None or one.at <= ended_at + SOON)
    )
