"""Which days a session may fall on, and why not; and days proposed for a whole course."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ketaflow.protocol.library import Spacing
from ketaflow.refusals import Refused

WEEK = 7
# Beyond this the clinic's opening days, not the protocol, are what stands in the way.
_LONGEST_SEARCH_DAYS = 60
# From this many a week, sessions simply follow one another.
_DAILY_FROM = 4


class DayRefused(Refused):
    """The protocol's spacing does not allow a session on that day."""


class NoDays(Refused):
    """No days can be found that keep the protocol's spacing."""


@dataclass(frozen=True)
class Verdict:
    """Whether a session may fall on `on`: every reason against, and what only deserves a look."""

    on: date
    refused: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.refused


def judge(spacing: Spacing, *, on: date, others: Collection[date]) -> Verdict:
    """What `spacing` says about a session on `on` beside the `others`, done or planned."""
    days = sorted(others)
    refused = [*_too_close(spacing, on, days), *_too_many(spacing, on, days)]
    refused += _too_long(spacing, on, days)
    return Verdict(on, tuple(refused), tuple(_too_late(spacing, on, days)))


def check(spacing: Spacing, *, on: date, others: Collection[date]) -> None:
    """Let the session on `on` pass, or say why not.

    Raises:
        DayRefused: the first reason, and the protocol's rule in words.
    """
    verdict = judge(spacing, on=on, others=others)
    if verdict.refused:
        raise DayRefused(f"{verdict.refused[0]} The protocol says: {spacing.text}")


def allowed_days(
    spacing: Spacing, *, first_on: date, last_on: date, others: Collection[date]
) -> tuple[date, ...]:
    """Every day from `first_on` to `last_on` that `spacing` allows beside the `others`."""
    span = (last_on - first_on).days + 1
    days = (first_on + timedelta(days=ahead) for ahead in range(span))
    return tuple(day for day in days if judge(spacing, on=day, others=others).allowed)


@dataclass(frozen=True)
class Opening:
    """When the clinic treats: weekdays as Monday 0 to Sunday 6, less the days it is closed."""

    weekdays: frozenset[int]
    closed_on: frozenset[date] = frozenset()

    def holds(self, day: date) -> bool:
        """Whether the clinic is open on `day`."""
        return day.weekday() in self.weekdays and day not in self.closed_on


def propose_dates(
    spacing: Spacing,
    *,
    count: int,
    first_on: date,
    opening: Opening,
    per_week: int | None = None,
) -> tuple[date, ...]:
    """Days for `count` sessions from `first_on`, spread evenly over each week.

    Args:
        spacing: the protocol's, or that of one phase.
        count: sessions wanted, 1 or more.
        first_on: no session is proposed before it.
        opening: the clinic's days.
        per_week: 2 or 3 where the protocol leaves the choice; at most what it allows.

    Returns:
        `count` days in order, each allowed by `spacing`.

    Raises:
        NoDays: the spacing cannot be kept on these opening days.
    """
    most = int(spacing.per_week.value) if spacing.per_week else WEEK
    rhythm = min(per_week or most, most)
    if count < 1 or rhythm < 1 or not opening.weekdays:
        raise NoDays("Days can be proposed for one session or more on at least one open weekday.")
    if rhythm < _DAILY_FROM:
        ideal = [place * WEEK // rhythm for place in range(count)]
    else:
        ideal = list(range(count))
    for targets in (ideal, [0] * count):
        found = _place(spacing, targets, first_on, opening)
        if len(found) == count:
            return found
    raise NoDays(
        f"{count} sessions from {first_on} do not fit on these opening days. "
        f"The protocol says: {spacing.text} Choose another first day or open more days."
    )


def _place(
    spacing: Spacing, targets: Sequence[int], first_on: date, opening: Opening
) -> tuple[date, ...]:
    found: list[date] = []
    for target in targets:
        # The rhythm counts from the first session, which may itself have waited for an open day.
        earliest = (found[0] if found else first_on) + timedelta(days=target)
        day = next(
            (
                day
                for day in _days_from(earliest)
                if opening.holds(day) and judge(spacing, on=day, others=found).allowed
            ),
            None,
        )
        if day is None:
            break
        found.append(day)
    return tuple(found)


def _days_from(earliest: date) -> Iterator[date]:
    return (earliest + timedelta(days=ahead) for ahead in range(_LONGEST_SEARCH_DAYS))


def _too_close(spacing: Spacing, on: date, days: Sequence[date]) -> Iterator[str]:
    if on in days:
        yield f"There is a session on {on} already."
        return
    least = int(spacing.min_days.value) if spacing.min_days else 1
    near = [day for day in days if abs((on - day).days) < least]
    if near:
        gap = abs((on - near[0]).days)
        yield f"{on} is {_days(gap)} from the session on {near[0]}; at least {_days(least)} apart."


def _too_many(spacing: Spacing, on: date, days: Sequence[date]) -> Iterator[str]:
    if not spacing.per_week:
        return
    most = int(spacing.per_week.value)
    everything = sorted({*days, on})
    # Any seven days in a row count, so that the turn of a week cannot hide a fourth session.
    for start in everything:
        window = [day for day in everything if 0 <= (day - start).days < WEEK]
        if on in window and len(window) > most:
            yield f"{on} would be session {len(window)} within seven days; at most {most}."
            return


def _too_long(spacing: Spacing, on: date, days: Sequence[date]) -> Iterator[str]:
    if not spacing.span_days or not days:
        return
    most = int(spacing.span_days.value)
    span = (max(days[-1], on) - min(days[0], on)).days + 1
    if span > most:
        yield (
            f"{on} would stretch the course over {_days(span)}; at most {_days(most)}. "
            "A prescriber can let it take longer, from the course's page."
        )


def _too_late(spacing: Spacing, on: date, days: Sequence[date]) -> Iterator[str]:
    before = [day for day in days if day < on]
    if not spacing.max_days or not before:
        return
    most, gap = int(spacing.max_days.value), (on - before[-1]).days
    if gap > most:
        yield f"{on} is {_days(gap)} after the session before; the rhythm is {_days(most)} at most."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
