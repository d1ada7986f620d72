"""What is sent home: how long a link holds, what may be answered, and how far a message came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.correspondence import invitation, letter, outbox
from ketaflow.correspondence.invitation import Life, NoSuchQuestion, NotToBeSent, Standing
from ketaflow.correspondence.outbox import BACK_OFF, LEASE, NOT_REACHED, Refusal, State
from ketaflow.instruments.library import instrument
from ketaflow.instruments.scoring import AnswerOutOfRange

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
PHQ = instrument("phq-9")
REFUSALS = st.builds(
    Refusal,
    words=st.text(max_size=20),
    code=st.none() | st.integers(400, 599),
    about_address=st.booleans(),
    about_us=st.booleans(),
)


@settings(max_examples=60)
@given(refusal=st.none() | REFUSALS, tries=st.integers(1, 20))
def test_a_message_is_handed_over_only_when_a_server_took_it(refusal, tries):
    found = outbox.after(refusal, tries=tries, at=NOW, until=LATER)
    assert (found.state is State.HANDED_OVER) == (refusal is None)
    assert (found.try_at is not None) == (found.state is State.QUEUED)
    assert found.state is not State.SENDING


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (Refusal("no such user", 550, about_address=True), State.BOUNCED),
        (Refusal("spam", 554), State.FAILED),
        (Refusal("greylisted", 451, about_address=True), State.QUEUED),
        (Refusal("away"), State.QUEUED),
        (Refusal("wrong password", 535, about_us=True), State.QUEUED),
    ],
)
def test_only_what_is_permanent_ends_a_message(refusal, state):
    assert outbox.after(refusal, tries=1, at=NOW, until=LATER).state is state


def test_an_outage_is_tried_more_and_more_rarely_and_then_given_up():
    waits = [
        outbox.after(Refusal("away"), tries=tries, at=NOW, until=LATER).try_at - NOW
        for tries in range(1, len(BACK_OFF) + 1)
    ]
    assert waits == sorted(set(waits)) == list(BACK_OFF)
    last = outbox.after(Refusal("away"), tries=len(BACK_OFF) + 1, at=NOW, until=LATER)
    assert last.state is State.GIVEN_UP
    assert last.state in NOT_REACHED


def test_a_link_that_runs_out_before_the_next_try_is_given_up():
    soon = NOW + timedelta(seconds=30)
    assert outbox.after(Refusal("away"), tries=1, at=NOW, until=soon).state is State.GIVEN_UP


def test_a_message_in_another_senders_hand_is_left_until_the_lease_ran_out():
    def free(state, **times):
        return outbox.may_be_taken(state, **{"try_at": None, "taken_at": None, "at": NOW} | times)

    assert free(State.QUEUED)
    assert free(State.QUEUED, try_at=NOW)
    assert not free(State.QUEUED, try_at=NOW + timedelta(seconds=1))
    assert not free(State.SENDING, taken_at=NOW - LEASE + timedelta(seconds=1))
    assert free(State.SENDING, taken_at=NOW - LEASE)
    assert not free(State.SENDING)
    assert not any(free(one) for one in [State.HANDED_OVER, *NOT_REACHED])


def test_every_state_and_standing_has_words():
    assert all(one.label for one in [*State, *Standing])


@pytest.mark.parametrize(
    ("life", "standing"),
    [
        (Life(LATER, None, None, 0), Standing.OPEN),
        (Life(NOW, None, None, 0), Standing.EXPIRED),
        (Life(LATER, None, NOW, 0), Standing.WITHDRAWN),
        (Life(LATER, None, None, 5), Standing.LOCKED),
        (Life(NOW, NOW, None, 5), Standing.USED),
    ],
)
def test_how_a_link_stands(life, standing):
    assert invitation.standing(life, at=NOW) is standing


def test_what_is_asked_in_person_is_not_sent_home():
    assert invitation.may_be_sent("phq-9").short == "PHQ-9"
    for name in ("c-ssrs-screener", "no-such"):
        with pytest.raises(NotToBeSent):
            invitation.may_be_sent(name)


@pytest.mark.parametrize("name", invitation.SELF_RATED)
def test_what_may_be_sent_home_has_its_wording_here(name):
    assert all(item.text and not item.asked_if for item in instrument(name).items)


def test_a_question_and_its_answer_are_checked():
    nine = invitation.question(PHQ, "9")
    for answer in (None, 0, 3):
        invitation.check_answer(nine, answer)
    for answer in (-1, 4):
        with pytest.raises(AnswerOutOfRange):
            invitation.check_answer(nine, answer)
    with pytest.raises(NoSuchQuestion):
        invitation.question(PHQ, "11")


def test_the_next_question_is_the_first_one_not_seen():
    assert invitation.next_key(PHQ, {}) == "1"
    assert invitation.next_key(PHQ, {"1": 0, "2": None}) == "3"
    assert invitation.next_key(PHQ, {"1": 0}, after="3") == "4"
    assert invitation.next_key(PHQ, dict.fromkeys("123456789"), after="9") == "function"
    assert invitation.next_key(PHQ, {}, after="function") == ""


def test_answers_come_in_the_order_of_the_questions():
    found = invitation.in_order(PHQ, {"9": 2, "1": 1, "3": None})
    assert found == (1, None, None, None, None, None, None, None, 2, None)


def test_a_message_says_nothing_of_anybodys_health():
    said = letter.invitation(link="https://x.example/p/abc/", until="Friday", phone="555-0100")
    whole = f"{said.subject} {said.body}".lower()
    assert "https://x.example/p/abc/" in whole
    assert "555-0100" in whole
    for word in ("phq", "depress", "mood", "ketamin", "suicid", "treat", "health", "clinic"):
        assert word not in whole
    assert "call" not in letter.invitation(link="x", until="y", phone=" ").body
