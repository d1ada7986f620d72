"""Every URL against every role, a stranger from another clinic, and another patient's identifiers.

The list of URLs is the URL map itself: a new page is tested the day it is added, and one whose
parameters this file does not know fails until it does.
"""

import random
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from ketaflow.cli.fictional import clinic, courses, journeys
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.persons import somebody
from ketaflow.correspondence.home import actions as pages
from ketaflow.correspondence.home import queries as home
from ketaflow.correspondence.home.before_visit import Said
from ketaflow.custody import queries as custody
from ketaflow.custody.counting import actions as counts
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.counts import Found
from ketaflow.custody.items import Details, Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms
from ketaflow.custody.setting import actions as setting
from ketaflow.custody.setting.actions import Delivered, Supplier
from ketaflow.journal import queries as journal
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people import actions as people
from ketaflow.people.registration import ClinicDetails
from ketaflow.people.roles import Role, may
from ketaflow.protocol.library import Drug
from ketaflow.schedule import queries as schedule
from ketaflow.screening import queries as screening
from ketaflow.screening import workup
from ketaflow.session import queries as sessions

from .. import at_home
from ..conftest import NOW

# What lies under information/ is crossed in test_public_pages.py, what a signed link opens in
# test_patient_links.py.
OPEN_TO_ALL = ("account/", "static/", "information/", "p/")
FINE = {200, 204, 302, 303, 405, 409, 422}
WORDS = {
    "protocol": "TRD-IV-STD",
    "rule": "INT-NONE-REPORTED",
    "item": next(iter(workup.items())),
    "instrument": "phq-9",
    "act": "note",
    "deed": "waste",
    "press": uuid4(),
}
# These belong to the clinic, not to one patient.
OF_THE_CLINIC = {"staff", "chair", "day"}


def urls(patterns=None, before=""):
    for one in patterns or get_resolver().url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from urls(one.url_patterns, route)
        elif isinstance(one, URLPattern) and not route.startswith(OPEN_TO_ALL):
            yield route, one


URLS = dict(urls())


def filled(route, pattern, ids):
    """`route` with each parameter filled in; fails for one this test was not taught."""
    for name in pattern.pattern.converters:
        value = ids.get(name) or WORDS.get(name)
        assert value, f"{route}: teach this test what a {name} is"
        marks = [f"<{kind}:{name}>" for kind in ("uuid", "str", "int", "slug", "date")]
        for mark in [*marks, f"<{name}>"]:
            route = route.replace(mark, str(value))
    return "/" + route


def visit_answered(patient, visit):
    """The notice that follows when a patient says that she is not coming."""
    before = visit.starts_at - timedelta(days=1)
    pages.answer_visit(
        patient=patient,
        booking=visit.id,
        said=Said(coming=False),
        by=people.oneself(patient),
        at=before,
    )
    return home.open_notices(clinic=patient.clinic_id)[-1]


def patients_things(team, number):
    """A patient who has one of everything a URL can name."""
    journey = journeys.Journey(somebody(number, 7, team.today), "depression", "TRD-IV-STD", 20)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient, {"eye_pressure": "yes"})
    journeys.tried(team, journey, patient)
    journeys.assessed(team, journey, patient)
    journeys.set_aside(team, journey, patient, "CI-09", "Pressure is controlled with drops.")
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    telling = Telling(team, journey, course, random.Random(number), 0.4).fresh()
    telling = courses.visits(telling, courses.days_back(telling, 1, -4))
    courses.later(telling, 1)
    taken = courses.give(
        telling, "phq-9", (1, 1, 1, 1, 1, 1, 1, 1, 2), Occasion.FOLLOW_UP, team.at(-1, 12)
    )
    c = team.clinic.id
    asked = at_home.invited(patient, by=team.staff["nurse"].author, at=NOW)
    heard = visit_answered(patient, schedule.of_course(clinic=c, course=course.id)[-1])
    return {
        "patient": patient.id,
        "invitation": asked.id,
        "sheet": asked.sheet,
        "notice": heard.id,
        "course": course.id,
        "session": sessions.of_course(clinic=c, course=course.id)[0].id,
        "booking": schedule.of_course(clinic=c, course=course.id)[-1].id,
        "task": taken.task.id,
        "trial": screening.trials(clinic=c, patient=patient.id)[0].id,
        "answered": taken.answered.id,
    }


def custody_things(team):
    """A vial in the vault, a count of it that did not agree, and the incident that followed."""
    by = {key: team.staff[key].author for key in ("director", "custodian")}
    at = team.at(-30, 8)
    keep = {"by": by["custodian"], "at": at}
    vault = setting.add_place(name="Vault", kind=PlaceKind.VAULT, **keep)
    setting.add_place(name="Quarantine", kind=PlaceKind.QUARANTINE, **keep)
    details = Details(Drug.KETAMINE, Form.VIAL, Decimal(50), Decimal(10), "CIII")
    item = setting.add_item(details=details, **keep)
    terms = Terms("us-federal", Decimal(1), 24, 0)
    setting.sign_terms(terms=terms, seen=0, by=by["director"], at=at)
    came = setting.receive(
        supplier=Supplier("Elm Pharma", "2 Elm Street", "RE1", "I-1"), place=vault, **keep,
        lines=(Delivered(item, "A12", team.today + timedelta(days=300), 9),),
    )  # fmt: skip
    (line,) = counting.sheet(clinic=team.clinic.id, place=vault)
    sheet = counts.Sheet(vault, {line.key: Found(Decimal(8), line.mark)})
    counts.count(sheet=sheet, **keep)
    clinic_id = team.clinic.id
    return {
        "place": vault,
        "container": custody.held(clinic=clinic_id)[0].id,
        "incident": custody.incidents(clinic=clinic_id)[0].id,
        "count": counting.counts(clinic=clinic_id)[0].id,
        "receipt": came.id,
    }


@pytest.fixture
def team(db):
    return clinic.open_clinic(NOW)


@pytest.fixture
def ids(team):
    own = {"staff": team.staff["nurse3"].id, "day": team.today.isoformat()}
    own["chair"] = schedule.chairs(clinic=team.clinic.id)[0].id
    things = patients_things(team, 1)
    written = journal.entries(clinic=team.clinic.id, stream=f"session/{things['session']}")
    own["ordinal"] = next(one.ordinal for one in written if one.kind == "session.reading")
    return things | own | custody_things(team)


@pytest.fixture
def others_ids(team):
    return patients_things(team, 3)


def client_of(staff):
    client = Client()
    client.force_login(staff.user)
    return client


def somebody_who_is(team, role):
    return people.employ(
        email=f"{role.value.lower()}@access.example.org",
        password="correct horse battery",
        name=role.label,
        roles=(role,),
        by=people.system_of(team.clinic),
        at=NOW,
    )


@pytest.fixture
def dee(team):
    """Holds every role, at another clinic."""
    details = ClinicDetails("Oak Lane Clinic", "1 Oak Lane", "555-0199", "988", "Etc/UTC")
    elsewhere = people.open_clinic(details=details, at=NOW)
    return people.employ(
        email="dee@access.example.org",
        password="correct horse battery",
        name="Dee Elsewhere",
        roles=tuple(Role),
        by=people.system_of(elsewhere),
        at=NOW,
    )


@pytest.mark.parametrize("route", URLS)
def test_no_url_is_without_a_gate(route):
    view = URLS[route].callback
    assert getattr(view, "duties", None) or route in AFTER_SIGNING_IN, f"{route} has no @duty"


# Anybody who is signed in may ask these; they show nothing of anybody.
AFTER_SIGNING_IN = {"still-here/"}


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_may_and_nothing_else(team, ids, role):
    staff = somebody_who_is(team, role)
    client = client_of(staff)
    for route, pattern in URLS.items():
        duties = getattr(pattern.callback, "duties", ())
        allowed = not duties or any(may((role.value,), one) for one in duties)
        got = client.get(filled(route, pattern, ids)).status_code
        assert (got in FINE) if allowed else (got == 403), f"{role} GET {route}: {got}"


@pytest.mark.parametrize("role", Role)
def test_a_role_changes_nothing_it_may_not(team, ids, role):
    client = client_of(somebody_who_is(team, role))
    for route, pattern in URLS.items():
        view = pattern.callback
        change = getattr(view, "change_duty", None)
        asked = (change,) if change else getattr(view, "duties", ())
        if asked and not any(may((role.value,), one) for one in asked):
            got = client.post(filled(route, pattern, ids)).status_code
            assert got == 403, f"{role} POST {route}: {got}"


def test_a_stranger_from_another_clinic_finds_nobody(ids, dee):
    client = client_of(dee)
    for route, pattern in URLS.items():
        if not any(isinstance(ids.get(name), UUID) for name in pattern.pattern.converters):
            continue
        for send in (client.get, client.post):
            got = send(filled(route, pattern, ids)).status_code
            assert got in {404, 405}, f"a stranger at {route}: {got}"


def test_another_patients_identifiers_do_not_open_a_page(team, ids, others_ids):
    client = client_of(somebody_who_is(team, Role.MEDICAL_DIRECTOR))
    tried = 0
    for route, pattern in URLS.items():
        names = [one for one in pattern.pattern.converters if one in others_ids]
        for name in names if len(names) > 1 else ():
            mixed = filled(route, pattern, ids | {name: others_ids[name]})
            for send in (client.get, client.post):
                got = send(mixed).status_code
                assert got in {404, 405}, f"{route} with another's {name}: {got}"
                tried += 1
    assert tried, "no URL names two things of one patient"


def test_whoever_is_not_signed_in_is_sent_to_sign_in(ids):
    for route, pattern in URLS.items():
        for send in (Client().get, Client().post):
            got = send(filled(route, pattern, ids))
            assert got.status_code == 302, f"{route}: {got.status_code}"
            assert "/account/login" in got["Location"], route
