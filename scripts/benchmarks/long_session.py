"""Does a session's page cost more when it was charted every second for hours?

By a monitor, whose readings nobody confirmed; or by a person, which fills the session's own stream.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from benchmarks import chairs
from ketaflow.journal import actions as actions_of_journal
from ketaflow.journal import chain
from ketaflow.journal.author import Author
from ketaflow.journal.models import Entry, Head
from ketaflow.session import actions as sessions
from ketaflow.session.models import Session
from ketaflow.session.monitors import actions
from ketaflow.session.monitors.arrivals import Arrival, Measured

TOGETHER = 200


def tell() -> None:
    """In a process of its own: fill two sessions, open each page in turn, print the medians."""
    readings, runs, by = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    team, (short, long) = chairs.open_clinic(2)
    began = timezone.now() - timedelta(seconds=readings + 60)
    Session.objects.update(checked_in_at=began)
    for chair, count in ((short, 20), (long, readings)):
        if by == "nurse":
            _chart(team.staff["nurse"].author, chair.session, began, count)
        else:
            _send(team.clinic.id, chair.place, began, count)
    client = Client()
    client.force_login(team.staff["nurse"].user)
    took: dict[str, list[float]] = {"short": [], "long": [], "long, after an entry": []}
    for run in range(runs + 1):
        for name, chair in (("short", short), ("long", long)):
            at = time.perf_counter()
            assert client.get(f"/sessions/{chair.session}/").status_code == 200
            took[name].append((time.perf_counter() - at) * 1000)
        sessions.note(
            session=long.session, text=f"Note {run}", seen=99_999, at=timezone.now(),
            by=team.staff["nurse"].author,
        )  # fmt: skip
        at = time.perf_counter()
        assert client.get(f"/sessions/{long.session}/").status_code == 200
        took["long, after an entry"].append((time.perf_counter() - at) * 1000)
    # The first of each pays for what every process reads once.
    short_ms, long_ms, moved_ms = (statistics.median(some[1:]) for some in took.values())
    told = {
        "charted_by": by,
        "readings": [20, readings],
        "page_ms": [round(short_ms, 1), round(long_ms, 1)],
        "ratio": round(long_ms / short_ms, 2),
        "after_an_entry_ms": round(moved_ms, 1),
        "ratio_after_an_entry": round(moved_ms / short_ms, 2),
    }
    print(json.dumps(told))


def _chart(by: Author, session: UUID, began: datetime, count: int) -> None:
    """Put rounds straight into the session's stream: each through its action would take hours."""
    stream = f"session/{session}"
    head = Head.objects.get(stream=stream)
    previous, links = head.hash, []
    for n in range(1, count + 1):
        told = {
            "systolic": str(120 + n % 17),
            "diastolic": str(75 + n % 9),
            "heart_rate": str(64 + n % 11),
            "spo2": str(95 + n % 5),
        }
        link = chain.Link(
            by.clinic, stream, head.ordinal + n, "session.reading", by.id, by.name,
            " ".join(by.roles), began + timedelta(seconds=n), chain.canonical(told), previous, "",
        )  # fmt: skip
        previous = chain.seal(link)
        links.append(replace(link, hash=previous))
    Entry.objects.bulk_create([actions_of_journal._entry(one) for one in links], batch_size=500)
    Head.objects.filter(stream=stream).update(ordinal=head.ordinal + count, hash=previous)


def _send(clinic: Any, place: str, began: Any, count: int) -> None:
    every = []
    for number in range(count):
        vitals = {
            "systolic": Decimal(120 + number % 17),
            "diastolic": Decimal(75 + number % 9),
            "heart_rate": Decimal(64 + number % 11),
            "spo2": Decimal(95 + number % 5),
        }
        measured = Measured(began + timedelta(seconds=number + 1), vitals)
        every.append(Arrival("BENCH", str(number), place, (), (), (measured,)))
    for first in range(0, count, TOGETHER):
        some = every[first : first + TOGETHER]
        actions.receive(arrivals=some, clinic=clinic, at=timezone.now())
