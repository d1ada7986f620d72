"""A temporary clinic with as many patients as wanted, and the same forty visits on any day."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from datetime import time as clock
from functools import partial
from uuid import UUID, uuid5

from django.db import connection, transaction

from benchmarks import cohort, crowd
from benchmarks.cohort import CHAIRS, NOW, SIZE, WINDOW_DAYS, Seat
from benchmarks.crowd import Cohort
from ketaflow.journal import projecting
from ketaflow.journal.models import Entry
from ketaflow.people.models import Clinic
from ketaflow.schedule.models import Shift

AT_ONCE = 25
LEAST = SIZE * (CHAIRS + 1)


@dataclass(frozen=True)
class Pattern:
    """What everybody else is copied from: the two cohorts and the chairs."""

    clinic: UUID
    seats: tuple[Seat, ...]
    past: tuple[UUID, ...]
    present: tuple[UUID, ...]


def written(pattern: Pattern) -> str:
    """The pattern as text, for the process that fills."""
    return json.dumps(asdict(pattern), default=str)


def read(text: str) -> Pattern:
    """The pattern that `written` wrote."""
    said = json.loads(text)
    return Pattern(
        UUID(said["clinic"]),
        tuple(
            Seat(UUID(o["chair"]), o["chair_name"], UUID(o["nurse"]), o["nurse_name"])
            for o in said["seats"]
        ),
        tuple(map(UUID, said["past"])),
        tuple(map(UUID, said["present"])),
    )


def tell() -> Pattern:
    """Open the clinic and tell both cohorts; the one before today's first."""
    _unsafe_but_quick()
    team, seats = cohort.open_large_clinic()
    past = _with_progress("before", cohort.tell(team, seats[0], first=0, shift=-WINDOW_DAYS))
    present = _with_progress("today", cohort.tell(team, seats[0], first=SIZE, shift=0))
    return Pattern(team.clinic.id, seats, past, present)


def fill(pattern: Pattern, patients: int) -> int:
    """Copy the cohorts until there are `patients`: ten around today, all others before it.

    Returns:
        How many rows there are then.
    """
    if patients < LEAST or patients % SIZE:
        raise SystemExit(f"{patients} patients: give a multiple of {SIZE} from {LEAST} on.")
    _unsafe_but_quick()
    past = crowd.capture(pattern.past, pattern.seats[0])
    present = crowd.capture(pattern.present, pattern.seats[0])
    earlier = range(patients // SIZE - CHAIRS - 1, 0, -1)
    _duties(pattern, 1 + earlier.start // CHAIRS)
    with _without_indexes():
        _do(
            [
                *(partial(_earlier, past, pattern, number) for number in earlier),
                # Their surnames and numbers begin where those of the past cannot reach.
                *(
                    partial(present.put, 50_000 + number, pattern.seats[number], timedelta())
                    for number in range(1, CHAIRS)
                ),
            ]
        )
    tables = [one for stage in projecting.stages() for one in stage.tables]
    rows = sum(one.objects.count() for one in (*tables, Entry))
    # What comes now is timed on a connection like a clinic's own.
    connection.close()
    return rows


def _earlier(past: Cohort, pattern: Pattern, number: int) -> None:
    window, seat = divmod(number, CHAIRS)
    past.put(number, pattern.seats[seat], timedelta(days=window * WINDOW_DAYS))


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Making an index once over everything costs a fraction of keeping it row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    say(f"making {len(indexes)} indexes")
    with connection.cursor() as cursor:
        for _, made_by in indexes:
            cursor.execute(made_by)


def _do(jobs: Sequence[Callable[[], None]]) -> None:
    began = time.monotonic()
    for first in range(0, len(jobs), AT_ONCE):
        with transaction.atomic():
            for job in jobs[first : first + AT_ONCE]:
                job()
        done = min(first + AT_ONCE, len(jobs))
        if done == len(jobs) or first // AT_ONCE % 8 == 7:
            taken = time.monotonic() - began
            say(f"{done * SIZE:7} of {len(jobs) * SIZE} patients, {taken:.0f} s")


def _duties(pattern: Pattern, windows: int) -> None:
    """Who was on duty in the years before: every nurse, every weekday."""
    zone = Clinic.objects.get(id=pattern.clinic).zone
    today = NOW.astimezone(zone).date()
    rows = []
    for seat in pattern.seats:
        known = set(Shift.objects.filter(staff_id=seat.nurse).values_list("day", flat=True))
        for ago in range(windows * WINDOW_DAYS):
            day = today - timedelta(days=ago)
            if day in known or day.weekday() > 4:
                continue
            opens, closes = (datetime.combine(day, clock(hour), zone) for hour in (7, 19))
            rows.append(
                Shift(
                    id=uuid5(seat.nurse, day.isoformat()),
                    clinic_id=pattern.clinic,
                    staff_id=seat.nurse,
                    day=day,
                    starts_at=opens,
                    ends_at=closes,
                )
            )
    Shift.objects.bulk_create(rows, batch_size=500)


def _unsafe_but_quick() -> None:
    """A temporary record may be lost with the power; this connection alone is set so.

    The copies point at each other as the rows they were copied from did, so nothing is checked.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode = OFF")
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA cache_size = -1000000")
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA ignore_check_constraints = ON")


def _with_progress(what: str, told: Iterator[UUID]) -> tuple[UUID, ...]:
    found: list[UUID] = []
    for one in told:
        found.append(one)
        if len(found) % 10 == 0:
            say(f"{len(found):7} of {SIZE} patients told, the cohort of {what}")
    return tuple(found)


def say(words: str) -> None:
    """Progress goes to stderr."""
    print(words, file=sys.stderr, flush=True)
