"""What screening was told and decided is kept, stays with its clinic, and can be made again."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ketaflow.fhir.bundle import read_bundle
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people import actions as people
from ketaflow.people.roles import NotYours
from ketaflow.refusals import Refused
from ketaflow.screening import actions, queries
from ketaflow.screening.clearance import NoReason, NothingToClear, NotTheirs
from ketaflow.screening.interview import NoSuchQuestion, NotAnAnswer
from ketaflow.screening.resistance import Response, Told, Trial
from ketaflow.screening.rules import ProtocolNeeds, Severity
from ketaflow.screening.verdict import TRD, Eligibility

from ..conftest import NOW

TODAY = NOW.date()
DEPRESSION = ProtocolNeeds("TRD-IV-STD", "Treatment-resistant depression", "iv", sessions=6)
PAIN = ProtocolNeeds("CRPS-OP-1", "Complex regional pain syndrome", "iv", sessions=10)
ASKED = actions.Asked(DEPRESSION, TODAY)
BUNDLES = Path(__file__).parents[1] / "data" / "fhir"
FINE = {
    "allergy_ketamine": "no",
    "blood_pressure_uncontrolled": "no",
    "stroke_ever": "no",
    "brain_bleed_ever": "no",
    "aneurysm_or_avm": "no",
    "heart_event_six_weeks": "no",
    "heart_disease_uncontrolled": "no",
    "raised_head_pressure": "no",
    "eye_pressure": "no",
    "psychosis": "no",
    "bipolar": "no",
    "substance_use": "no",
    "liver": "none",
    "dementia_or_delirium": "no",
    "bladder": "no",
    "thyroid_overactive": "no",
    "breathing": "no",
    "seizures": "no",
    "porphyria": "no",
    "medicines_complete": "yes",
    "capacity_and_consent": "yes",
    "escort": "yes",
    "suicide_imminent": "no",
    "personality_main": "no",
    "psychiatric_assessment": "yes",
    "episode_began_on": "2024-11-01",
}
FLUOXETINE = Trial(
    drug="Fluoxetine",
    dose="40 mg a day",
    started_on=date(2025, 1, 10),
    stopped_on=date(2025, 4, 20),
    adequate_dose=Told.YES,
    outcome=Response.NONE,
)
SERTRALINE = replace(
    FLUOXETINE, drug="Sertraline", started_on=date(2025, 5, 1), stopped_on=date(2025, 9, 1)
)


def take_in(staff, name="milan_beatty.json.gz"):
    document = (BUNDLES / name).read_bytes()
    chart = read_bundle(document, name=name)
    return people.receive(
        chart=chart, document=document, name=name, by=staff.author, at=NOW
    ).patient


@pytest.fixture
def milan(nurse):
    """The patient of a real referral: depressed, on one antidepressant."""
    return take_in(nurse)


def tell(staff, patient, answers, **more):
    return actions.answer(patient=patient, answers=answers, by=staff.author, at=NOW, **more)


def tried(staff, patient, trial, **more):
    told = actions.ToldTrial(trial, "No better")
    return actions.record_trial(patient=patient, told=told, by=staff.author, at=NOW, **more)


def stands(patient, needs=DEPRESSION):
    return queries.standing(clinic=patient.clinic_id, patient=patient.id, needs=needs, on=TODAY)


def set_aside(staff, patient, rule, severity, words="Talked through with the family."):
    reason = actions.Reason(rule, severity, words)
    actions.set_aside(patient=patient, asked=ASKED, reason=reason, by=staff.author, at=NOW)


def entries(patient):
    return journal.last_ordinal(clinic=patient.clinic_id, stream=f"screening/{patient.id}")


def test_a_referral_with_one_antidepressant_becomes_eligible_once_all_is_known(nurse, milan):
    assert stands(milan).verdict is Eligibility.REVIEW
    tell(nurse, milan, FINE)
    tried(nurse, milan, FLUOXETINE)
    one = stands(milan)
    assert (one.verdict, one.resistance.adequate) == (Eligibility.BLOCKED, 1)
    tried(nurse, milan, SERTRALINE)
    assert stands(milan).verdict is Eligibility.ELIGIBLE


def test_an_assessment_keeps_what_it_rested_on(nurse, milan):
    tried(nurse, milan, FLUOXETINE)
    actions.assess(patient=milan, asked=ASKED, by=nurse.author, at=NOW)
    kept = queries.assessments(clinic=milan.clinic_id, patient=milan.id)[0]
    assert (kept.protocol, kept.verdict, kept.by_name) == ("TRD-IV-STD", "blocked", "Ada Nurse")
    assert kept.findings[0]["rule"] == TRD
    assert kept.findings[0]["source"]
    assert {"answers.escort"} <= {one["fact"] for one in kept.missing}


def test_the_last_assessment_is_of_its_own_protocol(nurse, milan):
    actions.assess(patient=milan, asked=ASKED, by=nurse.author, at=NOW)
    assert stands(milan).assessed_as is Eligibility.REVIEW
    assert stands(milan, PAIN).assessed_at is None


def test_only_changed_answers_are_written(nurse, milan):
    assert tell(nurse, milan, {"escort": "yes", "seizures": "no"}) == 2
    before = entries(milan)
    assert tell(nurse, milan, {"escort": "yes", "seizures": "no"}) == 0
    assert entries(milan) == before
    assert tell(nurse, milan, {"escort": "no", "seizures": "no"}) == 1
    assert stands(milan).facts.answer("escort") == "no"


def test_an_answer_taken_back_is_not_known(nurse, milan):
    tell(nurse, milan, {"escort": "yes"})
    tell(nurse, milan, {"escort": "unknown"})
    assert stands(milan).facts.answer("escort") is None


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [({"escrot": "yes"}, NoSuchQuestion), ({"escort": "perhaps"}, NotAnAnswer)],
)
def test_what_the_interview_does_not_take_is_not_written(nurse, milan, answers, refusal):
    with pytest.raises(refusal):
        tell(nurse, milan, {"seizures": "no"} | answers)
    assert entries(milan) == 0


def test_whoever_saw_an_outdated_page_is_told_so(nurse, milan):
    tell(nurse, milan, {"escort": "yes"}, seen=0)
    with pytest.raises(SomeoneElseMoved):
        tell(nurse, milan, {"escort": "no"}, seen=0)
    with pytest.raises(SomeoneElseMoved):
        tried(nurse, milan, FLUOXETINE, seen=0)
    assert entries(milan) == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"drug": " "}, "which antidepressant"),
        ({"stopped_on": date(2024, 1, 1)}, "before it starts"),
        ({"ongoing": True}, "cannot both"),
        ({"started_on": TODAY + timedelta(days=9), "stopped_on": None}, "not come yet"),
    ],
)
def test_a_trial_that_cannot_be_is_refused(nurse, milan, wrong, named):
    with pytest.raises(Refused, match=named):
        tried(nurse, milan, replace(FLUOXETINE, **wrong))
    assert entries(milan) == 0


def test_a_corrected_trial_counts_as_corrected_and_the_old_word_stays(nurse, milan):
    row = tried(nurse, milan, replace(FLUOXETINE, adequate_dose=Told.NO))
    told = actions.ToldTrial(FLUOXETINE, "No better")
    correction = actions.Correction(row.id, "The dose was 40 mg, not 4")
    actions.correct_trial(patient=milan, told=told, correction=correction, by=nurse.author, at=NOW)
    assert queries.trials(clinic=milan.clinic_id, patient=milan.id)[0].adequate_dose == "yes"
    first = journal.entries(clinic=milan.clinic_id, stream=f"screening/{milan.id}")[0]
    assert first.payload["adequate_dose"] == "no"


def test_a_trial_that_never_was_is_left_out(nurse, milan):
    row = tried(nurse, milan, SERTRALINE)
    told = actions.ToldTrial(SERTRALINE)
    gone = actions.Correction(row.id, "Another patient's", in_error=True)
    actions.correct_trial(patient=milan, told=told, correction=gone, by=nurse.author, at=NOW)
    assert not queries.trials(clinic=milan.clinic_id, patient=milan.id)
    with pytest.raises(Refused, match="not on this patient's record"):
        actions.correct_trial(patient=milan, told=told, correction=gone, by=nurse.author, at=NOW)


def test_too_few_trials_yield_only_to_the_medical_director(nurse, prescriber, director, milan):
    tell(nurse, milan, FINE)
    tried(nurse, milan, FLUOXETINE)
    with pytest.raises(NotTheirs, match="medical director"):
        set_aside(prescriber, milan, TRD, Severity.ABSOLUTE)
    set_aside(director, milan, TRD, Severity.ABSOLUTE)
    after = stands(milan)
    assert after.verdict is Eligibility.ELIGIBLE
    assert after.set_aside[0][1].by == "Mia Director"
    kinds = [one.kind for one in list(journal.newest_first(clinic=milan.clinic_id, most=50))]
    assert "screening.overridden" in kinds


def test_a_relative_finding_asks_a_named_reviewer_for_words(nurse, prescriber, milan):
    tell(nurse, milan, FINE | {"psychosis": "no", "thyroid_overactive": "yes"})
    relative = [one for one in stands(milan).open if one.severity is Severity.RELATIVE]
    rule = relative[0].rule
    with pytest.raises(NotTheirs):
        set_aside(nurse, milan, rule, Severity.RELATIVE)
    with pytest.raises(NoReason):
        set_aside(prescriber, milan, rule, Severity.RELATIVE, "  ")
    set_aside(prescriber, milan, rule, Severity.RELATIVE)
    assert rule not in {one.rule for one in stands(milan).open}


def test_a_reason_needs_something_to_set_aside(director, milan):
    with pytest.raises(NothingToClear):
        set_aside(director, milan, "CI-01", Severity.ABSOLUTE)
    assert entries(milan) == 0


def test_the_work_up_is_there_once_somebody_did_it(nurse, milan):
    def ecg():
        return {one.item.id: one.state for one in stands(milan).workup}["medical_history"]

    assert ecg() == "missing"
    actions.note_workup(
        patient=milan, item="medical_history", done_on=TODAY, by=nurse.author, at=NOW
    )
    assert ecg() == "present"


@pytest.mark.parametrize(
    ("item", "day"), [("horoscope", TODAY), ("ecg", TODAY + timedelta(days=2))]
)
def test_a_work_up_that_cannot_be_is_refused(nurse, milan, item, day):
    with pytest.raises(Refused):
        actions.note_workup(patient=milan, item=item, done_on=day, by=nurse.author, at=NOW)


def test_the_dead_are_not_treated_whoever_signs(nurse, director):
    darron = take_in(nurse, "darron_feeney.json.gz")
    found = stands(darron)
    assert found.verdict is Eligibility.BLOCKED
    assert found.open[0].rule == queries.DECEASED
    with pytest.raises(NothingToClear):
        set_aside(director, darron, queries.DECEASED, Severity.ABSOLUTE)


def test_the_front_desk_screens_nobody(people, milan):
    desk = next(one for one in people.values() if one.name == "Flo Desk")
    with pytest.raises(NotYours):
        tell(desk, milan, {"escort": "yes"})
    with pytest.raises(NotYours):
        actions.assess(patient=milan, asked=ASKED, by=desk.author, at=NOW)


def test_nothing_is_told_about_a_patient_of_another_clinic(nurse, dee, milan):
    tell(nurse, milan, {"escort": "yes"})
    tried(nurse, milan, FLUOXETINE)
    elsewhere = {"clinic": dee.clinic_id, "patient": milan.id}
    with pytest.raises(queries.NoSuchPatient):
        queries.facts_for(**elsewhere, on=TODAY)
    with pytest.raises(queries.NoSuchPatient):
        queries.standing(**elsewhere, needs=DEPRESSION, on=TODAY)
    assert not queries.answers(**elsewhere)
    assert not queries.trials(**elsewhere)
    assert not queries.assessments(**elsewhere)


def test_nobody_writes_about_a_patient_of_another_clinic(dee, milan):
    with pytest.raises(Refused, match="Nobody of this clinic"):
        tell(dee, milan, {"escort": "yes"})
    with pytest.raises(Refused, match="Nobody of this clinic"):
        tried(dee, milan, FLUOXETINE)
    assert entries(milan) == 0


def test_an_answer_the_interview_no_longer_takes_is_asked_again(nurse, milan, monkeypatch):
    tell(nurse, milan, {"escort": "yes", "seizures": "no"})
    from ketaflow.screening import interview

    today = {key: one for key, one in interview.questions().items() if key != "escort"}
    monkeypatch.setattr(interview, "questions", lambda: today)
    assert dict(queries.answers(clinic=milan.clinic_id, patient=milan.id)) == {"seizures": "no"}


def test_after_a_whole_story_the_rows_are_what_the_journal_says(nurse, director, milan):
    tell(nurse, milan, FINE)
    row = tried(nurse, milan, FLUOXETINE)
    told = actions.ToldTrial(replace(FLUOXETINE, outcome=Response.PARTIAL))
    correction = actions.Correction(row.id, "A little better")
    actions.correct_trial(patient=milan, told=told, correction=correction, by=nurse.author, at=NOW)
    set_aside(director, milan, TRD, Severity.ABSOLUTE)
    for at in (NOW, NOW + timedelta(minutes=2)):
        actions.note_workup(patient=milan, item="ecg", done_on=TODAY, by=nurse.author, at=at)
    tell(nurse, milan, {"escort": "no"})
    actions.assess(patient=milan, asked=ASKED, by=nurse.author, at=NOW)
    rows = journal.rebuild()
    counted = {name: rows[f"screening_{name}"] for name in ("answer", "workupdone", "clearance")}
    assert counted == {"answer": len(FINE), "workupdone": 1, "clearance": 1}
