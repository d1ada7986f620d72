"""When something does not agree: the clocks that begin to run, and what must be done."""

from dataclasses import dataclass
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True)
class Clocks:
    """By when the authority wants to hear; None where the place's profile names no clock."""

    notice_on: date | None
    form_on: date | None


def business_day(after: date, days: int) -> date:
    """The `days`-th weekday after a day; public holidays are not known and count as working days.

    So the clock never runs out later than the law's.

    >>> business_day(date(2026, 11, 27), 1)
    datetime.date(2026, 11, 30)
    """
    found = after
    while days:
        found += timedelta(days=1)
        days -= found.weekday() < SATURDAY
    return found


def clocks(discovered_on: date, *, notice_business_days: int, form_days: int) -> Clocks:
    """The clocks of a discrepancy found on a day; 0 where there is none."""
    notice = business_day(discovered_on, notice_business_days) if notice_business_days else None
    form = discovered_on + timedelta(days=form_days) if form_days else None
    return Clocks(notice, form)
