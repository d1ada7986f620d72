"""Reading the record, and proving that it is whole."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Max, QuerySet

from ketaflow.journal import chain, projecting, telling
from ketaflow.journal.models import Entry, Head
from ketaflow.refusals import DoesNotVerify


@dataclass(frozen=True)
class Verified:
    """What a verification found in order."""

    entries: int
    streams: int
    head: str


def entries(
    *, clinic: UUID, stream: str, since: int = 1, upto: int | None = None
) -> Sequence[Entry]:
    """The entries of `stream`, first to last: all, or those from one ordinal to another."""
    found = Entry.objects.filter(clinic=clinic, stream=stream)
    if since > 1:
        found = found.filter(ordinal__gte=since)
    if upto is not None:
        found = found.filter(ordinal__lte=upto)
    return list(found.order_by("ordinal"))


def of_streams(*, clinic: UUID, streams: Iterable[str]) -> QuerySet[Entry]:
    """All entries of several streams of a clinic, in no order; for a reader to narrow.

    The clinic is asked of the heads: asked of the entries themselves, it leads SQLite through
    everything the clinic ever wrote.
    """
    ours = Head.objects.filter(clinic=clinic, stream__in=list(streams))
    return Entry.objects.filter(stream__in=ours.values("stream"))


def by_stream(*, clinic: UUID, before_slash: str) -> Iterator[tuple[str, list[Entry]]]:
    """Each stream of a clinic whose name begins so, with its entries, first to last."""
    named = Entry.objects.filter(stream__gte=f"{before_slash}/", stream__lt=f"{before_slash}0")
    ordered = named.filter(clinic=clinic).order_by("stream", "ordinal")
    each = groupby(ordered.iterator(chunk_size=2000), key=lambda entry: entry.stream)
    return ((stream, list(entries)) for stream, entries in each)


def newest_first(*, clinic: UUID, most: int, page: int = 250) -> Iterator[Entry]:
    """The newest entries of a clinic without their payloads, read in pages as somebody asks."""
    newest = Entry.objects.filter(clinic=clinic).order_by("-at", "-id").defer("payload_json")
    for first in range(0, most, page):
        found = list(newest[first : min(first + page, most)])
        yield from found
        if len(found) < page:
            return


def last_ordinal(*, clinic: UUID, stream: str) -> int:
    """The ordinal of the last entry of `stream`; 0 when there is none."""
    head = Head.objects.filter(clinic=clinic, stream=stream).first()
    return head.ordinal if head else 0


def last_at(*, clinic: UUID, kind: str) -> datetime | None:
    """When a clinic's newest entry was made whose kind begins so; None before the first."""
    found = Entry.objects.filter(clinic=clinic, kind__startswith=kind).order_by("-at")
    return found.values_list("at", flat=True).first()


def head_of(*, clinic: UUID, before_slash: Iterable[str]) -> tuple[str, int]:
    """One hash over the heads of a clinic's streams whose names begin so, and how many there are.

    As noted when they were written; nothing is followed.
    """
    wanted = frozenset(before_slash)
    rows = Head.objects.filter(clinic=clinic).values_list("stream", "ordinal", "hash")
    heads = {
        name: (at, seal)
        for name, at, seal in rows.iterator(chunk_size=5000)
        if name.partition("/")[0] in wanted
    }
    return chain.head(heads), len(heads)


def verify() -> Verified:
    """Follow every chain of every clinic.

    Raises:
        DoesNotVerify: names the first entry that was changed, removed or moved.
    """
    with _one_moment():
        top = Entry.objects.aggregate(top=Max("id"))["top"] or 0
        heads = {
            stream: (ordinal, seal)
            for stream, ordinal, seal in Head.objects.values_list("stream", "ordinal", "hash")
        }
        if connection.vendor == "postgresql":
            count, head = _follow(top, heads)
    if connection.vendor != "postgresql":
        # SQLite numbers entries in the order they are committed, so `top` marks the moment
        # and a long verification need not hold the only write lock.
        count, head = _follow(top, heads)
    return Verified(entries=count, streams=len(heads), head=head)


def _follow(top: int, heads: dict[str, tuple[int, str]]) -> tuple[int, str]:
    ordered = Entry.objects.filter(id__lte=top).order_by("stream", "ordinal")
    each = ordered.iterator(chunk_size=2000)
    try:
        return chain.follow((entry.link for entry in each), heads)
    finally:
        # A refusal leaves the iterator in the middle; PostgreSQL's cursor must not outlive it.
        each.close()  # type: ignore[attr-defined]


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything read inside is as of one moment, while others go on writing."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def rebuild() -> dict[str, int]:
    """Make every projected table again from the journal and compare it with what was there.

    Returns:
        Rows by table.

    Raises:
        DoesNotVerify: a table differed; the tables are left as the journal says they should be.
    """
    tables = [table for projection in projecting.stages() for table in projection.tables]
    with transaction.atomic():
        before = {table._meta.db_table: _rows(table) for table in tables}
        for table in reversed(tables):
            table._base_manager.all()._raw_delete(connection.alias)
        for entry in Entry.objects.order_by("id").iterator(chunk_size=2000):
            projecting.project(entry)
        after = {table._meta.db_table: _rows(table) for table in tables}
    for name, rows in after.items():
        if rows != before[name]:
            raise DoesNotVerify(_difference(name, before[name], rows))
    return {name: len(rows) for name, rows in after.items()}


def _rows(table: Any) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row for row in table._base_manager.values_list("pk", *_columns(table))}


def _columns(table: Any) -> list[str]:
    return [column.attname for column in table._meta.concrete_fields]


def _difference(name: str, before: dict[Any, Any], after: dict[Any, Any]) -> str:
    for key in sorted(before.keys() | after.keys(), key=str):
        if key not in after:
            return (
                f"Table {name} held a row {key} that the journal knows nothing of; it is gone now."
            )
        if key not in before:
            return f"Table {name} lacked row {key}; it is there again now."
        if before[key] != after[key]:
            return f"Table {name} row {key} was not as the journal says; it has been put right."
    return f"Table {name} was in a different state."


@dataclass(frozen=True)
class Written:
    """That something was written; what it says is for the reader to look up."""

    clinic: UUID
    kind: str
    stream: str


class Ear:
    """Hears of every entry from now on, of every clinic and from every process.

    For one thread, which it keeps; close the thread's connection when it is done. PostgreSQL tells
    (`telling.py`). SQLite is looked at: one step along the primary key, twenty times a second.
    """

    LOOK_S = 0.05

    def __init__(self) -> None:
        self._told = connection.vendor == "postgresql"
        if self._told:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {telling.CHANNEL}")
        else:
            self._last = Entry.objects.aggregate(top=Max("id"))["top"] or 0

    def close(self) -> None:
        """Hear nothing more; a connection that is lent to somebody else next must not listen."""
        if self._told:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("UNLISTEN *")

    def hear(self, seconds: float) -> list[Written]:
        """What was written since the last time; waits up to `seconds` for something.

        Raises:
            DatabaseError: the database is gone; listen anew when it is back.
        """
        return self._listen(seconds) if self._told else self._look(seconds)

    def _listen(self, seconds: float) -> list[Written]:
        connection.ensure_connection()
        heard = connection.connection.notifies(timeout=seconds, stop_after=1)
        with connection.wrap_database_errors:
            said = [one.payload.split(" ", 2) for one in heard]
        return [Written(UUID(clinic), kind, stream) for clinic, kind, stream in said]

    def _look(self, seconds: float) -> list[Written]:
        until = time.monotonic() + seconds
        while not (found := self._new()) and time.monotonic() < until:
            time.sleep(self.LOOK_S)
        return found

    def _new(self) -> list[Written]:
        new = Entry.objects.filter(id__gt=self._last).order_by("id")
        rows = list(new.values_list("id", "clinic", "kind", "stream"))
        self._last = rows[-1][0] if rows else self._last
        return [Written(clinic, kind, stream) for _, clinic, kind, stream in rows]
