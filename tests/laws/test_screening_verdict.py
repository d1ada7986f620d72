"""What holds of every verdict: silence is never "no", and worse facts never make it milder."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.screening.clearance import (
    Clearance,
    NoReason,
    NothingToClear,
    NotTheirs,
    check_clearance,
    clear,
)
from ketaflow.screening.facts import Facts
from ketaflow.screening.factsheet import facts_from_json
from ketaflow.screening.findings import Finding
from ketaflow.screening.interview import (
    questions,
    read_answers,
)
from ketaflow.screening.rules import ProtocolNeeds, Severity, rules
from ketaflow.screening.verdict import Eligibility, NotARoute, assess, conclude

ON = date(2026, 11, 22)
TRD_IV = ProtocolNeeds("TRD-IV-STD", "Treatment-resistant depression", "iv", sessions=6)
TRD_NASAL = ProtocolNeeds("ESK-TRD", "Treatment-resistant depression", "nasal", sessions=8)
CRPS = ProtocolNeeds("CRPS-OP-1", "Complex regional pain syndrome", "iv", sessions=10)
PROTOCOLS = (TRD_IV, TRD_NASAL, CRPS)
SHEET = json.loads((Path(__file__).parents[1] / "data/screening/well.json").read_text())
WELL = SHEET["answers"]
SOUND = facts_from_json(SHEET)
RANK = list(Eligibility)


def verdict_of(facts, protocol=TRD_IV, **given):
    return assess(facts, protocol=protocol, on=ON, **given)


def with_answers(**answers):
    return replace(SOUND, answers=read_answers({**WELL, **answers}))


def blocked_by_stroke():
    return verdict_of(with_answers(stroke_ever="yes"))


def clearance(rule, severity, role="PRESCRIBER", **changed):
    given = Clearance(rule, severity, "Dr Ben Prescriber", (role,), "Discussed; benefit outweighs.")
    return replace(given, **changed)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_somebody_of_whom_all_is_known_and_nothing_is_wrong_is_eligible(protocol):
    verdict = verdict_of(SOUND, protocol)
    assert verdict.verdict is Eligibility.ELIGIBLE
    assert not [gap for gap in verdict.missing if gap.holds]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_empty_chart_is_never_eligible(protocol):
    assert verdict_of(Facts(), protocol).verdict is Eligibility.REVIEW


@settings(deadline=None)  # a verdict takes as long as the machine is busy
@given(st.sets(st.sampled_from(sorted(WELL)), min_size=1), st.sampled_from(PROTOCOLS))
def test_forgetting_an_answer_that_is_asked_for_never_leaves_anybody_eligible(forgotten, protocol):
    kept = {key: value for key, value in SOUND.answers.items() if key not in forgotten}
    verdict = verdict_of(replace(SOUND, answers=MappingProxyType(kept)), protocol)
    missing = {gap.fact.removeprefix("answers.") for gap in verdict.missing}
    asked = forgotten & missing
    assert (verdict.verdict is Eligibility.ELIGIBLE) is (not asked)


def any_answer(question):
    words = [value for value, _ in question.choices]
    return st.sampled_from([*words, "unknown"]) if words else st.just("unknown")


ANSWERS = st.fixed_dictionaries({key: any_answer(one) for key, one in questions().items()})
CONDITIONS = st.lists(
    st.sampled_from(["Stroke", "Epilepsy", "Bipolar disorder", "Glaucoma"]), max_size=3
)


@settings(deadline=None)
@given(ANSWERS, CONDITIONS, st.sets(st.sampled_from(sorted(WELL))), st.sampled_from(PROTOCOLS))
def test_removing_what_is_known_never_makes_anybody_eligible(answers, conditions, gone, protocol):
    sheet = {**SHEET, "answers": answers, "conditions": conditions}
    before = verdict_of(facts_from_json(sheet), protocol)
    kept = {key: value for key, value in answers.items() if key not in gone}
    for less in (
        {**sheet, "answers": kept},
        {**sheet, "age": None},
        {**sheet, "sex": "unknown"},
        {**sheet, "antidepressant_trials": None},
        {**sheet, "vitals": {}},
    ):
        after = verdict_of(facts_from_json(less), protocol)
        assert after.verdict is not Eligibility.ELIGIBLE or before.verdict is Eligibility.ELIGIBLE


SEVERITIES = st.lists(st.sampled_from(Severity))


def findings_of(severities):
    return [Finding(f"X-{n}", one, "", (), ()) for n, one in enumerate(severities)]


@settings(deadline=None)
@given(SEVERITIES, st.sampled_from(Severity))
def test_one_more_finding_never_makes_the_verdict_milder(severities, more):
    before = conclude(findings_of(severities), ())
    after = conclude(findings_of([*severities, more]), ())
    assert RANK.index(after) >= RANK.index(before)


@settings(deadline=None)
@given(SEVERITIES)
def test_an_absolute_finding_always_blocks(severities):
    assert conclude(findings_of([*severities, Severity.ABSOLUTE]), ()) is Eligibility.BLOCKED


@settings(deadline=None)
@given(ANSWERS, st.sampled_from(PROTOCOLS))
def test_an_absolute_fact_added_to_any_facts_blocks(answers, protocol):
    sheet = {**SHEET, "answers": answers, "conditions": ["Abdominal aortic aneurysm"]}
    assert verdict_of(facts_from_json(sheet), protocol).verdict is Eligibility.BLOCKED


def test_the_gravest_finding_comes_first_and_carries_its_evidence_and_source():
    sheet = {**SHEET, "conditions": ["Glaucoma", "Stroke"], "medications": ["Lamotrigine 25 MG"]}
    found = verdict_of(facts_from_json(sheet)).findings
    assert [one.rule for one in found] == ["CI-02", "CI-09", "INT-LAMOTRIGINE"]
    assert found[0].evidence == ("Condition “Stroke” (active)",)
    assert found[0].source == ("S38",)


def test_a_route_without_rules_is_refused():
    with pytest.raises(NotARoute, match="'im'"):
        verdict_of(SOUND, replace(CRPS, route="im"))


def test_the_clinics_pressure_limit_is_missing_until_it_is_set_and_then_judges_the_reading():
    missing = {gap.fact for gap in verdict_of(SOUND).missing if not gap.holds}
    assert "policy.predose_systolic_max_mmhg" in missing
    limits = {key: Decimal(110) for key in ("predose_systolic_max_mmhg",)}
    found = verdict_of(SOUND, policy=limits).findings
    assert [(one.rule, one.severity) for one in found] == [("CI-07", "caution")]
    assert found[0].evidence == ("systolic_mmhg 122 mm[Hg] on 2026-11-20, limit 110",)


def test_a_clinic_may_draw_its_own_line_for_benzodiazepines():
    facts = with_answers(benzodiazepine_mg_day="2.5")
    assert "INT-BENZODIAZEPINES" in {one.rule for one in verdict_of(facts).findings}
    wider = {"benzodiazepine_max_lorazepam_mg_day": Decimal(3)}
    assert not verdict_of(facts, policy=wider).findings


def test_a_list_of_medicines_that_is_not_complete_holds_the_verdict():
    verdict = verdict_of(with_answers(medicines_complete="no"))
    assert verdict.verdict is Eligibility.REVIEW
    assert "answers.medicines_complete" in {gap.fact for gap in verdict.missing}


def test_the_dose_of_a_benzodiazepine_is_asked_only_when_the_chart_shows_one():
    sheet = {**SHEET, "answers": {**WELL, "benzodiazepine_mg_day": "unknown"}}
    assert verdict_of(facts_from_json(sheet)).verdict is Eligibility.ELIGIBLE
    taking = facts_from_json({**sheet, "medications": ["Clonazepam 1 MG"]})
    assert "answers.benzodiazepine_mg_day" in {gap.fact for gap in verdict_of(taking).missing}


@pytest.mark.parametrize(
    ("sex", "age", "policy", "asked"),
    [
        ("female", 44, {}, True),
        ("unknown", 44, {}, True),
        ("male", 44, {}, False),
        ("female", 80, {}, True),
        ("female", 80, {"childbearing_age_to_years": Decimal(60)}, False),
        ("female", None, {"childbearing_age_to_years": Decimal(60)}, True),
    ],
)
def test_pregnancy_is_asked_of_everybody_who_could_be_pregnant(sex, age, policy, asked):
    facts = facts_from_json({"sex": sex, "age": age})
    missing = {gap.fact for gap in verdict_of(facts, policy=policy).missing}
    assert ("answers.pregnancy" in missing) is asked


def test_bipolar_depression_needs_a_mood_stabiliser():
    bipolar = ProtocolNeeds("BD-IV-1", "Bipolar depression on a mood stabiliser", "iv", 1)
    without = verdict_of(SOUND, bipolar).findings
    taking = facts_from_json({**SHEET, "medications": ["Lithium carbonate 300 MG"]})
    assert "CI-12b" in {one.rule for one in without}
    assert "CI-12b" not in {one.rule for one in verdict_of(taking, bipolar).findings}


# --- Who may set a finding aside


def test_a_prescribers_written_reason_clears_a_relative_finding():
    verdict = verdict_of(with_answers(eye_pressure="yes"))
    left = clear(verdict, [clearance("CI-09", Severity.RELATIVE)])
    assert (verdict.verdict, left.verdict) == (Eligibility.REVIEW, Eligibility.ELIGIBLE)
    assert left.open == ()
    assert left.set_aside[0][1].by == "Dr Ben Prescriber"


def test_only_the_medical_director_overrides_an_absolute_finding():
    mine = clearance("CI-02", Severity.ABSOLUTE)
    with pytest.raises(NotTheirs, match="only the medical director"):
        check_clearance(blocked_by_stroke(), mine)
    assert clear(blocked_by_stroke(), [mine]).verdict is Eligibility.BLOCKED
    hers = replace(mine, roles=("MEDICAL_DIRECTOR",))
    assert clear(blocked_by_stroke(), [hers]).verdict is Eligibility.ELIGIBLE


@pytest.mark.parametrize("blank", [{"reason": " "}, {"by": ""}])
def test_a_clearance_needs_a_reason_and_a_name(blank):
    hers = clearance("CI-02", Severity.ABSOLUTE, "MEDICAL_DIRECTOR", **blank)
    with pytest.raises(NoReason):
        check_clearance(blocked_by_stroke(), hers)


def test_a_reason_for_a_milder_finding_does_not_outlive_it():
    stale = clearance("CI-02", Severity.RELATIVE, "MEDICAL_DIRECTOR")
    with pytest.raises(NothingToClear, match="is now absolute"):
        check_clearance(blocked_by_stroke(), stale)


@pytest.mark.parametrize("rule", ["CI-01", "CI-20", "TRD"])
def test_what_is_not_found_or_only_warns_takes_no_clearance(rule):
    verdict = verdict_of(with_answers(seizures="yes"))
    with pytest.raises(NothingToClear):
        check_clearance(verdict, clearance(rule, Severity.RELATIVE))


def test_the_medical_director_may_treat_before_two_trials_are_known():
    verdict = verdict_of(replace(SOUND, trials=None))
    override = clearance("TRD", Severity.ABSOLUTE, "MEDICAL_DIRECTOR")
    assert clear(verdict, [override]).verdict is Eligibility.ELIGIBLE
    assert clear(verdict, [clearance("TRD", Severity.ABSOLUTE)]).verdict is Eligibility.REVIEW


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(rules()))))
def test_nobody_waives_a_fact_that_was_never_asked(waived):
    every = [clearance(rule, Severity.ABSOLUTE, "MEDICAL_DIRECTOR") for rule in waived]
    assert clear(verdict_of(Facts()), every).verdict is Eligibility.REVIEW
