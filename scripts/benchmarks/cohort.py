"""Fifty fictional patients who share one chair for two weeks, told through the actions.

Twelve of them are treated, four visits a working day; the rest are referred and screened. Told
once around today and once just before it, they are the pattern that the crowd is copied from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from ketaflow.aftercare import actions as aftercare
from ketaflow.aftercare import queries as plans
from ketaflow.aftercare.induction import Chosen
from ketaflow.cli.fictional import clinic, courses, journeys
from ketaflow.cli.fictional.clinic import Team
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import somebody
from ketaflow.journal import queries as journal
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes.safety import Closing, Outcome
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people import actions as people
from ketaflow.people.roles import Role
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.course import Decision
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.schedule import actions as schedule
from ketaflow.schedule import queries as seats
from ketaflow.schedule.hours import Hours
from ketaflow.schedule.openings import Wish

# A Tuesday on which it is ten in the morning in Chicago: every run looks at the same board.
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SEED = 11
SIZE = 50
WINDOW_DAYS = 14
CHAIRS = 10
PROTOCOL = "TRD-IV-STD"
# Days from today. The first visit is over at ten, the second is under way.
HOURS = (7.0, 9.25, 12.0, 14.5)
PATTERNS = ((-8, -5, -1, 2), (-7, -4, 0, 3), (-6, 1))
DANGER = (1, 1, 2, 1, 1, 1, 1, 1, 1)


@dataclass(frozen=True)
class Seat:
    """A chair and the nurse who watches it."""

    chair: UUID
    chair_name: str
    nurse: UUID
    nurse_name: str


def open_large_clinic() -> tuple[Team, tuple[Seat, ...]]:
    """Open the fictional clinic with ten chairs and as many nurses, and one who may see it all."""
    team = clinic.open_clinic(NOW)
    start, by = NOW - timedelta(days=74), team.staff["director"].author
    for number in range(7, CHAIRS + 1):
        schedule.add_chair(name=f"Chair {number}", place="Bay room", by=by, at=start)
    for number in range(4, CHAIRS + 1):
        key = f"nurse{number}"
        team.staff[key] = _employ(team, key, f"Nurse {number} Fields", (Role.NURSE,), start)
        first = team.today - timedelta(days=clinic.DAYS_BEFORE)
        days = tuple(
            first + timedelta(days=n) for n in range(clinic.DAYS_BEFORE + clinic.DAYS_AFTER)
        )
        schedule.put_on_duty(
            staff=team.staff[key].id, days=days, hours_on=Hours(time(7), time(19)), by=by, at=start
        )
    team.staff["viewer"] = _employ(team, "viewer", "Vera Wells", tuple(Role), start)
    chairs = {one.name: one.id for one in seats.chairs(clinic=team.clinic.id)}
    nurses = [team.staff["nurse"], *(team.staff[f"nurse{n}"] for n in range(2, CHAIRS + 1))]
    names = [f"Chair {n}" for n in range(1, CHAIRS + 1)]
    return team, tuple(
        Seat(chairs[name], name, one.id, one.name) for name, one in zip(names, nurses, strict=True)
    )


def _employ(team: Team, key: str, name: str, roles: tuple[Role, ...], at: datetime) -> Any:
    return people.employ(
        email=f"{key}@example.org",
        password=clinic.PASSWORD,
        name=name,
        roles=roles,
        by=people.system_of(team.clinic),
        at=at,
    )


def tell(team: Team, seat: Seat, *, first: int, shift: int) -> Iterator[UUID]:
    """Tell the cohort of patients `first` and on, `shift` days from today; yields each patient."""
    treated = [(days, hour) for days in PATTERNS for hour in HOURS]
    for number in range(SIZE):
        dice = random.Random(f"{SEED}-{first + number}")
        began = (30 if number < len(treated) else 2 + number % 9) - shift
        who = somebody(first + number, SEED, team.today)
        journey = Journey(who, "depression", PROTOCOL, began)
        with transaction.atomic():
            if number >= len(treated):
                yield _not_treated(team, journey, number)
                continue
            telling = _cleared(team, journey, dice)
            days, hour = treated[number]
            for day in days:
                telling = _visit(telling, seat, day + shift, hour)
            if shift:
                _afterwards(telling, number, shift)
            elif number == 0:
                courses.give(telling, "phq-9", DANGER, Occasion.FOLLOW_UP, team.at(-1, 16))
            yield telling.course.patient_id


def _not_treated(team: Team, journey: Journey, number: int) -> UUID:
    patient = journeys.referred(team, journey)
    if number % 4 == 1:
        journeys.interviewed(team, journey, patient)
        journeys.tried(team, journey, patient)
        journeys.assessed(team, journey, patient)
    return patient.id


def _cleared(team: Team, journey: Journey, dice: random.Random) -> Telling:
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    telling = Telling(team, journey, course, dice, 0.5).fresh()
    at = team.at(-journey.began_days_ago + 3, 12)
    courses.questionnaires(telling, Occasion.BASELINE, at)
    return telling


def _visit(telling: Telling, seat: Seat, day: int, hour: float) -> Telling:
    """Book a visit a week before and, when its time has come, tell as much of it as happened."""
    team, number = telling.team, telling.course.sessions_given + 1
    starts_at = team.at(day, hour)
    booked = schedule.book(
        course=telling.course.id,
        wish=Wish(starts_at, seat.chair, seat.nurse),
        by=team.staff["desk"].author,
        at=team.at(day - 9, 11),
    )
    if starts_at + timedelta(minutes=8) > team.now:
        return telling
    courses.questionnaires(telling, Occasion.BEFORE_SESSION, starts_at, number)
    over = courses.sit(telling, booked, starts_at + timedelta(minutes=2))
    telling = telling.fresh()
    if over and telling.course.sessions_given in protocol_named(PROTOCOL).reviews_after:
        protocol.review(
            course=telling.course,
            decision=Decision.CONTINUE,
            reason="Improving, tolerated well",
            by=team.staff["prescriber"].author,
            at=booked.ends_at + timedelta(minutes=20),
        )
    return telling


def _afterwards(telling: Telling, number: int, shift: int) -> None:
    """What followed: most courses end, the first with a plan signed, one alarm was closed."""
    team, last = telling.team, max(PATTERNS[0][-1], PATTERNS[1][-1]) + shift
    if number == 1:
        task = courses.give(telling, "phq-9", DANGER, Occasion.FOLLOW_UP, team.at(last, 16)).task
        assert task is not None
        outcomes.close(
            task=task.id,
            closing=Closing(Outcome.HANDED_OVER, True, "Seen by her own psychiatrist"),
            seen=journal.last_ordinal(clinic=team.clinic.id, stream=task.stream),
            by=team.staff["prescriber"].author,
            at=team.at(last, 17),
        )
    if number > 7:
        return
    courses.finish(telling, team.at(last, 18), completed=number < 6)
    if number == 0:
        _signed(telling.fresh(), team.at(last, 18.2))


def _signed(telling: Telling, at: datetime) -> None:
    found = plans.proposal(clinic=telling.team.clinic.id, course=telling.course, at=at)
    aftercare.sign(
        course=telling.course,
        chosen=Chosen(found.plan.interval.weeks, "As proposed", {}),
        shown=aftercare.fingerprint(proposal=found),
        seen=0,
        by=telling.team.staff["prescriber"].author,
        at=at,
    )
