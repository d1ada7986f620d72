"""A session's fold, remembered by this process: an entry more does not read the stream again.

What is remembered is checked against the journal each time: the last entry that was folded must
still be there with the same hash. A transaction that was undone so leaves nothing behind.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from ketaflow.journal import queries as journal
from ketaflow.session.events import Entry
from ketaflow.session.fold import Folded, folded

# Entries of all sessions together; a long session is a few megabytes.
MOST_ENTRIES = 60_000


@dataclass(frozen=True)
class _Known:
    told: Folded
    ordinal: int
    hash: str


_known: OrderedDict[tuple[UUID, str], _Known] = OrderedDict()
_lock = Lock()


def of_stream(*, clinic: UUID, stream: str, upto: int | None = None) -> Folded:
    """The fold of a session's stream; as of the entry `upto`, where that is given.

    Raises:
        NotReadable, NotNow, IllegalMove, NotCorrectable, Implausible: as `fold`.
    """
    key = (clinic, stream)
    with _lock:
        known = _known.get(key)
    if known and upto is not None and known.ordinal > upto:
        known = None
    since = known.ordinal if known else 1
    rows = journal.entries(clinic=clinic, stream=stream, since=since, upto=upto)
    if known and (not rows or rows[0].hash != known.hash):
        known, rows = None, journal.entries(clinic=clinic, stream=stream, upto=upto)
    if known and len(rows) == 1:
        return known.told
    plain = [Entry(o.ordinal, o.kind, o.at, o.by, o.by_name, o.payload) for o in rows]
    told = known.told.after(plain[1:]) if known else folded(plain)
    if rows:
        _remember(key, _Known(told, rows[-1].ordinal, rows[-1].hash))
    return told


def _remember(key: tuple[UUID, str], known: _Known) -> None:
    with _lock:
        _known[key] = known
        _known.move_to_end(key)
        held = sum(one.ordinal for one in _known.values())
        while held > MOST_ENTRIES and len(_known) > 1:
            held -= _known.popitem(last=False)[1].ordinal
