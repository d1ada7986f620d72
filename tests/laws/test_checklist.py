"""No drug before everything is there, and the sentence says what is not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ketaflow.evidence.sources import cite
from ketaflow.protocol.library import Caps, Route, protocol
from ketaflow.protocol.slips import Slip
from ketaflow.session.administration import NotAsOrdered
from ketaflow.session.checklist import (
    CannotStart,
    SamePerson,
    asked,
    circumstances,
    items,
    may_run,
    may_start,
    obstacles,
    verify_dose,
)
from ketaflow.session.events import order
from tests.laws.a_session import IV, NASAL, POLICY, READY_FACTS, VITALS, Stream, without


def prepared(stream):
    return stream.state.preparation


def high_pressure():
    return prepared(Stream().prepare().add("baseline", 4, **{**VITALS, "systolic": 170}))


@pytest.mark.parametrize("told", [IV, NASAL])
def test_a_prepared_patient_may_be_treated(told):
    may_start(prepared(Stream(told).prepare()), READY_FACTS)


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ("escort", "escort"),
        ("fasting", "Fasted"),
        ("baseline", "baseline vital signs are missing"),
        ("dose", "no second person has checked the dose"),
    ],
)
def test_what_is_missing_from_the_checklist_keeps_the_drug_back(but, said):
    with pytest.raises(CannotStart, match=said):
        may_start(prepared(Stream().prepare(but=but)), READY_FACTS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"findings": ("An aneurysm",)}, "An aneurysm is an absolute finding"),
        ({"consented": False}, "no signed consent"),
        ({"policy": None}, "has no policy"),
        ({"policy": without("ketamine_max_mg_session")}, "leaves open 'Most ketamine"),
        ({"policy": replace(POLICY, signed_by="")}, "not signed"),
        ({"given_today_mg": Decimal(30)}, "dose of 40 mg is above the cap of 30 mg"),
        ({"published": protocol("CRPS-OP-1").caps}, "rate of 60 mg/h is above the cap of 25 mg/h"),
    ],
)
def test_what_the_rest_of_the_record_knows_keeps_the_drug_back(changes, said):
    with pytest.raises(CannotStart, match=said):
        may_start(prepared(Stream().prepare()), replace(READY_FACTS, **changes))


def test_all_that_is_missing_is_said_at_once():
    facts = replace(READY_FACTS, consented=False, findings=("A recent stroke",))
    assert len(obstacles(prepared(Stream().add("checked_in", order=IV)), facts)) == 9


def test_half_a_baseline_is_no_baseline():
    stream = Stream().prepare().add("baseline", 4, systolic=130, diastolic=80)
    with pytest.raises(CannotStart, match="baseline lacks heart rate, spo2, breathing rate"):
        may_start(prepared(stream), READY_FACTS)


def test_a_spray_without_devices_cannot_start():
    told = {**NASAL, "devices": None}
    facts = replace(READY_FACTS, published=protocol("ESK-TRD").caps)
    with pytest.raises(CannotStart, match="no nasal devices"):
        may_start(prepared(Stream(told).prepare()), facts)


def test_a_high_pressure_waits_for_a_prescriber_who_writes_why():
    assert circumstances(high_pressure(), POLICY) == {"pressure-high"}
    with pytest.raises(CannotStart, match=r"Systolic pressure 170 mmHg.*150.*is not ticked"):
        may_start(high_pressure(), READY_FACTS)
    stream = Stream().prepare().add("baseline", 4, **{**VITALS, "systolic": 170})
    stream.add("checklist_item", 5, item="pressure-weighed", done=True, note="Dr Ben: anxious")
    may_start(prepared(stream), READY_FACTS)


def test_a_usual_pressure_asks_for_nothing_more():
    assert circumstances(prepared(Stream().prepare()), POLICY) == frozenset()


def test_nobody_checks_what_they_prepared_themselves():
    stream = Stream().prepare(but="dose").add("dose_checked", 3, by="ada", **Stream().check())
    with pytest.raises(SamePerson, match="Ada prepared this dose"):
        verify_dose(order({"order": IV}), stream.state.dose_check)


def test_a_second_person_who_finds_the_order_accepts_it():
    state = Stream(NASAL).prepare().state
    verify_dose(state.order, state.dose_check)


@pytest.mark.parametrize(
    ("changes", "refusal", "said"),
    [
        ({"dose_mg": "400"}, Slip, "meant to be 40 mg"),
        ({"rate_mg_min": "0.1"}, Slip, "meant to be 1 mg/min"),
        ({"dose_mg": "45"}, NotAsOrdered, "ordered is 40 mg and 45 mg was entered"),
        ({"devices": 2}, NotAsOrdered, "ordered is 0 devices and 2 devices was entered"),
        ({"dose_mg": None}, NotAsOrdered, "and nothing was entered"),
    ],
)
def test_a_dose_that_is_not_the_order_is_found_by_the_second_person(changes, refusal, said):
    told = {**Stream().check(), **changes}
    check = Stream().add("checked_in", order=IV).add("dose_checked", 3, by="ben", **told).state
    with pytest.raises(refusal, match=said):
        verify_dose(check.order, check.dose_check)


def test_the_pump_starts_at_the_ordered_rate_and_at_no_other():
    ready = prepared(Stream().prepare())
    may_run(ready, READY_FACTS, rate_mg_min=Decimal(1))
    with pytest.raises(Slip, match="meant to be 1 mg/min"):
        may_run(ready, READY_FACTS, rate_mg_min=Decimal(10))


def test_each_route_has_its_own_list_and_every_line_its_source():
    iv, nasal = order({"order": IV}), order({"order": NASAL})
    assert {item.key for item in asked(iv)} >= {"identity", "escort", "fasting", "diluted"}
    assert {item.key for item in asked(nasal)} >= {"no-food", "no-liquids", "on-site"}
    assert all(cite(item.sources) for item in items().values())
    assert items()["fasting"].sources == ("LOCAL",)
    assert Route.NASAL not in items()["fasting"].routes


def test_the_published_cap_is_not_needed_where_the_clinic_has_one():
    assert obstacles(prepared(Stream().prepare()), replace(READY_FACTS, published=Caps())) == ()
