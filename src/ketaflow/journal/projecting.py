"""From journal to tables: each stage says which kinds of entry it turns into which rows.

Rows that are read are written here and nowhere else, so they can be thrown away and made again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID, uuid5

from ketaflow.journal.author import Author


class Recorded(Protocol):
    """An entry, as a projection sees it."""

    clinic: UUID
    stream: str
    ordinal: int
    kind: str
    at: Any

    @property
    def payload(self) -> dict[str, Any]:
        """What happened."""

    @property
    def author(self) -> Author:
        """Who wrote it."""


Handler = Callable[[Any], None]


@dataclass(frozen=True)
class Projection:
    """What one stage keeps for reading: its tables, parents first, and a handler for each kind.

    `together` names, for kinds that come by the hundred, a handler of many entries at once; it
    leaves the same rows as `handlers` would, one entry after the other.
    """

    stage: str
    tables: tuple[Any, ...]
    handlers: Mapping[str, Handler]
    together: Mapping[str, Callable[[Sequence[Any]], None]] = field(default_factory=dict)


class UnknownKind(LookupError):
    """No stage knows this kind of entry: a fault of the program, not of the user."""


_stages: dict[str, Projection] = {}


def register(projection: Projection) -> None:
    """Make `projection` known; called once by each stage when it is ready."""
    _stages[projection.stage] = projection


def stages() -> tuple[Projection, ...]:
    """All projections, in the order in which their stages were made known."""
    return tuple(_stages.values())


def project(entry: Recorded) -> None:
    """Bring the rows that follow from `entry` up to date."""
    for projection in _stages.values():
        if handler := projection.handlers.get(entry.kind):
            handler(entry)
            return
    raise UnknownKind(f"No stage projects entries of kind {entry.kind}.")


def project_all(entries: Sequence[Recorded]) -> None:
    """`project` for many entries, in their order; those of a kind that stand together, at once."""
    together = {kind: handler for one in _stages.values() for kind, handler in one.together.items()}
    for kind, run in groupby(entries, key=lambda entry: entry.kind):
        if kind in together:
            together[kind](list(run))
        else:
            for entry in run:
                project(entry)


def leave(entry: Recorded) -> None:
    """The handler for a kind that is only read in its stream."""


def row_id(entry: Recorded, *parts: object) -> UUID:
    """The same identifier for the same row each time the tables are made again."""
    return uuid5(entry.clinic, "/".join([entry.stream, str(entry.ordinal), *map(str, parts)]))
