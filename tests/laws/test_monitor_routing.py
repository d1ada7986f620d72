"""Whose reading it is: a message joins one session or waits, and never goes anywhere by guess."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.session.monitors import inbox, routing, thinning
from ketaflow.session.monitors.arrivals import By, measured_in
from ketaflow.session.monitors.inbox import Standing
from ketaflow.session.monitors.routing import Ground, Joins, Seated, Why

from ..arriving import arrival
from .a_session import NINE, minute

HERE = Seated(uuid4(), "Chair 1", NINE, frozenset({"K-0001", "HO2009001"}))
RECEIVED = minute(30)
BOUND = {(By.PLACE, "Bay^1^3"): "Chair 1", (By.DEVICE, "PUMP"): "Chair 2"}


def ground(*seated, bound=BOUND):
    chairs = {}
    for one in seated:
        chairs[one.chair] = (*chairs.get(one.chair, ()), one)
    return Ground(bound, chairs)


def route(one, *seated, bound=BOUND, at=RECEIVED):
    return routing.route(one, ground(*seated, bound=bound), at=at)


def test_a_reading_joins_the_session_in_the_chair_its_monitor_is_bound_to():
    found = route(arrival(minute(5), spo2=97), HERE)
    assert isinstance(found, Joins)
    assert found.session == HERE.session
    assert found.early == ()


def test_a_device_binds_as_a_place_does():
    found = route(arrival(minute(5), place="", devices=("OX1",), spo2=97), HERE,
                  bound={(By.DEVICE, "OX1"): "Chair 1"})  # fmt: skip
    assert found.session == HERE.session


@pytest.mark.parametrize(
    ("told", "seated", "why"),
    [
        ({"place": "Elsewhere"}, [HERE], Why.UNBOUND),
        ({"devices": ("PUMP",)}, [HERE], Why.TWO_CHAIRS),
        ({}, [], Why.NO_SESSION),
        ({}, [HERE, HERE], Why.TWO_SESSIONS),
        ({"patients": ("K-0002",)}, [HERE], Why.OTHER_PATIENT),
    ],
)
def test_what_is_not_certain_waits_and_says_why(told, seated, why):
    found = route(arrival(minute(5), spo2=97, **told), *seated)
    assert found is why
    assert why.label


def test_any_identifier_of_the_patient_agrees_with_the_chair():
    for known in ("K-0001", "HO2009001"):
        found = route(arrival(minute(5), patients=("X", known), spo2=97), HERE)
        assert found.session == HERE.session


def test_what_was_measured_on_the_patient_before_is_not_this_patients():
    assert route(arrival(minute(-1), spo2=97), HERE) is Why.BEFORE_CHECK_IN


def test_of_a_message_that_spans_the_check_in_only_the_later_part_joins():
    from dataclasses import replace

    whole = arrival(minute(5), spo2=97)
    old = arrival(minute(-9), systolic=120).measured
    found = route(replace(whole, measured=(*old, *whole.measured)), HERE)
    assert [one.at for one in found.measured] == [minute(5)]
    assert [one.at for one in found.early] == [minute(-9)]


def test_a_clock_that_is_ahead_is_not_believed():
    assert route(arrival(minute(40), spo2=97), HERE, at=minute(30)) is Why.AHEAD
    assert isinstance(route(arrival(minute(30.5), spo2=97), HERE, at=minute(30)), Joins)


def test_assigning_takes_only_what_was_measured_while_the_session_lasted():
    every = [one for n in (-5, 5, 50) for one in arrival(minute(n), spo2=97).measured]
    within = routing.within(every, checked_in_at=NINE, ended_at=minute(40))
    assert [one.at for one in within] == [minute(5)]
    open_end = routing.within(every, checked_in_at=NINE, ended_at=None)
    assert [one.at for one in open_end] == [minute(5), minute(50)]


def test_sent_again_it_is_the_same_message_and_a_counter_that_restarts_is_not():
    clinic = uuid4()
    first = arrival(minute(5), "7", spo2=97)
    assert first.id(clinic) == arrival(minute(5), "7", spo2=97).id(clinic)
    others = (
        arrival(minute(6), "7", spo2=97),
        arrival(minute(5), "8", spo2=97),
        arrival(minute(5), "7", place="Bay^1^4", spo2=97),
        arrival(minute(5), "7", devices=("OTHER",), spo2=97),
    )
    assert first.id(clinic) not in {one.id(clinic) for one in others}
    assert first.id(clinic) != first.id(uuid4())


def test_what_the_journal_keeps_reads_back_as_it_was():
    one = arrival(minute(5), systolic="120.5", spo2=97)
    assert measured_in(one.payload) == one.measured


def test_a_monitor_without_a_place_is_known_by_its_devices_alone():
    assert arrival(NINE, place="", spo2=97).known_by == ((By.DEVICE, "ACME"),)
    assert [one.label for one in By] == ["Place", "Device"]
    assert next(one.label for one in Standing) == "Charted"


def test_what_waits_for_one_answer_stands_together():
    clinic = UUID(int=1)

    def group(**told):
        return inbox.group(clinic, {**arrival(NINE, spo2=97, **told).payload, "why": "UNBOUND"})

    assert group() == group()
    assert group() != group(patients=("K-1",))
    # A device's name in the patient's place must not make them one.
    assert group(devices=("A", "K-1")) != group(devices=("A",), patients=("K-1",))


@given(st.sets(st.integers(29_000_000, 29_000_400), min_size=1))
def test_a_flowsheet_shows_a_bounded_part_of_what_was_measured(minutes):
    newest = max(minutes)
    found = thinning.shown(sorted(minutes), newest=newest)
    assert newest in found
    assert found <= minutes
    assert {one for one in minutes if one > newest - 15} <= found
    assert len(found) <= 15 + 400 // 5 + 1
    # Whatever is not shown has a later one of the same five minutes that is.
    for one in minutes - found:
        assert any(one < other <= one + 5 for other in found)


def test_a_gap_of_minutes_is_longer_than_the_tolerance():
    assert timedelta(minutes=1) >= routing.SOON
