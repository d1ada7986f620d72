"""A patient at home with her phone: she prepares, answers, and sees how it goes."""

import pytest

from ketaflow.cli import post
from ketaflow.cli.fictional import courses
from ketaflow.correspondence.models import Readiness
from ketaflow.outcomes.models import Answered
from ketaflow.people.actions import system_of
from tests import at_home, post_office
from tests.access import stages
from tests.browser import PHONE, barriers, sideways
from tests.stories.clinic_day import ClinicDay, Keyboard, follow, then_it_says

pytestmark = pytest.mark.browser


@pytest.fixture
def office(settings):
    """The clinic's mail server."""
    office = post_office.PostOffice()
    server = post_office.given_to(settings, office)
    yield office
    server.stop()


def test_a_patient_prepares_answers_and_sees_her_chart(begin, office, settings):
    day = begin("a-patient-at-home")
    settings.PORTAL_URL = day.address
    patient = when_she_has_been_treated_once(day)
    phone = when_she_opens_her_page(day, office, patient)
    when_she_prepares(day, phone)
    when_the_line_is_cut_while_she_answers(day, office, phone, patient)
    then_she_sees_what_happened_and_how_it_goes(day, phone)
    then_she_reads_it_in_spanish(day, phone)
    then_the_desk_knows_who_takes_her_home(day, patient)
    day.chapter.close()


def when_she_has_been_treated_once(day: ClinicDay):
    team = day.team
    telling = stages.cleared(team, 4)
    patient = telling.course.patient
    telling = courses.visits(telling, courses.days_back(telling, 1, -4))
    courses.later(telling, 1)
    day.chapter.title("A patient at home")
    day.tell(
        f"{patient.name} had her first infusion and comes again. Lines set apart are what the "
        "screen says, word for word; the clinic is fictional."
    )
    return patient


def when_she_opens_her_page(day: ClinicDay, office, patient):
    page = day.go("nurse", f"/patients/{patient.id}/invitations/")
    day.look(page, "own pages sent")
    follow(page.get_by_role("button", name="Send the link to the pages"))
    day.tell("Ada sends her the link to her own pages.")
    hand_over(day)
    room = day.browser.new_context(base_url=day.address, viewport=PHONE)
    room.set_default_timeout(10_000)
    day.rooms.append(room)
    phone = room.new_page()
    open_link(phone, office, patient)
    day.says(phone, f"Hello {patient.given}")
    examined(phone)
    return phone


def when_she_prepares(day: ClinicDay, phone) -> None:
    day.chapter.heading("Before the visit")
    follow(phone.get_by_role("link", name="Answer for this visit").first)
    day.says(phone, "Do not eat for 4 hours before the session.")
    examined(phone)
    phone.get_by_label("Yes", exact=True).check()
    phone.get_by_label("Who takes you home?").fill("My sister, 555-0199")
    phone.get_by_label("Has anything changed?").fill("I take a new medicine for my stomach.")
    follow(phone.get_by_role("button", name="Save"))
    day.says(phone, "You said: I am coming.")
    assert Readiness.objects.get().escort == "My sister, 555-0199"


def when_the_line_is_cut_while_she_answers(day: ClinicDay, office, phone, patient) -> None:
    day.chapter.heading("The line is cut")
    page = day.go("nurse", f"/patients/{patient.id}/invitations/")
    page.get_by_label("Questionnaire").select_option("gad-7")
    follow(page.get_by_role("button", name="Send a questionnaire"))
    hand_over(day)
    before = Answered.objects.count()
    open_link(phone, office, patient)
    phone.get_by_label("Several days", exact=True).check()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Next").click(no_wait_after=True)
    phone.wait_for_timeout(100)
    phone.context.set_offline(False)
    open_link(phone, office, patient, known=True)
    day.says(phone, "Question 1 of")
    day.tell("The answer did not leave the phone, and nothing pretends that it did. She goes on.")
    while "Check your answers" not in phone.title():
        first = phone.locator(".govuk-radios__input").nth(1)
        first.check()
        follow(phone.get_by_role("button", name="Next"))
    follow(phone.get_by_role("button", name="Send my answers"))
    day.says(phone, "Your answers arrived")
    assert Answered.objects.count() == before + 1
    assert Answered.objects.order_by("answered_at").last().complete


def then_she_sees_what_happened_and_how_it_goes(day: ClinicDay, phone) -> None:
    day.chapter.heading("What happened, and how it goes")
    follow(phone.get_by_role("link", name="See how your answers"))
    examined(phone)
    assert phone.get_by_role("img", name="GAD-7: from").is_visible()
    day.tell("Her answers are a picture that needs no script, the same in words, and a table.")
    follow(phone.get_by_role("link", name="Back", exact=True))
    for name in (
        "What happened in your sessions", "Your agreement", "Language and messages",
        "Somebody who helps you", "Download your data",
    ):  # fmt: skip
        follow(phone.get_by_role("link", name=name))
        examined(phone)
        follow(phone.get_by_role("link", name="Back", exact=True))
    follow(phone.get_by_role("link", name="Your agreement"))
    for name in ("Read it again", "Take it back"):
        follow(phone.get_by_role("link", name=name).first)
        examined(phone)
    follow(phone.get_by_role("link", name="Back", exact=True))
    follow(phone.get_by_role("link", name="Back", exact=True))
    follow(phone.get_by_role("link", name="What happened in your sessions"))
    follow(phone.locator("main li a").first)
    day.says(phone, "Ketamine, into a vein")
    examined(phone)


def then_she_reads_it_in_spanish(day: ClinicDay, phone) -> None:
    follow(phone.get_by_role("link", name="Español"))
    day.says(phone, "Ketamina, en una vena")
    day.says(phone, "Esta traducción aún no ha sido revisada")
    examined(phone)


def then_the_desk_knows_who_takes_her_home(day: ClinicDay, patient) -> None:
    page = day.go("nurse", f"/patients/{patient.id}/invitations/")
    then_it_says(page, "taken home by My sister, 555-0199")
    page = day.go("nurse", "/tasks/")
    day.chapter.heading("At the clinic")
    day.tell("What she wrote waits on the page of tasks, until somebody takes it in hand.")
    day.says(page, "Wrote to us before a visit")
    day.says(page, "I take a new medicine for my stomach.")
    day.look(page, "notices")
    follow(page.get_by_role("button", name="I deal with it"))
    then_it_says(page, "deals with it.")


def test_the_options_are_compared_by_keyboard_alone(begin):
    day = begin("options-by-keyboard")
    room = day.browser.new_context(base_url=day.address, viewport=PHONE)
    room.set_default_timeout(10_000)
    day.rooms.append(room)
    page = room.new_page()
    page.goto("/information/")
    keys = Keyboard(page)
    day.chapter.title("The options, by keyboard alone")
    day.tell("Somebody who uses no mouse asks what else there is.")
    pressed(keys, "a[href='/information/compare/']")
    pressed(keys, "a[href$='for=depression']")
    day.says(page, "Nothing that you choose is kept.")
    choices = page.locator("input[name='option']")
    for place in (0, 1):
        keys.reach(f"#{choices.nth(place).get_attribute('id')}")
        page.keyboard.press("Space")
    pressed(keys, "main form button")
    day.says(page, "What speaks against it?")
    assert page.locator(".comparison thead th").count() == 2
    keys.reach(".comparison")
    examined(page)
    day.chapter.close()


def pressed(keys: Keyboard, css: str) -> None:
    keys.reach(css)
    with keys.page.expect_navigation():
        keys.page.keyboard.press("Enter")


def hand_over(day: ClinicDay) -> None:
    clinic = day.team.clinic
    post.send_waiting(clinic=clinic, by=system_of(clinic), clock=lambda: day.clock.now)


def open_link(phone, office, patient, known=False) -> None:
    phone.goto(f"/p/{at_home.link_in(office.letters[-1].get_content())}/")
    if not known:
        phone.get_by_label("Your date of birth").fill(patient.born_on.isoformat())
        follow(phone.get_by_role("button", name="Start"))


def examined(page) -> None:
    assert barriers(page) == [], page.url
    assert not sideways(page), page.url
