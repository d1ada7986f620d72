"""The same small clinic for everybody. Ada is the nurse, Ben prescribes, Dee works elsewhere."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from hypothesis import settings

from ketaflow.journal import guards
from ketaflow.people import actions
from ketaflow.people.chart import Sex
from ketaflow.people.models import Clinic, Patient, Staff
from ketaflow.people.registration import ClinicDetails, PatientDetails
from ketaflow.people.roles import LICENCE, Role
from tests.browser import chromium

# How long an example takes says more of the machine than of the code.
# The same examples every time, so that a red run is red again; `--deep` searches anew.
settings.register_profile("ketaflow", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None)
settings.load_profile("ketaflow")

# One browser a process: a second Playwright beside the first would not start.
__all__ = ["chromium"]
PASSWORD = "correct horse battery"
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
NAMES = {
    Role.NURSE: "Ada Nurse",
    Role.PRESCRIBER: "Ben Prescriber",
    Role.FRONT_DESK: "Flo Desk",
    Role.CUSTODIAN: "Cas Custodian",
    Role.MEDICAL_DIRECTOR: "Mia Director",
    Role.ADMINISTRATOR: "Abe Administrator",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--writes-only", action="store_true", help="only tests that touch the database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--writes-only"):
        wanted = [one for one in items if _writes(one) and "browser" not in one.keywords]
        config.hook.pytest_deselected(items=[one for one in items if one not in wanted])
        items[:] = wanted


def _writes(item: pytest.Item) -> bool:
    used = getattr(item, "fixturenames", ())
    return "django_db" in item.keywords or "db" in used or "transactional_db" in used


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        call_command("createcachetable", verbosity=0)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Real commits, for races and kills; the journal's guards step aside for the clean-up only."""
    with connection.cursor() as cursor:
        for statement in [
            *guards.take_down(connection.vendor),
            *guards.put_up(connection.vendor),
        ]:
            cursor.execute(statement)
    yield
    with connection.cursor() as cursor:
        for statement in guards.take_down(connection.vendor):
            cursor.execute(statement)


def open_clinic(name: str) -> Clinic:
    details = ClinicDetails(
        name=name,
        address="1 Elm Street, Springfield",
        phone="555-0100",
        crisis_line="988",
        time_zone="America/New_York",
    )
    return actions.open_clinic(details=details, at=NOW)


def employ(clinic: Clinic, name: str, *roles: Role) -> Staff:
    email = f"{name.split(maxsplit=1)[0].lower()}.{str(clinic.id)[:4]}@example.org"
    from dataclasses import replace

    by = replace(actions.SYSTEM, clinic=clinic.id)
    return actions.employ(email=email, password=PASSWORD, name=name, roles=roles, by=by, at=NOW)


def licence_until(who: Staff, day: date) -> None:
    """Record a licence of `who` that runs out after `day`."""
    from dataclasses import replace

    by = replace(actions.SYSTEM, clinic=who.clinic_id)
    actions.certify(staff=who.id, kind=LICENCE, number="", expires_on=day, by=by, at=NOW)


@pytest.fixture
def clinic_a(db: None) -> Clinic:
    return open_clinic("Elm Street Clinic")


@pytest.fixture
def clinic_b(db: None) -> Clinic:
    return open_clinic("Oak Lane Clinic")


@pytest.fixture
def people(clinic_a: Clinic) -> dict[Role, Staff]:
    return {role: employ(clinic_a, name, role) for role, name in NAMES.items()}


@pytest.fixture
def nurse(people: dict[Role, Staff]) -> Staff:
    return people[Role.NURSE]


@pytest.fixture
def prescriber(people: dict[Role, Staff]) -> Staff:
    return people[Role.PRESCRIBER]


@pytest.fixture
def director(people: dict[Role, Staff]) -> Staff:
    return people[Role.MEDICAL_DIRECTOR]


@pytest.fixture
def dee(clinic_b: Clinic) -> Staff:
    """Works elsewhere, in every role: what she may not see here, nobody from outside may."""
    return employ(clinic_b, "Dee Elsewhere", *Role)


@pytest.fixture
def signed_in(people: dict[Role, Staff]) -> Callable[[Role], Client]:
    def sign_in(role: Role) -> Client:
        client = Client()
        client.force_login(people[role].user)
        return client

    return sign_in


@pytest.fixture
def patient(nurse: Staff) -> Patient:
    return register(nurse, "K-0001", "Cy", "Patient")


def register(staff: Staff, number: str, given: str, family: str) -> Patient:
    details = PatientDetails(
        number=number, family=family, given=given, born_on=date(1984, 5, 2), sex=Sex.FEMALE
    )
    return actions.register(details=details, by=staff.author, at=NOW)
