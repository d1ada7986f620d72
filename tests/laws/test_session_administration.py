"""What is given is what was ordered, below every cap, and never ten times too much."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.protocol.library import Caps, Drug, Route, protocol
from ketaflow.protocol.limits import PolicyNotReady
from ketaflow.protocol.slips import Slip
from ketaflow.session.administration import (
    AboveCap,
    Ceilings,
    NotAsOrdered,
    PumpStep,
    TooSoon,
    ceilings_for,
    check_against_order,
    check_change,
    check_device,
    check_rate,
    ends_at,
    expected_mg,
    infused_mg,
    spray,
)
from ketaflow.session.events import Order
from tests.laws.a_session import NASAL, POLICY, Stream, minute, without

OPEN = Ceilings()
TITRATED = Order(Drug.KETAMINE, Route.IV, None, Decimal(240), Decimal("0.2"), 0)


def programme(*steps):
    return [PumpStep(minute(at), Decimal(str(rate)), n) for n, (at, rate) in enumerate(steps, 1)]


@given(st.integers(1, 5000), st.integers(1, 600))
def test_rate_times_time_is_exact_for_every_pump_setting(hundredths, minutes):
    rate = Decimal(hundredths) / 100
    steps = [PumpStep(minute(0), rate, 1)]
    assert infused_mg(steps, until=minute(minutes)) == rate * minutes


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_programme_split_anywhere_gives_the_same(first, second):
    whole = programme((0, 1))
    split = programme((0, 1), (min(first, second), 1), (max(first, second), 1))
    assert infused_mg(whole, until=minute(120)) == infused_mg(split, until=minute(120))


def test_an_empty_pump_gives_nothing():
    assert infused_mg([], until=minute(10)) == 0


@pytest.mark.parametrize("entered", ["10", "0.1", "100", "0.01"])
def test_a_slip_of_the_decimal_point_is_named_as_one(entered):
    with pytest.raises(Slip, match=r"Is .* meant to be 1 mg/min"):
        check_against_order("rate", "mg/min", ordered=Decimal(1), entered=Decimal(entered))


@pytest.mark.parametrize("entered", [Decimal("1.2"), None])
def test_anything_but_the_order_is_refused(entered):
    with pytest.raises(NotAsOrdered, match="ordered is 1 mg/min"):
        check_against_order("rate", "mg/min", ordered=Decimal(1), entered=entered)


def test_the_order_itself_is_accepted():
    check_against_order("rate", "mg/min", ordered=Decimal("1.0"), entered=Decimal(1))
    check_against_order("rate", "mg/min", ordered=None, entered=None)


def test_slowing_down_is_never_refused_and_a_slip_upwards_always_is():
    check_rate(Decimal("0.1"), before_mg_min=Decimal(1), ceilings=OPEN)
    with pytest.raises(Slip, match="meant to be 1"):
        check_rate(Decimal(10), before_mg_min=Decimal(1), ceilings=OPEN)


def test_a_rate_of_nothing_is_a_pause():
    with pytest.raises(NotAsOrdered, match="pause or a stop"):
        check_rate(Decimal(0), before_mg_min=Decimal(1), ceilings=OPEN)


def test_a_rate_above_the_cap_is_refused_with_both_numbers():
    with pytest.raises(AboveCap, match=r"1\.6 mg/min is 96 mg/h, above the cap of 90 mg/h"):
        check_rate(
            Decimal("1.6"), before_mg_min=Decimal(1), ceilings=Ceilings(rate_mg_h=Decimal(90))
        )


@given(st.decimals(min_value="0.01", max_value=4, places=2), st.integers(20, 200))
def test_no_accepted_rate_lies_above_its_cap(rate, cap):
    ceilings = Ceilings(rate_mg_h=Decimal(cap))
    try:
        check_rate(rate, before_mg_min=Decimal(1), ceilings=ceilings)
    except (AboveCap, Slip):
        return
    assert rate * 60 <= cap


def test_the_clinics_caps_bind_ketamine_and_the_label_binds_esketamine():
    iv = ceilings_for(Drug.KETAMINE, POLICY, Caps())
    assert (iv.session_mg, iv.rate_mg_h) == (60, 90)
    nasal = ceilings_for(Drug.ESKETAMINE, POLICY, protocol("ESK-TRD").caps)
    assert (nasal.session_mg, nasal.rate_mg_h) == (84, None)


def test_what_was_given_earlier_today_leaves_less_for_now():
    assert ceilings_for(Drug.KETAMINE, POLICY, Caps(), given_today_mg=Decimal(40)).session_mg == 20
    assert ceilings_for(Drug.KETAMINE, POLICY, Caps(), given_today_mg=Decimal(90)).session_mg == 0


def test_a_published_cap_below_the_clinics_is_the_one_that_counts():
    crps = ceilings_for(Drug.KETAMINE, POLICY, protocol("CRPS-OP-1").caps)
    assert (crps.session_mg, crps.rate_mg_h) == (60, 25)


def test_without_a_cap_from_the_clinic_there_is_no_ketamine():
    with pytest.raises(PolicyNotReady):
        ceilings_for(Drug.KETAMINE, without("ketamine_max_mg_h"), Caps())


def test_a_faster_pump_ends_sooner_with_the_same_dose():
    state = Stream().run().state
    steps = state.programme
    assert ends_at(state.order, steps, at=minute(30)) == minute(50)
    faster = [*steps, PumpStep(minute(30), Decimal(2), 99)]
    assert ends_at(state.order, faster, at=minute(30)) == minute(40)
    assert expected_mg(state.order, steps, at=minute(30), rate_mg_min=Decimal(2)) == 40


def test_a_pump_that_stands_has_no_end():
    state = Stream().run().add("paused", 20, reason="x").state
    assert ends_at(state.order, state.programme, at=minute(25)) is None
    assert ends_at(TITRATED, programme((0, 1)), at=minute(5)) is None


def test_a_titrated_infusion_is_counted_to_the_end_of_its_duration():
    steps = programme((0, "0.2"), (60, 0), (90, "0.2"))
    assert expected_mg(TITRATED, steps, at=minute(120), rate_mg_min=Decimal("0.4")) == 78


def test_a_titrated_infusion_that_would_pass_the_cap_is_refused():
    ceilings = Ceilings(session_mg=Decimal(60))
    steps = programme((0, "0.2"))
    slow, fast = Decimal("0.25"), Decimal("0.4")
    check_change(TITRATED, steps, at=minute(60), rate_mg_min=slow, ceilings=ceilings)
    with pytest.raises(AboveCap, match="would come to 84 mg, above the cap of 60 mg"):
        check_change(TITRATED, steps, at=minute(60), rate_mg_min=fast, ceilings=ceilings)


def test_five_minutes_lie_between_two_devices():
    state = Stream(NASAL).run().state
    with pytest.raises(TooSoon, match="Wait 60 seconds more"):
        check_device(state.order, state.devices, at=minute(14))
    check_device(state.order, state.devices, at=minute(15))
    check_device(state.order, (), at=minute(0))


def test_no_more_devices_than_were_ordered():
    state = Stream(NASAL).observe().state
    with pytest.raises(NotAsOrdered, match="All 2 devices"):
        check_device(state.order, state.devices, at=minute(60))


def test_the_spray_is_what_its_label_says():
    assert (spray().device_mg.value, spray().device_mg.unit) == (28, "mg")
    assert (spray().rest_min.value, spray().rest_min.unit) == (5, "min")
