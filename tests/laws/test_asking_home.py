"""What a course asks for is asked for at home by itself, each questionnaire once."""

import json
from datetime import timedelta
from threading import Event

import pytest
from click.testing import CliRunner
from django.core import mail
from django.db import OperationalError
from django.utils import timezone

from ketaflow.cli import rounds
from ketaflow.cli.main import group
from ketaflow.correspondence.asking.actions import Asked, ask_for_what_is_due
from ketaflow.correspondence.models import Invitation, Message
from ketaflow.outcomes.measuring import queries as measuring
from ketaflow.outcomes.measuring.due import State
from ketaflow.people.actions import system_of

from .. import at_home
from ..conftest import NOW, register
from .test_outcomes_rows import DAY, plan, treat

AHEAD = timedelta(hours=24)


@pytest.fixture
def course(patient, nurse, prescriber):
    """Six sessions given to somebody with an address; the week after, something is due."""
    patient = at_home.with_email(patient, by=nurse.author, at=NOW)
    made = plan(patient, prescriber)
    treat(made, nurse, 6)
    return made


def asked(clinic, at, ahead=AHEAD):
    return ask_for_what_is_due(clinic=clinic, ahead=ahead, by=system_of(clinic), at=at)


def open_ones(course, at):
    found = measuring.of_course(clinic=course.clinic_id, course=course, at=at)
    return {one.key for one in found if one.state in (State.DUE, State.OVERDUE)}


def test_what_is_due_is_asked_for_once_and_done_when_it_is_answered(course, clinic_a, monkeypatch):
    at = course.last_given_at + 7 * DAY
    monkeypatch.setattr(timezone, "now", lambda: at)
    first = asked(clinic_a, at)
    assert first.queued == Invitation.objects.count() == Message.objects.count() == 2
    assert asked(clinic_a, at + timedelta(hours=1)).queued == 0
    row = Invitation.objects.get(instrument="phq-9")
    assert (row.course_id, row.patient_id) == (course.id, course.patient_id)
    before = open_ones(course, at)
    phone = at_home.phone(row)
    at_home.give(phone, row)
    at_home.send_in(phone, row)
    # One paper answers for the earlier day that was missed, too.
    assert before - open_ones(course, at) == {"phq-9/week-1", "phq-9/review-6"}
    assert asked(clinic_a, at + timedelta(hours=2)).queued == 0


def test_nobody_without_an_address_stops_the_others(course, clinic_a, nurse, prescriber):
    other = plan(register(nurse, "K-77", "Eve", "Patient"), prescriber)
    treat(other, nurse, 6)
    assert asked(clinic_a, course.last_given_at + 7 * DAY).queued == 2
    assert set(Invitation.objects.values_list("patient", flat=True)) == {course.patient_id}


def test_nothing_is_asked_for_another_clinic_or_when_nothing_is_due(course, clinic_a, clinic_b):
    assert asked(clinic_b, course.last_given_at + 7 * DAY) == Asked()
    assert asked(clinic_a, NOW - 400 * DAY) == Asked()


def test_the_command_says_what_it_queued(course, monkeypatch):
    monkeypatch.setattr("ketaflow.cli.clinic.now", lambda: course.last_given_at + 7 * DAY)
    said = CliRunner().invoke(group, ["outbox", "ask", "--json"])
    assert json.loads(said.output)["queued"] == Invitation.objects.count() > 0


def test_a_round_sends_what_is_due_and_goes_on_when_one_work_fails(course, monkeypatch, caplog):
    monkeypatch.setattr("ketaflow.cli.clinic.now", lambda: course.last_given_at + 7 * DAY)

    def broken(place):
        raise OSError("no line")

    rounds.once((broken, rounds.remind, rounds.ask, rounds.hand_over, rounds.escalate))
    assert {row.state for row in Message.objects.all()} == {"HANDED_OVER"}
    assert len(mail.outbox) == Message.objects.count() == 2
    assert "tried again" in caplog.text
    rounds.once((rounds.ask, rounds.hand_over))
    assert len(mail.outbox) == 2


def test_the_rounds_go_on_when_the_database_was_away(db, monkeypatch, caplog):
    came, over = [], Event()

    def clinics():
        came.append("asked")
        if len(came) == 1:
            raise OperationalError("away")
        over.set()
        return []

    monkeypatch.setattr(rounds, "EVERY_S", 0.01)
    monkeypatch.setattr("ketaflow.people.queries.clinics", clinics)
    rounds.begin(reminding=False, over=over).join(10)
    assert len(came) >= 2
    assert "next round tries again" in caplog.text
