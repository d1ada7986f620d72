"""How many of a hundred: icon arrays drawn from data, always with what speaks against them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from html import escape
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence import sources
from ketaflow.portal.information.marks import Cited
from ketaflow.portal.information.marks import html as mark_html
from ketaflow.refusals import BadFile

PEOPLE = 100
IN_A_ROW = 10
STEP = 10


@dataclass(frozen=True)
class Arm:
    """One group of a trial, or one effect in one group."""

    name: str
    percent: Decimal

    @property
    def of_hundred(self) -> int:
        """People of a hundred, to the nearest whole person."""
        return int(self.percent.to_integral_value(ROUND_HALF_UP))

    def svg(self) -> str:
        """A hundred people, those it happened to filled; its name says the number."""
        yes, no = _dots(range(self.of_hundred)), _dots(range(self.of_hundred, PEOPLE))
        said = escape(f"{self.name}: {self.of_hundred} of {PEOPLE} people")
        return (
            f'<svg viewBox="0 0 100 100" role="img" aria-label="{said}">'
            f'<path class="icons__yes" d="{yes}"/><path class="icons__edge" d="{no}"/>'
            f'<path class="icons__no" d="{no}"/></svg>'
        )


def _dots(people: range) -> str:
    # A line of no length with round ends is a dot: a hundred of them weigh less than a circle each.
    return "".join(
        f"M{STEP * (one % IN_A_ROW) + STEP // 2} {STEP * (one // IN_A_ROW) + STEP // 2}h0"
        for one in people
    )


@dataclass(frozen=True)
class Figure:
    """What a study found. Without arms it found no difference, and says so as large as the others.

    `outcome` is what happened to the filled people; `against` is what speaks against the result.
    """

    name: str
    title: str
    outcome: str
    found: str
    arms: tuple[Arm, ...]
    against: str
    source: tuple[str, ...]

    def html(self, cited: Cited) -> str:
        """The figure: pictures, the same in words, what speaks against it, the source."""
        arms = "".join(
            f'<div class="icons__arm">{arm.svg()}<p class="icons__number">'
            f"{escape(arm.name)}: <strong>{arm.of_hundred} of {PEOPLE}</strong></p></div>"
            for arm in self.arms
        )
        filled = "Filled: " if self.arms else ""
        found = f'<p class="icons__found">{escape(self.found)}</p>' if self.found else ""
        return (
            f'<figure class="icons"><figcaption>{escape(self.title)}</figcaption>'
            f'<p class="icons__outcome">{filled}{escape(self.outcome)}</p>'
            f'<div class="icons__arms">{arms}</div>{found}'
            f'<p class="icons__against"><strong>Keep in mind:</strong> {escape(self.against)} '
            f"{mark_html(self.source, cited)}</p></figure>"
        )


@cache
def figures() -> Mapping[str, Figure]:
    """Every figure of the library by name."""
    table = dict(tables.read("ketaflow.portal", "library"))["figures"]
    return MappingProxyType({name: parse(name, row) for name, row in table.items()})


def figure(name: str) -> Figure:
    """The figure called `name`.

    Raises:
        BadFile: there is none.
    """
    if name not in figures():
        raise BadFile(f"There is no figure {name!r} in figures.toml.")
    return figures()[name]


def parse(name: str, row: Mapping[str, Any]) -> Figure:
    """One figure from its table.

    Raises:
        BadFile: something is missing; nothing loads without what speaks against it.
    """
    try:
        made = Figure(
            name=name,
            title=row["title"],
            outcome=row["outcome"],
            found=row.get("found", ""),
            arms=tuple(Arm(arm["name"], Decimal(arm["percent"])) for arm in row.get("arm", ())),
            against=row["against"],
            source=tuple(row["source"]),
        )
    except KeyError as missing:
        raise BadFile(f"Figure {name} lacks {missing}.") from None
    sources.cite(made.source)
    if not (made.arms or made.found) or not made.against.strip():
        raise BadFile(f"Figure {name} must say what was found and what speaks against it.")
    if any(not 0 <= arm.percent <= PEOPLE for arm in made.arms):
        raise BadFile(f"Figure {name} has more than {PEOPLE} of {PEOPLE} people.")
    return made
