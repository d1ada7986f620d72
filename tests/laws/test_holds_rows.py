"""Holds in the record: raised with the reading, answered by name, and the drug waits for it."""

from decimal import Decimal

import pytest

from ketaflow.journal import queries as journal
from ketaflow.protocol import actions as protocol_actions
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.protocol.models import SignedPolicy
from ketaflow.session import actions, queries
from ketaflow.session.events import Kind
from ketaflow.session.holds import actions as holds
from ketaflow.session.holds.standing import AlreadyAnswered, Held
from ketaflow.session.models import Session
from ketaflow.session.phases import Phase
from ketaflow.session.wishes import Correction

from .a_session import SET
from .test_session_rows import NASAL_ORDER, VITALS, at, chair, open_session, policy, spray

__all__ = ["chair", "open_session", "policy", "spray"]
HIGH = {"systolic": Decimal(210)}
RULES = {"systolic-stop": Choice(Advice.HOLD), "pulse-fast": Choice(Advice.ASK)}


@pytest.fixture
def rules(policy, director):
    return sign(director, RULES)


def sign(director, choices, seen=1):
    return protocol_actions.sign_policy(
        values=SET, note="With hold rules", seen=seen, by=director.author, at=at(-60), holds=choices
    )


def held(chair):
    chair.run().measure(20, **HIGH)
    return chair.state.holds[-1]


def test_the_rules_are_signed_with_the_numbers_and_come_back(rules, nurse):
    now = protocol.policy(clinic=nurse.clinic_id)
    assert [one.key for one in now.holds] == ["pulse-fast", "systolic-stop"]
    assert now.holds[1].value == SET["stop_systolic_mmhg"]
    assert now.holds[1].origin == "policy version 2, signed by Mia Director; S37, S36"
    then = protocol.policy_at(clinic=nurse.clinic_id, at=at(-120))
    assert (then.version, then.holds) == ("1", ())
    assert protocol.policy_at(clinic=nurse.clinic_id, at=at(-9999)) is None
    before = list(SignedPolicy.objects.order_by("version").values())
    journal.rebuild()
    assert list(SignedPolicy.objects.order_by("version").values()) == before


def test_a_rule_without_its_number_is_not_signed(policy, director):
    with pytest.raises(PolicyNotReady, match="no number"):
        sign(director, {"dissociation": Choice(Advice.ASK)})
    assert SignedPolicy.objects.count() == 1


def test_the_hold_stands_in_the_journal_beside_the_reading(rules, chair, nurse):
    held(chair)
    entries = journal.entries(clinic=nurse.clinic_id, stream=f"session/{chair.id}")
    reading, hold = entries[-2:]
    assert (reading.kind, hold.kind) == (Kind.READING, Kind.HOLD)
    assert (hold.payload["policy_version"], hold.at) == ("2", at(20))
    assert hold.payload["rule"]["action"] == "hold"
    assert hold.payload["readings"][0]["ordinal"] == reading.ordinal
    (row,) = chair.row.holds
    assert row["reading"] == "Systolic pressure 210 mmHg"
    assert "signed by Mia Director" in row["origin"]


def test_a_hold_from_a_late_reading_is_timed_from_when_it_was_known(rules, chair):
    taken = actions.Taken({**VITALS, **HIGH})
    chair.run().do(actions.record_round, 35, taken=taken, happened_at=at(20))
    (hold,) = chair.state.holds
    assert (hold.at, hold.seen[0].at) == (at(35), at(20))


def test_a_paused_drug_is_not_resumed_before_the_release(rules, chair, prescriber):
    hold = held(chair)
    chair.do(actions.pause, 21, reason="pressure")
    with pytest.raises(Held, match="Systolic pressure 210 mmHg"):
        chair.do(actions.resume, 22, rate_mg_min=None)
    chair.do(holds.acknowledge, 22, hold=hold.ordinal, words="Called Ben")
    with pytest.raises(Held):
        chair.do(actions.resume, 23, rate_mg_min=None)
    chair.do(holds.release, 24, by=prescriber, hold=hold.ordinal, reason="175 after ten minutes")
    chair.do(actions.resume, 25, rate_mg_min=None)
    assert chair.row.standing is Phase.RUNNING
    (done,) = chair.state.holds
    assert (done.waited.total_seconds(), done.released.by_name) == (120, "Ben Prescriber")
    assert chair.row.holds == []


def test_the_pump_may_go_slower_or_stop_and_never_faster(rules, chair):
    held(chair)
    with pytest.raises(Held):
        chair.do(actions.change_rate, 21, rate_mg_min=Decimal("1.1"), reason="x")
    chair.do(actions.change_rate, 21, rate_mg_min=Decimal("0.5"), reason="pressure")
    chair.do(actions.stop, 22, reason="pressure")
    assert chair.row.standing is Phase.OBSERVING


def test_the_drug_does_not_start_over_a_hold_from_the_baseline(rules, chair):
    chair.prepare()
    pulse = {**VITALS, "systolic": Decimal(205)}
    chair.do(actions.record_baseline, 5, vitals=pulse)
    assert any("hold" in one for one in queries.obstacles(
        clinic=chair.nurse.clinic_id, room=queries.room(clinic=chair.nurse.clinic_id, id=chair.id),
        at=at(6),
    ))  # fmt: skip
    with pytest.raises(Held):
        chair.do(actions.start, 10, rate_mg_min=Decimal(1))


def test_the_next_device_waits_for_the_release(rules, spray):
    spray.prepare().do(actions.give_device, 10, lot="L1").measure(14, **HIGH)
    with pytest.raises(Held):
        spray.do(actions.give_device, 16, lot="L1")
    spray.do(holds.release, 17, hold=spray.state.holds[0].ordinal, reason="190")
    spray.do(actions.give_device, 18, lot="L1")
    assert len(spray.state.devices) == NASAL_ORDER["devices"]


def test_an_old_page_can_pause_over_a_hold_it_has_not_seen(rules, chair):
    seen = chair.run().seen
    chair.measure(20, **HIGH)
    chair.do(actions.pause, 21, seen=seen, reason="pressure")
    assert chair.row.standing is Phase.PAUSED


def test_the_second_who_answers_is_told_and_nothing_is_doubled(rules, chair, prescriber):
    hold = held(chair)
    seen = chair.seen
    chair.do(holds.acknowledge, 21, seen=seen, hold=hold.ordinal, words="")
    with pytest.raises(AlreadyAnswered, match="Ada Nurse acknowledged"):
        chair.do(holds.acknowledge, 22, seen=seen, by=prescriber, hold=hold.ordinal, words="")
    assert [one.kind for one in chair.state.lines].count(Kind.HOLD_ACKNOWLEDGED) == 1


def test_a_correction_raises_and_never_takes_away(rules, chair):
    chair.run().measure(20, systolic=Decimal(120))
    changed = {"systolic": "210", "diastolic": "80"}
    chair.do(actions.correct, 21, correction=Correction(chair.seen, changed, "slip"))
    (hold,) = chair.state.holds
    back = {"systolic": "121", "diastolic": "80"}
    chair.do(actions.correct, 22, correction=Correction(hold.seen[0].ordinal, back, "slip"))
    assert chair.state.holds[0].open


def test_the_journal_makes_the_same_holds_again(rules, chair):
    held(chair)
    before = list(Session.objects.values())
    journal.rebuild()
    assert list(Session.objects.values()) == before
    journal.verify()
