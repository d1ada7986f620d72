"""Every citation once: what it is, where it stands, how much of it was read, how sure we are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.refusals import BadFile


class Confidence(StrEnum):
    """Whether a statement is right as written."""

    HIGH = "H"
    MEDIUM = "M"
    LOW = "L"


class Read(StrEnum):
    """How much of a source was read."""

    FULLER_SECTION = "F"
    TABLE = "T"
    ABSTRACT = "A"
    OPENING = "O"
    SECONDARY = "2"


READ_AS = {
    Read.FULLER_SECTION: "a fuller section",
    Read.TABLE: "a table or form",
    Read.ABSTRACT: "the abstract",
    Read.OPENING: "the opening only",
    Read.SECONDARY: "a secondary page about it",
}


@dataclass(frozen=True)
class Source:
    """A publication, label or regulation; `key` is how data files name it."""

    key: str
    citation: str
    read: tuple[Read, ...]
    url: str = ""
    doi: str = ""
    authors: tuple[str, ...] = ()
    journal: str = ""
    year: str = ""
    volume: str = ""
    pages: str = ""


LOCAL = Source("LOCAL", "Set by the clinic's medical director; no authoritative figure exists.", ())
UNVERIFIED = Source(
    "UNVERIFIED", "From memory, not verified against a source. Check before use.", ()
)
DERIVED = Source("DERIVED", "Computed by Ketaflow from the sources named beside it.", ())
SPECIAL = (LOCAL, UNVERIFIED, DERIVED)
BIBLIOGRAPHIC = ("url", "doi", "journal", "year", "volume", "pages")


class UnknownSource(BadFile):
    """A data file cites a source that is not registered."""


@cache
def register() -> Mapping[str, Source]:
    """All known sources by key."""
    known = {special.key: special for special in SPECIAL}
    for name, table in tables.read("ketaflow.evidence", "library"):
        for key, row in table.items():
            if key in known:
                raise BadFile(f"Source {key} is registered twice (again in {name}.toml).")
            known[key] = _source(key, row)
    return MappingProxyType(known)


def cite(keys: str | Iterable[str]) -> tuple[Source, ...]:
    """The sources named by `keys`.

    Raises:
        UnknownSource: a key is not registered, or none is given.
    """
    wanted = (keys,) if isinstance(keys, str) else tuple(keys)
    if not wanted:
        raise UnknownSource("A clinical value must name at least one source.")
    missing = [key for key in wanted if key not in register()]
    if missing:
        raise UnknownSource(f"Source {missing[0]} is cited but not registered in evidence/library.")
    return tuple(register()[key] for key in wanted)


def _source(key: str, row: Mapping[str, Any]) -> Source:
    return Source(
        key=key,
        citation=row["citation"],
        read=tuple(Read(depth) for depth in row["read"]),
        authors=tuple(row.get("authors", ())),
        **{key: row[key] for key in BIBLIOGRAPHIC if key in row},
    )
