"""What is due today, as the front desk and the nurse see it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ketaflow.cli.fictional import clinic, courses, journeys
from ketaflow.outcomes.measuring import queries
from ketaflow.outcomes.sheet import Occasion
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.openings import Wish

from ..access import stages

MOST_QUERIES = 40


@pytest.fixture
def team(db):
    return clinic.open_clinic(timezone.now())


@pytest.fixture
def telling(team):
    """Somebody whose first visit is tomorrow and who has answered nothing yet."""
    return stages.cleared(team, 1)


@pytest.fixture
def visit(telling):
    return journeys.booked(
        telling.team, telling.course, telling.team.at(1, 9.5), telling.team.at(-1, 15)
    )


def due_on(telling, visit):
    found = queries.of_course(
        clinic=telling.team.clinic.id, course=telling.course, at=telling.team.now
    )
    zone = telling.team.clinic.zone
    return {one.due_at.astimezone(zone).date() for one in found if one.occasion == "BASELINE"}


def client(team, role):
    found = Client()
    found.force_login(team.staff[role].user)
    return found


def test_when_a_visit_moves_or_is_cancelled_its_questionnaires_go_with_it(telling, visit):
    tomorrow = telling.team.today + timedelta(days=1)
    assert due_on(telling, visit) == {tomorrow}
    by, at = telling.team.staff["desk"].author, telling.team.now
    later = Wish(visit.starts_at + timedelta(days=7))
    moved = schedule.move(booking=visit.id, wish=later, seen=1, by=by, at=at)
    assert due_on(telling, visit) == {tomorrow + timedelta(days=7)}
    schedule.cancel(booking=moved.id, reason="ill", seen=2, by=by, at=at)
    found = queries.of_course(clinic=telling.team.clinic.id, course=telling.course, at=at)
    assert {one.due_at for one in found} == {None}


def test_the_desk_sees_whom_to_ask_today_and_no_more(telling, visit, monkeypatch):
    name = telling.course.patient.name
    page = client(telling.team, "desk").get(reverse("due")).content.decode()
    assert name not in page
    monkeypatch.setattr(timezone, "now", lambda: visit.starts_at - timedelta(minutes=5))
    for role, gives in (("desk", False), ("nurse", True)):
        page = client(telling.team, role).get(reverse("due")).content.decode()
        assert name in page
        assert "Before the first session" in page
        assert ("occasion=BASELINE" in page) is gives
        assert ("Calls and checks" in page) is gives
    at = timezone.now()
    courses.give(telling, "phq-9", (1,) * 8 + (0,), Occasion.BASELINE, at)
    page = client(telling.team, "nurse").get(reverse("course", args=[telling.course.id]))
    stands = {one.label: one.state for one in page.context["asked"].later}
    assert stands["PHQ-9"] == "done"
    assert "GAD-7" in {one.label for one in page.context["asked"].now}


def test_the_page_of_a_course_costs_a_bounded_number_of_reads(telling, visit):
    signed_in = client(telling.team, "nurse")
    for name, args in (("due", []), ("course", [telling.course.id])):
        with CaptureQueriesContext(connection) as asked:
            assert signed_in.get(reverse(name, args=args)).status_code == 200
        assert len(asked) <= MOST_QUERIES, name
