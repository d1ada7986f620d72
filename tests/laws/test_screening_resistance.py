"""A trial counts with dose, duration and no response, within this episode; else it is unknown."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketaflow.people.chart import ChartItem, Kind
from ketaflow.screening.factsheet import facts_from_json
from ketaflow.screening.resistance import Response, Told, Trial, judge, trials_on_chart
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


def trial(drug="sertraline", **changed):
    usual = Trial(
        drug,
        started_on=date(2026, 1, 1),
        stopped_on=date(2026, 3, 1),
        adequate_dose=Told.YES,
        outcome=Response.NONE,
    )
    return replace(usual, **changed)


def judged(*trials, began=date(2025, 6, 1), **given):
    return judge(trials, items=(), episode_began_on=began, on=ON, **given)


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({}, Told.YES),
        ({"outcome": Response.PARTIAL}, Told.YES),
        ({"outcome": Response.REMISSION}, Told.NO),
        ({"outcome": Response.NOT_TOLERATED}, Told.NO),
        ({"outcome": Response.UNKNOWN}, Told.UNKNOWN),
        ({"adequate_dose": Told.NO}, Told.NO),
        ({"adequate_dose": Told.UNKNOWN}, Told.UNKNOWN),
        ({"stopped_on": date(2026, 1, 20)}, Told.NO),
        ({"stopped_on": None}, Told.UNKNOWN),
        ({"stopped_on": None, "ongoing": True}, Told.YES),
        ({"started_on": None}, Told.UNKNOWN),
    ],
)
def test_a_trial_counts_with_dose_duration_and_no_response(changed, counts):
    assert judged(trial(**changed)).judged[0].counts is counts


@settings(deadline=None)
@given(st.lists(st.sampled_from(["sertraline", "Zoloft 50 MG", "fluoxetine", "mirtazapine"])))
def test_two_different_drugs_make_resistance_and_one_drug_twice_does_not(drugs):
    names = {"sertraline" if drug.startswith("Zoloft") else drug for drug in drugs}
    found = judged(*(trial(drug) for drug in drugs))
    assert found.established is (Told.YES if len(names) >= 2 else Told.NO)
    assert found.adequate == len(names)


def test_what_happened_before_this_episode_does_not_count():
    found = judged(trial(), trial("fluoxetine"), began=date(2026, 2, 20))
    assert (found.established, found.adequate) == (Told.NO, 0)


def test_without_the_start_of_the_episode_nothing_is_established():
    assert judged(trial(), trial("fluoxetine"), began=None).established is Told.UNKNOWN


def test_a_clinic_may_ask_for_longer_trials_and_the_source_then_is_the_clinic():
    found = judged(trial(), trial("fluoxetine"), adequate_weeks=Decimal(12))
    assert (found.established, found.adequate_weeks_source) == (Told.NO, ("LOCAL",))


def medicine(text, active=True, began=None, ended=None):
    at = [day and datetime(*day, tzinfo=UTC) for day in (began, ended)]
    return ChartItem(Kind.MEDICATION, "m", text, active=active, started_at=at[0], ended_at=at[1])


def test_an_antidepressant_on_the_chart_is_a_trial_nobody_has_judged():
    items = (
        medicine("Fluoxetine 25MG", active=False, began=(1993, 1, 9), ended=(1993, 1, 16)),
        medicine("Fluoxetine 25MG", began=(1993, 1, 17)),
        medicine("Fluoxetine 25MG", active=False),
        medicine("Simvistatin 10 MG"),
        ChartItem(Kind.CONDITION, "c", "Fluoxetine overdose"),
    )
    (found,) = trials_on_chart(items)
    assert (found.drug, found.ongoing, found.started_on) == ("fluoxetine", True, date(1993, 1, 17))
    assert (found.adequate_dose, found.outcome) == (Told.UNKNOWN, Response.UNKNOWN)


def test_a_recorded_trial_replaces_the_one_on_the_chart():
    items = (medicine("Fluoxetine 25MG", began=(2025, 6, 1)),)
    given = {"items": items, "episode_began_on": date(2025, 6, 1), "on": ON}
    assert judge(None, **given).established is Told.UNKNOWN
    assert judge([trial()], **given).established is Told.UNKNOWN
    both = judge([trial(), trial("Fluoxetine")], **given)
    assert (both.established, len(both.judged)) == (Told.YES, 2)


def test_too_few_trials_on_record_block_and_trials_nobody_asked_for_are_missing():
    few = replace(SOUND, trials=SOUND.trials[:1])
    verdict = verdict_of(few)
    assert (verdict.verdict, verdict.findings[0].rule) == (Eligibility.BLOCKED, "TRD")
    assert "from memory, not verified" in verdict.findings[0].local
    mine = verdict_of(few, policy={"adequate_trial_weeks": Decimal(8)})
    assert "as the clinic has set" in mine.findings[0].local
    assert verdict_of(replace(SOUND, trials=None)).verdict is Eligibility.REVIEW
    assert verdict_of(few, CRPS).verdict is Eligibility.ELIGIBLE
    assert verdict_of(replace(SOUND, trials=())).findings[0].evidence == ("No trial on record.",)
