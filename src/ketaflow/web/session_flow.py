"""Which rows of a long session the room shows at once: those a person would look for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ketaflow.session import vitals
from ketaflow.session.corrections import Line
from ketaflow.session.events import Kind
from ketaflow.session.fold import SCALES
from ketaflow.session.queries import Room
from ketaflow.web import session_monitor, session_page
from ketaflow.web.session_page import Moments

# A session charted by hand has fewer; only one that is longer is thinned.
MOST_ROWS = 60
MOST_LINES = 100


def shown(room: Room, *, whole: bool) -> dict[str, Any]:
    """The flowsheet and the record: all of it, or the rows that matter and the newest lines.

    A row is never left out that was measured by a scale, corrected, or first beyond a limit.
    """
    moments = session_page.moments(room)
    thin = not whole and len(moments) > MOST_ROWS
    lines = room.state.lines
    newest = lines if whole else lines[-MOST_LINES:]
    kept = thinned(room, moments) if thin else moments
    return {
        "flow": session_monitor.flow(room, kept),
        "flow_hidden": len(moments) - len(kept),
        "record": session_page.record(replace(room.state, lines=newest)),
        "record_hidden": len(lines) - len(newest),
    }


def thinned(room: Room, moments: Moments) -> Moments:
    """One row for each interval of the protocol, and every row that says something of its own."""
    first, last = min(moments), max(moments)
    interval = _interval(room) or (last - first) / MOST_ROWS
    found: dict[datetime, Sequence[Line]] = {}
    next_at = first
    was_beyond: tuple[str, ...] = ()
    for at, lines in sorted(moments.items()):
        beyond = _beyond(room, lines)
        due = at >= next_at
        if due or beyond != was_beyond or at == last or _says_more(lines):
            found[at] = lines
        if due:
            next_at = at + interval
        was_beyond = beyond
    return found


def _interval(room: Room) -> timedelta | None:
    monitoring = room.protocol.monitoring
    every = monitoring.during_every_min if monitoring else None
    return timedelta(minutes=float(every.value)) if every else None


def _says_more(lines: Sequence[Line]) -> bool:
    return any(one.corrected or one.kind in SCALES or one.kind is Kind.BASELINE for one in lines)


def _beyond(room: Room, lines: Sequence[Line]) -> tuple[str, ...]:
    """The limits that are passed, without the values: those differ from second to second."""
    measured = [one for one in lines if one.kind not in SCALES]
    if not measured:
        return ()
    found = session_page.beyond(room, vitals.read(measured[0].payload))
    return tuple(one.partition("; ")[2] for one in found)
