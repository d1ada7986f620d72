"""A reading that cannot be is not written; one that is high is compared with her own baseline."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.evidence.sources import cite
from ketaflow.protocol.library import monitoring
from ketaflow.session.vitals import (
    BEFORE,
    DURING,
    Course,
    Implausible,
    Vitals,
    against,
    beyond,
    missing_from_baseline,
    next_due,
    read,
    sedated,
    signs,
)
from tests.laws.a_session import POLICY, VITALS, minute, without

IV, NASAL, PAIN = (monitoring()[name] for name in ("MON-SUB40", "MON-ESK", "MON-PAIN"))


def course(*taken, stopped=None):
    return Course(minute(10), stopped and minute(stopped), tuple(minute(at) for at in taken))


@pytest.mark.parametrize(
    "told",
    [
        {"systolic": 1300},
        {"spo2": 101},
        {"heart_rate": 5},
        {"temperature": "370"},
        {"respiratory_rate": 140},
    ],
)
def test_a_reading_no_living_person_has_is_refused_with_what_can_be_entered(told):
    with pytest.raises(Implausible, match="it takes"):
        read(told)


@pytest.mark.parametrize(("systolic", "diastolic"), [(80, 130), (90, 90)])
def test_pressures_that_were_exchanged_are_named(systolic, diastolic):
    with pytest.raises(Implausible, match="exchanged"):
        read({"systolic": systolic, "diastolic": diastolic})


@given(st.integers(60, 220), st.integers(1, 50), st.integers(70, 100))
def test_a_living_reading_is_kept_as_it_was_entered(systolic, between, spo2):
    diastolic = max(systolic - between, 20)
    told = {"systolic": systolic, "diastolic": diastolic, "spo2": str(spo2)}
    assert dict(read(told).measured) == {key: Decimal(value) for key, value in told.items()}


def test_no_breath_in_a_minute_can_be_written_down():
    assert read({"respiratory_rate": 0}).respiratory_rate == 0


def test_a_baseline_needs_all_but_the_temperature():
    assert missing_from_baseline(read(VITALS)) == ()
    assert missing_from_baseline(read({"temperature": "36.6"})) == (
        *("Systolic pressure", "Diastolic pressure", "Heart rate", "SpO2", "Breathing rate"),
    )


def test_a_reading_stands_against_the_baseline_in_words():
    said = against(
        read({"systolic": 152, "diastolic": 80, "spo2": 95, "temperature": 37}), read(VITALS)
    )
    assert dict(said) == {
        "systolic": "22 above baseline",
        "diastolic": "as at baseline",
        "spo2": "3 below baseline",
        "temperature": "no baseline",
    }


def test_the_clinics_own_limits_are_named_when_crossed():
    reached = beyond(read({"systolic": 230, "diastolic": 90, "spo2": 80}), POLICY, DURING)
    assert any("Systolic pressure 230 mmHg; systolic pressure that stops" in one for one in reached)
    assert any(one.startswith("SpO2 80 %; lowest oxygen saturation") for one in reached)
    assert beyond(read(VITALS), POLICY, BEFORE) == ()


def test_a_rise_is_measured_from_the_baseline_and_only_with_one():
    high = read({"systolic": 135, "diastolic": 80})
    low = Vitals(systolic=Decimal(70), diastolic=Decimal(50))
    assert any("rise" in one for one in beyond(high, POLICY, DURING, baseline=low))
    assert not any("rise" in one for one in beyond(high, POLICY, DURING))


def test_a_limit_the_clinic_has_not_set_is_not_invented():
    unset = without("predose_systolic_max_mmhg")
    assert beyond(read({"systolic": 200, "diastolic": 90}), unset, BEFORE) == ()


def test_deep_sedation_asks_for_what_the_clinic_decided():
    stop, pause = POLICY.values["sedation_stop_moaas"], POLICY.values["sedation_pause_moaas"]
    assert sedated(int(stop), POLICY) == "stop"
    assert sedated(int(pause), POLICY) == "pause"
    assert (
        sedated(5, POLICY)
        == sedated(0, without("sedation_stop_moaas", "sedation_pause_moaas"))
        == ""
    )


def test_readings_come_every_ten_minutes_in_the_infusion_and_every_fifteen_after():
    assert next_due(course(2), IV, POLICY) == minute(20)
    assert next_due(course(2, 21), IV, POLICY) == minute(31)
    assert next_due(course(2, 45, 50, stopped=50), IV, POLICY) == minute(65)
    assert next_due(course(2, 45, 50, 70, stopped=50), IV, POLICY) == minute(85)


def test_the_peak_at_thirty_and_forty_minutes_is_never_skipped():
    assert next_due(course(2, 37), IV, POLICY) == minute(40)
    assert next_due(course(2, 41), IV, POLICY) == minute(50)


def test_after_the_spray_the_label_and_the_clinic_say_when():
    assert next_due(course(2), NASAL, POLICY) == minute(50)
    assert next_due(course(2, stopped=15), NASAL, POLICY) == minute(45)
    assert next_due(course(2, 45, stopped=15), NASAL, POLICY) == minute(50)
    assert next_due(course(2, 50, stopped=15), NASAL, POLICY) == minute(80)


def test_an_interval_nobody_set_is_not_invented():
    assert next_due(course(2), PAIN, POLICY) == minute(25)
    assert next_due(course(2), PAIN, without("pain_vitals_every_min")) is None


@given(st.lists(st.integers(10, 60), max_size=6))
def test_the_next_set_is_always_due_after_the_last(taken):
    last = max(taken, default=10)
    due = next_due(course(*taken), IV, POLICY)
    assert minute(last) < due <= minute(last) + timedelta(minutes=10)


def test_entry_ranges_say_that_they_are_from_memory():
    assert all(cite(sign.low.sources) and not sign.low.verified for sign in signs().values())
    assert signs()["systolic"].unit == "mmHg"
