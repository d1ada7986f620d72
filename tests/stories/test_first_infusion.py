"""The first infusion: from a hospital's file to the page that asks whether it helped."""

from pathlib import Path

import pytest

from tests.stories import at_the_chair as chair
from tests.stories import before_treatment as before
from tests.stories.clinic_day import ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser
BUNDLE = Path(__file__).parents[1] / "data/fhir/milan_beatty.json.gz"
PROTOCOL = "TRD-IV-STD"


def test_milan_beatty_is_referred_screened_treated_and_asked_whether_it_helped(begin):
    day = begin("first-infusion")
    given_the_clinic_on_a_tuesday(day)
    when_the_front_desk_takes_in_the_referral(day)
    then_screening_says_what_is_missing(day)
    when_the_nurse_asks_and_measures(day)
    when_the_antidepressants_are_recorded(day)
    then_milan_is_eligible(day)
    when_the_prescriber_plans_six_infusions(day)
    when_the_patient_agrees(day)
    when_six_visits_are_booked(day)
    when_the_chair_is_prepared(day)
    when_a_second_person_checks_the_dose(day)
    when_the_infusion_runs(day)
    when_it_is_paused_and_ends(day)
    when_the_patient_is_watched_and_goes_home(day)
    then_the_course_page_says_how_it_stands(day)
    day.chapter.close()


def given_the_clinic_on_a_tuesday(day: ClinicDay) -> None:
    day.chapter.title("The first infusion")
    day.tell(
        "It is Tuesday, ten in the morning, at Juniper Lane Clinic, a fictional clinic with "
        "made-up limits. This chapter follows one real referral from the hospital's file to the "
        "page that asks whether treatment helps. Lines set apart are what the screen says, word "
        "for word; the same story is run in a browser each time the software is tested."
    )


def when_the_front_desk_takes_in_the_referral(day: ClinicDay) -> None:
    day.chapter.heading("A referral arrives")
    day.tell(
        "The hospital has sent a file about Milan Beatty. Flo at the front desk takes it in and "
        "writes down who sent it and what for."
    )
    document = BUNDLE.read_bytes()
    page = before.send_file(
        day,
        BUNDLE.name,
        document,
        referrer="Dr Ruth Calloway, Springfield Medical Group",
        referred_for="Depression that did not get better",
    )
    day.says(page, "Milan Beatty, 138 new facts in the chart.")
    day.look(page, "a referral taken in")
    day.tell("She is not sure that it worked and sends the same file again. Nothing is doubled.")
    page = before.send_file(day, BUNDLE.name, document)
    day.says(page, "This very file about Milan Beatty was taken in already. Nothing changed.")
    day.tell("Flo sees the name and the reason, and no more: the chart is for clinicians.")


def then_screening_says_what_is_missing(day: ClinicDay) -> None:
    day.chapter.heading("May he be treated?")
    page = before.find_patient(day, "nurse", "Milan Beatty")
    day.look(page, "the chart")
    then_it_says(page, "Depression that did not get better")
    page = before.open_screening(day, "nurse", PROTOCOL)
    day.look(page, "screening")
    day.tell(
        "Ada, the nurse, opens the chart and then screening. The hospital's record names major "
        "depression and one antidepressant, fluoxetine. It says nothing about a stroke, about "
        "psychosis or about who would take him home. Silence is not taken for a no:"
    )
    day.says(page, "Not yet: something must be known or decided first")
    day.says(page, "26 questions of the interview are open.")
    day.says(page, "0 of 2 adequate antidepressant trials without response are on record.")


def when_the_nurse_asks_and_measures(day: ClinicDay) -> None:
    day.tell(
        "Ada asks Milan the questions and enters his answers from the keyboard, without touching "
        "the mouse. Nothing is found. This episode began on 1 March 2025. His last weight on "
        "record is six years old, so she weighs him and takes his blood pressure: 98.4 kg, 128/82."
    )
    page = before.answer_interview_by_keyboard(day, PROTOCOL, episode_began_on="03012025")
    day.look(page, "screening, answered")
    then_it_says(page, "of 2020-09-05, 2278 days old; the clinic allows 60.")
    before.measure(day, weight="98.4", systolic="128", diastolic="82")


def when_the_antidepressants_are_recorded(day: ClinicDay) -> None:
    day.tell(
        "Milan still takes the fluoxetine. It helped a little. Ada completes what the chart began, "
        "and the page answers that one is not enough:"
    )
    page = before.record_trial(
        day,
        PROTOCOL,
        "fluoxetine",
        dose="40 mg a day",
        adequate_dose="yes",
        outcome="partial",
    )
    day.says(
        page,
        "Ketamine is not a first treatment: a second adequate trial in this episode must be on "
        "record, or the medical director decides otherwise in writing.",
    )
    day.tell(
        "She asks again, and calls his pharmacy. He took sertraline, 150 mg a day, for three "
        "months last spring, without effect. She records that too."
    )
    page = before.record_trial(
        day,
        PROTOCOL,
        "sertraline",
        dose="150 mg a day",
        started_on="2026-03-02",
        stopped_on="2026-06-01",
        adequate_dose="yes",
        outcome="none",
        stopped_because="No effect",
    )
    day.says(page, "2 of 2 adequate trials without response are on record.")


def then_milan_is_eligible(day: ClinicDay) -> None:
    page = before.record_verdict(day, PROTOCOL)
    day.tell("Dr Osei reads what it rests on, and records it under his name.")
    day.says(page, "Eligible: nothing known stands in the way")
    then_it_says(page, "by Dr Ben Osei.")
    follow(page.get_by_role("button", name="Plan a course"))


def when_the_prescriber_plans_six_infusions(day: ClinicDay) -> None:
    day.chapter.heading("Six infusions")
    page = day.screen("prescriber")
    day.look(page, "planning")
    day.tell(
        "The page for the plan opens with what speaks for six infusions, and with what speaks "
        "against them. Among that:"
    )
    day.says(
        page,
        "Serial ketamine did no better than midazolam in 65 inpatients (KARMA-Dep 2): MADRS "
        "difference -3.16, 95 % interval -8.54 to 2.22, p = 0.25; blinding largely failed.",
    )
    day.tell(
        "Dr Osei's finger slips as he types the weight. The slip is named, nothing is planned:"
    )
    page = before.work_out_dose(day, weight_kg="984", strength_mg_ml="50", bag_ml="100")
    day.says(page, "Is 984 kg meant to be 98.4 kg?")
    page = before.work_out_dose(day, weight_kg="98.4")
    day.tell("With the right weight he sees the dose and how it was worked out, and confirms it.")
    day.says(page, "49.2 mg 0.5 mg/kg × 98.4 kg (total weight) = 49.2 mg, over 40 min")
    day.says(page, "0.98 mL of 50 mg/mL made up to 100 mL is 0.49 mg/mL.")
    before.confirm_course(day)


def when_the_patient_agrees(day: ClinicDay) -> None:
    day.tell(
        "Ada reads the agreement with Milan, statement by statement: that this use is off-label, "
        "that the evidence has limits, what can go wrong, what else there is. She forgets to tick "
        "the first one."
    )
    day.chapter.quote(before.agree(day))
    day.tell(
        "She goes back to it, and Milan agrees to every one. Then he fills in the PHQ-9, so that "
        "there is something to compare with later: 17 points, moderately severe."
    )
    page = chair.give_questionnaire(day, "phq-9", "2 3 2 3 2 2 2 1 0 2", "BASELINE")
    then_it_says(page, "PHQ-9 is recorded: 17, moderately severe.")


def when_six_visits_are_booked(day: ClinicDay) -> None:
    page = before.book_course(day, "11:00")
    first, last = before.proposed(day)
    day.tell(
        f"Flo is offered a day and time for each of the six, as the protocol and the chairs allow: "
        f"the first on {first}, the last on {last}. The preparation, the infusion and the recovery "
        "are part of each visit. She books all six with one press; had one of them been taken "
        "meanwhile, none would have been booked."
    )
    then_it_says(page, "6 visits are booked.")


def when_the_chair_is_prepared(day: ClinicDay) -> None:
    day.chapter.heading("The chair is prepared")
    day.clock.passes(hours=1)
    page = chair.check_in(day, "Milan Beatty")
    day.tell(
        "At eleven Milan is back with his sister. Ada checks him in from the board. The page says "
        "what is still missing, and there is no button to start with before it is there:"
    )
    day.look(page, "the room before the drug")
    for words in (
        "Baseline vital signs are missing.",
        "No second person has checked the dose.",
        "The checklist has 5 open.",
    ):
        day.says(page, words)
    assert page.get_by_role("button", name="The pump is running").count() == 0
    day.clock.passes(minutes=8)
    lines = chair.tick_checklist(day, "Anna, sister, 555-0177")
    assert len(lines) == 5
    day.clock.passes(minutes=3)
    chair.measure_baseline(day, "126", "80")
    day.tell(
        "She ticks the five lines, names the sister as escort, and takes the baseline: 126/80."
    )


def when_a_second_person_checks_the_dose(day: ClinicDay) -> None:
    read = {"dose_mg": "49.2", "rate_mg_min": "1.23"}
    day.tell("Ada has drawn up the dose. She tries to sign the check herself.")
    page = chair.check_dose(day, "nurse", **read)
    day.says(page, "Ada Whitfield prepared this dose and cannot check it too.")
    day.tell("Noah comes, reads syringe and pump, and signs with his own password.")
    day.clock.passes(minutes=4)
    page = chair.check_dose(day, "nurse2", **read)
    then_it_says(page, "Noah Brandt checked at 11:15 what Ada Whitfield prepared.")
    day.look(page, "ready to start")


def when_the_infusion_runs(day: ClinicDay) -> None:
    day.chapter.heading("The infusion")
    day.tell(
        "Ketaflow does not touch the pump. Ada starts it and enters the rate it shows. She types "
        "12.3, and is asked about the point. Then 1.23, as ordered."
    )
    page = chair.press(day, "start", rate_mg_min="12.3")
    day.chapter.quote(chair.refusal(page))
    page = chair.press(day, "start", rate_mg_min="1.23")
    assert page.locator(".chart__plot canvas").count() >= 2
    day.tell(
        "From now on the page shows the time, what was given, when the next reading is due, and a "
        "forecast for somebody like Milan with the range in which nine of ten people lie. At 10 "
        "minutes he is at 138/86 and feels far away. At 15 he is dizzy; Ada slows the pump to 1 "
        "mg/min and writes why."
    )
    day.clock.passes(minutes=10)
    chair.take_round(day, "138/86", sedation="5", dissociation="4")
    day.clock.passes(minutes=5)
    chair.press(day, "rate", rate_mg_min="1", reason="dizzy")
    day.clock.passes(minutes=5)
    page = chair.take_round(day, "142/88", sedation="4", dissociation="9")
    day.look(page, "running")
    day.tell("At 20 minutes:")
    day.says(page, "142/88 mmHg, pulse 72, SpO2 98 %, breathing 14")
    day.says(page, "systolic 16 above, diastolic 8 above")
    day.tell(
        "He feels sick as well. Ada notes it, asks Dr Osei, and gives the tablet he orders. Which "
        "medicine and how much is theirs to decide: the page takes what was given and for what, "
        "and proposes no dose."
    )
    chair.press(day, "effect", effect="nausea", severity="2")
    page = chair.press(
        day,
        "rescue",
        medicine="Ondansetron",
        dose="4 mg",
        route="by mouth",
        reason="nausea, ordered by Dr Osei",
    )
    day.says(page, "Rescue medicine: Ondansetron 4 mg, by mouth: nausea, ordered by Dr Osei")


def when_it_is_paused_and_ends(day: ClinicDay) -> None:
    day.tell(
        "At 25 minutes he is anxious and his pressure is 168/94. That meets two rules of this "
        "clinic's made-up policy. The page says reading, rule and source; it is no alarm, and the "
        "pump is Ada's to stop. She pauses the drug."
    )
    day.clock.passes(minutes=5)
    page = chair.take_round(day, "168/94", sedation="5", dissociation="11")
    day.says(page, "Hold: no more drug until released")
    day.says(page, "Systolic pressure 40 mmHg or more above baseline")
    page = chair.press(day, "pause", reason="anxious, wants to talk")
    day.look(page, "paused")
    day.tell("Before somebody has released the hold, the drug does not go on.")
    day.clock.passes(minutes=1)
    day.chapter.quote(chair.refusal(chair.press(day, "resume")))
    chair.answer_holds(day, "acknowledge", words="Quiet room, Dr Osei told")
    day.tell(
        "Three minutes later it is 146/88. Ada releases the hold with her reason, and the drug "
        "runs again. The end moves with it, and when the whole dose is in she stops the pump."
    )
    day.clock.passes(minutes=3)
    chair.take_round(day, "146/88", sedation="5")
    page = chair.answer_holds(day, "release", reason="146/88 and calm; Dr Osei agrees")
    then_it_says(page, "The hold is released.")
    chair.press(day, "resume")
    chair.take_round(day, "136/86", sedation="5", dissociation="6")
    day.clock.passes(minutes=10)
    chair.take_round(day, "138/84", sedation="5")
    day.clock.passes(minutes=10, seconds=45)
    chair.take_round(day, "134/84", sedation="5", dissociation="3")
    page = chair.press(day, "stop", reason="complete")
    day.look(page, "under observation")
    then_it_says(page, "49.2 mg of 49.2")


def when_the_patient_is_watched_and_goes_home(day: ClinicDay) -> None:
    day.chapter.heading("The way home")
    for _ in range(2):
        day.clock.passes(minutes=15)
        chair.take_round(day, "130/82", sedation="5", dissociation="0")
    chair.score_discharge(day)
    page = chair.send_home(day)
    day.tell(
        "Half an hour later Milan feels well and would like to leave. The discharge score is full "
        "and every line is ticked, but this clinic has signed 45 minutes."
    )
    day.chapter.quote(chair.refusal(page))
    day.clock.passes(minutes=15)
    page = chair.send_home(day)
    day.tell("Fifteen minutes later the same press sends him home with his sister.")
    then_it_says(page, "The patient has gone home.")
    then_it_says(page, "Gone home at 12:49")
    day.look(page, "gone home")


def then_the_course_page_says_how_it_stands(day: ClinicDay) -> None:
    day.chapter.heading("Did it help?")
    day.clock.passes(minutes=3)
    page = chair.give_questionnaire(day, "phq-9", "1 2 1 2 1 1 1 1 0 1", "AFTER_SESSION")
    then_it_says(page, "PHQ-9 is recorded: 10, moderate.")
    day.look(page, "the outcomes")
    page = before.open_course(day, "prescriber")
    day.tell(
        "On his way out Milan answers the PHQ-9 once more. In the afternoon Dr Osei opens the page "
        "of the course. It draws both totals with the session between them, says them in one "
        "sentence, lists the session, and names what comes next."
    )
    day.says(page, "PHQ-9 fell from 17 to 10 (41 %) on the same day: no response.")
    day.says(page, "1 of 6 sessions given, 49.2 mg in all.")
    day.says(page, "The next visit is Thu 3 Dec 2026, 11:00.")
    assert page.locator("svg.trend .trend__point").count() == 2
    then_it_says(page, "1 Tue 1 Dec 2026, 11:00 Discharged 49.2 mg Chair 1")
    day.look(page, "the course")
    day.tell("One day is not a response. After the third session a review will be due.")
