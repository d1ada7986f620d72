"""Which questionnaires belong to a course, and when: data, not code."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.outcomes import sheet
from ketaflow.protocol.figures import BadFigure, keys


class When(StrEnum):
    """The moment of a course to which something asked belongs."""

    FIRST = "before the first session"
    BEFORE = "before each session"
    REVIEW = "for each review"
    FOLLOWING = "weeks after"


@dataclass(frozen=True)
class Ask:
    """One questionnaire and its moment.

    `every_days` thins what is asked before each session; `weeks` count from the end of induction.
    """

    when: When
    instrument: str
    every_days: int
    weeks: tuple[int, ...]
    optional: bool


@dataclass(frozen=True)
class Programme:
    """What is asked in the courses whose protocol begins with one of `protocols`.

    `in_session` is taken on the page of the session, `on_paper` has no place in the record.
    """

    name: str
    protocols: tuple[str, ...]
    asks: tuple[Ask, ...]
    in_session: tuple[str, ...]
    on_paper: tuple[str, ...]
    sources: tuple[str, ...]


@cache
def programmes() -> tuple[Programme, ...]:
    """Every programme of measures that ships.

    Raises:
        BadFigure: one asks for what the record cannot take.
    """
    found = tables.read("ketaflow.outcomes.measuring", "library")
    return tuple(_programme(name, table) for name, table in found)


def programme(protocol: str) -> Programme:
    """The programme of a course by `protocol`; what none is named for follows depression's."""
    return _by_protocol().get(protocol.partition("-")[0], _by_protocol()[""])


@cache
def longest_weeks() -> int:
    """How many weeks after induction the last questionnaire of any programme is due."""
    return max(max(ask.weeks, default=0) for one in programmes() for ask in one.asks)


@cache
def _by_protocol() -> Mapping[str, Programme]:
    return MappingProxyType({name: one for one in programmes() for name in one.protocols})


def _programme(name: str, table: Mapping[str, Any]) -> Programme:
    return Programme(
        name=table["name"],
        protocols=tuple(table["protocols"]),
        asks=tuple(ask for row in table["ask"] for ask in _asks(name, row)),
        in_session=tuple(table["in_session"]),
        on_paper=tuple(table["on_paper"]),
        sources=keys(table, f"measures of {name}"),
    )


def _asks(name: str, row: Mapping[str, Any]) -> tuple[Ask, ...]:
    for one in row["instruments"]:
        if not sheet.known(one):
            raise BadFigure(f"The measures of {name} ask for {one!r}, which no record can take.")
    return tuple(
        Ask(
            when=When(row["when"]),
            instrument=one,
            every_days=row.get("every_days", 0),
            weeks=tuple(row.get("weeks", ())),
            optional=row.get("optional", False),
        )
        for one in row["instruments"]
    )
