"""Facts are read strictly, and the work-up tells what is there, what is missing, what is old."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ketaflow.people.chart import ChartItem, Coding, Kind, Person, ReceivedChart, Sex
from ketaflow.screening.facts import Facts, facts_from_chart
from ketaflow.screening.factsheet import NotFacts, facts_from_json
from ketaflow.screening.interview import (
    NoSuchQuestion,
    NotAnAnswer,
    questions,
    read_answer,
    read_answers,
)
from ketaflow.screening.rules import ProtocolNeeds
from ketaflow.screening.verdict import Eligibility, assess

ON = date(2026, 11, 22)
TRD_IV = ProtocolNeeds("TRD-IV-STD", "Treatment-resistant depression", "iv", sessions=6)
CRPS = ProtocolNeeds("CRPS-OP-1", "Complex regional pain syndrome", "iv", sessions=10)
SHEET = json.loads((Path(__file__).parents[1] / "data/screening/well.json").read_text())
WELL = SHEET["answers"]
SOUND = facts_from_json(SHEET)


def verdict_of(facts, protocol=TRD_IV, **given):
    return assess(facts, protocol=protocol, on=ON, **given)


def with_answers(**answers):
    return replace(SOUND, answers=read_answers({**WELL, **answers}))


def medicine(text, active=True, began=None, ended=None):
    at = [day and datetime(*day, tzinfo=UTC) for day in (began, ended)]
    return ChartItem(Kind.MEDICATION, "m", text, active=active, started_at=at[0], ended_at=at[1])


# --- The work-up


def item_of(verdict, id):
    return next((one for one in verdict.workup if one.item.id == id), None)


def test_an_ecg_is_wanted_only_with_heart_disease_or_risk():
    assert item_of(verdict_of(SOUND), "ecg") is None
    risk = facts_from_json({**SHEET, "conditions": ["Hypertension"]})
    assert item_of(verdict_of(risk), "ecg").state == "missing"


def test_liver_tests_are_dated_by_their_oldest_part_and_grow_stale_by_the_clinics_rule():
    labs = {
        name: {"on": "2026-11-01", "value": 23, "unit": "U/L"} for name in ("alt", "ast", "alp")
    }
    sheet = {**SHEET, "labs": {**labs, "ggt": {"on": "2026-06-01"}}}
    found = item_of(verdict_of(facts_from_json(sheet)), "liver_tests")
    assert (found.state, found.done_on) == ("present", date(2026, 6, 1))
    assert "has not set how old" in found.because
    strict = verdict_of(facts_from_json(sheet), policy={"laboratory_max_age_days": Decimal(30)})
    assert item_of(strict, "liver_tests").state == "stale"
    part = verdict_of(facts_from_json({**SHEET, "labs": labs}))
    assert "(GGT)" in item_of(part, "liver_tests").because


def test_a_weight_older_than_the_clinic_allows_holds_the_verdict():
    old = verdict_of(SOUND, policy={"weight_max_age_days": Decimal(1)})
    fresh = verdict_of(SOUND, policy={"weight_max_age_days": Decimal(2)})
    assert old.verdict is Eligibility.REVIEW
    assert (fresh.verdict, item_of(fresh, "blood_pressure_and_weight").because[-11:]) == (
        Eligibility.ELIGIBLE,
        "2026-11-20.",
    )


def test_no_psychiatrist_and_no_pregnancy_test_hold_a_depression_course():
    unseen = verdict_of(with_answers(psychiatric_assessment="no", pregnancy_test="not_done"))
    held = {gap.fact for gap in unseen.missing if gap.holds}
    assert held == {"workup.psychiatric_assessment", "workup.pregnancy_test"}


def test_what_was_done_elsewhere_counts_from_its_day_and_undated_counts_as_present():
    done = facts_from_json({**SHEET, "workup": {"consent": "2026-11-21"}, "labs": {"alt": {}}})
    assert item_of(verdict_of(done), "consent").done_on == date(2026, 11, 21)
    undated = facts_from_json({**SHEET, "vitals": {**SHEET["vitals"], "taken_on": None}})
    assert item_of(verdict_of(undated), "blood_pressure_and_weight").done_on is None


def test_a_single_session_needs_no_bladder_or_liver_baseline():
    once = verdict_of(SOUND, replace(TRD_IV, sessions=1))
    assert item_of(once, "liver_tests") is None
    assert item_of(once, "bladder_baseline") is None


# --- Facts from a chart or a sheet


def reading(value, day, code="29463-7", unit="kg"):
    return ChartItem(
        Kind.VITAL, "v", "w", (Coding("LOINC", code),), value=Decimal(value), unit=unit,
        started_at=day and datetime(*day, tzinfo=UTC),
    )  # fmt: skip


def test_the_latest_dated_weight_in_kilograms_counts():
    readings = (reading(81, (2025, 1, 1)), reading(83, (2026, 1, 1)), reading(70, None))
    facts = Facts(items=(*readings, reading(180, (2026, 2, 1), unit="[lb_av]")))
    assert facts.vital("weight_kg").value == 83
    assert Facts(items=(reading(70, None),)).vital("weight_kg").taken_on is None
    assert Facts().vital("weight_kg") is None


def test_body_mass_index_is_computed_or_taken_from_the_chart():
    assert round(SOUND.bmi_kg_m2, 1) == Decimal("27.7")
    recorded = Facts(items=(reading(31, (2026, 1, 1), code="39156-5", unit="kg/m2"),))
    assert (recorded.bmi_kg_m2, Facts().bmi_kg_m2) == (31, None)


def test_a_chart_and_its_interview_become_one_set_of_facts():
    person = Person("Beatty", "Milan", date(1973, 11, 24), Sex.MALE)
    facts = facts_from_chart(ReceivedChart(person, (medicine("Fluoxetine"),)), on=ON)
    assert (facts.age_years, facts.sex, facts.trials) == (52, Sex.MALE, None)
    joined = facts.joined(
        facts_from_json({"answers": {"escort": "yes"}, "antidepressant_trials": []})
    )
    assert (joined.age_years, joined.sex, joined.answer("escort")) == (52, Sex.MALE, "yes")
    assert (joined.trials, len(joined.items)) == ((), 1)
    later = joined.joined(SOUND)
    assert (later.age_years, later.sex, later.trials) == (44, Sex.FEMALE, SOUND.trials)
    assert later.joined(Facts()).trials == SOUND.trials
    unborn = ReceivedChart(replace(person, born_on=None), ())
    assert facts_from_chart(unborn, on=ON).age_years is None


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ([], "must be an object"),
        ({"conditons": []}, "Nearest: 'conditions'"),
        ({"conditions": "Stroke"}, "must be a list"),
        ({"conditions": [{"text": " "}]}, "needs a text"),
        ({"conditions": [{"text": "Stroke", "active": "yes"}]}, "true or false"),
        ({"conditions": [{"text": "Stroke", "started_on": "May"}]}, "must be a date"),
        ({"age": 44.5}, "whole years"),
        ({"age": 440}, "from 0 to 130"),
        ({"age": True}, "whole years"),
        ({"sex": "f"}, "one of female, male, other, unknown"),
        ({"vitals": {"weight_lb": 180}}, "Nearest: 'weight_kg'"),
        ({"vitals": {"weight_kg": 0}}, "above 0"),
        ({"vitals": {"weight_kg": "heavy"}}, "above 0"),
        ({"vitals": {"weight_kg": True}}, "above 0"),
        ({"labs": {"altt": {}}}, "Nearest: 'alt'"),
        ({"labs": {"alt": 23}}, "must be an object"),
        ({"antidepressant_trials": [{"dose": "50 mg"}]}, "needs its drug"),
        ({"antidepressant_trials": [{"drug": "x", "outcome": "bad"}]}, "outcome must be one of"),
        (
            {"antidepressant_trials": [
                {"drug": "x", "started_on": "2026-02-01", "stopped_on": "2026-01-01"}
            ]},
            "before it starts",
        ),
        ({"workup": {"concent": "2026-01-01"}}, "Nearest: 'consent'"),
        ({"x" * 99: 1}, "Nearest"),
        (["a very long list of words that nobody would want to read again in full"], "…"),
    ],
)  # fmt: skip
def test_a_sheet_that_says_something_unknown_is_refused_with_what_is_near(sheet, words):
    with pytest.raises(NotFacts) as refused:
        facts_from_json(sheet)
    assert words in str(refused.value)
    assert refused.value.exit_code == 10


def test_an_unknown_lab_date_or_vital_left_empty_is_simply_not_there():
    facts = facts_from_json({"vitals": {"weight_kg": None}, "workup": {"consent": None}})
    assert (facts.items, dict(facts.done)) == ((), {})


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        ("escort", True, "yes"),
        ("escort", False, "no"),
        ("escort", None, None),
        ("escort", "unknown", None),
        ("escort", "", None),
        ("bipolar", "no", "no"),
        ("benzodiazepine_mg_day", 1.5, Decimal("1.5")),
        ("episode_began_on", "2025-01-01", date(2025, 1, 1)),
    ],
)
def test_an_answer_is_read_as_the_question_means_it(key, value, answer):
    assert read_answer(questions()[key], value) == answer


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("escort", "maybe"),
        ("bipolar", "yes"),
        ("benzodiazepine_mg_day", "-1"),
        ("benzodiazepine_mg_day", "lots"),
        ("benzodiazepine_mg_day", "NaN"),
        ("episode_began_on", "last spring"),
    ],
)
def test_an_answer_the_question_does_not_take_is_refused(key, value):
    with pytest.raises(NotAnAnswer, match=key):
        read_answers({key: value})


def test_an_answer_to_no_question_is_refused_with_the_nearest():
    with pytest.raises(NoSuchQuestion, match="Nearest: 'stroke_ever'"):
        read_answers({"strokes_ever": "no"})
