"""A temporary clinic: as many chairs as wanted, a patient in each, a monitor bound to each."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.management import call_command
from django.utils import timezone

from ketaflow.cli.fictional import clinic, journeys
from ketaflow.cli.fictional.clinic import Team
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import somebody
from ketaflow.schedule import actions as schedule
from ketaflow.session import actions as sessions
from ketaflow.session.monitors import actions as monitors
from ketaflow.session.monitors.arrivals import By

SEED = 7


@dataclass(frozen=True)
class Chair:
    """One chair: where its monitor says it stands, and the session in it."""

    place: str
    session: UUID


def open_clinic(chairs: int) -> tuple[Team, list[Chair]]:
    """Open the fictional clinic with `chairs` patients checked in, each with a monitor."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    team = clinic.open_clinic(timezone.now())
    found = []
    for number in range(chairs):
        found.append(_seated(team, number, timezone.now()))
        if number % 20 == 19:
            print(f"{number + 1:5} of {chairs} patients in their chairs", file=sys.stderr)
    return team, found


def _seated(team: Team, number: int, at: datetime) -> Chair:
    director, nurse = team.staff["director"].author, team.staff["nurse"]
    chair = schedule.add_chair(name=f"Bay {number}", place="Bay room", by=director, at=at)
    journey = Journey(somebody(number, SEED, team.today), "depression", "TRD-IV-STD", 6)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    telling = Telling(team, journey, course, random.Random(number), 0.4).fresh()
    held = sessions.walk_in(
        course=telling.course.id, chair=chair.name, nurse=nurse.id, by=nurse.author, at=at
    )
    place = f"BENCH^{number}"
    monitors.bind(monitor=By.PLACE, value=place, chair=chair.id, by=nurse.author, at=at)
    return Chair(place, held.id)
