"""Pain told in two numbers: how much it hurts (NRS), and what it keeps from (PEG)."""

import random
from datetime import datetime
from decimal import Decimal
from uuid import uuid5

import pytest

from ketaflow.cli.fictional import courses, journeys
from ketaflow.cli.fictional.courses import Telling
from ketaflow.cli.fictional.journeys import Journey
from ketaflow.cli.fictional.persons import somebody
from ketaflow.outcomes import actions
from ketaflow.outcomes.sheet import Occasion, Sheet
from tests.stories.clinic_day import ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser


def test_a_pain_patient_is_followed_by_peg_and_nrs(begin):
    day = begin("pain-scores")
    telling = when_three_days_are_given(day)
    then_the_course_says_what_is_missing(day, telling)
    when_the_peg_is_entered(day, telling)
    then_both_numbers_stand_in_the_review(day, telling)
    day.chapter.close()


def when_three_days_are_given(day: ClinicDay) -> Telling:
    team = day.team
    journey = Journey(somebody(5, 7, team.today), "crps", "CRPS-OP-1", 12)
    patient = journeys.referred(team, journey)
    journeys.interviewed(team, journey, patient)
    journeys.assessed(team, journey, patient)
    course = journeys.course_planned(team, journey, patient)
    journeys.agreed(team, journey, course)
    telling = Telling(team, journey, course, random.Random(3), 0.6).fresh()
    courses.give(telling, "nrs-pain", (8,), Occasion.BASELINE, team.at(-8, 12))
    _peg(telling, "7.67", team.at(-8, 12))
    for back in (-4, -3, -2):
        visit = journeys.booked(team, telling.course, team.at(back, 8), team.at(-8, 13))
        courses.sit(telling, visit, visit.starts_at)
        telling = telling.fresh()
    day.chapter.title("Pain in two numbers")
    day.tell(
        f"{patient.name} has had three of ten days for CRPS. Before the first, the pain was 8 of "
        "10, and the PEG, which asks what pain keeps from, 7.67. Lines set apart are what the "
        "screen says, word for word; the clinic is fictional."
    )
    return telling


def then_the_course_says_what_is_missing(day: ClinicDay, telling: Telling) -> None:
    page = day.go("nurse", f"/courses/{telling.course.id}/")
    then_it_says(page, "For the review after session 3")
    day.tell("A review is due after the third day, and the course says which scores it lacks.")
    day.look(page, "a pain course and its questionnaires")


def when_the_peg_is_entered(day: ClinicDay, telling: Telling) -> None:
    page = day.screen("nurse")
    review = page.locator("tr", has_text="For the review after session 3")
    follow(review.get_by_role("link", name="PEG"))
    page.get_by_label("Total").fill("4.33")
    follow(page.locator("main form button").first)
    day.tell("The PEG is filled in on paper; its wording may not be shown here. Ada enters 4.33.")
    page = day.go("nurse", f"/courses/{telling.course.id}/")
    follow(review.get_by_role("link", name="Pain NRS"))
    page.locator("input[name='item-1'][value='5'], input[name='item-pain'][value='5']").check()
    follow(page.locator("main form button").first)
    then_it_says(page, "PEG fell from 7.67 to 4.33 (44 %)")


def then_both_numbers_stand_in_the_review(day: ClinicDay, telling: Telling) -> None:
    page = day.go("prescriber", f"/courses/{telling.course.id}/review/")
    day.tell("Dr Osei opens the review. It is prepared, and it decides nothing.")
    day.says(page, "Pain NRS fell from 8 to 5 (38 %)")
    day.says(page, "PEG fell from 7.67 to 4.33 (44 %)")
    day.says(page, "Nothing here forecasts the next sessions.")
    day.look(page, "a review prepared")
    page.get_by_label("Continue as ordered").check()
    page.get_by_label("Why").fill("Less pain, and he cooks again")
    follow(page.locator("main form button").first)
    day.says(page, "The review is recorded.")


def _peg(telling: Telling, total: str, at: datetime) -> None:
    sheet = Sheet(
        uuid5(telling.course.id, "peg"), "peg", Occasion.BASELINE, total=Decimal(total),
        course=telling.course.id,
    )  # fmt: skip
    by = telling.team.staff["nurse2"].author
    actions.answer(patient=telling.course.patient, sheet=sheet, by=by, at=at)
