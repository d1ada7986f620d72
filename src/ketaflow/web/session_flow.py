"""Which rows of a long session the room shows at once: those a person would look for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

from ketaflow.protocol.limits import Policy
from ketaflow.session.corrections import Line
from ketaflow.session.events import Kind
from ketaflow.session.fold import SCALES, SessionState
from ketaflow.session.queries import Room
from ketaflow.session.vitals import Vitals
from ketaflow.web import session_drug, session_monitor, session_page
from ketaflow.web.session_page import Moments

# A session charted by hand has fewer; only one that is longer is thinned.
MOST_ROWS = 60
MOST_LINES = 100


@dataclass(frozen=True)
class Rows:
    """The rows that matter of `count` moments, as of one state and one policy."""

    policy: Policy | None
    kept: Moments
    count: int


# A state never changes, so what was worked out of it holds as long as anybody shows it.
_known: WeakKeyDictionary[SessionState, Rows] = WeakKeyDictionary()


def shown(room: Room, *, whole: bool) -> dict[str, Any]:
    """The flowsheet and the record: all of it, or the rows that matter and the newest lines.

    A row is never left out that was measured by a scale, corrected, or first beyond a limit.
    """
    lines = room.state.lines
    newest = lines if whole else lines[-MOST_LINES:]
    if whole:
        moments = session_page.moments(room)
        rows = Rows(room.policy, moments, len(moments))
    else:
        rows = _rows(room)
    return {
        "flow": session_monitor.flow(room, rows.kept),
        "flow_hidden": rows.count - len(rows.kept),
        "record": session_drug.among(
            session_page.record(replace(room.state, lines=newest)), session_drug.lines(room)
        ),
        "record_hidden": len(lines) - len(newest),
    }


def _rows(room: Room) -> Rows:
    known = _known.get(room.state)
    if known is None or known.policy != room.policy:
        moments = session_page.moments(room)
        kept = thinned(room, moments) if len(moments) > MOST_ROWS else moments
        known = _known[room.state] = Rows(room.policy, kept, len(moments))
    return known


def thinned(room: Room, moments: Moments) -> Moments:
    """One row for each interval of the protocol, and every row that says something of its own."""
    first, last = min(moments), max(moments)
    interval = _interval(room) or (last - first) / MOST_ROWS
    read = {one.line.ordinal: one.vitals for one in room.state.readings}
    # The same signs are beyond the same limits, and come back many times in a long session.
    beyond = cache(partial(_beyond, room))
    found: dict[datetime, Sequence[Line]] = {}
    next_at = first
    was_beyond: tuple[str, ...] = ()
    for at, lines in sorted(moments.items()):
        now_beyond = next((beyond(read[o.ordinal]) for o in lines if o.ordinal in read), ())
        due = at >= next_at
        if due or now_beyond != was_beyond or at == last or _says_more(lines):
            found[at] = lines
        if due:
            next_at = at + interval
        was_beyond = now_beyond
    return found


def _interval(room: Room) -> timedelta | None:
    monitoring = room.protocol.monitoring
    every = monitoring.during_every_min if monitoring else None
    return timedelta(minutes=float(every.value)) if every else None


def _says_more(lines: Sequence[Line]) -> bool:
    return any(one.corrected or one.kind in SCALES or one.kind is Kind.BASELINE for one in lines)


def _beyond(room: Room, measured: Vitals) -> tuple[str, ...]:
    """The limits that are passed, without the values: those differ from second to second."""
    return tuple(one.partition("; ")[2] for one in session_page.beyond(room, measured))
