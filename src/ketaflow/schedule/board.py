"""The day board: quarter hours down, chairs across, one cell for each visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ketaflow.schedule.booked import Booked
from ketaflow.schedule.hours import Span, clock_shown
from ketaflow.schedule.slots import QUARTER, on_the_quarter, slots


@dataclass(frozen=True)
class Column:
    """A chair across the top of the board."""

    id: UUID
    name: str
    place: str = ""


@dataclass(frozen=True)
class Cell:
    """A visit over `rows` quarter hours, or one quarter hour that is free."""

    chair: str
    rows: int = 1
    visit: Booked | None = None
    open: bool = True


@dataclass(frozen=True)
class Row:
    """A quarter hour; `hour` is given where a new hour begins, over `hour_rows` rows."""

    starts_at: datetime
    hour: str
    hour_rows: int
    now: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Board:
    """One day; without rows when the clinic is closed and nobody comes."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def lay_out(
    columns: Sequence[Column],
    *,
    day: Span,
    open: Sequence[Span],
    visits: Sequence[Booked],
    at: datetime,
    zone: ZoneInfo,
) -> Board:
    """Arrange the visits of `day` on a board that begins and ends with what happens.

    Args:
        columns: the chairs, from left to right.
        day: from midnight to midnight.
        open: when the clinic is open.
        visits: those that keep their chair; no two overlap on one.
        at: now, for the mark.
        zone: the clinic's.
    """
    shown = [*open, *(visit.span for visit in visits)]
    begun = [max(one.starts_at, day.starts_at) for one in shown]
    ended = [min(one.ends_at, day.ends_at) for one in shown]
    quarters = slots(on_the_quarter(min(begun)), max(ended)) if shown else ()
    hours = [moment.astimezone(zone).replace(minute=0) for moment in quarters]
    rows = []
    for place, moment in enumerate(quarters):
        new_hour = place == 0 or _other_hour(hours[place], hours[place - 1])
        rows.append(
            Row(
                starts_at=moment,
                hour=clock_shown(moment, zone) if new_hour else "",
                hour_rows=_run(hours[place:]) if new_hour else 0,
                now=moment <= at < moment + QUARTER,
                cells=tuple(
                    cell
                    for column in columns
                    if (cell := _cell(column, moment, quarters, visits, open))
                ),
            )
        )
    return Board(tuple(columns), tuple(rows))


def _other_hour(one: datetime, other: datetime) -> bool:
    """Whether the wall shows another hour; the hour shown twice counts as two."""
    return (one.hour, one.utcoffset()) != (other.hour, other.utcoffset())


def _run(hours: Sequence[datetime]) -> int:
    """How many quarter hours from the first on belong to its hour."""
    return next(
        (place for place, hour in enumerate(hours) if _other_hour(hour, hours[0])), len(hours)
    )


def _cell(
    column: Column,
    moment: datetime,
    quarters: Sequence[datetime],
    visits: Sequence[Booked],
    open: Sequence[Span],
) -> Cell | None:
    """What begins in this column at `moment`; None where a visit from above goes on."""
    for visit in visits:
        if visit.chair == column.id and visit.starts_at <= moment < visit.ends_at:
            first = max(visit.starts_at, quarters[0])
            if first != moment:
                return None
            rows = sum(first <= quarter < visit.ends_at for quarter in quarters)
            return Cell(column.name, rows, visit)
    is_open = any(span.starts_at <= moment < span.ends_at for span in open)
    return Cell(column.name, open=is_open)
