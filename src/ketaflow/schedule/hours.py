"""Opening hours and shifts: told by the clock on the clinic's wall, kept as instants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ketaflow.refusals import Refused
from ketaflow.schedule.slots import QUARTER_MIN

MIDNIGHT = time(0, 0)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class NoSuchHours(Refused):
    """Hours end before they begin, or not on a quarter hour."""


@dataclass(frozen=True)
class Span:
    """From one instant until another."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, other: "Span") -> bool:
        """Whether `other` lies wholly inside."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at


@dataclass(frozen=True)
class Hours:
    """From `opens` until `closes` on the wall; closing at 00:00 is the midnight ending the day."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        for clock in (self.opens, self.closes):
            if clock.minute % QUARTER_MIN or clock.second or clock.microsecond:
                raise NoSuchHours(f"Hours begin and end on a quarter hour (got {clock:%H:%M:%S}).")
        if self.closes != MIDNIGHT and self.closes <= self.opens:
            raise NoSuchHours(
                f"{self.opens:%H:%M} to {self.closes:%H:%M} ends before it begins; "
                "write 00:00 for the midnight that ends the day."
            )

    def on(self, day: date, zone: ZoneInfo) -> Span | None:
        """These hours on `day`; None when the clocks going forward leave nothing of them."""
        last = day + timedelta(days=1) if self.closes == MIDNIGHT else day
        starts_at = instant(day, self.opens, zone)
        # Clocks that go back show an hour twice: hours begin at the first, end at the second.
        ends_at = instant(last, self.closes, zone, fold=0 if self.closes == MIDNIGHT else 1)
        return Span(starts_at, ends_at) if starts_at < ends_at else None


def instant(day: date, clock: time, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    """When the clinic's wall shows `clock` on `day`, in UTC.

    A time the clocks skip is read as if they had not yet gone forward; of a time they show twice,
    `fold` chooses the first (0) or second (1).
    """
    shown = datetime.combine(day, clock, tzinfo=zone)
    skipped = shown.astimezone(UTC).astimezone(zone).time() != clock
    return shown.replace(fold=0 if skipped else fold).astimezone(UTC)


def last_shown(clock: time, *, until: datetime, zone: ZoneInfo) -> datetime:
    """The last moment up to `until` at which the clinic's wall showed `clock`.

    At ten past midnight, 23:55 was a quarter of an hour ago; when the clocks have gone back, 01:30
    is the second one as soon as that has come.
    """
    return max(one for one in _shown_about(clock, until, zone) if one <= until)


def nearest_shown(clock: time, *, to: datetime, zone: ZoneInfo) -> datetime:
    """The moment nearest `to` at which the clinic's wall showed `clock`."""
    return min(_shown_about(clock, to, zone), key=lambda one: abs(one - to))


def _shown_about(clock: time, moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every moment within two days of `moment` at which the wall shows `clock`, in UTC."""
    near = (day_of(moment, zone) + timedelta(days=ahead) for ahead in range(-2, 2))
    found = [instant(day, clock, zone, fold=fold) for day in near for fold in (0, 1)]
    return [one for one in found if one.astimezone(zone).time() == clock]


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The date on the clinic's wall at `moment`."""
    return moment.astimezone(zone).date()


def whole_day(day: date, zone: ZoneInfo) -> Span:
    """From the midnight that begins `day` to the one that ends it: 23, 24 or 25 hours."""
    return Span(instant(day, MIDNIGHT, zone), instant(day + timedelta(days=1), MIDNIGHT, zone))


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """`moment` as the clinic's people say it; with the zone's name where the clock shows it twice.

    >>> shown(datetime(2026, 3, 10, 19, 0, tzinfo=UTC), ZoneInfo("America/New_York"))
    'Tue 10 Mar 2026, 15:00'
    """
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y}, {clock_shown(moment, zone)}"


def clock_shown(moment: datetime, zone: ZoneInfo) -> str:
    """The time on the wall at `moment`; with the zone's name where the clock shows it twice."""
    local = moment.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def open_spans(
    week: Mapping[int, Hours], first: date, last: date, zone: ZoneInfo
) -> tuple[Span, ...]:
    """When the clinic is open from `first` to `last`; `week` has the hours by weekday, Monday 0."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    opened = (week[day.weekday()].on(day, zone) for day in days if day.weekday() in week)
    return joined(span for span in opened if span)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """`spans` in order, those that touch or overlap made one: midnight does not close a clinic."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.starts_at):
        if found and span.starts_at <= found[-1].ends_at:
            found[-1] = Span(found[-1].starts_at, max(found[-1].ends_at, span.ends_at))
        else:
            found.append(span)
    return tuple(found)


def uncovered(spans: Iterable[Span], wanted: Iterable[Span]) -> Span | None:
    """The first of `wanted` that no one of `spans` holds, once those that touch are joined."""
    known = joined(spans)
    return next((one for one in wanted if not any(span.holds(one) for span in known)), None)


def day_more(first: date, last: date) -> tuple[date, date]:
    """The day before `first` and the day after `last`: a night belongs to two days."""
    return first - timedelta(days=1), last + timedelta(days=1)
