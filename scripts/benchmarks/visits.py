"""Opens the main pages of a filled clinic as a browser would, and takes the time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from uuid import UUID

from benchmarks.cohort import NOW
from ketaflow.aftercare.models import Plan
from ketaflow.people.models import Patient, Staff
from ketaflow.session.models import Session


@dataclass(frozen=True)
class Timed:
    """What one page took: medians of its warm runs, and how many SQL queries it asked.

    On a machine that others use, processor time says more than the clock.
    """

    ms: float
    cpu_ms: float
    queries: int
    answer_bytes: int


@contextmanager
def at_ten() -> Iterator[None]:
    """Every clock of the pages stands at the moment of the board."""
    with mock.patch("django.utils.timezone.now", return_value=NOW):
        yield


def pages() -> dict[str, tuple[str, tuple[Any, ...], str]]:
    """The pages by the name they are reported under: URL name, its arguments, query string."""
    live = Session.objects.filter(ended_at=None, started_at__isnull=False).order_by("id").first()
    planned = Plan.objects.order_by("-signed_at", "id").first()
    assert live is not None, "nobody is in a chair: the cohort was told wrongly"
    assert planned is not None, "no plan was signed: the cohort was told wrongly"
    who = Patient.objects.get(id=live.patient_id)
    common = Patient.objects.order_by("-family", "id").values_list("given", flat=True)[0]
    patient: tuple[UUID, ...] = (who.id,)
    return {
        "board": ("board", (), ""),
        "schedule, day": ("schedule", (), ""),
        "schedule, week": ("schedule_week", (), ""),
        "patients": ("patients", (), ""),
        "patients, a page further": ("patients", (), f"after={who.id}"),
        "search, family name": ("patients", (), f"search={who.family}"),
        "search, first letters": ("patients", (), f"search={who.family[:3]}"),
        "search, one letter": ("patients", (), f"search={who.family[0]}"),
        "search, a common first name": ("patients", (), f"search={common}"),
        "search, nobody": ("patients", (), "search=nobodysname"),
        "patient": ("patient", patient, ""),
        "screening": ("screening", patient, ""),
        "course": ("course", (live.course_id,), ""),
        "bookings of a course": ("bookings", (live.course_id,), ""),
        "session": ("session", (live.id,), ""),
        "session on paper": ("session_print", (live.id,), ""),
        "sessions of a patient": ("sessions", patient, ""),
        "outcomes": ("outcomes", patient, ""),
        "tasks": ("safety_tasks", (), ""),
        "aftercare": ("course_aftercare", (planned.course_id,), ""),
        "record of a patient": ("patient_record", patient, ""),
        "record of the clinic": ("record", (), ""),
        "policy": ("policy", (), ""),
        "protocols": ("protocols", (), ""),
        "staff": ("staff", (), ""),
    }


def open_all(runs: int, say: Callable[[str], None]) -> tuple[dict[str, Timed], dict[str, str]]:
    """Time every page, signed in; what could not be opened is named with the reason."""
    from django.test import Client
    from django.urls import NoReverseMatch, reverse

    timed: dict[str, Timed] = {}
    skipped: dict[str, str] = {}
    with at_ten():
        client = Client()
        client.force_login(Staff.objects.get(name="Vera Wells").user)
        for name, (view, arguments, query) in pages().items():
            try:
                address = reverse(view, args=arguments) + (f"?{query}" if query else "")
            except NoReverseMatch:
                skipped[name] = "not there yet"
                continue
            try:
                timed[name] = _time(client, address, runs)
            except Exception as wrong:  # a page half built must not hide the others
                skipped[name] = f"{type(wrong).__name__}: {wrong}"
            say(f"  {name}: {timed[name].ms:.1f} ms" if name in timed else f"  {name}: skipped")
    return timed, skipped


def _time(client: Any, address: str, runs: int) -> Timed:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        # As if no person asked: the idle lock notes one now and then, which would count.
        answer = client.get(address, headers={"X-Background": "1"})
    queries = len(asked)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    clock, cpu = [], []
    for _ in range(runs):
        began, worked = time.perf_counter(), time.process_time()
        client.get(address)
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    ms, cpu_ms = (round(statistics.median(one) * 1000, 2) for one in (clock, cpu))
    return Timed(ms, cpu_ms, queries, len(answer.content))
