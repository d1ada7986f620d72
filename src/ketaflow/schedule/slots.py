"""Quarter hours: what a chair, a nurse's attention and a patient's day are divided into.

A slot is an instant in UTC. Every time zone in use lies a multiple of fifteen minutes from UTC, so
a quarter hour on the clinic's wall is one here, also on the days when its clocks change.
"""

from datetime import UTC, datetime, timedelta

from ketaflow.refusals import Refused

QUARTER_MIN = 15
QUARTER = timedelta(minutes=QUARTER_MIN)


class NotOnTheQuarter(Refused):
    """A visit was asked to begin between two quarter hours."""


def on_the_quarter(moment: datetime) -> datetime:
    """`moment` in UTC, if it is a full quarter hour.

    Raises:
        NotOnTheQuarter: names the quarter hour before it.
    """
    instant = moment.astimezone(UTC)
    before = instant.replace(
        minute=instant.minute - instant.minute % QUARTER_MIN, second=0, microsecond=0
    )
    if before != instant:
        near = before.astimezone(moment.tzinfo)
        raise NotOnTheQuarter(
            f"Visits begin on a quarter hour: choose {near:%H:%M}, not {moment:%H:%M}."
        )
    return instant


def rounded_up_min(minutes: int) -> int:
    """The least number of full quarter hours that holds `minutes`, in minutes.

    >>> rounded_up_min(46)
    60
    """
    return -(-minutes // QUARTER_MIN) * QUARTER_MIN


def slots(starts_at: datetime, ends_at: datetime) -> tuple[datetime, ...]:
    """Each quarter hour from `starts_at` until before `ends_at`, in UTC."""
    first = starts_at.astimezone(UTC)
    count = -(-(ends_at - starts_at) // QUARTER)
    return tuple(first + number * QUARTER for number in range(count))
