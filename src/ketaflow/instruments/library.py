"""Questionnaires as data: what is asked, what may be answered, what it means, who owns it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
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
    LICENSED = "LICENSED"
    LINK = "LINK"

    @property
    def says(self) -> str:
        """The verdict in words."""
        return VERDICTS[self]


VERDICTS = {
    Verdict.EMBED: "its wording ships",
    Verdict.EMBED_WITH_NOTICE: "its wording ships, unchanged and with its notice",
    Verdict.SCORE_ONLY: "its wording does not ship; item numbers or a total are taken",
    Verdict.LICENSED: "its wording comes from this clinic's own licensed file",
    Verdict.LINK: "it is named only",
}


class Method(StrEnum):
    """How answers become a result: DOMAINS adds the worst answer of each, PARTS has no total."""

    SUM = "sum"
    MEAN = "mean"
    DOMAINS = "domains"
    LEVEL = "level"
    PARTS = "parts"


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
    """Items scored alone; `endorsed_needed` of them at `endorsed_from` or more meet its rule."""

    key: str
    name: str
    items: tuple[str, ...]
    method: Method
    endorsed_from: int
    endorsed_needed: int
    source: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """Items of which only the worst counts; one of each pair in `either` is enough."""

    name: str
    items: tuple[str, ...]
    either: tuple[tuple[str, ...], ...]
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
    times: int
    items: tuple[Item, ...]
    bands: tuple[Band, ...]
    levels: tuple[Level, ...]
    subscales: tuple[Subscale, ...]
    domains: tuple[Domain, ...]
    cut_point: tuple[int, int] | None
    loinc_panel: str
    loinc_total: str
    also_called: tuple[str, ...]
    source: tuple[str, ...]

    @property
    def lowest(self) -> int:
        """The smallest total possible."""
        return self._reach({item.key: item.low for item in self.items if item.scored})

    @property
    def highest(self) -> int:
        """The largest total possible."""
        return self._reach({item.key: item.high for item in self.items if item.scored})

    @property
    def needs_paper(self) -> bool:
        """Whether its wording is not here, so that it is given on paper."""
        return self.verdict in {Verdict.SCORE_ONLY, Verdict.LINK}

    @property
    def has_total(self) -> bool:
        """Whether its answers come to one number."""
        return self.method not in {Method.LEVEL, Method.PARTS}

    def band_of(self, total: int | Decimal) -> str | None:
        """The band of a total; one between two whole numbers belongs to the lower."""
        reached = [band.name for band in self.bands if band.low <= total < band.high + 1]
        return reached[0] if reached else None

    def domain_of(self, key: str) -> Domain | None:
        """The domain that an item belongs to, if the instrument has domains."""
        return next((domain for domain in self.domains if key in domain.items), None)

    def _reach(self, ends: Mapping[str, int]) -> int:
        if self.method is Method.DOMAINS:
            return sum(max(ends[key] for key in domain.items) for domain in self.domains)
        if self.method is Method.MEAN:
            return sum(ends.values()) // len(ends)
        return self.times * sum(ends.values())


@cache
def library() -> Mapping[str, Instrument]:
    """Every instrument by id."""
    found = {name: parse(name, table) for name, table in tables.read(__package__, "library")}
    return MappingProxyType(found | _lent)


_lent: dict[str, Instrument] = {}


def lend(texts: Mapping[str, Instrument]) -> None:
    """From here on, let these instruments speak with a clinic's own licensed wording."""
    _lent.clear()
    _lent.update(texts)
    library.cache_clear()


def instrument(name: str) -> Instrument:
    """The instrument called `name`; capitals, spaces and dashes do not matter.

    Raises:
        UnknownInstrument: names those there are.
    """
    for key, one in library().items():
        if _plain(name) in {_plain(known) for known in (key, *one.also_called)}:
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
    if made.verdict is Verdict.LINK:
        return replace(made, items=())
    check(made)
    return made


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _read(name: str, table: Mapping[str, Any]) -> Instrument:
    verdict = Verdict(table["verdict"])
    nothing = {"method": "parts", "unit": "none", "low": 0, "high": 0, "source": table["source"]}
    # Of what is named only, nothing else is known here.
    scoring, span = (
        (nothing, nothing) if verdict is Verdict.LINK else (table["scoring"], table["range"])
    )
    for measured in (scoring, span, table.get("cut_point", span)):
        _cited(measured)
        measured["unit"]
    loinc, cut = table.get("loinc", {}), table.get("cut_point")
    return Instrument(
        id=name,
        title=table["title"],
        short=table["short"],
        measures=table["measures"],
        version=table["version"],
        verdict=verdict,
        notice=table["notice"],
        stem=table.get("stem", ""),
        method=Method(scoring["method"]),
        otherwise=scoring.get("otherwise", ""),
        times=scoring.get("times", 1),
        items=tuple(_item(row, span, table) for row in table.get("item", ())),
        bands=tuple(_band(row) for row in table.get("band", ())),
        levels=tuple(_level(row) for row in table.get("level", ())),
        subscales=tuple(_subscale(row) for row in table.get("subscale", ())),
        domains=tuple(_domain(row) for row in table.get("domain", ())),
        cut_point=(cut["low"], cut["high"]) if cut else None,
        loinc_panel=loinc.get("panel", ""),
        loinc_total=loinc.get("total", ""),
        also_called=tuple(table.get("also_called", ())),
        source=_cited(table),
    )


def _item(row: Mapping[str, Any], span: Mapping[str, Any], table: Mapping[str, Any]) -> Item:
    return Item(
        key=row["key"],
        text=row.get("text", ""),
        low=row.get("low", span["low"]),
        high=row.get("high", span["high"]),
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
        method=Method(row.get("method", "sum")),
        endorsed_from=row.get("endorsed_from", 0),
        endorsed_needed=row.get("endorsed_needed", 0),
        source=_cited(row),
    )


def _domain(row: Mapping[str, Any]) -> Domain:
    pairs = tuple(tuple(pair) for pair in row.get("either", ()))
    return Domain(row["name"], tuple(row["items"]), pairs, _cited(row))


def _cited(row: Mapping[str, Any]) -> tuple[str, ...]:
    keys: tuple[str, ...] = tuple(row["source"])
    sources.cite(keys)
    return keys


def check(made: Instrument) -> None:
    """Refuse an instrument whose parts contradict each other.

    Raises:
        BadFile: names the file and what does not fit.
    """
    keys = [item.key for item in made.items]
    if len(set(keys)) != len(keys):
        raise BadFile(f"Instrument {made.id}.toml names an item twice.")
    if not keys:
        raise BadFile(f"Instrument {made.id}.toml has no item.")
    if strangers := sorted(set(_named(made)) - set(keys)):
        raise BadFile(f"Instrument {made.id}.toml refers to item {strangers[0]}, which it lacks.")
    for item in made.items:
        if item.labels and len(item.labels) != item.high - item.low + 1:
            raise BadFile(
                f"Instrument {made.id}.toml: item {item.key} has a label too many or few."
            )
    _check_domains(made)
    if made.bands and not _unbroken(made.bands, made.lowest, made.highest):
        raise BadFile(
            f"Instrument {made.id}.toml: bands leave a gap from {made.lowest} to {made.highest}."
        )


def _named(made: Instrument) -> Iterator[str]:
    yield from (item.asked_if for item in made.items if item.asked_if)
    yield from (key for level in made.levels for key in level.any)
    yield from (key for part in made.subscales for key in part.items)
    for domain in made.domains:
        yield from (*domain.items, *(key for pair in domain.either for key in pair))


def _check_domains(made: Instrument) -> None:
    in_domains = sorted(key for domain in made.domains for key in domain.items)
    scored = sorted(item.key for item in made.items if item.scored)
    if made.method is Method.DOMAINS and in_domains != scored:
        raise BadFile(f"Instrument {made.id}.toml: each item belongs to one domain.")


def _unbroken(bands: Sequence[Band], lowest: int, highest: int) -> bool:
    edge = lowest
    for band in bands:
        if band.low != edge:
            return False
        edge = band.high + 1
    return edge == highest + 1
