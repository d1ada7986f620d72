"""A fictional patient's course: visit by visit, questionnaires before and reviews after."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid5

from ketaflow.aftercare import actions as aftercare_actions
from ketaflow.aftercare import queries as aftercare
from ketaflow.aftercare.induction import Chosen
from ketaflow.cli.fictional import chair, journeys
from ketaflow.cli.fictional.chair import Chair
from ketaflow.cli.fictional.clinic import Team
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes.sheet import Occasion, Sheet
from ketaflow.protocol import actions as protocol
from ketaflow.protocol import queries
from ketaflow.protocol.course import Decision
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.refusals import Refused

if TYPE_CHECKING:
    from ketaflow.protocol.models import Course
    from ketaflow.schedule.models import Booking

HOURS = (7.5, 8.5, 9.5, 10.5, 11.5, 12.5, 13.0)
OBSERVED_MIN = {"iv": 60, "nasal": 105}
ASKED = {"depression": ("phq-9", "gad-7"), "ptsd": ("phq-9", "pcl-5"), "crps": ("nrs-pain",)}
ITEMS = {"phq-9": (9, 3), "gad-7": (7, 3), "pcl-5": (20, 4), "nrs-pain": (1, 10)}


@dataclass(frozen=True)
class Telling:
    """One patient's course as it is told: the journey, the course and this patient's dice."""

    team: Team
    journey: Journey
    course: Course
    dice: random.Random
    improves: float
    surge: int = 0

    def fresh(self) -> Telling:
        """The telling with the course as it is now."""
        found = queries.course(clinic=self.team.clinic.id, id=self.course.id)
        return replace(self, course=found or self.course)


def visits(telling: Telling, days: list[int]) -> Telling:
    """Whole visits on `days` (counted from today), each booked a week before."""
    for number, day in enumerate(days, telling.course.sessions_given + 1):
        made = telling.team.at(day - 7, 11)
        visit = _book_somewhere(telling, day, made)
        questionnaires(telling, Occasion.BEFORE_SESSION, visit.starts_at, number)
        sit(telling, visit, visit.starts_at + timedelta(minutes=2))
        telling = telling.fresh()
        _review(telling, visit.ends_at + timedelta(minutes=20))
    return telling.fresh()


def sit(telling: Telling, visit: Booking, at: datetime) -> bool:
    """The visit itself, or as much of it as has happened by now; True when it is over."""
    team, who = telling.team, telling.journey.who
    nurse = next((one for one in team.staff.values() if one.id == visit.nurse_id), None)
    told = Chair(
        team=team,
        booking=visit.id,
        by=(nurse or team.staff["nurse"]).author,
        at=at,
        systolic=who.systolic,
        diastolic=who.diastolic,
        until=team.now,
        dice=telling.dice,
        surge=telling.surge,
    )
    return chair.run(told, OBSERVED_MIN[telling.course.route])


def later(telling: Telling, count: int) -> None:
    """Up to `count` visits on the coming days that the protocol and the chairs allow."""
    left = count
    for day in range(1, 15):
        if left and _bookable(telling, day):
            left -= 1


def _bookable(telling: Telling, day: int) -> bool:
    try:
        _book_somewhere(telling, day, telling.team.at(-1, 15))
    except Refused:
        return False
    return True


def questionnaires(
    telling: Telling, occasion: Occasion, at: datetime, number: int | None = None
) -> None:
    """The questionnaires for this indication, answered the way this patient is doing."""
    done = (number - 1 if number else telling.course.sessions_given) / max(
        telling.course.sessions_planned, 1
    )
    burden = max(0.15, 0.72 - telling.improves * min(done, 1.0))
    for name in ASKED[telling.journey.indication]:
        items, most = ITEMS[name]
        answers = [
            min(most, max(0, round(most * burden + telling.dice.uniform(-0.6, 0.6))))
            for _ in range(items)
        ]
        if name == "phq-9":
            answers[8] = 0
        give(telling, name, tuple(answers), occasion, at, number)


def give(
    telling: Telling,
    name: str,
    answers: tuple[int | None, ...],
    occasion: Occasion,
    at: datetime,
    number: int | None = None,
) -> outcomes.Taken:
    """One sheet."""
    sheet = Sheet(
        id=uuid5(telling.course.id, f"{name}/{at.isoformat()}"),
        instrument=name,
        occasion=occasion,
        answers=answers,
        course=telling.course.id,
        session_number=number,
    )
    by = telling.team.staff["nurse2"].author
    return outcomes.answer(
        patient=telling.course.patient, sheet=sheet, by=by, at=at - timedelta(minutes=5)
    )


def days_back(telling: Telling, count: int, last: int) -> list[int]:
    """`count` days the protocol allows, the last of them on day `last` or up to a week before."""
    first = last - {"CRPS-OP-1": count - 1}.get(telling.course.protocol, count * 7 // 2 + 1)
    while True:
        days = journeys.days_of(telling.team, telling.course, first, count)
        if days[-1] <= last:
            return days
        first -= 1


def finish(telling: Telling, at: datetime, *, completed: bool = True) -> None:
    """The prescriber ends the course."""
    why = "All sessions given" if completed else "No benefit after three sessions"
    protocol.end(
        course=telling.course,
        completed=completed,
        reason=why,
        by=telling.team.staff["prescriber"].author,
        at=at,
    )


def aftercare_signed(telling: Telling, at: datetime) -> None:
    """The prescriber signs what comes next, as it was proposed."""
    telling = telling.fresh()
    proposal = aftercare.proposal(clinic=telling.team.clinic.id, course=telling.course, at=at)
    aftercare_actions.sign(
        course=telling.course,
        chosen=Chosen(proposal.plan.interval.weeks, "", {}),
        shown=aftercare_actions.fingerprint(proposal=proposal),
        seen=aftercare.version(clinic=telling.team.clinic.id, course=telling.course.id),
        by=telling.team.staff["prescriber"].author,
        at=at,
    )


def maintained(telling: Telling, days: list[int], answers: tuple[int, ...]) -> Telling:
    """Single visits after induction, each signed for first and answered the same way before."""
    for day in days:
        aftercare_signed(telling, telling.team.at(day - 6, 9))
        telling = telling.fresh()
        visit = _book_somewhere(telling, day, telling.team.at(day - 6, 11))
        number = telling.course.sessions_given + 1
        give(telling, "phq-9", answers, Occasion.BEFORE_SESSION, visit.starts_at, number)
        sit(telling, visit, visit.starts_at + timedelta(minutes=2))
        telling = telling.fresh()
    return telling


def _review(telling: Telling, at: datetime) -> None:
    after = protocol_named(telling.course.protocol).reviews_after
    if telling.course.sessions_given in after:
        protocol.review(
            course=telling.course,
            decision=Decision.CONTINUE,
            reason="Improving, tolerated well",
            by=telling.team.staff["prescriber"].author,
            at=at,
        )


def _book_somewhere(telling: Telling, day: int, made: datetime) -> Booking:
    """A free time on `day`, the patient's usual hour first."""
    usual = telling.journey.who.number % len(HOURS)
    refused: Refused | None = None
    for hour in HOURS[usual:] + HOURS[:usual]:
        try:
            return journeys.booked(telling.team, telling.course, telling.team.at(day, hour), made)
        except Refused as refusal:
            refused = refusal
    raise refused or Refused(f"Nothing is free on day {day}.")
