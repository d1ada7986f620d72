"""A relapse caught at home's first sign, and a second induction planned by the prescriber."""

import random
from dataclasses import replace

import pytest

from ketaflow.cli.fictional import courses, fill, journeys
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import somebody
from ketaflow.outcomes.sheet import Occasion
from tests.stories import before_treatment as before
from tests.stories.clinic_day import ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser
LOW, HIGH = fill.WELL, fill.ILL


def test_a_relapse_is_caught_and_induction_is_planned_again(begin):
    day = begin("relapse")
    telling = when_she_had_been_well(day)
    then_the_list_says_she_is_slipping(day, telling)
    when_she_answers_again(day, telling)
    then_the_list_says_relapse(day, telling)
    when_the_prescriber_plans_again(day, telling)
    day.chapter.close()


def when_she_had_been_well(day: ClinicDay):
    journey = Journey(somebody(2, 7, day.team.today), "depression", "TRD-IV-STD", 66)
    telling = fill._induced(day.team, journey, random.Random(7))
    courses.finish(telling, day.team.at(-37, 15))
    courses.aftercare_signed(telling, day.team.at(-36, 9))
    for days, answers in ((-30, LOW), (-23, LOW), (-8, HIGH)):
        courses.give(telling, "phq-9", answers, Occasion.FOLLOW_UP, day.team.at(days, 16))
    name = telling.course.patient.name
    day.chapter.title("A relapse, and what comes next")
    day.tell(
        f"{name} had six infusions for depression and was well for weeks. Eight days ago the "
        "questionnaire that came with her weekly check-in was bad again. Lines set apart are what "
        "the screen says, word for word; the clinic is fictional."
    )
    return telling


def then_the_list_says_she_is_slipping(day: ClinicDay, telling) -> None:
    page = day.go("nurse", "/due/")
    day.tell("Ada opens the list of what is due today. It begins with whom to worry about.")
    row = page.locator("tr", has_text=telling.course.patient.name).first
    assert "Slipping" in row.inner_text()
    day.look(page, "what is due today")
    follow(row.get_by_role("link").first)
    day.says(page, "it was better, and now the response is lost".capitalize())


def when_she_answers_again(day: ClinicDay, telling) -> None:
    page = day.screen("nurse")
    day.tell("She calls, and asks the PHQ-9 again on the telephone.")
    follow(page.get_by_role("link", name="Give PHQ-9"))
    for number, answer in enumerate(HIGH, start=1):
        page.locator(f"input[name='item-{number}'][value='{answer}']").check()
    page.locator("input[name='item-function'][value='2']").check()
    follow(page.locator("main form button").first)
    day.says(page, "PHQ-9 is recorded: 18, moderately severe.")
    assert page.locator("svg.trend .trend__point").count() > len(HIGH)
    day.look(page, "the scores over time")


def then_the_list_says_relapse(day: ClinicDay, telling) -> None:
    page = day.go("prescriber", "/due/")
    row = page.locator("tr", has_text=telling.course.patient.name).first
    assert "Relapse" in row.inner_text()
    day.tell("Two bad totals, a week apart. Dr Osei finds her at the top of the same list.")
    follow(row.get_by_role("link").first)
    day.says(page, "2 totals in a row of 15 or more, 5 to 15 days apart. The course had helped")
    day.tell(
        "The total of 15 is this clinic's own; no source defines a relapse on this questionnaire. "
        "What comes first is on the page, and so is what speaks against another course:"
    )
    day.says(page, "See the patient and ask the Columbia screener")
    day.says(page, "Of those in remission 70 % relapsed within 12 months")
    day.look(page, "a relapse and the proposal")


def when_the_prescriber_plans_again(day: ClinicDay, telling) -> None:
    again = replace(telling.journey, began_days_ago=2)
    patient = journeys.referred(day.team, again)
    journeys.interviewed(day.team, again, patient)
    journeys.tried(day.team, again, patient)
    journeys.assessed(day.team, again, patient)
    day.tell("Ada screens her again, as if for the first time: the answers of September are old.")
    page = day.screen("prescriber")
    follow(page.get_by_role("link", name="Plan a second induction"))
    before.work_out_dose(
        day, weight_kg="70", height_cm="170", sessions="6", strength_mg_ml="50", bag_ml="100"
    )
    day.tell("He sees her, talks the options through, and plans a second induction with her.")
    before.confirm_course(day)
    then_it_says(page, "0 of 6 sessions given")
