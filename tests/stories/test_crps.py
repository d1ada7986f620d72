"""CRPS: ten days of four hours under a published ceiling, and what comes after."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from ketaflow.cli.fictional import courses
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import Somebody
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.chart import Sex
from ketaflow.protocol import queries as protocol
from ketaflow.schedule.models import Booking
from ketaflow.schedule.standing import Standing
from tests.stories import at_the_chair as chair
from tests.stories import before_treatment as before
from tests.stories.clinic_day import ClinicDay, Keyboard, follow, then_it_says

pytestmark = pytest.mark.browser
PROTOCOL = "CRPS-OP-1"
CEILING_MG_H = Decimal(25)
TOMAS = Somebody(
    number=62,
    given="Tomas",
    family="Reyes",
    sex=Sex.MALE,
    born_on=date(1975, 9, 14),
    weight_kg=92.0,
    height_cm=186,
    systolic=130,
    diastolic=82,
)


def test_tomas_reyes_has_ten_days_for_his_hand_and_a_plan_for_afterwards(begin):
    day = begin("crps")
    when_he_is_registered_by_hand(day)
    when_screening_is_done(day)
    then_the_ceiling_is_in_the_dose(day)
    when_he_agrees_and_is_booked(day)
    when_the_chair_is_prepared(day)
    then_the_rate_cannot_be_raised_past_the_ceiling(day)
    when_the_four_hours_pass(day)
    when_days_pass(day, until=3)
    then_a_review_is_due(day, after=3)
    when_days_pass(day, until=6)
    then_a_review_is_due(day, after=6)
    when_days_pass(day, until=10)
    when_the_course_is_ended(day)
    then_the_prescriber_signs_the_aftercare(day)
    day.chapter.close()


def when_he_is_registered_by_hand(day: ClinicDay) -> None:
    day.chapter.title("Ten days for a painful hand")
    day.tell(
        "Tomas Reyes broke his wrist a year ago, and his left hand has burned since: complex "
        "regional pain syndrome. Lines set apart are what the screen says, word for word; the "
        "clinic is fictional and its own limits are made up."
    )
    day.tell(
        "His doctor has telephoned; there is no file. Flo registers him by hand, from the "
        "keyboard alone."
    )
    page = day.go("desk", "/patients/new/")
    day.look(page, "a new patient")
    keyboard = Keyboard(page)
    keyboard.write("family", "Reyes")
    keyboard.write("given", "Tomas")
    keyboard.write("born_on", "09141975")
    keyboard.choose("sex", "male")
    keyboard.write("number", "K-2041")
    keyboard.write("referrer", "Dr Ruth Calloway")
    keyboard.write("referred_for", "CRPS of the left hand after a wrist fracture")
    keyboard.press("main form button")
    then_it_says(page, "Tomas Reyes is registered.")


def when_screening_is_done(day: ClinicDay) -> None:
    before.find_patient(day, "nurse", "Tomas Reyes")
    before.answer_interview(day, PROTOCOL)
    before.measure(day, weight="92", height="186", systolic="130", diastolic="82")
    page = before.record_verdict(day, PROTOCOL)
    day.tell(
        "Ada asks the questions for an infusion against pain: no antidepressants need to have "
        "failed for it. She measures 92 kg, 186 cm and 130/82. Nothing stands in the way, and Dr "
        "Osei records it."
    )
    follow(page.get_by_role("button", name="Plan a course"))


def then_the_ceiling_is_in_the_dose(day: ClinicDay) -> None:
    day.chapter.heading("A ceiling above 71 kilograms")
    page = before.work_out_dose(day, strength_mg_ml="50", bag_ml="250")
    day.tell(
        "The published dose is 0.35 mg/kg an hour for four hours, and never more than 25 mg an "
        "hour. For Tomas the weight alone would give more. The page shows both numbers, and which "
        "one holds:"
    )
    day.says(
        page,
        "0.35 mg/kg/h × 92 kg (total weight) × 240 min / 60 min/h = 128.8 mg, lowered to 100 mg by "
        "the published cap of 25 mg/h",
    )
    before.confirm_course(day)


def when_he_agrees_and_is_booked(day: ClinicDay) -> None:
    before.agree(day)
    page = chair.give_questionnaire(day, "nrs-pain", "8", "BASELINE")
    then_it_says(page, "Pain NRS is recorded: 8")
    before.book_course(day, "10:30")
    first, last = before.proposed(day)
    day.tell(
        f"Tomas agrees to each statement, and says how bad the pain is: 8 of 10. Flo books ten "
        f"visits of more than five hours, the first on {first}, the last on {last}."
    )


def when_the_chair_is_prepared(day: ClinicDay) -> None:
    day.chapter.heading("Four hours")
    day.clock.passes(minutes=30)
    page = chair.check_in(day, "Tomas Reyes")
    day.clock.passes(minutes=10)
    chair.tick_checklist(day, "Lena, wife, 555-0119")
    chair.measure_baseline(day, "130", "82")
    day.clock.passes(minutes=10)
    page = chair.check_dose(day, "nurse2", dose_mg="100", rate_mg_min="0.4166")
    then_it_says(page, "The dose is checked.")
    page = chair.press(day, "start", rate_mg_min="0.4166")
    then_it_says(page, "0.4166 mg/min")
    day.tell("The checklist is ticked, Noah has checked the dose, and at 10:50 the pump runs.")


def then_the_rate_cannot_be_raised_past_the_ceiling(day: ClinicDay) -> None:
    day.clock.passes(minutes=10)
    day.tell("Tomas feels nothing yet and asks for more. Ada tries 0.6 mg a minute.")
    page = chair.press(day, "rate", rate_mg_min="0.6", reason="no effect yet")
    day.chapter.quote(chair.refusal(page))


def when_the_four_hours_pass(day: ClinicDay) -> None:
    day.clock.passes(minutes=5)
    for pain in "776665554444433":
        page = chair.take_round(day, "136/84", sedation="5", pain=pain)
        day.clock.passes(minutes=15)
    chair.take_round(day, "134/84", sedation="5", pain="3")
    page = chair.press(day, "stop", reason="complete")
    day.look(page, "after four hours")
    then_it_says(page, "100 mg of 100.0")
    day.tell(
        "Every quarter of an hour she takes a round and asks about the pain. It falls from 7 to 3. "
        "After four hours the dose is in. Tomas is watched for the clinic's 45 minutes and goes "
        "home with his wife."
    )
    for _ in range(3):
        day.clock.passes(minutes=15)
        chair.take_round(day, "130/80", sedation="5", pain="3")
    chair.score_discharge(day)
    then_it_says(chair.send_home(day), "The patient has gone home.")


def when_days_pass(day: ClinicDay, *, until: int) -> None:
    """The days in between, by the same actions the pages call, so that they need no retelling."""
    clinic = day.team.clinic.id
    course = protocol.course(clinic=clinic, id=day.known["course"])
    booked = Booking.objects.filter(course=course, status=Standing.BOOKED)
    journey = Journey(TOMAS, "crps", PROTOCOL, 0)
    for visit in booked.order_by("starts_at")[: until - course.sessions_given]:
        day.clock.now = visit.ends_at + timedelta(hours=1)
        team, dice = replace(day.team, now=day.clock.now), random.Random(str(visit.starts_at))
        telling = Telling(team, journey, course, dice, improves=0.6).fresh()
        number = telling.course.sessions_given + 1
        courses.questionnaires(telling, Occasion.BEFORE_SESSION, visit.starts_at, number)
        assert courses.sit(telling, visit, visit.starts_at + timedelta(minutes=2))


def then_a_review_is_due(day: ClinicDay, *, after: int) -> None:
    page = before.open_course(day, "prescriber")
    if after == 3:
        day.chapter.heading("Stop or continue?")
        day.tell("The second and third day go the same way. Then the course itself asks:")
        day.says(page, "The review after session 3 is due.")
    then_it_says(page, f"The review after session {after} is due.")
    follow(page.get_by_role("link", name="Stop or continue?").first)
    day.look(page, "a review")
    page.get_by_label("Continue as ordered").check()
    page.get_by_label("Why").fill("Less pain, he sleeps; well tolerated")
    follow(page.locator("main form button"))
    then_it_says(page, "The review is recorded.")
    if after == 3:
        day.tell(
            "Until somebody has answered, no further session starts. Dr Osei sees less pain and no "
            "harm, and continues; after the sixth day he answers once more."
        )


def when_the_course_is_ended(day: ClinicDay) -> None:
    day.chapter.heading("Afterwards")
    page = before.open_course(day, "prescriber")
    day.tell("On the tenth day the course says of itself that it is complete:")
    day.says(page, "All sessions of this course were given.")
    follow(page.get_by_role("link", name="End the course").first)
    day.look(page, "the end of a course")
    page.get_by_label("completed").check()
    page.get_by_label("Why").fill("All ten sessions given")
    follow(page.locator("main form button"))
    then_it_says(page, "The course is ended.")
    day.says(page, "The course is over and no aftercare plan is signed.")


def then_the_prescriber_signs_the_aftercare(day: ClinicDay) -> None:
    page = before.open_course(day, "prescriber", "aftercare/")
    day.look(page, "the aftercare")
    day.tell("A plan is proposed, with the numbers it was made from and the rule it follows:")
    day.says(page, "Pain NRS fell from 8 to 2 (75 %) in 11 days: response.")
    day.says(page, "Weekly: next session in 1 week, Sat 19 Dec 2026.")
    day.says(page, "ALT, AST, ALP, GGT and bilirubin")
    day.tell(
        "No figure was published for a booster in CRPS, and Dr Osei would rather wait for four "
        "weeks. He changes the number, writes with Tomas what belongs on his crisis card, and "
        "signs."
    )
    page.locator("[name=weeks]").fill("4")
    page.get_by_label("How I notice").fill("My hand burns at night and I stop sleeping")
    page.get_by_label("What helps me").fill("Warm water, walking, my grandson")
    page.get_by_label("People I can call").fill("Lena, 555-0119")
    before.button(page, "Sign as Dr Ben Osei")
    day.chapter.quote(chair.refusal(page))
    page.locator("[name=reason]").fill(
        "No published booster interval; wait and see how long it lasts"
    )
    before.button(page, "Sign as Dr Ben Osei")
    day.tell("Nothing that was typed is lost. He gives his reason, and the plan is in force.")
    day.says(page, "Next session on Sat 9 Jan 2027, 4 weeks after the last.")
    day.look(page, "the aftercare signed")
    page = before.open_course(day, "prescriber", "aftercare/card/")
    day.look(page, "the crisis card")
    day.tell("Tomas takes the card home. It holds his own words, and at its foot:")
    then_it_says(page, "My hand burns at night and I stop sleeping")
    day.says(page, "Nobody at the clinic is watching right now.")
