"""Esketamine: devices one at a time, and nobody goes home before two hours."""

from datetime import date, timedelta

import pytest

from ketaflow.cli.fictional.persons import Somebody
from ketaflow.cli.fictional.referral import bundle
from ketaflow.people.chart import Sex
from tests.stories import at_the_chair as chair
from tests.stories import before_treatment as before
from tests.stories.clinic_day import MORNING, ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser
PROTOCOL = "ESK-TRD"
ROSA = Somebody(
    number=61,
    given="Rosa",
    family="Kuhlman",
    sex=Sex.FEMALE,
    born_on=date(1980, 4, 12),
    weight_kg=68.5,
    height_cm=167,
    systolic=124,
    diastolic=78,
)


def test_rosa_kuhlman_has_her_first_spray_and_stays_for_two_hours(begin):
    day = begin("esketamine")
    given_a_referral(day)
    when_screening_is_done(day)
    when_the_prescriber_plans_eight_sprays(day)
    when_she_agrees_and_is_booked(day)
    when_the_checklist_is_ticked(day)
    when_the_pressure_is_too_high_at_first(day)
    when_a_second_person_checks_the_devices(day)
    when_the_devices_are_given_one_at_a_time(day)
    when_she_is_watched(day)
    then_nobody_goes_home_before_two_hours(day)
    then_the_course_goes_on(day)
    day.chapter.close()


def given_a_referral(day: ClinicDay) -> None:
    day.chapter.title("Esketamine nasal spray")
    day.tell(
        "Rosa Kuhlman's depression has outlasted two antidepressants, and her doctor asks for "
        "esketamine. This chapter follows her to the end of the first spray. Lines set apart are "
        "what the screen says, word for word; the clinic is fictional and its own limits are "
        "made up."
    )
    document = bundle(
        ROSA,
        indication="depression",
        medicines=("Venlafaxine 150 MG Extended Release Oral Capsule",),
        at=MORNING - timedelta(days=1),
    )
    page = before.send_file(
        day,
        "kuhlman.json",
        document,
        referrer="Dr Leon Adeyemi, County Hospital",
        referred_for="Esketamine, after two antidepressants",
    )
    then_it_says(page, "Rosa Kuhlman")
    before.find_patient(day, "nurse", "Rosa Kuhlman")


def when_screening_is_done(day: ClinicDay) -> None:
    day.chapter.heading("Screening for the spray")
    page = before.open_patient(day, "nurse", "screening/")
    page.get_by_text("Screen for another protocol").click()
    page.get_by_label("Protocol").select_option(PROTOCOL)
    before.button(page, "Show")
    then_it_says(page, "Screening: Depression, esketamine nasal spray")
    day.tell(
        "The same chart is read with other rules for the spray than for an infusion, and Ada "
        "chooses the spray. Because Rosa is 46, two more questions are asked of her: whether she "
        "could be pregnant, and what today's test shows. She answers everything, and both "
        "antidepressants are recorded: venlafaxine, which she still takes, and sertraline."
    )
    before.answer_interview(
        day,
        PROTOCOL,
        episode_began_on="2025-06-01",
        pregnancy="neither",
        pregnancy_test="negative",
    )
    venlafaxine = {"dose": "150 mg a day", "adequate_dose": "yes", "outcome": "partial"}
    before.record_trial(day, PROTOCOL, "venlafaxine", **venlafaxine)
    sertraline = {"dose": "150 mg a day", "adequate_dose": "yes", "outcome": "none"}
    before.record_trial(
        day,
        PROTOCOL,
        "sertraline",
        started_on="2026-03-02",
        stopped_on="2026-06-01",
        stopped_because="No effect",
        **sertraline,
    )
    page = before.record_verdict(day, PROTOCOL)
    follow(page.get_by_role("button", name="Plan a course"))


def when_the_prescriber_plans_eight_sprays(day: ClinicDay) -> None:
    page = day.screen("prescriber")
    day.tell("Dr Osei reads what speaks against it too:")
    day.says(page, "With esketamine alone more than three in four were not in remission at week 4.")
    day.tell(
        "A spray comes in devices: there is nothing to weigh and nothing to draw up. The label's "
        "first dose is proposed, and he confirms it."
    )
    page = before.work_out_dose(day)
    day.says(page, "2 × 28 mg = 56 mg")
    before.confirm_course(day)


def when_she_agrees_and_is_booked(day: ClinicDay) -> None:
    before.agree(day)
    chair.give_questionnaire(day, "phq-9", "2 2 2 3 2 2 2 1 0 2", "BASELINE")
    page = before.book_course(day, "11:00")
    first, last = before.proposed(day)
    day.tell(
        f"Rosa agrees to each statement and answers her first PHQ-9. Flo books eight visits, two a "
        f"week: the first on {first}, the last on {last}. Each visit holds the chair and a nurse "
        "for the preparation and the two hours after the first spray."
    )
    then_it_says(page, "8 visits are booked.")


def when_the_checklist_is_ticked(day: ClinicDay) -> None:
    day.chapter.heading("Before the first spray")
    day.clock.passes(hours=1)
    page = chair.check_in(day, "Rosa Kuhlman")
    day.look(page, "the room before the spray")
    day.tell("At eleven Ada checks Rosa in. The checklist is the one for a spray. On it are:")
    for words in (
        "No food for 2 hours",
        "No liquids for 30 minutes",
        "No nasal steroid or decongestant for 1 hour",
        "Patient blew the nose; devices are not primed",
        "A prescriber and a pulse oximeter are on site",
    ):
        day.says(page, words)
    day.tell("Ada goes through it with the keyboard alone, and writes down who takes Rosa home.")
    day.clock.passes(minutes=6)
    chair.tick_checklist_by_keyboard(day, "Jonas, husband, 555-0142")
    page = chair.room(day)
    assert page.get_by_role("button", name="The device was given").count() == 0


def when_the_pressure_is_too_high_at_first(day: ClinicDay) -> None:
    chair.measure_baseline(day, "156", "88")
    page = day.screen("nurse")
    day.tell("Rosa has hurried. Her pressure lies above this clinic's own limit before dosing:")
    day.says(page, "Systolic pressure 156 mmHg; systolic pressure that holds the dose: 150.")
    day.tell(
        "The spray waits, unless a prescriber weighs it and writes why it goes ahead. Dr Osei "
        "would rather wait. A quarter of an hour later it is 134/82, and the way is free."
    )
    day.clock.passes(minutes=15)
    chair.measure_baseline(day, "134", "82")


def when_a_second_person_checks_the_devices(day: ClinicDay) -> None:
    day.tell("Noah reads the devices. There are three on the tray, and the order says two.")
    page = chair.check_dose(day, "nurse2", dose_mg="84", devices="3")
    day.chapter.quote(chair.refusal(page))
    day.tell("Ada puts one back; he reads two, 56 mg, and signs.")
    day.clock.passes(minutes=4)
    page = chair.check_dose(day, "nurse2", dose_mg="56", devices="2")
    then_it_says(page, "The dose is checked.")


def when_the_devices_are_given_one_at_a_time(day: ClinicDay) -> None:
    day.chapter.heading("Two devices, five minutes apart")
    page = day.screen("nurse")
    day.look(page, "ready to spray")
    day.says(page, "Do not prime it. The two-hour clock runs from your press.")
    chair.press(day, "device", lot="LOT4471")
    day.tell(
        "At 11:25 the first device is given. A minute later Ada has the second one in her hand and "
        "enters its lot number."
    )
    day.clock.passes(minutes=1)
    page = chair.press(day, "device", lot="LOT4472")
    day.chapter.quote(chair.refusal(page))
    day.tell("She waits with Rosa. At 11:30 the page takes it, and the observation begins.")
    day.clock.passes(minutes=4)
    page = chair.press(day, "device", lot="LOT4472")
    then_it_says(page, "56 mg of 56")
    then_it_says(page, "Under observation")


def when_she_is_watched(day: ClinicDay) -> None:
    day.chapter.heading("Two hours")
    day.tell(
        "Ada takes a round every twenty minutes, as this clinic's policy asks. At 40 minutes Rosa "
        "floats: sedation 4, dissociation 12, 148/90. After an hour and a half she is herself "
        "again."
    )
    day.clock.passes(minutes=15)
    chair.take_round(day, "142/86", sedation="5", dissociation="6")
    day.clock.passes(minutes=20)
    page = chair.take_round(day, "148/90", sedation="4", dissociation="12")
    then_it_says(page, "systolic 14 above, diastolic 8 above")
    day.look(page, "after the spray")
    chair.press(day, "effect", effect="dissociation", severity="2")
    for pressure, left in (("140/86", "4"), ("134/84", "1"), ("132/82", "0")):
        day.clock.passes(minutes=20)
        page = chair.take_round(day, pressure, sedation="5", dissociation=left)
    day.says(page, "20 min more of the 120 minutes from the first spray.")


def then_nobody_goes_home_before_two_hours(day: ClinicDay) -> None:
    day.clock.passes(minutes=19)
    chair.take_round(day, "130/82", sedation="5", dissociation="0")
    chair.score_discharge(day)
    day.tell(
        "At an hour and fifty-nine minutes all is well, the score is full, her husband is here, "
        "and every line is ticked. Ada presses."
    )
    page = chair.send_home(day)
    day.chapter.quote(chair.refusal(page))
    day.tell("One minute later the same press sends her home.")
    day.clock.passes(minutes=1)
    page = chair.send_home(day)
    then_it_says(page, "The patient has gone home.")
    day.says(page, "Gone home at 13:25")
    day.tell(
        "Nobody at the chair can shorten the two hours. Only the medical director can, by name and "
        "with a reason that stays in the record."
    )


def then_the_course_goes_on(day: ClinicDay) -> None:
    page = before.open_course(day, "prescriber")
    day.tell("On the page of the course Dr Osei sees the session, and when Rosa comes next:")
    day.says(page, "1 of 8 sessions given, 56 mg in all.")
    day.says(page, "The next visit is Fri 4 Dec 2026, 11:00.")
