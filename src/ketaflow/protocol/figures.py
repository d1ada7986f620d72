"""A number as clinical data gives it: value, unit, and the sources it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence import sources
from ketaflow.refusals import BadFile


class BadFigure(BadFile):
    """A clinical number lacks its value, its unit or a registered source."""


@dataclass(frozen=True)
class Figure:
    """A number with its unit and the keys of its sources."""

    value: Decimal
    unit: str
    sources: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether the number was read in a source, rather than remembered."""
        return sources.UNVERIFIED.key not in self.sources


@dataclass(frozen=True)
class Statement:
    """A sentence in plain words with the keys of its sources."""

    text: str
    sources: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Whether the sentence was read in a source, rather than remembered."""
        return sources.UNVERIFIED.key not in self.sources


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included, with the keys of its sources."""

    low: Decimal
    high: Decimal
    unit: str
    sources: tuple[str, ...]

    def holds(self, value: Decimal) -> bool:
        """Whether `value` lies inside."""
        return self.low <= value <= self.high


@cache
def rules() -> Mapping[str, Mapping[str, Figure | Range]]:
    """The small tables behind the reckoning, by file and key.

    Raises:
        BadFigure: an entry lacks a number, a unit or a source.
    """
    return MappingProxyType(
        {
            name: MappingProxyType({key: _rule(row, f"{name} {key}") for key, row in table.items()})
            for name, table in tables.read("ketaflow.protocol", "rules")
        }
    )


def rule(name: str, key: str) -> Figure:
    """The single number `key` of the table `name`."""
    found = rules()[name][key]
    assert isinstance(found, Figure)
    return found


def plausible(key: str) -> Range:
    """The range an adult's `key` can plausibly have."""
    found = rules()["plausible"][key]
    assert isinstance(found, Range)
    return found


def _rule(row: Mapping[str, Any], where: str) -> Figure | Range:
    unit = row.get("unit") or ""
    if not unit:
        raise BadFigure(f"{where} needs a unit.")
    if "value" in row:
        return figure(row, where, units=(unit,))
    return Range(
        number(row.get("low"), where), number(row.get("high"), where), unit, keys(row, where)
    )


def figure(row: Mapping[str, Any], where: str, *, units: Iterable[str]) -> Figure:
    """Read `{value, unit, source}`; `where` is named when something is missing.

    Raises:
        BadFigure: no value, a unit other than `units`, or LOCAL, which never has a value here.
        UnknownSource: a source is not registered.
    """
    allowed = tuple(units)
    unit = row.get("unit")
    if unit not in allowed:
        expected = " or ".join(allowed)
        raise BadFigure(f"{where} needs the unit {expected} (got {unit}).")
    return Figure(number(row.get("value"), where), unit, keys(row, where))


def number(value: object, where: str) -> Decimal:
    """A finite `Decimal` from a TOML number.

    Raises:
        BadFigure: it is not a number, or not a finite one.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadFigure(f"{where} needs a number (got {value}).")
    found = Decimal(value)
    if not found.is_finite():
        raise BadFigure(f"{where} needs a finite number (got {value}).")
    return found


def statement(row: Mapping[str, Any], where: str) -> Statement:
    """Read `{text, source}`.

    Raises:
        BadFigure: there is no text, or its source is not one of evidence.
    """
    text = row.get("text")
    if not text:
        raise BadFigure(f"{where} needs a text.")
    return Statement(str(text), keys(row, where, local_too=True))


def keys(row: Mapping[str, Any], where: str, *, local_too: bool = False) -> tuple[str, ...]:
    """The registered source keys of `row`.

    Raises:
        BadFigure: none is given, a derived number does not say from what, or LOCAL has a value.
        UnknownSource: one is not registered.
    """
    given = row.get("source", ())
    found = (given,) if isinstance(given, str) else tuple(given)
    if not found:
        raise BadFigure(f"{where} needs a source.")
    sources.cite(found)
    if sources.LOCAL.key in found and not local_too:
        raise BadFigure(f"{where} is for the clinic to set, so it cannot have a value here.")
    if found == (sources.DERIVED.key,):
        raise BadFigure(f"{where} is derived: name the sources it comes from.")
    return found


def show(value: Decimal) -> str:
    """A number as a clinician writes it: no exponent and no trailing zero.

    >>> show(Decimal("40.00"))
    '40'
    """
    if value and not -8 < value.adjusted() < 9:
        return f"{value:.3g}"
    return f"{value.normalize():f}"
