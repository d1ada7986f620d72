"""A zero too many is found and named before anything starts."""

from decimal import Decimal as D

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ketaflow.protocol import slips
from ketaflow.protocol.slips import Slip

POWERS = st.sampled_from([D(10), D("0.1")])


@given(kg=st.decimals("30.1", "299.9", places=1), power=POWERS)
def test_every_tenfold_slip_of_a_weight_is_caught(kg, power):
    with pytest.raises(Slip):
        slips.weight(kg * power)


@given(kg=st.decimals(30, 300, places=1))
def test_every_plausible_weight_passes(kg):
    assert slips.weight(kg) == kg


@given(mg=st.decimals(1, 300, places=1), power=st.sampled_from([D(10), D("0.1"), D(1000)]))
def test_every_tenfold_slip_of_a_dose_is_caught_and_named(mg, power):
    with pytest.raises(Slip, match="meant to be"):
        slips.dose(mg * power, proposed_mg=mg)


@given(rate=st.decimals(1, 300, places=1), power=POWERS)
def test_every_tenfold_slip_of_a_rate_is_caught(rate, power):
    with pytest.raises(Slip, match="meant to be"):
        slips.rate(rate * power, proposed_mg_h=rate)


@given(given_mg=st.decimals(1, 300, places=1), proposed=st.decimals(1, 300, places=1))
def test_a_dose_within_a_factor_of_four_is_no_slip(given_mg, proposed):
    assume(proposed / 4 < given_mg < proposed * 4)
    assert slips.dose(given_mg, proposed_mg=proposed) == given_mg


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "-70", "0", "1E+30", "1E-30"])
def test_what_is_no_number_of_kilograms_is_refused(text):
    with pytest.raises(Slip, match="number"):
        slips.weight(D(text))


@pytest.mark.parametrize(
    ("kg", "more", "says"),
    [
        (700, {}, "Is 700 kg meant to be 70 kg?"),
        (7, {}, "Is 7 kg meant to be 70 kg?"),
        (70000, {}, "meant to be 70 kg?"),
        ("301", {}, "meant to be 30.1 kg?"),
        (280, {"height_cm": D(160)}, "body mass index of 109.4"),
        (299, {"height_cm": D(170)}, "Measure both again"),
        (300, {"height_cm": D(170)}, "meant to be 30 kg?"),
        (31, {"height_cm": D(200)}, "Measure both again"),
        (300, {"previous_kg": D(31)}, "meant to be 30 kg?"),
        (30, {"previous_kg": D(290)}, "meant to be 300 kg?"),
        (154, {"previous_kg": D(70)}, "154 lb"),
    ],
)
def test_a_slip_in_weight_is_named(kg, more, says):
    with pytest.raises(Slip) as refusal:
        slips.weight(D(kg), **more)
    assert says in str(refusal.value)


def test_a_weight_that_changed_a_little_passes():
    assert slips.weight(D(80), height_cm=D(175), previous_kg=D(72)) == 80
    assert slips.weight(D(120), previous_kg=D(80)) == 120


@pytest.mark.parametrize(
    ("cm", "says"),
    [("1.75", "175 cm"), ("68", "inches, 173 cm"), ("1750", "175 cm")],
)
def test_a_slip_in_height_is_named(cm, says):
    with pytest.raises(Slip) as refusal:
        slips.height(D(cm))
    assert says in str(refusal.value)


def test_a_height_far_off_asks_to_enter_it_again():
    with pytest.raises(Slip, match="Enter it again"):
        slips.height(D(300))


@pytest.mark.parametrize("years", ["-1", "121", "NaN"])
def test_an_age_nobody_has_is_refused(years):
    with pytest.raises(Slip, match="date of birth"):
        slips.age(D(years))


@pytest.mark.parametrize(
    ("given_strength", "says"),
    [("500", "meant to be 50 mg/mL"), ("1", "meant to be 10 mg/mL"), ("25", "not 25 mg/mL")],
)
def test_a_strength_nobody_sells_is_refused(given_strength, says):
    with pytest.raises(Slip, match=says):
        slips.strength(D(given_strength))


def test_the_vial_in_hand_must_be_the_one_ordered():
    with pytest.raises(Slip, match="10 times apart"):
        slips.strength(D(100), ordered_mg_ml=D(10))
    assert slips.strength(D(10), ordered_mg_ml=D(10)) == 10


def test_a_volume_entered_as_milligrams_is_named():
    with pytest.raises(Slip, match="volume in mL"):
        slips.dose(D("0.8"), proposed_mg=D(40), volume_ml=D("0.8"))


@pytest.mark.parametrize(("entered", "says"), [("1", "1 mg/min"), ("3600", "Is 60 mg/h meant")])
def test_minutes_taken_for_hours_are_named(entered, says):
    with pytest.raises(Slip, match=says):
        slips.rate(D(entered), proposed_mg_h=D(60))


def test_the_ordered_rate_passes():
    assert slips.rate(D(60), proposed_mg_h=D(60)) == 60


def test_a_bag_of_a_plausible_volume_passes():
    assert slips.within(D(100), "infusion_ml", "bag volume") == 100
