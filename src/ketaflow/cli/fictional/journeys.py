"""How far each fictional patient has come, by the same actions that a page calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ketaflow.cli.fictional.clinic import Team
from ketaflow.cli.fictional.persons import Somebody
from ketaflow.cli.fictional.referral import bundle
from ketaflow.fhir.bundle import read_bundle
from ketaflow.people import actions as people
from ketaflow.people.agreement import actions as agreement
from ketaflow.people.chart import Sex
from ketaflow.people.consent import consent_for
from ketaflow.people.registration import age_on
from ketaflow.protocol import actions as protocol
from ketaflow.protocol import queries as planned
from ketaflow.protocol.dosing import Choice
from ketaflow.protocol.library import Route
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.protocol.orders import needs
from ketaflow.protocol.preparation import Preparation
from ketaflow.protocol.weight import Body
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.openings import Wish
from ketaflow.screening import actions as screening
from ketaflow.screening.queries import Standing
from ketaflow.screening.resistance import Response, Told, Trial
from ketaflow.screening.rules import Severity

if TYPE_CHECKING:
    from ketaflow.people.models import Patient
    from ketaflow.protocol.models import Course
    from ketaflow.schedule.models import Booking

NOTHING_FOUND = {
    "allergy_ketamine": "no",
    "blood_pressure_uncontrolled": "no",
    "stroke_ever": "no",
    "brain_bleed_ever": "no",
    "aneurysm_or_avm": "no",
    "heart_event_six_weeks": "no",
    "heart_disease_uncontrolled": "no",
    "raised_head_pressure": "no",
    "eye_pressure": "no",
    "psychosis": "no",
    "bipolar": "no",
    "substance_use": "no",
    "liver": "none",
    "dementia_or_delirium": "no",
    "bladder": "no",
    "thyroid_overactive": "no",
    "breathing": "no",
    "seizures": "no",
    "porphyria": "no",
    "medicines_complete": "yes",
    "benzodiazepine_mg_day": "0",
    "capacity_and_consent": "yes",
    "escort": "yes",
    "suicide_imminent": "no",
    "personality_main": "no",
    "psychiatric_assessment": "yes",
}
REASONS = {
    "depression": "Depression that two antidepressants did not help",
    "ptsd": "PTSD, little help from talking treatment and sertraline",
    "crps": "CRPS of the left hand after a wrist fracture",
}
MEDICINES = {
    "depression": ("Venlafaxine 150 MG Extended Release Oral Capsule",),
    "ptsd": ("Sertraline 100 MG Oral Tablet",),
    "crps": ("Gabapentin 300 MG Oral Capsule",),
}
REFERRERS = ("Dr Ruth Calloway, Springfield Medical Group", "Dr Leon Adeyemi, County Hospital")


@dataclass(frozen=True)
class Journey:
    """One patient's way: what for, by which protocol, and when it began, in days before today."""

    who: Somebody
    indication: str
    protocol: str
    began_days_ago: int


def referred(team: Team, journey: Journey) -> Patient:
    """A bundle came from the hospital, and the front desk took it in."""
    at = team.at(-journey.began_days_ago, 9.5)
    medicines = MEDICINES[journey.indication]
    document = bundle(
        journey.who, indication=journey.indication, medicines=medicines, at=at - timedelta(days=1)
    )
    by = team.staff["desk"].author
    name = f"referral-{journey.who.number}.json"
    got = people.receive(
        chart=read_bundle(document, name=name), document=document, name=name, by=by, at=at
    )
    people.refer(
        patient=got.patient,
        referrer=REFERRERS[journey.who.number % 2],
        reason=REASONS[journey.indication],
        by=by,
        at=at + timedelta(minutes=4),
    )
    return got.patient


def interviewed(
    team: Team, journey: Journey, patient: Patient, found: dict[str, str] | None = None
) -> None:
    """A nurse asked the questions; `found` are the answers that are not the quiet ones."""
    at = team.at(-journey.began_days_ago + 1, 10)
    told = {**NOTHING_FOUND, "episode_began_on": str(at.date() - timedelta(days=420))}
    if patient.sex == Sex.FEMALE:
        told |= {"pregnancy": "neither", "pregnancy_test": "negative"}
    screening.answer(
        patient=patient,
        answers={**told, **(found or {})},
        by=team.staff["nurse2"].author,
        at=at,
    )


def tried(team: Team, journey: Journey, patient: Patient, trials: int = 2) -> None:
    """The antidepressants that were tried, as the patient told them."""
    at = team.at(-journey.began_days_ago + 1, 10.3)
    since = at.date() - timedelta(days=400)
    told = (
        Trial("Sertraline", "150 mg a day", since, since + timedelta(days=80), False, Told.YES,
              Response.NONE),
        Trial("Venlafaxine", "150 mg a day", since + timedelta(days=90), None, True, Told.YES,
              Response.PARTIAL),
    )  # fmt: skip
    for one in told[:trials]:
        screening.record_trial(
            patient=patient,
            told=screening.ToldTrial(one, "" if one.ongoing else "no effect after twelve weeks"),
            by=team.staff["nurse2"].author,
            at=at,
        )


def assessed(team: Team, journey: Journey, patient: Patient) -> Standing:
    """The prescriber recorded what screening says."""
    at = team.at(-journey.began_days_ago + 2, 11)
    return screening.assess(
        patient=patient,
        asked=_asked(team, journey, at),
        by=team.staff["prescriber"].author,
        at=at,
    )


def set_aside(team: Team, journey: Journey, patient: Patient, rule: str, words: str) -> None:
    """A prescriber wrote why a relative finding does not stop treatment."""
    at = team.at(-journey.began_days_ago + 2, 11.5)
    screening.set_aside(
        patient=patient,
        asked=_asked(team, journey, at),
        reason=screening.Reason(rule, Severity.RELATIVE, words),
        by=team.staff["prescriber"].author,
        at=at,
    )


def course_planned(team: Team, journey: Journey, patient: Patient) -> Course:
    """The prescriber planned the course."""
    at = team.at(-journey.began_days_ago + 3, 11)
    wanted = protocol_named(journey.protocol)
    nasal = wanted.route is Route.NASAL
    body = Body(
        weight_kg=Decimal(str(journey.who.weight_kg)),
        height_cm=Decimal(journey.who.height_cm),
        sex=journey.who.sex,
        age_years=Decimal(age_on(patient.born_on, at.date())),
    )
    plan = protocol.Plan(
        protocol=journey.protocol,
        body=body,
        sessions=wanted.sessions.least or wanted.sessions.most or 1,
        choice=Choice(),
        preparation=None if nasal else Preparation(Decimal(50), Decimal(100)),
    )
    return protocol.plan_course(
        patient=patient, plan=plan, by=team.staff["prescriber"].author, at=at
    )


def agreed(team: Team, journey: Journey, course: Course) -> None:
    """The patient agreed, statement by statement."""
    text = consent_for(course.route)
    agreement.agree(
        patient=course.patient,
        course=course.id,
        text_id=text.id,
        statements=tuple(one.key for one in text.statements),
        by=team.staff["nurse2"].author,
        at=team.at(-journey.began_days_ago + 3, 11.6),
    )


def booked(team: Team, course: Course, starts_at: datetime, made_at: datetime) -> Booking:
    """The front desk booked one visit, in whichever chair and with whichever nurse is free."""
    return schedule.book(
        course=course.id, wish=Wish(starts_at), by=team.staff["desk"].author, at=made_at
    )


def days_of(team: Team, course: Course, first_days_from_now: int, count: int) -> list[int]:
    """`count` days the protocol allows, counted from today."""
    from ketaflow.protocol.spacing import Opening, propose_dates

    wanted = protocol_named(course.protocol)
    first_on = team.today + timedelta(days=first_days_from_now)
    found = propose_dates(
        wanted.spacing,
        count=count,
        first_on=first_on,
        opening=Opening(frozenset(range(7)), frozenset()),
    )
    return [(one - team.today).days for one in found]


def _asked(team: Team, journey: Journey, at: datetime) -> screening.Asked:
    policy = planned.policy(clinic=team.clinic.id)
    return screening.Asked(
        needs=needs(protocol_named(journey.protocol)),
        on=at.date(),
        policy=policy.values if policy else {},
    )
