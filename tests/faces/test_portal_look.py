"""How the form at home looks and works on a phone: no barrier, no script, no sideways scrolling."""

import os
from pathlib import Path

import pytest
from django.utils import timezone

from ketaflow.outcomes.models import Answered, SafetyTask

from .. import at_home
from ..at_home import address
from ..browser import PHONE, barriers, sideways
from .test_look import sign_in

SHOTS = os.environ.get("KETAFLOW_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
def asked(committed, patient, nurse):
    return at_home.invited(patient, by=nurse.author, at=timezone.now())


def look(page, name):
    if SHOTS:
        wide = page.viewport_size["width"]
        page.screenshot(path=Path(SHOTS) / f"portal-{name}-{wide}.png", full_page=True)
    assert barriers(page) == []
    assert not sideways(page)


def start(page, asked):
    page.goto(address(asked))
    page.get_by_label("Your date of birth").fill(asked.patient.born_on.isoformat())
    page.get_by_role("button", name="Start").click()


def choose(page, words):
    page.get_by_label(words, exact=True).check()
    page.get_by_role("button", name="Next").click()


def test_a_form_is_answered_page_by_page(page, asked):
    page.goto(address(asked))
    look(page, "start")
    page.get_by_role("button", name="Start").click()
    look(page, "start-error")
    start(page, asked)
    look(page, "question")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Choose an answer").click()
    look(page, "question-error")
    for _ in range(8):
        choose(page, "Several days")
    look(page, "suicide")
    choose(page, "Not at all")
    page.get_by_role("link", name="Back").click()
    assert page.get_by_label("Not at all").is_checked()
    choose(page, "Not at all")
    choose(page, "Somewhat difficult")
    look(page, "check")
    page.get_by_role("button", name="Send my answers").click()
    look(page, "sent")
    page.get_by_role("link", name="See how your answers").click()
    look(page, "scores")
    page.get_by_role("link", name="Back").click()
    look(page, "mine")
    page.goto(address(asked, "question", item="1"))
    assert page.url.endswith("/sent/")
    assert Answered.objects.get().total == 8
    assert not SafetyTask.objects.exists()


def test_links_that_do_not_work_have_no_barrier(page, asked, nurse):
    page.goto(address(asked)[:-3] + "/")
    look(page, "forged")
    for _ in range(5):
        at_home.phone(asked, born_on=timezone.now().date())
    page.goto(address(asked))
    look(page, "locked")


def test_the_form_works_without_scripts_and_by_keyboard(chromium, live_server, asked):
    context = chromium.new_context(
        base_url=live_server.url, viewport=PHONE, java_script_enabled=False
    )
    page = context.new_page()
    start(page, asked)
    page.get_by_label("Not at all", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Question 2 of 10").wait_for()
    size = page.locator(".govuk-radios__label").first.evaluate("e => getComputedStyle(e).fontSize")
    assert size == "19px"
    context.close()


def test_the_list_of_what_was_sent_home_has_no_barrier(page, asked, nurse):
    sign_in(page, nurse)
    page.goto(f"/patients/{asked.patient_id}/invitations/")
    look(page, "desk")
