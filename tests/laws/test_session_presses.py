"""One press is kept once, however often it arrives; what arrives late says when it happened."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.journal.chain import canonical
from ketaflow.session import actions, events, wishes
from ketaflow.session.actions import AlreadyKept
from ketaflow.session.events import NotReadable
from ketaflow.session.gates import NotThen
from ketaflow.session.models import Press as PressRow
from ketaflow.session.wishes import Press, Taken

from .test_session_rows import VITALS, at, chair, open_session, policy

__all__ = ["chair", "open_session", "policy"]
ROUND = Taken(VITALS, sedation=5)


@pytest.fixture
def running(chair):
    """The pump runs since minute 10."""
    return chair.run()


def written(chair):
    return journal.entries(clinic=chair.nurse.clinic_id, stream=f"session/{chair.id}")


def named(chair, page=None):
    return Press(chair.seen, key=uuid4(), page=page)


def said(chair):
    return [one.kind.removeprefix("session.") for one in written(chair)]


def test_the_same_press_is_kept_once_and_whoever_sends_it_again_is_told(running):
    press, before = named(running), len(written(running))
    running.do(actions.record_round, 15, seen=press, taken=ROUND)
    for minute in (15, 16, 90):
        with pytest.raises(AlreadyKept, match="sent twice and kept once"):
            running.do(actions.record_round, minute, seen=press, taken=ROUND)
    assert said(running)[before:] == ["reading", "sedation"]
    assert PressRow.objects.filter(session=running.id).count() == 1


def test_other_words_under_the_same_name_are_not_lost(running):
    press, before = named(running), len(written(running))
    running.do(actions.note, 15, seen=press, text="first")
    running.do(actions.note, 16, seen=press, text="gone back and written anew")
    assert said(running)[before:] == ["note", "note"]


def test_a_press_without_a_name_is_as_it_was(running):
    running.do(actions.note, 15, seen=running.seen, text="no script here")
    assert not PressRow.objects.exists()


def test_the_database_itself_keeps_no_press_twice(running):
    running.do(actions.note, 15, seen=named(running), text="once")
    kept = PressRow.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PressRow.objects.create(
            clinic_id=kept.clinic_id, session_id=running.id, name=kept.name, ordinal=99
        )


def test_presses_come_back_with_the_journal(running):
    running.do(actions.note, 15, seen=named(running), text="once")
    before = list(PressRow.objects.values())
    journal.rebuild()
    assert list(PressRow.objects.values()) == before


def test_what_arrives_late_stands_at_its_time_and_says_when_it_came(running):
    press = replace(named(running), happened_at=at(15))
    running.do(actions.pause, 25, seen=press, reason="anxious")
    entry = written(running)[-1]
    assert entry.at == at(15)
    assert entry.payload[wishes.RECEIVED] == at(25).isoformat()
    assert running.state.given_mg(at(25)) == 5


def test_what_cannot_have_happened_then_is_refused(running):
    for wrong in (at(-600), at(25) + timedelta(hours=1)):
        press = replace(named(running), happened_at=wrong)
        with pytest.raises(NotThen):
            running.do(actions.pause, 25, seen=press, reason="anxious")


def test_a_page_without_a_line_takes_several_presses_before_any_arrives(running):
    page, seen = uuid4(), running.seen
    for minute, action, more in (
        (15, actions.pause, {"reason": "anxious"}),
        (19, actions.resume, {"rate_mg_min": None}),
        (22, actions.pause, {"reason": "again"}),
    ):
        press = Press(seen, uuid4(), page, at(minute))
        running.do(action, 30, seen=press, **more)
    assert said(running)[-3:] == ["paused", "resumed", "paused"]


def test_what_somebody_else_did_meanwhile_still_counts(running, prescriber):
    page, seen = uuid4(), running.seen
    running.do(actions.pause, 15, by=prescriber, seen=Press(seen, uuid4(), page), reason="first")
    with pytest.raises(SomeoneElseMoved, match="was first"):
        running.do(actions.stop, 16, seen=Press(seen, uuid4(), page), reason="complete")
    with pytest.raises(SomeoneElseMoved, match="was first"):
        running.do(
            actions.stop, 16, by=prescriber, seen=Press(seen, uuid4(), uuid4()), reason="complete"
        )


def test_no_name_is_shared_by_two_sessions(running):
    press, wanted = named(running), wishes.round_taken(ROUND)
    assert press.name(running.id, wanted) == press.name(running.id, wanted)
    assert press.name(running.id, wanted) != press.name(uuid4(), wanted)
    assert canonical({"words": []}) == '{"words":[]}'


def test_a_rescue_medicine_is_told_whole_or_not_at_all(running):
    told = {"medicine": "Labetalol", "dose": "10 mg", "route": "IV", "reason": "190/110 twice"}
    running.do(actions.give_rescue, 20, seen=named(running), given=told)
    line = running.state.lines[-1]
    assert events.rescue(line.payload) == ("Labetalol", "10 mg", "IV", "190/110 twice")
    for lacking in told:
        with pytest.raises(NotReadable, match=f"{lacking} is missing"):
            running.do(actions.give_rescue, 21, given={**told, lacking: " "})
    journal.rebuild()


def test_every_suggested_rescue_medicine_says_against_what_and_who_names_it():
    assert {"midazolam", "ondansetron", "clonidine"} <= events.rescues().keys()
    assert all(one.label and one.against and one.sources for one in events.rescues().values())
