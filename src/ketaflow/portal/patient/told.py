"""One session as its patient reads it: what was given, how it went, how it ended, in plain words.

Everything comes from the fold of the session's own entries, so that it cannot say anything else
than the clinic's record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ketaflow.protocol.figures import show
from ketaflow.session import events
from ketaflow.session.corrections import Line
from ketaflow.session.events import Kind
from ketaflow.session.fold import SessionState

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Told:
    """What the page says; `minutes` is how long the medicine ran, `stayed` the whole visit."""

    medicine: str
    dose: str
    minutes: int | None
    stayed: int | None
    readings: tuple[str, ...]
    events: tuple[tuple[datetime, str], ...]
    end: str
    corrected: bool


def told(order: Mapping[str, Any], state: SessionState) -> Told:
    """The session of `order` from its state."""
    given = state.given_mg(state.ended_at or _last(state)) if state.started_at else Decimal(0)
    return Told(
        medicine=medicine(order["drug"], order["route"]),
        dose=_("%(dose)s mg") % {"dose": show(round(given, 1))} if given else _("none"),
        minutes=_minutes(state.started_at, state.stopped_at),
        stayed=_minutes(state.checked_in_at, state.ended_at),
        readings=tuple(_readings(state)),
        events=tuple((line.at, words) for line in state.lines for words in _said(line)),
        end=_end(state),
        corrected=any(line.corrected for line in state.lines),
    )


def medicine(drug: str, route: str) -> str:
    """The medicine and how it is given."""
    name = {"ketamine": _("Ketamine"), "esketamine": _("Esketamine")}.get(drug, drug)
    way = {"iv": _("into a vein"), "nasal": _("as a nasal spray")}.get(route, "")
    return f"{name}, {way}" if way else name


def _last(state: SessionState) -> datetime:
    return max(line.at for line in state.lines)


def _minutes(start: datetime | None, end: datetime | None) -> int | None:
    return (end - start) // MINUTE if start and end else None


def _readings(state: SessionState) -> Iterator[str]:
    every = [one.vitals.measured for one in state.readings]
    upper, lower = _span(every, "systolic"), _span(every, "diastolic")
    if upper and lower:
        yield _("Blood pressure: upper number %(upper)s, lower number %(lower)s") % {
            "upper": upper,
            "lower": lower,
        }
    if pulse := _span(every, "heart_rate"):
        yield _("Pulse: %(span)s beats a minute") % {"span": pulse}
    if oxygen := _span(every, "spo2"):
        yield _("Oxygen in your blood: %(span)s %%") % {"span": oxygen}
    if breaths := _span(every, "respiratory_rate"):
        yield _("Breaths: %(span)s a minute") % {"span": breaths}
    if every:
        yield ngettext(
            "We measured once.", "We measured %(count)d times.", len(every)
        ) % {"count": len(every)}  # fmt: skip


def _span(every: Iterable[Mapping[str, Decimal]], sign: str) -> str:
    values = [one[sign] for one in every if sign in one]
    if not values:
        return ""
    low, high = show(min(values)), show(max(values))
    return low if low == high else _("%(low)s to %(high)s") % {"low": low, "high": high}


def _said(line: Line) -> Iterator[str]:
    if line.kind in SAYS and not line.struck:
        yield SAYS[line.kind](line.payload)


def _effect(said: Mapping[str, Any]) -> str:
    kind = events.side_effects()[said["effect"]]
    # The words of the list are in the catalogue too.
    name = _(kind.label) if kind.key != "other" else str(said.get("note", ""))
    return _("You felt: %(effect)s (%(severity)s of 5)") % {
        "effect": name,
        "severity": said.get("severity") or 1,
    }


def _rescue(said: Mapping[str, Any]) -> str:
    return _("You were given %(medicine)s, %(dose)s, for: %(reason)s") % {
        "medicine": said["medicine"],
        "dose": said["dose"],
        "reason": said["reason"],
    }


SAYS: Mapping[Kind, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        Kind.STARTED: lambda _said: _("The medicine began"),
        Kind.DEVICE_GIVEN: lambda _said: _("You took one spray device"),
        Kind.PAUSED: lambda _said: _("We paused the medicine"),
        Kind.RESUMED: lambda _said: _("We went on with the medicine"),
        Kind.STOPPED: lambda _said: _("The medicine ended"),
        Kind.HOLD: lambda _said: _("A reading was outside the clinic's limits, and we were warned"),
        Kind.SIDE_EFFECT: _effect,
        Kind.RESCUE: _rescue,
    }
)


def _end(state: SessionState) -> str:
    for line in reversed(state.lines):
        if line.struck:
            continue
        if line.kind is Kind.DISCHARGED:
            escort = str(line.payload.get("escort") or "")
            if escort:
                return _("You went home with %(escort)s.") % {"escort": escort}
            return _("You went home.")
        if line.kind is Kind.TRANSFERRED:
            return _("You were taken to %(place)s.") % {"place": line.payload.get("to", "")}
        if line.kind is Kind.CANCELLED:
            return _("The session was cancelled.")
    return _("The session has not ended yet.")
