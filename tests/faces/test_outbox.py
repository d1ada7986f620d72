"""The outbox against a real mail server: nothing is called sent that no server took."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ketaflow.cli import post
from ketaflow.correspondence import actions, queries
from ketaflow.correspondence.models import Message
from ketaflow.correspondence.outbox import BACK_OFF, LEASE, State
from ketaflow.journal import queries as journal
from ketaflow.outcomes.models import SafetyTask
from ketaflow.people.actions import system_of
from ketaflow.refusals import Refused

from .. import at_home, post_office
from ..conftest import register

NOW = timezone.now()


@pytest.fixture
def office(settings):
    office = post_office.PostOffice()
    server = post_office.given_to(settings, office)
    settings.EMAIL_TIMEOUT = 5
    settings.PORTAL_URL = "https://elm.example.org"
    yield office
    server.stop()


@pytest.fixture
def nobody_listens(settings):
    post_office.hand_over_at(settings, "127.0.0.1", post_office.free_port())


@pytest.fixture
def asked(patient, nurse):
    return at_home.invited(patient, by=nurse.author, at=NOW)


def send(clinic, after=timedelta()):
    return post.send_waiting(clinic=clinic, by=system_of(clinic), clock=lambda: NOW + after)


def only_message():
    return Message.objects.get()


def test_a_message_reaches_the_server_and_its_link_opens_the_form(office, asked, clinic_a):
    tally = send(clinic_a)
    assert (tally.handed_over, tally.waiting, tally.not_reached) == (1, 0, 0)
    (letter,) = office.letters
    assert letter["To"] == at_home.EMAIL
    opened = queries.invited(at_home.link_in(letter.get_content()))
    assert opened.id == asked.id
    assert "https://elm.example.org/p/" in letter.get_content()
    assert only_message().state == State.HANDED_OVER


def test_no_byte_of_a_message_speaks_of_the_patient_or_of_health(office, asked, clinic_a):
    send(clinic_a)
    whole = str(office.letters[0]).lower()
    for word in ("cy ", "patient", "elm street", "phq", "depress", "ketamine", "k-0001", "1984"):
        assert word not in whole, word


def test_nothing_is_sent_twice(office, asked, clinic_a):
    for _ in range(3):
        send(clinic_a, LEASE * 2)
    assert len(office.taken) == 1


def test_while_no_server_answers_nothing_is_called_sent(nobody_listens, asked, clinic_a):
    assert send(clinic_a).waiting == 1
    row = only_message()
    assert row.state == State.QUEUED
    assert row.try_at == NOW + BACK_OFF[0]
    assert "No mail server took it" in row.words
    assert send(clinic_a).waiting == 0


def test_after_an_outage_of_days_a_message_is_given_up(nobody_listens, asked, clinic_a):
    at = timedelta()
    for wait in (*BACK_OFF, timedelta()):
        send(clinic_a, at)
        at += wait
    row = only_message()
    assert (row.state, row.tries) == (State.GIVEN_UP, len(BACK_OFF) + 1)
    assert [one.id for one in queries.messages(clinic=clinic_a.id)] == [row.id]


@pytest.mark.parametrize(
    ("rcpt", "data", "state"),
    [
        (["550 no such mailbox"], [], State.BOUNCED),
        ([], ["554 looks like spam"], State.FAILED),
        (["451 try later"], [], State.QUEUED),
        ([], ["452 disk full"], State.QUEUED),
    ],
)
def test_what_the_server_says_is_what_the_outbox_shows(office, asked, clinic_a, rcpt, data, state):
    office.rcpt, office.data = list(rcpt), list(data)
    send(clinic_a)
    assert office.taken == []
    row = only_message()
    assert row.state == state
    assert row.words == (rcpt or data)[0][4:]


def test_one_refused_message_does_not_hold_up_the_next(office, asked, nurse, clinic_a):
    at_home.invited(register(nurse, "K-0002", "Di", "Other"), by=nurse.author, at=NOW)
    office.data = ["554 looks like spam"]
    tally = send(clinic_a)
    assert (tally.handed_over, tally.not_reached) == (1, 1)


def test_a_delayed_message_goes_out_at_the_next_round(office, asked, clinic_a):
    office.rcpt = ["451 try later"]
    send(clinic_a)
    send(clinic_a, BACK_OFF[0])
    assert only_message().state == State.HANDED_OVER
    assert len(office.taken) == 1


def test_a_message_that_a_dead_sender_held_goes_out_again_as_the_same(office, asked, clinic_a):
    by = system_of(clinic_a)
    held = actions.take(message=only_message().id, by=by, at=NOW)
    assert actions.take(message=held.message, by=by, at=NOW) is None
    # It was on its way when the sender died: the server has it, and the record does not know.
    connection = post.get_connection()
    assert post.hand_over(connection, clinic_a, held) is None
    connection.close()
    send(clinic_a, LEASE - timedelta(seconds=1))
    assert len(office.taken) == 1
    send(clinic_a, LEASE)
    assert len(set(office.ids)) == 1
    assert len(office.ids) == 2


def test_a_slow_sender_does_not_undo_what_another_knows(office, asked, clinic_a):
    by = system_of(clinic_a)
    held = actions.take(message=only_message().id, by=by, at=NOW)
    send(clinic_a, LEASE)
    slow = actions.note_try(held=held, refusal=post.Refusal("away"), by=by, at=NOW + LEASE)
    assert slow.state == State.HANDED_OVER


def test_a_link_that_was_taken_back_is_not_sent(office, asked, nurse, clinic_a):
    actions.withdraw(invitation=asked.id, by=nurse.author, at=NOW)
    send(clinic_a)
    assert office.taken == []
    assert only_message().state == State.GIVEN_UP


def test_a_returned_message_is_noted_by_hand(office, asked, clinic_a):
    by = system_of(clinic_a)
    with pytest.raises(Refused):
        actions.note_bounce(message=only_message().id, words="", by=by, at=NOW)
    send(clinic_a)
    actions.note_bounce(message=only_message().id, words="no such user", by=by, at=NOW)
    assert only_message().state == State.BOUNCED


def test_a_message_is_nobody_elses(asked, dee):
    with pytest.raises(actions.NotHere):
        actions.take(message=only_message().id, by=dee.author, at=NOW)


def test_a_positive_item_nine_opens_a_task_while_mail_is_down(nobody_listens, asked, clinic_a):
    send(clinic_a)
    client = at_home.phone(asked)
    at_home.give(client, asked, {"9": 3})
    assert SafetyTask.objects.get().patient_id == asked.patient_id


def test_the_outbox_can_be_made_again_from_the_journal(office, asked, clinic_a):
    office.rcpt = ["451 try later"]
    send(clinic_a)
    send(clinic_a, BACK_OFF[0])
    journal.rebuild()
    assert only_message().tries == 2
