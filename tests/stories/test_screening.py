"""Screening: who may be treated, who needs a second look, and who may not.

One person a row. Everybody here is 44, wanted for six infusions for depression unless the row says
otherwise, has failed two antidepressants in this episode, and has answered the whole interview with
nothing to report. The row says what is different, what Ketaflow answers, and which rule spoke.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from ketaflow.fhir.bundle import read_bundle
from ketaflow.screening.facts import facts_from_chart
from ketaflow.screening.factsheet import facts_from_json
from ketaflow.screening.rules import ProtocolNeeds
from ketaflow.screening.verdict import assess

ON = date(2026, 11, 22)
DATA = Path(__file__).parents[1] / "data"
WELL = json.loads((DATA / "screening/well.json").read_text())
DEPRESSION = "Treatment-resistant depression"
NEEDS = {
    "infusion": ProtocolNeeds("TRD-IV-STD", DEPRESSION, "iv", 6),
    "spray": ProtocolNeeds("ESK-TRD", DEPRESSION, "nasal", 8),
    "pain": ProtocolNeeds("CRPS-OP-1", "Complex regional pain syndrome", "iv", 10),
}

PEOPLE = """
what is different                              | treatment | answer   | rule
nothing                                        | infusion  | eligible |
nothing                                        | spray     | eligible |
nothing                                        | pain      | eligible |
condition: Prediabetes                         | infusion  | eligible |
condition: Family history of schizophrenia     | infusion  | eligible |
condition: Orthostatic hypotension             | infusion  | eligible |
condition: Hypertension                        | infusion  | eligible | CI-06
condition: Epilepsy                            | infusion  | eligible | CI-20
condition: Epilepsy                            | spray     | eligible |
condition: Stroke                              | infusion  | blocked  | CI-02
condition: Cerebral aneurysm                   | spray     | blocked  | CI-03
condition: Glaucoma                            | infusion  | review   | CI-09
condition: Glaucoma                            | spray     | eligible | CI-09
condition: Schizophrenia                       | infusion  | blocked  | CI-10
condition: Schizophrenia                       | spray     | review   | CI-10
condition: Bipolar II disorder                 | infusion  | review   | CI-12
condition: Opioid abuse (disorder)             | pain      | blocked  | CI-13
condition: Opioid dependence, in remission     | pain      | eligible |
condition: Normal pregnancy                    | infusion  | blocked  | CI-14
medicine: Tranylcypromine 10 MG                | spray     | review   | INT-MAOI
medicine: Theophylline 300 MG                  | pain      | review   | INT-THEOPHYLLINE
medicine: Lamotrigine 100 MG                   | infusion  | eligible | INT-LAMOTRIGINE
allergy: Ketamine                              | infusion  | blocked  | CI-01
answer: psychosis = unknown                    | infusion  | review   |
answer: suicide_imminent = yes                 | infusion  | review   | CI-25
answer: escort = no                            | infusion  | eligible | CI-24
answer: episode_began_on = unknown             | infusion  | review   |
age: 17                                        | infusion  | blocked  | CI-22
age: unknown                                   | pain      | review   |
trials: one                                    | infusion  | blocked  | TRD
trials: one                                    | pain      | eligible |
trials: never asked                            | spray     | review   |
"""
LISTS = {"condition": "conditions", "medicine": "medications", "allergy": "allergies"}


def rows(table):
    _, *lines = table.strip().splitlines()
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def person(different):
    what, _, said = different.partition(": ")
    if what in LISTS:
        return {**WELL, LISTS[what]: [said]}
    if what == "answer":
        key, _, value = said.partition(" = ")
        return {**WELL, "answers": {**WELL["answers"], key: value}}
    if what == "age":
        return {**WELL, "age": int(said) if said.isdigit() else None}
    if what == "trials":
        trials = WELL["antidepressant_trials"][:1] if said == "one" else None
        return {**WELL, "antidepressant_trials": trials}
    return WELL


@pytest.mark.parametrize(("different", "treatment", "answer", "rule"), rows(PEOPLE))
def test_the_answer_a_clinician_would_expect(different, treatment, answer, rule):
    verdict = assess(facts_from_json(person(different)), protocol=NEEDS[treatment], on=ON)
    assert verdict.verdict == answer
    assert ", ".join(finding.rule for finding in verdict.findings) == rule


REFERRED = """
referred           | answer  | rules that spoke
alberto_atencio    | review  | CI-20, INT-BENZODIAZEPINES, INT-INDUCERS
alfreda_wyman      | review  | CI-06
andy_schaden       | blocked | CI-02
blaine_schroeder   | review  |
darron_feeney      | blocked | CI-13, CI-06
milan_beatty       | review  | INT-NONE-REPORTED
"""


@pytest.mark.parametrize(("name", "answer", "spoke"), rows(REFERRED))
def test_a_chart_as_it_was_referred_is_never_enough_by_itself(name, answer, spoke):
    chart = read_bundle((DATA / f"fhir/{name}.json.gz").read_bytes())
    verdict = assess(facts_from_chart(chart, on=ON), protocol=NEEDS["infusion"], on=ON)
    assert verdict.verdict == answer
    assert ", ".join(finding.rule for finding in verdict.findings) == spoke
    assert [gap for gap in verdict.missing if gap.holds]


def test_milan_is_eligible_once_the_interview_and_both_trials_are_recorded():
    packed = (DATA / "fhir/milan_beatty.json.gz").read_bytes()
    chart = facts_from_chart(read_bundle(packed), on=ON)
    fluoxetine = {
        "drug": "Fluoxetine",
        "started_on": "1993-01-17",
        "ongoing": True,
        "adequate_dose": "yes",
        "outcome": "partial",
    }
    sertraline = WELL["antidepressant_trials"][0]
    interview = {"answers": WELL["answers"], "antidepressant_trials": [sertraline]}
    one = assess(chart.joined(facts_from_json(interview)), protocol=NEEDS["infusion"], on=ON)
    assert [gap.fact for gap in one.missing if gap.holds] == ["antidepressant_trials"]
    interview["antidepressant_trials"].append(fluoxetine)
    two = assess(chart.joined(facts_from_json(interview)), protocol=NEEDS["infusion"], on=ON)
    assert two.verdict == "eligible"
