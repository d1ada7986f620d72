"""Fill the fictional clinic: sixty patients at every stage, and a board in mid-morning."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from ketaflow.cli.fictional import courses, journeys, vault
from ketaflow.cli.fictional.clinic import Team, open_clinic
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import somebody
from ketaflow.outcomes.sheet import Occasion
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.openings import Wish
from ketaflow.screening.rules import Severity

WAYS = (
    ("depression", "TRD-IV-STD"),
    ("depression", "ESK-TRD"),
    ("depression", "TRD-IV-STD"),
    ("ptsd", "PTSD-IV-1"),
    ("depression", "TRD-IV-STD"),
    ("crps", "CRPS-OP-1"),
)
# Today's chairs: which way, how many sessions before today, and when the visit begins, in hours
# from midnight; the board is looked at soon after ten.
TODAY = (
    (5, 2, 7.0),
    (1, 3, 8.5),
    (0, 1, 8.25),
    (2, 4, 9.25),
    (3, 2, 9.5),
    (4, 0, 9.75),
    (0, 3, 11.5),
    (1, 1, 12.0),
    (2, 2, 13.0),
    (4, 5, 13.5),
    (5, 4, 13.25),
)

# How two patients answer the PHQ-9 after induction.
WELL = (1, 0, 1, 1, 0, 0, 1, 0, 0)
ILL = (3, 3, 2, 3, 2, 2, 2, 1, 0)
# The visit of today in which the pressure rises so far that a hold is seen on the board.
SURGES = 9.5


@dataclass(frozen=True)
class Stage:
    """How many patients are this far, and what makes them so."""

    count: int
    tell: Callable[[Team, Journey, random.Random], None]


def fill(now: datetime, seed: int) -> Iterator[str]:
    """Open the clinic and tell sixty journeys; yields a line for each step, for progress."""
    team = open_clinic(now)
    yield f"{team.clinic.name}: team, chairs, hours and a made-up policy"
    with transaction.atomic():
        vault.stock(team)
    yield from _today(team, seed)
    number = len(TODAY)
    for stage in STAGES:
        for _ in range(stage.count):
            who = somebody(number, seed, team.today)
            indication, protocol = WAYS[number % len(WAYS)]
            began = 40 + number % 7
            journey = Journey(who, indication, protocol, began)
            # One commit a patient: a thousand small ones would take as long again.
            with transaction.atomic():
                stage.tell(team, journey, random.Random(f"{seed}-{number}"))
            number += 1
            yield f"patient {number}: {who.given} {who.family}"
    vault.count_today(team)


def _today(team: Team, seed: int) -> Iterator[str]:
    """The patients of today's board, booked first so that nobody takes their chairs."""
    for number, (way, before, hour) in enumerate(TODAY):
        who = somebody(number, seed, team.today)
        indication, protocol = WAYS[way]
        dice = random.Random(f"{seed}-{number}")
        journey = Journey(who, indication, protocol, 26)
        telling = _cleared(team, journey, dice, improves=0.45)
        if before:
            last = -1 if indication == "crps" else -2
            telling = courses.visits(telling, courses.days_back(telling, before, last))
        starts_at = team.at(0, hour)
        visit = schedule.book(
            course=telling.course.id,
            wish=Wish(starts_at),
            by=team.staff["desk"].author,
            at=team.at(-1, 14),
        )
        if starts_at + timedelta(minutes=2) < team.now:
            at = starts_at - timedelta(minutes=6)
            courses.questionnaires(telling, Occasion.BEFORE_SESSION, at, before + 1)
            told = replace(telling, surge=44 if hour == SURGES else 0)
            courses.sit(told, visit, starts_at + timedelta(minutes=2))
        yield f"patient {number + 1}: {who.given} {who.family}, on today's board"


def _referred(team: Team, journey: Journey, dice: random.Random) -> None:
    journeys.referred(team, Journey(journey.who, journey.indication, journey.protocol,
                                    dice.randint(1, 6)))  # fmt: skip


def _asked(team: Team, journey: Journey, dice: random.Random) -> None:
    patient = journeys.referred(team, journey)
    unknown = dice.sample(sorted(journeys.NOTHING_FOUND), 4)
    journeys.interviewed(team, journey, patient, dict.fromkeys(unknown, "unknown"))
    journeys.tried(team, journey, patient, trials=1)


def _blocked(team: Team, journey: Journey, dice: random.Random) -> None:
    patient = journeys.referred(team, journey)
    found = dice.choice(["aneurysm_or_avm", "brain_bleed_ever", "allergy_ketamine"])
    journeys.interviewed(team, journey, patient, {found: "yes"})
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)


def _set_aside(team: Team, journey: Journey, dice: random.Random) -> None:
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient, {"eye_pressure": "yes"})
    journeys.tried(team, journey, patient)
    stands = journeys.assessed(team, journey, patient)
    for one in stands.open:
        if one.severity is Severity.RELATIVE:
            journeys.set_aside(
                team, journey, patient, one.rule,
                "Pressure controlled with drops; ophthalmologist agrees, letter on file.",
            )  # fmt: skip


def _eligible(team: Team, journey: Journey, dice: random.Random) -> None:
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)


def _planned(team: Team, journey: Journey, dice: random.Random) -> None:
    _eligible(team, journey, dice)
    patient = journeys.referred(team, journey)  # the same document twice: the same patient
    journeys.course_planned(team, journey, patient)


def _booked(team: Team, journey: Journey, dice: random.Random) -> None:
    recent = Journey(journey.who, journey.indication, journey.protocol, 8)
    telling = _cleared(team, recent, dice, improves=0.4)
    courses.later(telling, 3)


def _in_course(team: Team, journey: Journey, dice: random.Random) -> None:
    telling = _cleared(team, journey, dice, improves=dice.choice([0.1, 0.35, 0.5, 0.6]))
    count = dice.randint(1, 4)
    telling = courses.visits(telling, courses.days_back(telling, count, -3))
    courses.later(telling, 1)


def _completed(team: Team, journey: Journey, dice: random.Random) -> None:
    telling = _cleared(team, journey, dice, improves=dice.choice([0.45, 0.55, 0.65]))
    count = telling.course.sessions_planned
    telling = courses.visits(telling, courses.days_back(telling, count, -8))
    courses.finish(telling, team.at(-7, 15))
    courses.questionnaires(telling.fresh(), Occasion.FOLLOW_UP, team.at(-2, 16))
    if dice.random() < 0.7:
        courses.aftercare_signed(telling, team.at(-1, 15))


def _relapsed(team: Team, journey: Journey, dice: random.Random) -> None:
    """Well after induction, and not any more: two bad weeks in a row."""
    telling = _induced(team, journey, dice)
    courses.finish(telling, team.at(-37, 15))
    courses.aftercare_signed(telling, team.at(-36, 9))
    for day, answers in ((-30, WELL), (-23, WELL), (-10, ILL), (-2, ILL)):
        courses.give(telling, "phq-9", answers, Occasion.FOLLOW_UP, team.at(day, 16))


def _maintained(team: Team, journey: Journey, dice: random.Random) -> None:
    """Well for four weekly sessions, so that the interval may grow."""
    telling = courses.maintained(_induced(team, journey, dice), [-31, -24, -17, -10], WELL)
    courses.give(telling, "phq-9", WELL, Occasion.FOLLOW_UP, team.at(-4, 16))
    courses.aftercare_signed(telling, team.at(-3, 9))
    courses.later(telling.fresh(), 1)


def _induced(team: Team, journey: Journey, dice: random.Random) -> Telling:
    """A whole induction with ketamine for depression that helped, six weeks ago."""
    long_ago = Journey(journey.who, "depression", "TRD-IV-STD", 66)
    telling = _cleared(team, long_ago, dice, improves=0.55)
    count = telling.course.sessions_planned
    return courses.visits(telling, courses.days_back(telling, count, -38))


def _stopped(team: Team, journey: Journey, dice: random.Random) -> None:
    telling = _cleared(team, journey, dice, improves=0.02)
    telling = courses.visits(telling, courses.days_back(telling, 3, -5))
    courses.finish(telling, team.at(-4, 15), completed=False)


def _in_danger(team: Team, journey: Journey, dice: random.Random) -> None:
    telling = _cleared(team, journey, dice, improves=0.2)
    telling = courses.visits(telling, courses.days_back(telling, 2, -3))
    answers = (2, 2, 3, 2, 1, 2, 2, 1, dice.choice([1, 2]))
    at = team.now - timedelta(minutes=dice.randint(8, 50))
    courses.give(telling, "phq-9", answers, Occasion.FOLLOW_UP, at)


def _cleared(team: Team, journey: Journey, dice: random.Random, improves: float) -> Telling:
    """Referred, screened, planned, agreed to, with questionnaires before the first session."""
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    telling = Telling(team, journey, course, dice, improves).fresh()
    at = team.at(-journey.began_days_ago + 3, 12)
    courses.questionnaires(telling, Occasion.BASELINE, at)
    return telling


STAGES = (
    Stage(6, _referred),
    Stage(6, _asked),
    Stage(3, _blocked),
    Stage(2, _set_aside),
    Stage(5, _eligible),
    Stage(3, _planned),
    Stage(4, _booked),
    Stage(11, _in_course),
    Stage(3, _completed),
    Stage(1, _relapsed),
    Stage(1, _maintained),
    Stage(2, _stopped),
    Stage(2, _in_danger),
)
