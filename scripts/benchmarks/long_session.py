"""Does a session's page cost more when a monitor spoke every second for hours?"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from benchmarks import chairs
from ketaflow.session.models import Session
from ketaflow.session.monitors import actions
from ketaflow.session.monitors.arrivals import Arrival, Measured

TOGETHER = 200


def tell() -> None:
    """In a process of its own: fill two sessions, open each page in turn, print the medians."""
    readings, runs = int(sys.argv[1]), int(sys.argv[2])
    team, (short, long) = chairs.open_clinic(2)
    began = timezone.now() - timedelta(seconds=readings + 60)
    Session.objects.update(checked_in_at=began)
    for chair, count in ((short, 20), (long, readings)):
        _send(team.clinic.id, chair.place, began, count)
    client = Client()
    client.force_login(team.staff["nurse"].user)
    took: dict[str, list[float]] = {"short": [], "long": []}
    for _ in range(runs + 1):
        for name, chair in (("short", short), ("long", long)):
            at = time.perf_counter()
            assert client.get(f"/sessions/{chair.session}/").status_code == 200
            took[name].append((time.perf_counter() - at) * 1000)
    # The first of each pays for what every process reads once.
    short_ms, long_ms = (statistics.median(took[name][1:]) for name in ("short", "long"))
    told = {
        "readings": [20, readings],
        "page_ms": [round(short_ms, 1), round(long_ms, 1)],
        "ratio": round(long_ms / short_ms, 2),
    }
    print(json.dumps(told))


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
