"""Signals of diversion, each with its arithmetic shown; a signal is a question, not an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from ketaflow.custody.movements import Kind

PERCENT = Decimal(100)


class Disposed(Protocol):
    """A line of the dispensing record, as far as a signal reads it."""

    what: str
    mg: Decimal
    drawn_by: str
    recorded_by: str


@dataclass(frozen=True)
class Handled:
    """What one person drew and what became of it, in milligrams."""

    person: str
    given_mg: Decimal
    wasted_mg: Decimal
    missed_mg: Decimal

    @property
    def drawn_mg(self) -> Decimal:
        """All that was accounted for, or should have been."""
        return self.given_mg + self.wasted_mg + self.missed_mg

    @property
    def wasted_share(self) -> Decimal:
        """Wasted for each hundred drawn: wasted / (given + wasted + missed) × 100."""
        return round(self.wasted_mg * PERCENT / self.drawn_mg, 1) if self.drawn_mg else Decimal(0)


def by_person(lines: Iterable[Disposed]) -> tuple[Handled, ...]:
    """What each person drew and wasted, the highest share of waste first."""
    sums: dict[str, dict[str, Decimal]] = {}
    for line in lines:
        who = sums.setdefault(line.drawn_by or line.recorded_by, {})
        who[line.what] = who.get(line.what, Decimal(0)) + line.mg
    found = [
        Handled(
            person,
            _sum(parts, Kind.ADMINISTERED),
            _sum(parts, Kind.WASTED),
            _sum(parts, Kind.LOST) + _sum(parts, Kind.MISSED),
        )
        for person, parts in sums.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.wasted_share, one.person)))


def _sum(parts: dict[str, Decimal], kind: Kind) -> Decimal:
    return parts.get(kind.label, Decimal(0))
