"""A dose grows with the weight, never passes a cap, and its numbers agree with one another."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.people.chart import Sex
from ketaflow.protocol import dosing
from ketaflow.protocol.dosing import Choice, propose
from ketaflow.protocol.library import protocol
from ketaflow.protocol.limits import ClinicCaps
from ketaflow.protocol.preparation import CannotPrepare, Preparation
from ketaflow.protocol.slips import Slip
from ketaflow.protocol.weight import Basis, Body, NoDosingWeight

STANDARD, CRPS, SPRAY = protocol("TRD-IV-STD"), protocol("CRPS-OP-1"), protocol("ESK-TRD")
WEIGHTS = st.decimals(30, 300, places=1)
FIXED = st.sampled_from(
    [protocol(id) for id in ("TRD-IV-STD", "CRPS-OP-1", "PTSD-IV-2", "BD-IV-1")]
)
STRENGTHS = st.sampled_from([D(10), D(50), D(100)])


def adult(kg, **more):
    return Body(D(kg), age_years=D(45), **more)


def test_half_a_milligram_a_kilogram_over_forty_minutes():
    found = propose(STANDARD, adult(80), preparation=Preparation(D(50), D(100)))
    assert (found.dose_mg, found.rate_mg_min, found.rate_mg_h) == (40, 1, 60)
    assert (found.volume_ml, found.pump_ml_h) == (D("0.8"), 150)
    assert found.dilution == "0.8 mL of 50 mg/mL made up to 100 mL is 0.4 mg/mL."
    assert found.warnings == ()


def test_the_weight_dose_rate_is_that_of_the_trials():
    found = propose(STANDARD, adult(100))
    assert found.rate_mg_min / 100 == D("0.0125")
    assert found.rate_mg_h / 100 == D("0.75")


def test_crps_runs_at_a_third_of_a_milligram_until_the_cap():
    light, heavy = propose(CRPS, adult(60)), propose(CRPS, adult(120))
    assert (light.dose_mg, light.rate_mg_h, light.duration_min) == (84, 21, 240)
    assert (heavy.dose_mg, heavy.rate_mg_h) == (100, 25)
    assert "published cap of 25 mg/h" in heavy.formula


@given(one=FIXED, lighter=WEIGHTS, heavier=WEIGHTS)
def test_a_heavier_person_never_gets_less(one, lighter, heavier):
    lighter, heavier = sorted((lighter, heavier))
    assert propose(one, adult(lighter)).dose_mg <= propose(one, adult(heavier)).dose_mg


@given(
    one=FIXED,
    kg=WEIGHTS,
    session=st.decimals(1, 200, places=1),
    rate=st.decimals(1, 200, places=1),
    given_mg=st.decimals(0, 99, places=1),
)
def test_no_cap_is_ever_passed(one, kg, session, rate, given_mg):
    caps = ClinicCaps(session, rate, day_mg=D(100), given_today_mg=given_mg)
    found = propose(one, adult(kg), caps=caps)
    assert found.dose_mg <= min(session, 100 - given_mg)
    assert found.rate_mg_h <= rate
    published = one.caps.rate_mg_h
    assert published is None or found.rate_mg_h <= published.value


@given(one=FIXED, kg=WEIGHTS)
def test_rate_times_duration_gives_back_the_dose(one, kg):
    found = propose(one, adult(kg))
    given_mg = found.rate_mg_min * found.duration_min
    assert 0 <= found.dose_mg - given_mg < D("0.0001") * found.duration_min
    assert 0 <= found.dose_mg - found.rate_mg_h * found.duration_min / 60 < D("0.005")


@given(one=FIXED, kg=WEIGHTS, strength=STRENGTHS)
def test_volume_times_strength_gives_back_the_dose(one, kg, strength):
    found = propose(one, adult(kg), preparation=Preparation(strength))
    assert 0 <= found.dose_mg - found.volume_ml * strength < D("0.01") * strength


@given(one=FIXED, kg=WEIGHTS, strength=STRENGTHS, bag=st.decimals(40, 500, places=0))
def test_the_pump_never_outruns_the_ordered_rate(one, kg, strength, bag):
    found = propose(one, adult(kg), preparation=Preparation(strength, bag))
    assert found.pump_ml_h * found.dose_mg / bag <= found.dose_mg * 60 / found.duration_min
    assert found.pump_ml_h * found.duration_min / 60 <= bag


@given(kg=WEIGHTS, strength=STRENGTHS)
def test_milligrams_and_millilitres_are_never_the_same_number(kg, strength):
    found = propose(STANDARD, adult(kg), preparation=Preparation(strength))
    assert found.volume_ml < found.dose_mg


@given(kg=WEIGHTS)
def test_a_dose_is_rounded_down_by_less_than_a_tenth(kg):
    exact = kg / 2
    assert 0 <= exact - propose(STANDARD, adult(kg)).dose_mg < D("0.1")


def test_rounding_is_told_in_the_formula():
    assert propose(STANDARD, adult("70.1")).formula.endswith("rounded down to 35 mg")


@pytest.mark.parametrize(
    ("id", "session", "amount", "devices"),
    [
        ("ESK-TRD", 1, None, 2),
        ("ESK-TRD", 2, None, 2),
        ("ESK-TRD", 2, 84, 3),
        ("ESK-TRD-65", 1, None, 1),
        ("ESK-TRD-65", 3, 84, 3),
        ("ESK-MDSI", 1, None, 3),
        ("ESK-MDSI", 2, 56, 2),
    ],
)
def test_the_spray_is_counted_in_devices(id, session, amount, devices):
    body = Body(None, age_years=D(70))
    choice = Choice(session_number=session, amount=D(amount) if amount else None)
    found = propose(protocol(id), body, choice=choice)
    assert found.devices == devices
    assert found.dose_mg == 28 * devices
    assert found.rate_mg_h is found.volume_ml is found.weight_basis is None


@pytest.mark.parametrize(
    ("one", "choice", "says"),
    [
        (SPRAY, Choice(amount=D(84)), "gives 56 mg at session 1"),
        (SPRAY, Choice(session_number=2, amount=D(70)), "56 or 84 mg"),
        (STANDARD, Choice(amount=D("1.2")), "0.1 to 1 mg/kg"),
        (STANDARD, Choice(session_number=0), "count from 1"),
        (STANDARD, Choice(duration_min=D(60)), "runs 40 min"),
        (protocol("SCI-ASRA"), Choice(duration_min=D(10)), "17 to 300 min"),
        (protocol("PAIN-ASRA"), Choice(duration_min=D(60)), "120 or more"),
        (protocol("MIG-IP-1"), Choice(duration_min=D(60)), "no fixed duration"),
    ],
)
def test_what_the_protocol_never_saw_is_refused(one, choice, says):
    with pytest.raises(dosing.OutsideProtocol, match=says):
        propose(one, adult(70), choice=choice)


@pytest.mark.parametrize(("id", "age"), [("TRD-IV-STD", 17), ("ESK-TRD", 12), ("ESK-TRD-65", 64)])
def test_nobody_is_dosed_below_the_age_of_the_protocol(id, age):
    with pytest.raises(dosing.OutsideProtocol, match="years and over"):
        propose(protocol(id), Body(D(70), age_years=D(age)))


@pytest.mark.parametrize("id", ["PROC-SED", "PAIN-OPSP", "OCD-IM-1", "CRPS-IP-1"])
def test_no_dose_is_made_up_where_none_is_sourced(id):
    with pytest.raises(dosing.NotAvailable, match="no dose to propose"):
        propose(protocol(id), adult(70))


def test_a_titrated_infusion_proposes_its_starting_rate_and_no_total():
    found = propose(protocol("CRPS-IP-2"), Body(None, age_years=D(45)))
    assert (found.rate_mg_h, found.dose_mg, found.weight_basis) == (10, None, None)
    migraine = propose(protocol("MIG-IP-1"), adult(80), preparation=Preparation(D(50)))
    assert (migraine.rate_mg_h, migraine.volume_ml) == (8, None)
    assert "make up the bag by its concentration" in migraine.warnings[-1]


def test_a_titrated_rate_stays_below_the_published_and_the_clinics_cap():
    high = propose(protocol("MIG-IP-1"), adult(80), choice=Choice(amount=D(1)))
    assert high.rate_mg_h == 80
    caps = ClinicCaps(D(500), D("33.3"), D(500))
    lowered = propose(protocol("MIG-IP-1"), adult(80), choice=Choice(amount=D(1)), caps=caps)
    assert lowered.rate_mg_h == D("33.3")
    assert "Lowered by the clinic's cap of 33.3 mg/h." in lowered.warnings


def test_a_pain_infusion_needs_its_duration_for_a_total():
    pain = protocol("PAIN-ASRA")
    assert propose(pain, adult(80)).dose_mg is None
    assert propose(pain, adult(80), choice=Choice(duration_min=D(150))).dose_mg == 100


def test_nothing_is_given_when_the_day_is_used_up():
    caps = ClinicCaps(D(100), D(100), D(100), given_today_mg=D(100))
    with pytest.raises(dosing.CapReached, match="100 mg was given"):
        propose(STANDARD, adult(70), caps=caps)


def test_a_hundred_per_millilitre_must_be_diluted():
    bare = propose(STANDARD, adult(80), preparation=Preparation(D(100)))
    assert "must be diluted" in bare.warnings[0]
    bagged = propose(STANDARD, adult(80), preparation=Preparation(D(100), D(50)))
    assert bagged.warnings == ()


@pytest.mark.parametrize(
    ("preparation", "says"),
    [
        (Preparation(D(10), D(3)), "take a larger bag"),
        (Preparation(D(100), D(5000)), "bag volume"),
        (Preparation(D(500)), "meant to be 50 mg/mL"),
    ],
)
def test_a_vial_or_bag_that_does_not_go_is_refused(preparation, says):
    with pytest.raises((CannotPrepare, Slip), match=says):
        propose(STANDARD, adult(80), preparation=preparation)


def test_a_dose_too_small_to_draw_is_refused():
    caps = ClinicCaps(D("0.5"), D(100), D(100))
    with pytest.raises(CannotPrepare, match="too little to draw"):
        propose(STANDARD, adult(80), preparation=Preparation(D(100)), caps=caps)


def test_a_spray_has_no_vial():
    with pytest.raises(CannotPrepare, match="nasal"):
        propose(SPRAY, adult(80), preparation=Preparation(D(50)))
    assert propose(SPRAY, adult(80), preparation=Preparation()).devices == 2


def test_a_bag_without_a_vial_still_sets_the_pump():
    found = propose(STANDARD, adult(80), preparation=Preparation(bag_ml=D(50)))
    assert (found.pump_ml_h, found.dilution) == (75, "")


def test_an_infusion_needs_a_weight():
    with pytest.raises(NoDosingWeight, match="weigh the person"):
        propose(STANDARD, Body(None, age_years=D(45)))


@pytest.mark.parametrize(
    ("id", "age", "says"),
    [
        ("TRD-IV-STD", 70, "blood pressure rises more"),
        ("ESK-TRD", 70, "start at 28 mg"),
        ("TRD-IV-STD", None, "Age not given"),
    ],
)
def test_age_brings_its_warning(id, age, says):
    found = propose(protocol(id), Body(D(70), age_years=None if age is None else D(age)))
    assert any(says in warning for warning in found.warnings)


def test_a_remembered_duration_and_a_choice_of_doses_are_told():
    found = propose(protocol("PTSD-IV-2"), adult(80))
    assert any("0.2 or 0.5 mg/kg" in warning for warning in found.warnings)
    assert any("from memory" in warning for warning in found.warnings)


def test_an_obese_person_is_offered_other_weights():
    stout = adult(130, height_cm=D(165), sex=Sex.FEMALE)
    found = propose(STANDARD, stout)
    assert (found.weight_basis, found.weight_rule, found.dose_mg) == (Basis.TOTAL, "DW-2", 65)
    assert any("ideal (56.9 kg)" in warning for warning in found.warnings)
    ideal = propose(STANDARD, stout, choice=Choice(basis=Basis.IDEAL))
    assert (ideal.dosing_weight_kg, ideal.dose_mg) == (D("56.9"), D("28.4"))
    entered = propose(STANDARD, stout, choice=Choice(entered_kg=D(90)))
    assert "entered by the prescriber" in entered.warnings[-1]
