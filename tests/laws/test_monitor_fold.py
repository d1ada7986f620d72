"""What a nurse confirms of a monitor is a reading like any other, and says where it comes from."""

import pytest

from ketaflow.session import corrections, wishes
from ketaflow.session.events import Kind, NotReadable, Origin, origin
from ketaflow.session.folds.values import AlreadyConfirmed
from ketaflow.session.phases import Phase

from .a_session import Stream, minute

FROM = {"monitor": {"reading": "r1", "sender": "ACME"}}


def test_a_confirmed_row_is_a_reading_and_keeps_its_origin():
    state = (
        Stream().run().add("reading_confirmed", 20, systolic="131", diastolic="77", **FROM).state
    )
    last = state.readings[-1]
    assert last.at == minute(20)
    assert last.origin == Origin("r1", "ACME")
    assert state.readings[0].origin is None
    assert state.phase is Phase.RUNNING


def test_the_same_row_is_confirmed_once_but_again_when_the_monitor_corrected_it():
    stream = Stream().run().add("reading_confirmed", 20, systolic="131", **FROM)
    stream.add("reading_confirmed", 20, systolic="129", **FROM)
    assert len(stream.state.readings) == 3
    stream.add("reading_confirmed", 20, by="ben", systolic="129", **FROM)
    with pytest.raises(AlreadyConfirmed, match="Ada confirmed this row already"):
        _ = stream.state


@pytest.mark.parametrize("told", [{}, {"monitor": "ACME"}, {"monitor": {"reading": ""}}])
def test_a_confirmation_names_the_monitor(told):
    with pytest.raises(NotReadable):
        _ = Stream().run().add("reading_confirmed", 20, systolic="131", **told).state


def test_a_confirmed_row_can_be_corrected_and_confirmed_after_the_patient_left():
    assert Kind.CONFIRMED in corrections.CORRECTABLE
    stream = Stream().run().add("transferred", 30, to="Hospital", reason="Chest pain")
    stream.add("reading_confirmed", 20, systolic="131", **FROM)
    assert stream.state.readings[-1].vitals.systolic == 131


def test_what_is_confirmed_are_the_values_of_the_row():
    wish = wishes.confirmed({"spo2": "97"}, Origin("r1", "ACME"))
    assert wish.kind is Kind.CONFIRMED
    assert wish.payload == {"spo2": "97", **FROM}
    assert origin(wish.payload) == Origin("r1", "ACME")
