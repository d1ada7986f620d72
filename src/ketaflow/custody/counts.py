"""Blind counts: what somebody found, beside what the record expects; and inventories."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ketaflow.protocol.figures import show
from ketaflow.refusals import Refused


class CountMoved(Refused):
    """Something was drawn or moved while it was being counted."""


class NotCounted(Refused):
    """A line of the count was left empty."""


class Method(StrEnum):
    """How open containers were counted for an inventory."""

    EXACT = "EXACT"
    ESTIMATED = "ESTIMATED"


class Moment(StrEnum):
    """Whether an inventory is of the opening or of the close of business."""

    OPENING = "OPENING"
    CLOSE = "CLOSE"

    @property
    def label(self) -> str:
        """The moment in words."""
        return {Moment.OPENING: "opening of business", Moment.CLOSE: "close of business"}[self]


@dataclass(frozen=True)
class Line:
    """One line of a count sheet: sealed containers of a lot together, open ones each alone.

    `mark` is the sum of the containers' last entries: it changes when anything happens to them.
    """

    key: str
    item: str
    name: str
    lot: str
    open: bool
    unit: str
    expected: Decimal
    mark: int
    strength_mg: Decimal


@dataclass(frozen=True)
class Found:
    """What was found for a line, and the mark the sheet showed when it was handed out."""

    found: Decimal | None
    mark: int


@dataclass(frozen=True)
class Compared:
    """A line with what was found."""

    line: Line
    found: Decimal

    @property
    def difference(self) -> Decimal:
        """More than expected, or less."""
        return self.found - self.line.expected

    def as_payload(self) -> dict[str, object]:
        """The line as the journal keeps it."""
        line = self.line
        return {
            "key": line.key, "item": line.item, "name": line.name, "lot": line.lot,
            "open": line.open, "unit": line.unit, "mark": line.mark,
            "expected": f"{line.expected:f}", "found": f"{self.found:f}",
        }  # fmt: skip


def compare(lines: Sequence[Line], found: dict[str, Found]) -> tuple[Compared, ...]:
    """Hold what was found beside what is expected.

    Args:
        lines: the sheet as the record would hand it out now.
        found: what was entered, by the line's key, with the marks of the sheet that was used.

    Raises:
        CountMoved: something came, went or was drawn since the sheet was handed out.
        NotCounted: a line has no figure, or one nobody can count.
    """
    known = {line.key: line for line in lines}
    if new := sorted(known.keys() ^ found.keys()):
        name = known[new[0]].name if new[0] in known else "Something"
        raise CountMoved(f"{name} came or went while you counted. Count this place again.")
    for line in lines:
        told = found[line.key]
        if told.mark != line.mark:
            raise CountMoved(
                f"{line.name}, lot {line.lot}, was drawn from or moved while you counted. "
                "Count this place again."
            )
    return tuple(Compared(line, _entered(line, found[line.key].found)) for line in lines)


def _entered(line: Line, found: Decimal | None) -> Decimal:
    if found is None:
        raise NotCounted(
            f"{line.name}, lot {line.lot}, has no figure. Write 0 if nothing is there."
        )
    places = -int(found.as_tuple().exponent) if found.is_finite() else 99
    most = 3 if line.unit == "mL" else 0
    if not found.is_finite() or found < 0 or found >= 100_000 or places > most:
        raise NotCounted(
            f"{show(found) if found.is_finite() else found} cannot be counted for {line.name}: "
            f"write {line.unit}, 0 or more, with at most {most} decimals."
        )
    return found
