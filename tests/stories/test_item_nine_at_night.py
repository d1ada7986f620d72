"""A positive item 9 at night: a link, a phone in the dark, and a task that waits in the morning."""

from datetime import timedelta
from email.message import EmailMessage

import pytest

from ketaflow.cli import post
from ketaflow.cli.fictional import journeys
from ketaflow.cli.fictional.persons import somebody
from ketaflow.outcomes.models import SafetyTask
from ketaflow.people.actions import system_of
from tests import at_home, post_office
from tests.browser import PHONE, barriers, sideways
from tests.stories.clinic_day import ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser
CALM = 8


@pytest.fixture
def office(settings):
    """The clinic's mail server, until it is switched off."""
    office = post_office.PostOffice()
    server = post_office.given_to(settings, office)
    office.close = server.stop
    return office


def test_a_patient_answers_at_night_and_is_not_alone_with_it(begin, office, settings):
    day = begin("item-nine-at-night")
    settings.PORTAL_URL = day.address
    patient = when_a_form_is_sent_home(day)
    letter = then_the_message_says_nothing(day, office)
    when_night_falls_and_mail_is_down(day, office)
    phone = when_she_opens_the_link(day, letter, patient)
    then_help_stands_before_the_question(day, phone)
    when_she_answers_and_stops(day, phone)
    then_a_task_waits_in_the_morning(day, patient)
    day.chapter.close()


def when_a_form_is_sent_home(day: ClinicDay):
    journey = journeys.Journey(somebody(4, 7, day.team.today), "depression", "TRD-IV-STD", 20)
    patient = journeys.referred(day.team, journey)
    day.chapter.title("A question answered at night")
    day.tell(
        f"{patient.name} is waiting for her first infusion. Lines set apart are what the screen "
        "says, word for word; the clinic is fictional."
    )
    page = day.go("nurse", f"/patients/{patient.id}/")
    follow(page.get_by_role("link", name="Send a questionnaire"))
    day.look(page, "questionnaires sent home")
    follow(page.get_by_role("button", name="Send a questionnaire"))
    day.tell("At ten in the morning Ada sends the PHQ-9 to her by e-mail.")
    then_it_says(page, "Waiting to be sent")
    post.send_waiting(
        clinic=day.team.clinic, by=system_of(day.team.clinic), clock=lambda: day.clock.now
    )
    page.reload()
    day.says(page, "Taken by the mail server")
    return patient


def then_the_message_says_nothing(day: ClinicDay, office: post_office.PostOffice) -> EmailMessage:
    (letter,) = office.letters
    day.tell("The message names nobody and nothing:")
    day.chapter.quote(letter["Subject"])
    assert "PHQ" not in letter.get_content()
    return letter


def when_night_falls_and_mail_is_down(day: ClinicDay, office: post_office.PostOffice) -> None:
    day.chapter.heading("Twenty to three")
    office.close()
    day.clock.passes(hours=16, minutes=40)
    day.tell(
        "It is twenty to three at night. The clinic is dark, and its mail server is down. She "
        "cannot sleep, and opens the link on her phone."
    )


def when_she_opens_the_link(day: ClinicDay, letter: EmailMessage, patient):
    room = day.browser.new_context(base_url=day.address, viewport=PHONE, java_script_enabled=True)
    day.rooms.append(room)
    phone = room.new_page()
    phone.goto(f"/p/{at_home.link_in(letter.get_content())}/")
    phone.get_by_label("Your date of birth").fill(patient.born_on.isoformat())
    follow(phone.get_by_role("button", name="Start"))
    for _ in range(CALM):
        phone.get_by_label("Several days", exact=True).check()
        follow(phone.get_by_role("button", name="Next"))
    return phone


def then_help_stands_before_the_question(day: ClinicDay, phone) -> None:
    day.tell("She answers eight questions. Before the ninth, and before anything of it is sent:")
    day.says(phone, "Do you need help now?")
    day.says(phone, "Nobody at the clinic is watching right now.")
    words = phone.locator("main").inner_text()
    assert words.index("Do you need help now?") < words.index("better off dead")
    assert barriers(phone) == []
    assert not sideways(phone)


def when_she_answers_and_stops(day: ClinicDay, phone) -> None:
    phone.get_by_label("More than half the days", exact=True).check()
    # The next page is there only once the task is: both are written in one moment, or neither.
    follow(phone.get_by_role("button", name="Next"))
    task = SafetyTask.objects.get(opened_at=day.clock.now)
    assert task.opened_at == day.clock.now
    day.tell(
        "She presses “More than half the days”, and puts the phone away. The form is not sent in; "
        "the answer is kept, and the task was open before the next page came."
    )


def then_a_task_waits_in_the_morning(day: ClinicDay, patient) -> None:
    day.chapter.heading("In the morning")
    day.clock.passes(hours=5)
    page = day.go("nurse", "/tasks/")
    then_it_says(page, patient.name)
    follow(page.get_by_role("link", name=patient.name).first)
    day.says(page, "PHQ-9 item 9 was answered 2")
    assert SafetyTask.objects.filter(patient=patient).get().opened_at == (
        day.clock.now - timedelta(hours=5)
    )
    day.tell("It is overdue, so it stands first. Ada calls her.")
