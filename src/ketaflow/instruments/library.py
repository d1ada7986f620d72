"""Questionnaires as data: what is asked, what may be answered, what it means, who owns it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence import sources
from ketaflow.refusals import BadFile, OutsideEnvelope


class UnknownInstrument(OutsideEnvelope):
    """No instrument of that name is in the library."""


class Verdict(StrEnum):
    """Whether the wording may ship with Ketaflow."""

    EMBED = "EMBED"
    EMBED_WITH_NOTICE = "EMBED_WITH_NOTICE"
    SCORE_ONLY = "SCORE_ONLY"


class Method(StrEnum):
    """How answers become a result."""

    SUM = "sum"
    LEVEL = "level"


@dataclass(frozen=True)
class Item:
    """One question; `labels` name its answers from `low` upwards, empty for a bare number.

    An item that is not `scored` may be left out. One with `asked_if` is asked only when the item it
    names was answered with more than 0.
    """

    key: str
    text: str
    low: int
    high: int
    labels: tuple[str, ...] = ()
    loinc: str = ""
    scored: bool = True
    suicidality: bool = False
    asked_if: str = ""


@dataclass(frozen=True)
class Band:
    """A named range of totals, ends included."""

    low: int
    high: int
    name: str
    source: tuple[str, ...]


@dataclass(frozen=True)
class Level:
    """A named finding: any of these items answered with more than 0."""

    name: str
    any: tuple[str, ...]
    source: tuple[str, ...]


@dataclass(frozen=True)
class Subscale:
    """Items summed alone; `endorsed_needed` of them at `endorsed_from` or more meet its rule."""

    key: str
    name: str
    items: tuple[str, ...]
    endorsed_from: int
    endorsed_needed: int
    source: tuple[str, ...]


@dataclass(frozen=True)
class Instrument:
    """A questionnaire or observer's scale, as one dated file of the library."""

    id: str
    title: str
    short: str
    measures: str
    version: str
    verdict: Verdict
    notice: str
    stem: str
    method: Method
    otherwise: str
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    levels: tuple[Level, ...]
    subscales: tuple[Subscale, ...]
    cut_point: tuple[int, int] | None
    loinc_panel: str
    loinc_total: str
    source: tuple[str, ...]

    @property
    def lowest(self) -> int:
        """The smallest total possible."""
        return sum(item.low for item in self.items if item.scored)

    @property
    def highest(self) -> int:
        """The largest total possible."""
        return sum(item.high for item in self.items if item.scored)


@cache
def library() -> Mapping[str, Instrument]:
    """Every instrument by id."""
    found = {name: parse(name, table) for name, table in tables.read(__package__, "library")}
    return MappingProxyType(found)


def instrument(name: str) -> Instrument:
    """The instrument called `name`; capitals, spaces and dashes do not matter.

    Raises:
        UnknownInstrument: names those there are.
    """
    for key, one in library().items():
        if _plain(key) == _plain(name):
            return one
    raise UnknownInstrument(f"There is no instrument {name!r}. There are: {', '.join(library())}.")


def parse(name: str, table: Mapping[str, Any]) -> Instrument:
    """One instrument from its TOML table.

    Raises:
        BadFile: something is missing or does not fit; the message names the file and what.
    """
    try:
        made = _read(name, table)
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadFile(f"Instrument {name}.toml lacks or misstates {wrong}.") from None
    _check(made)
    return made


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _read(name: str, table: Mapping[str, Any]) -> Instrument:
    for measured in (table["scoring"], table["range"], table.get("cut_point", table["range"])):
        _cited(measured)
        measured["unit"]
    loinc, cut = table.get("loinc", {}), table.get("cut_point")
    return Instrument(
        id=name,
        title=table["title"],
        short=table["short"],
        measures=table["measures"],
        version=table["version"],
        verdict=Verdict(table["verdict"]),
        notice=table["notice"],
        stem=table.get("stem", ""),
        method=Method(table["scoring"]["method"]),
        otherwise=table["scoring"].get("otherwise", ""),
        items=tuple(_item(row, table) for row in table["item"]),
        bands=tuple(_band(row) for row in table.get("band", ())),
        levels=tuple(_level(row) for row in table.get("level", ())),
        subscales=tuple(_subscale(row) for row in table.get("subscale", ())),
        cut_point=(cut["low"], cut["high"]) if cut else None,
        loinc_panel=loinc.get("panel", ""),
        loinc_total=loinc.get("total", ""),
        source=_cited(table),
    )


def _item(row: Mapping[str, Any], table: Mapping[str, Any]) -> Item:
    return Item(
        key=row["key"],
        text=row.get("text", ""),
        low=table["range"]["low"],
        high=table["range"]["high"],
        labels=tuple(row.get("labels", table.get("labels", ()))),
        loinc=row.get("loinc", ""),
        scored=row.get("scored", True),
        suicidality=row.get("suicidality", False),
        asked_if=row.get("asked_if", ""),
    )


def _band(row: Mapping[str, Any]) -> Band:
    return Band(row["low"], row["high"], row["name"], _cited(row))


def _level(row: Mapping[str, Any]) -> Level:
    return Level(row["name"], tuple(row["any"]), _cited(row))


def _subscale(row: Mapping[str, Any]) -> Subscale:
    row["unit"]
    return Subscale(
        key=row["key"],
        name=row["name"],
        items=tuple(row["items"]),
        endorsed_from=row["endorsed_from"],
        endorsed_needed=row["endorsed_needed"],
        source=_cited(row),
    )


def _cited(row: Mapping[str, Any]) -> tuple[str, ...]:
    keys: tuple[str, ...] = tuple(row["source"])
    sources.cite(keys)
    return keys


def _check(made: Instrument) -> None:
    keys = [item.key for item in made.items]
    named = [item.asked_if for item in made.items if item.asked_if]
    named += [key for level in made.levels for key in level.any]
    named += [key for subscale in made.subscales for key in subscale.items]
    if len(set(keys)) != len(keys):
        raise BadFile(f"Instrument {made.id}.toml names an item twice.")
    if strangers := sorted(set(named) - set(keys)):
        raise BadFile(f"Instrument {made.id}.toml refers to item {strangers[0]}, which it lacks.")
    for item in made.items:
        if item.labels and len(item.labels) != item.high - item.low + 1:
            raise BadFile(
                f"Instrument {made.id}.toml: item {item.key} has a label too many or few."
            )
    if made.bands and not _unbroken(made.bands, made.lowest, made.highest):
        raise BadFile(
            f"Instrument {made.id}.toml: bands leave a gap from {made.lowest} to {made.highest}."
        )


def _unbroken(bands: Sequence[Band], lowest: int, highest: int) -> bool:
    edge = lowest
    for band in bands:
        if band.low != edge:
            return False
        edge = band.high + 1
    return edge == highest + 1
