"""Two hands at once through the pages themselves: a double press, the last chair, a stale page."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ketaflow.cli.fictional import clinic
from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry
from ketaflow.outcomes.models import Answered
from ketaflow.people.roles import Role
from ketaflow.protocol.models import Course
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.models import Booking, Chair
from ketaflow.session import queries as sessions

from ..access import stages
from ..conftest import PASSWORD
from ..forms import on_page
from ..laws import test_session_rows as rows
from .hands import HANDS, together
from .test_session_races import Clinic

READ = "chart.read"


@pytest.fixture
def team(committed):
    with transaction.atomic():
        return clinic.open_clinic(timezone.now())


def client_of(staff):
    client = Client()
    client.force_login(staff.user)
    return client


def pressed(clients, url, said):
    """The answers when every one of `clients` sends the same form at the same moment."""
    return together(lambda n: clients[n % len(clients)].post(url, said))


def codes(answers):
    return sorted(one.status_code for one in answers)


def the_form(client, url, ending=""):
    page = client.get(url)
    found = on_page(page.content.decode(), url)
    return next(one for one in found if one.url.partition("#")[0].endswith(ending or url))


def test_every_form_pressed_twice_at_once_is_kept_once(team):
    jack = stages.jack(team)
    client = client_of(jack)
    with transaction.atomic():  # one commit for all that came before
        forms = stages.found_forms(team, client)
    twins, kinds = [], Counter()
    for form in forms:
        said = form.answered(stages.TAKEN)
        before = Entry.objects.count()
        answers = together(lambda n, said=said, form=form: _twice(client, form, said, n))
        assert all(one is None or one.status_code < 500 for one in answers), form.url
        new = [one for one in Entry.objects.order_by("id")[before:] if one.kind != READ]
        same = Counter((one.kind, one.payload_json) for one in new)
        twins += [(form.url, kind) for (kind, _), count in same.items() if count > 1]
        kinds.update(one.kind for one in new)
    assert twins == []
    assert len(kinds) > 25, f"few of the forms were taken: {sorted(kinds)}"
    journal.verify()
    journal.rebuild()


def _twice(client, form, said, n):
    return client.post(form.url.partition("#")[0], said) if n < 2 else None


def test_a_course_confirmed_twice_is_planned_once(team):
    who = stages.eligible(team, 1)
    client = client_of(team.staff["prescriber"])
    url = reverse("course_plan", args=[who["patient"], "TRD-IV-STD"])
    said = the_form(client, url).answered(stages.TAKEN)
    shown = the_form_shown(client.post(url, said), url)
    answers = pressed([client], url, said | {"shown": shown, "confirm": "1"})
    assert codes(answers) == [302] + [422] * (HANDS - 1)
    assert "already; go on with that one" in answers_text(answers)
    assert Course.objects.count() == 1


def the_form_shown(answer, url):
    found = on_page(answer.content.decode(), url)
    return next(one.fields["shown"].value for one in found if "shown" in one.fields)


def answers_text(answers):
    refused = [one for one in answers if one.status_code >= 400]
    return " ".join(refused[0].content.decode().split())


@pytest.fixture
def chairside(committed):
    return Clinic()


def test_of_two_nurses_who_start_one_session_one_starts_it_and_one_is_told(chairside, monkeypatch):
    chair = chairside.chair().prepare()
    monkeypatch.setattr(timezone, "now", lambda: rows.at(10))
    hands = [client_of(chairside.nurse), client_of(chairside.second)]
    url = reverse("session_act", args=[chair.id, "start"])
    answers = pressed(hands, url, {"start-seen": chair.seen, "start-rate_mg_min": "1"})
    assert codes(answers) == [302] + [409] * (HANDS - 1)
    assert "was first" in answers_text(answers) or "sent twice" in answers_text(answers)
    assert len(chair.state.programme) == 1


def test_of_two_who_book_the_last_chair_one_gets_it(team):
    by = team.staff["director"].author
    for one in Chair.objects.all()[1:]:
        schedule.use_chair(chair=one.id, active=False, by=by, at=team.now)
    found = [stages.cleared(team, number).course for number in (1, 2)]
    starts_at = stages.quarter(team.at(1, 12)).isoformat()
    client = client_of(team.staff["desk"])
    urls = [reverse("bookings", args=[one.id]) for one in found]
    answers = together(lambda n: client.post(urls[n % 2], {"starts_at": starts_at}))
    assert codes(answers) == [302] + [422] * (HANDS - 1)
    assert Booking.objects.count() == 1


def test_a_questionnaire_sent_twice_is_recorded_once(team):
    who = stages.eligible(team, 1)
    client = client_of(team.staff["nurse"])
    url = reverse("outcome_give", args=[who["patient"], "phq-9"])
    said = the_form(client, url).answered(stages.TAKEN)
    assert codes(pressed([client], url, said)) == [302] * HANDS
    assert Answered.objects.count() == 1


def test_a_patient_checked_in_by_two_has_one_session_and_both_are_led_to_it(team):
    who = stages.cleared(team, 1)
    at = stages.quarter(timezone.now() + timedelta(minutes=15))
    wish = stages.Wish(at)
    by = team.staff["desk"].author
    visit = schedule.book(course=who.course.id, wish=wish, by=by, at=team.at(-1))
    hands = [client_of(team.staff["nurse"]), client_of(team.staff["nurse2"])]
    answers = pressed(hands, reverse("session_check_in", args=[visit.id]), {})
    held = sessions.of_course(clinic=team.clinic.id, course=who.course.id)
    assert {one["Location"] for one in answers} == {reverse("session", args=[held[0].id])}
    assert len(held) == 1


def test_eight_wrong_passwords_at_once_lock_the_account(people, committed):
    nurse = people[Role.NURSE]
    url = reverse("account_login")

    def guess(n):
        return Client().post(url, {"login": nurse.user.email, "password": f"guess number {n}"})

    together(guess)
    locked = Client().post(url, {"login": nurse.user.email, "password": PASSWORD})
    assert "Locked: too many wrong passwords" in locked.content.decode()
