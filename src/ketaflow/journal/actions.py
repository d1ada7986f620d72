"""The one function that writes the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from ketaflow.journal import chain, projecting
from ketaflow.journal.author import Author
from ketaflow.journal.models import Entry, Head
from ketaflow.refusals import Refused

JUST_NOW = timedelta(minutes=1)
MOVED = "Another entry was saved a moment ago. Nothing of yours was saved: look again."


class SomeoneElseMoved(Refused):
    """Another hand wrote first. Nothing of this write is kept; look again and decide."""


class SentTwice(SomeoneElseMoved):
    """The same press came twice; the first was kept."""


class NoTransaction(RuntimeError):
    """`record` was called outside a transaction: a fault of the caller, not of the user."""


@dataclass(frozen=True)
class Note:
    """What `record_all` is to write: one entry of one stream."""

    stream: str
    kind: str
    by: Author
    at: datetime
    payload: Mapping[str, object]


def record(
    *,
    stream: str,
    kind: str,
    by: Author,
    at: datetime,
    payload: Mapping[str, object],
    seen: int | None = None,
) -> Entry:
    """Append what happened to `stream` and bring the tables that are read up to date.

    Requires an open transaction: the entry and everything that follows from it stand or fall
    together. Give `seen`, the ordinal of the last entry the person had in view, when acting on an
    outdated page would be wrong.

    Raises:
        SomeoneElseMoved: `seen` is no longer the last entry, or another writer took the ordinal.
        NotPlain: `payload` holds what JSON cannot carry exactly.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(f"record({kind}) needs the caller's transaction.")
    head = _head(stream)
    if seen is not None and seen != head.ordinal:
        _refuse_twice(stream, kind, by, at, payload)
        raise SomeoneElseMoved(
            "Someone else changed this a moment ago. Nothing of yours was saved: "
            "look at what is there now, then decide again."
        )
    entry = _append(_next(head, kind, by, at, chain.canonical(payload)))
    projecting.project(entry)
    return entry


def record_once(
    *, stream: str, kind: str, by: Author, at: datetime, payload: Mapping[str, object]
) -> Entry:
    """`record`, where nothing but the words could tell a second press from a second event.

    Raises:
        SentTwice: the last entry says the same, by the same hand, a moment ago.
    """
    _refuse_twice(stream, kind, by, at, payload)
    return record(stream=stream, kind=kind, by=by, at=at, payload=payload)


def record_all(notes: Sequence[Note]) -> None:
    """`record` for many at once, in a number of statements that does not grow with them.

    Requires an open transaction: all of them stand or fall together.

    Raises:
        SomeoneElseMoved: another writer took an ordinal. Nothing may be kept of this transaction.
        NotPlain: a payload holds what JSON cannot carry exactly.
    """
    if not connection.in_atomic_block:
        raise NoTransaction("record_all needs the caller's transaction.")
    streams = sorted({note.stream for note in notes})
    # In one order, so that two writers of the same streams wait for each other and never cross.
    locked = Head.objects.select_for_update().filter(stream__in=streams).order_by("stream")
    heads = {head.stream: head for head in locked}
    entries = []
    for note in notes:
        head = heads.get(note.stream) or Head(stream=note.stream, ordinal=0, hash=chain.GENESIS)
        link = _next(head, note.kind, note.by, note.at, chain.canonical(note.payload))
        heads[note.stream] = Head(
            stream=link.stream, clinic=link.clinic, ordinal=link.ordinal, hash=link.hash
        )
        entries.append(_entry(link))
    try:
        with transaction.atomic():
            Entry.objects.bulk_create(entries)
            Head.objects.bulk_create(
                heads.values(),
                update_conflicts=True,
                unique_fields=["stream"],
                update_fields=["ordinal", "hash"],
            )
    except IntegrityError:
        raise SomeoneElseMoved(MOVED) from None
    projecting.project_all(entries)


def _refuse_twice(
    stream: str, kind: str, by: Author, at: datetime, payload: Mapping[str, object]
) -> None:
    head = _head(stream)
    last = Entry.objects.filter(stream=stream, ordinal=head.ordinal).first()
    if last is None or at - last.at > JUST_NOW:
        return
    if (last.kind, last.by, last.payload_json) == (kind, by.id, chain.canonical(payload)):
        raise SentTwice(
            "This is already recorded: it was sent twice and kept once. Look at the page before "
            "you add more."
        )


def _head(stream: str) -> Head:
    """The last entry of `stream`; whoever else writes to it waits until this transaction ends."""
    known = Head.objects.select_for_update().filter(stream=stream).first()
    return known or Head(stream=stream, ordinal=0, hash=chain.GENESIS)


def _next(head: Head, kind: str, by: Author, at: datetime, payload: str) -> chain.Link:
    link = chain.Link(
        clinic=by.clinic,
        stream=head.stream,
        ordinal=head.ordinal + 1,
        kind=kind,
        by=by.id,
        by_name=by.name,
        by_roles=" ".join(by.roles),
        at=at,
        payload=payload,
        previous=head.hash,
        hash="",
    )
    return replace(link, hash=chain.seal(link))


def _append(link: chain.Link) -> Entry:
    entry = _entry(link)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
            Head.objects.update_or_create(
                stream=link.stream,
                defaults={"clinic": link.clinic, "ordinal": link.ordinal, "hash": link.hash},
            )
    except IntegrityError:
        raise SomeoneElseMoved(MOVED) from None
    return entry


def _entry(link: chain.Link) -> Entry:
    return Entry(
        clinic=link.clinic,
        stream=link.stream,
        ordinal=link.ordinal,
        kind=link.kind,
        by=link.by,
        by_name=link.by_name,
        by_roles=link.by_roles,
        at=link.at,
        payload_json=link.payload,
        previous=link.previous,
        hash=link.hash,
    )
