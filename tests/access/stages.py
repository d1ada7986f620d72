"""A clinic with somebody at every stage, so that every form there is can be found on a page."""

import random
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

from django.urls import resolve

from ketaflow.cli.fictional import courses, journeys
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.persons import somebody
from ketaflow.journal import queries as journal
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people import actions as people
from ketaflow.people.roles import Role
from ketaflow.schedule import actions as schedule
from ketaflow.schedule import queries as schedules
from ketaflow.schedule.openings import Wish
from ketaflow.screening import queries as screening
from ketaflow.session import actions as session
from ketaflow.session import queries as sessions

from ..forms import on_page
from .test_every_url import URLS, WORDS, custody_things, filled

PASSWORD = "correct horse battery"


def cleared(team, number, way=("depression", "TRD-IV-STD"), days=20):
    """Somebody who may be treated, with a course and an agreement; one reason is still owed."""
    journey = journeys.Journey(somebody(number, 7, team.today), *way, days)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    return Telling(team, journey, course, random.Random(number), 0.4).fresh()


def asked_about(team, number):
    """Somebody whose chart leaves a question to a reviewer."""
    journey = journeys.Journey(somebody(number, 7, team.today), "depression", "TRD-IV-STD", 6)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient, {"eye_pressure": "yes"})
    journeys.tried(team, journey, patient)
    trials = screening.trials(clinic=team.clinic.id, patient=patient.id)
    return {"patient": patient.id, "rule": "CI-09", "trial": trials[0].id}


def in_the_chair(team, number, minutes_ago, way=("depression", "TRD-IV-STD")):
    """Somebody who was booked `minutes_ago` and has come as far as that."""
    telling = cleared(team, number, way)
    starts_at = quarter(team.now - timedelta(minutes=minutes_ago))
    by = team.staff["desk"].author
    visit = schedule.book(
        course=telling.course.id, wish=Wish(starts_at), by=by, at=starts_at - timedelta(days=2)
    )
    courses.sit(telling, visit, starts_at + timedelta(minutes=1))
    held = sessions.of_course(clinic=team.clinic.id, course=telling.course.id)[0]
    entries = journal.entries(clinic=team.clinic.id, stream=f"session/{held.id}")
    return {
        "patient": telling.course.patient_id,
        "course": telling.course.id,
        "session": held.id,
        "ordinal": entries[-1].ordinal,
        "booking": visit.id,
    }


def just_come(team, number):
    """Somebody who was checked in, and for whom nothing is prepared yet."""
    telling = cleared(team, number)
    nurse = team.staff["nurse"]
    held = session.walk_in(
        course=telling.course.id, chair="Chair 6", nurse=nurse.id, by=nurse.author, at=team.now
    )
    course = {"patient": telling.course.patient_id, "course": telling.course.id}
    return course | {"session": held.id}


def quarter(moment):
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def booked(team, number):
    """Somebody with visits to come, one that has begun, and an answer to follow up."""
    telling = cleared(team, number)
    courses.later(telling, 2)
    taken = courses.give(
        telling, "phq-9", (1, 1, 1, 1, 1, 1, 1, 1, 2), Occasion.BASELINE, team.at(-1, 12)
    )
    visit = schedules.of_course(clinic=team.clinic.id, course=telling.course.id)[0]
    ids = {"patient": telling.course.patient_id, "course": telling.course.id}
    return ids | {"booking": visit.id, "task": taken.task.id}


def over(team, number):
    """Somebody whose course is over: aftercare is to be signed."""
    telling = cleared(team, number, days=40)
    telling = courses.visits(telling, courses.days_back(telling, 3, -8))
    courses.finish(telling, team.at(-7, 15), completed=False)
    courses.aftercare_signed(telling, team.at(-6, 15))
    return {"patient": telling.course.patient_id, "course": telling.course.id}


def everybody(team):
    """The ids of one person at each stage."""
    yield asked_about(team, 1)
    yield booked(team, 2)
    yield over(team, 3)
    for number, minutes_ago in enumerate((16, 45, 95), start=4):
        yield in_the_chair(team, number, minutes_ago)
    yield in_the_chair(team, 7, 60, ("depression", "ESK-TRD"))
    yield just_come(team, 8)
    yield eligible(team, 9)
    # From here on custody is kept, so this one has an account.
    yield custody_things(team)
    yield just_come(team, 10)


def eligible(team, number):
    """Somebody for whom a course can be planned."""
    journey = journeys.Journey(somebody(number, 7, team.today), "depression", "TRD-IV-STD", 6)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    return {"patient": patient.id}


def found_forms(team, client):
    """One of each form that the clinic's pages offer to whoever may do everything."""
    found, visits = {}, Counter()
    for ids in everybody(team):
        for route, pattern in URLS.items():
            if visits[route] >= (12 if "sessions/" in route else 2):
                continue
            words = {"rule": ids.get("rule", WORDS["rule"]), "staff": team.staff["nurse3"].id}
            if not pattern.pattern.converters.keys() <= {*ids, *words, *WORDS}:
                continue
            visits[route] += 1
            url = filled(route, pattern, ids | words)
            page = client.get(url)
            if page.status_code == 200 and "html" in page["Content-Type"]:
                for form in on_page(page.content.decode(), url):
                    at = resolve(urlsplit(form.url).path)
                    named = (at.url_name, at.kwargs.get("act", ""), *form.fields, *form.buttons)
                    found.setdefault(named, form)
    return list(found.values())


# What a form must be told so that it is taken; by the end of a field's name.
TAKEN = {
    "name": "A name of its own",
    "family": "Aarden",
    "number": "K-4711",
    "born_on": "1984-05-02",
    "email": "somebody@example.org",
    "password": "a rather long phrase",
    "roles": "NURSE",
    "expires_on": "2030-01-01",
    "what": "CONDITION",
    "value": "",
    "weight_kg": "80",
    "height_cm": "175",
    "entered_kg": "",
    "basis": "",
    "amount": "",
    "duration_min": "",
    "strength_mg_ml": "50",
    "bag_ml": "100",
    "systolic": "128",
    "diastolic": "82",
    "heart_rate": "72",
    "aldrete-spo2": "2",
    "spo2": "97",
    "dose_mg": "40",
    "rate_mg_min": "1",
    "respiratory_rate": "14",
    "temperature": "36.6",
    "dissociation": "2",
    "pain": "1",
    "severity": "2",
    "total": "2",
    "minutes": "45",
    "session_number": "",
    "stopped_on": "",
    "started_on": "2025-01-01",
    "strike": None,
    "opens": "07:00",
    "closes": "19:30",
    "weeks": "2",
    "quantity": "0.8",
    "strength_mg": "50",
    "each": "10",
    "ordinal": "1",
}


def jack(team):
    """Somebody of this clinic who holds every role, so that no form stays shut."""
    return people.employ(
        email="jack@example.org",
        password=PASSWORD,
        name="Jack Ofall",
        roles=tuple(Role),
        by=people.system_of(team.clinic),
        at=team.now,
    )
