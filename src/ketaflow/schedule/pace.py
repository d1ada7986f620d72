"""How many visits a course may still book, and on which days its protocol lets them fall."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from ketaflow.protocol import spacing
from ketaflow.protocol.course import spacing_on
from ketaflow.protocol.library import Protocol, Spacing
from ketaflow.protocol.spacing import Opening
from ketaflow.refusals import Refused

# Beyond this the clinic's opening days, not the protocol, are what stands in the way.
SEARCH_DAYS = 366


class NothingToBook(Refused):
    """The course has ended, or all of its sessions are given or booked."""


@dataclass(frozen=True)
class Pace:
    """How far a course is: sessions planned and given, and the days of those given or booked.

    `stretched` when a prescriber lets it take longer than the protocol says.
    """

    protocol: Protocol
    planned: int
    given: int
    ended: bool
    given_on: frozenset[date]
    booked_on: tuple[date, ...]
    stretched: bool = False

    @property
    def left(self) -> int:
        """How many sessions are neither given nor booked."""
        return max(self.planned - self.given - len(self.booked_on), 0)

    @property
    def days(self) -> frozenset[date]:
        """Every day on which there was or will be a session."""
        return self.given_on | frozenset(self.booked_on)


def require_room(pace: Pace) -> None:
    """Refuse when no session is left to book.

    Raises:
        NothingToBook: says why.
    """
    if pace.ended:
        raise NothingToBook("This course has ended: plan a new one before booking.")
    if not pace.left:
        raise NothingToBook(
            f"All {pace.planned} sessions of this course are given or booked: move one instead."
        )


def require_spacing(pace: Pace, on: date) -> None:
    """Refuse a day that the protocol does not allow beside the other sessions.

    Raises:
        DayRefused: too close, too many in a week, or too late; with the protocol's words.
    """
    spacing.check(_spacing(pace, pace.days, on), on=on, others=pace.days)


def why_not(pace: Pace, on: date) -> str:
    """The first reason why the protocol does not allow a session on that day, or nothing."""
    verdict = spacing.judge(_spacing(pace, pace.days, on), on=on, others=pace.days)
    return next(iter(verdict.refused), "")


def propose(
    pace: Pace, *, first_on: date, opening: Opening, per_week: int | None = None
) -> tuple[date, ...]:
    """Days for every session that is left, from `first_on`.

    Raises:
        NothingToBook: no session is left.
        NoDays: the protocol's spacing cannot be kept on the clinic's days.
    """
    require_room(pace)
    if not pace.days:
        return spacing.propose_dates(
            spacing_on(pace.protocol, first_on=first_on, on=first_on),
            count=pace.left,
            first_on=first_on,
            opening=opening,
            per_week=per_week,
        )
    return _beside(pace, first_on, opening, per_week)


def _beside(pace: Pace, first_on: date, opening: Opening, per_week: int | None) -> tuple[date, ...]:
    """The earliest days that go with those already given or booked."""
    apart = spacing.WEEK // max(per_week or spacing.WEEK, 1)
    found: list[date] = []
    for ahead in range(SEARCH_DAYS):
        day = first_on + timedelta(days=ahead)
        days = pace.days | frozenset(found)
        rule = _spacing(pace, days, day)
        spread = all(abs((day - other).days) >= apart for other in days)
        if spread and opening.holds(day) and spacing.judge(rule, on=day, others=days).allowed:
            found.append(day)
        if len(found) == pace.left:
            return tuple(found)
    raise spacing.NoDays(
        f"Only {len(found)} of {pace.left} sessions find a day from {first_on} that goes with "
        f"those given or booked. The protocol says: {pace.protocol.spacing.text}"
    )


def _spacing(pace: Pace, days: frozenset[date], on: date) -> Spacing:
    found = spacing_on(pace.protocol, first_on=min(days, default=on), on=on)
    return replace(found, span_days=None) if pace.stretched else found
