"""Signals of diversion: what to look at, with the arithmetic shown. A signal accuses nobody.

Each is a share: of what one person did in a period, how much was so. Beside it stands the same
share of everybody else together. No source says from which figure on one must look, so there is a
limit only where the clinic's director signed one.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from ketaflow.custody.amounts import NOTHING
from ketaflow.custody.movements import Kind

PERCENT = Decimal(100)
ONE = Decimal(1)
ACCOUNTED = frozenset({Kind.ADMINISTERED, Kind.WASTED, Kind.LOST, Kind.MISSED})


@dataclass(frozen=True)
class Seen:
    """One movement as signals read it; `outside`: while the clinic was closed."""

    at: datetime
    on: date
    kind: Kind
    mg: Decimal
    account: UUID | None
    container: UUID
    place: UUID
    by: str
    drawn_by: str
    witness: str
    taken_back: bool
    outside: bool

    @property
    def handler(self) -> str:
        """Whose handling it tells of: who drew it, else who wrote it."""
        return self.drawn_by or self.by


@dataclass(frozen=True)
class Discrepancy:
    """Where something did not agree, from the last count that did until it was found."""

    place: UUID | None
    container: UUID | None
    account: UUID | None
    since: datetime | None
    until: datetime

    def holds(self, one: Seen, before: UUID | None) -> bool:
        """Whether a movement is about it; `before`: where its container was until then."""
        if self.account:
            return one.account == self.account
        if self.container:
            return one.container == self.container
        return self.place in (None, one.place, before)


@dataclass(frozen=True)
class Period:
    """Everything of some days: movements in order of time, orders in mg, and discrepancies."""

    seen: Sequence[Seen]
    ordered_mg: Mapping[UUID, Decimal]
    discrepancies: Sequence[Discrepancy]


@dataclass(frozen=True)
class Part:
    """Of one person: how much was so, of how much."""

    person: str
    part: Decimal
    whole: Decimal
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """One person's share, the share of everybody else, and whether it is above a signed limit."""

    person: str
    part: Decimal
    whole: Decimal
    others_part: Decimal
    others_whole: Decimal
    note: str
    limit: Decimal | None

    @property
    def share(self) -> Decimal:
        """part / whole × 100, one decimal."""
        return _share(self.part, self.whole)

    @property
    def others(self) -> Decimal | None:
        """The same of everybody else together; None where nobody else did any."""
        return _share(self.others_part, self.others_whole) if self.others_whole else None

    @property
    def above(self) -> bool:
        """Whether it is above the limit that the clinic signed; never where it signed none."""
        return self.limit is not None and self.share > self.limit


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return round(part * PERCENT / whole, 1) if whole else NOTHING


@dataclass(frozen=True)
class Signal:
    """One kind of share: what is divided by what, and how it is counted."""

    title: str
    part: str
    whole: str
    count: Callable[[Period], Iterable[Part]]


def _waste(period: Period) -> Iterator[Part]:
    for one in period.seen:
        if one.kind in ACCOUNTED and not one.taken_back:
            wasted = one.mg if one.kind is Kind.WASTED else NOTHING
            yield Part(one.handler, wasted, one.mg)


def _undone(period: Period) -> Iterator[Part]:
    for one in period.seen:
        if one.kind is Kind.DRAWN:
            yield Part(one.by, ONE if one.taken_back else NOTHING, ONE)
        elif one.kind is Kind.RETURNED and not one.taken_back:
            yield Part(one.drawn_by, ONE, NOTHING)


def _above_order(period: Period) -> Iterator[Part]:
    drawn: dict[UUID, Decimal] = {}
    for one in period.seen:
        if one.account not in period.ordered_mg or one.account is None or one.taken_back:
            continue
        if one.kind is Kind.RETURNED:
            drawn[one.account] = drawn.get(one.account, NOTHING) - one.mg
        elif one.kind is Kind.DRAWN:
            drawn[one.account] = drawn.get(one.account, NOTHING) + one.mg
            above = drawn[one.account] > period.ordered_mg[one.account]
            yield Part(one.by, ONE if above else NOTHING, ONE)


def _discrepancies(period: Period) -> Iterator[Part]:
    people = {one.handler for one in period.seen}
    times = [one.at for one in period.seen]
    before = list(_before(period.seen))
    for found in period.discrepancies:
        first = bisect_right(times, found.since) if found.since else 0
        within = range(first, bisect_right(times, found.until))
        there = {
            name
            for n in within
            if found.holds(period.seen[n], before[n])
            for name in (period.seen[n].by, period.seen[n].handler)
        }
        for person in people | there:
            yield Part(person, ONE if person in there else NOTHING, ONE)


def _before(seen: Iterable[Seen]) -> Iterator[UUID | None]:
    """Where the container of each movement was until then, as far as it is known."""
    where: dict[UUID, UUID] = {}
    for one in seen:
        yield where.get(one.container)
        where[one.container] = one.place


def _same_witness(period: Period) -> Iterator[Part]:
    pairs: dict[str, Counter[str]] = {}
    for one in period.seen:
        if one.kind is Kind.WASTED and not one.taken_back:
            pairs.setdefault(one.by, Counter())[one.witness] += 1
    for person, counted in pairs.items():
        name, most = min(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        yield Part(person, Decimal(most), Decimal(counted.total()), f"with {name}")


def _outside(period: Period) -> Iterator[Part]:
    for one in period.seen:
        yield Part(one.by, ONE if one.outside else NOTHING, ONE)


def _late(period: Period) -> Iterator[Part]:
    drawn_on: dict[tuple[UUID, UUID | None], date] = {}
    for one in period.seen:
        key = (one.container, one.account)
        if one.kind is Kind.DRAWN:
            drawn_on[key] = one.on
        elif one.kind in (Kind.WASTED, Kind.RETURNED) and key in drawn_on and not one.taken_back:
            yield Part(one.by, ONE if one.on > drawn_on[key] else NOTHING, ONE)


SIGNALS: Mapping[str, Signal] = MappingProxyType(
    {
        "waste": Signal(
            "Waste", "mg wasted", "mg given, wasted, lost or not accounted for, of what they drew",
            _waste,
        ),
        "undone": Signal(
            "Draws undone", "draws taken back or returned unopened", "draws", _undone
        ),
        "above_order": Signal(
            "Drawn above the order",
            "draws after which a session had more than its order", "draws", _above_order,
        ),
        "discrepancies": Signal(
            "There when it did not agree",
            "discrepancies in whose time and place they handled something",
            "discrepancies found", _discrepancies,
        ),
        "same_witness": Signal(
            "Always the same witness", "wastes before the witness they had most often",
            "wastes they recorded", _same_witness,
        ),
        "outside": Signal(
            "Outside opening hours", "entries while the clinic was closed", "entries", _outside
        ),
        "late": Signal(
            "Written on a later day", "wastes and returns written on a later day than the draw",
            "wastes and returns of a draw", _late,
        ),
    }
)  # fmt: skip


def figures(signal: Signal, period: Period, limit: Decimal | None = None) -> tuple[Figure, ...]:
    """Each person's share, the highest first; equal shares by name.

    Args:
        limit: the percentage that the clinic signed, if it signed one.
    """
    parts: dict[str, Part] = {}
    for one in signal.count(period):
        so_far = parts.get(one.person, Part(one.person, NOTHING, NOTHING))
        parts[one.person] = Part(
            one.person, so_far.part + one.part, so_far.whole + one.whole, one.note
        )
    part = sum((one.part for one in parts.values()), NOTHING)
    whole = sum((one.whole for one in parts.values()), NOTHING)
    found = [
        Figure(one.person, one.part, one.whole, part - one.part, whole - one.whole, one.note, limit)
        for one in parts.values()
        if one.whole
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.person)))
