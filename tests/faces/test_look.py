"""How every page looks and works: at a desk, on a phone, by keyboard, without scripts, on paper."""

import os
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page

from ketaflow.people import queries as people
from tests.browser import barriers, sideways

PASSWORD = "correct horse battery"
SHOTS = os.environ.get("KETAFLOW_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(committed, settings, nurse, patient):
    """A clinic whose pages are the gallery of components; its nurse is Ada."""
    settings.ROOT_URLCONF = "tests.faces.gallery"
    return nurse


def sign_in(page: Page, staff) -> None:
    """As the form does it, quicker."""
    client = Client()
    client.force_login(staff.user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": session, "domain": "localhost", "path": "/"}]
    )


def gallery(staff) -> str:
    return f"/patients/{people.patients(clinic=staff.clinic_id).get().id}"


def look(page: Page, name: str) -> None:
    """No barrier, no sideways scrolling; a picture when asked for."""
    page.wait_for_load_state("networkidle")
    if SHOTS:
        wide = page.viewport_size["width"]
        page.screenshot(path=Path(SHOTS) / f"{name}-{wide}.png", full_page=True)
    assert barriers(page) == []
    assert not sideways(page)


@pytest.mark.parametrize("name", ["login", "password/reset", "signup"])
def test_the_way_in_has_no_barrier(page, clinic, name):
    page.goto(f"/account/{name}/")
    look(page, name.replace("/", "-"))


def test_a_wrong_password_is_said_first_and_takes_the_focus(page, clinic):
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
    look(page, "login-error")
    page.get_by_label("Email").fill(clinic.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")
    assert page.get_by_text("Ada Nurse").is_visible()


@pytest.mark.parametrize(
    "name",
    [
        "2fa/",
        "2fa/totp/activate/",
        "2fa/webauthn/add/",
        "2fa/webauthn/",
        "password/change/",
        "logout/",
        "email/",
    ],
)
def test_the_pages_of_ones_own_sign_in_have_no_barrier(page, clinic, name):
    sign_in(page, clinic)
    page.goto(f"/account/reauthenticate/?next=/account/{name}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    page.wait_for_url(f"**/account/{name}")
    look(page, name.strip("/").replace("/", "-"))


def test_every_component_has_no_barrier(page, clinic):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    assert page.locator(".chart__plot canvas").count() == 1
    page.get_by_text("as a table").click()
    look(page, "gallery")


def test_every_error_is_listed_and_leads_to_its_field(page, clinic):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.get_by_role("button", name="Save").click()
    look(page, "gallery-errors")
    page.get_by_role("link", name="Has the patient fasted?").click()
    assert "id_fasting" in page.evaluate("document.activeElement.id")


def test_start_and_missing_pages_have_no_barrier(page, clinic):
    sign_in(page, clinic)
    page.goto("/")
    look(page, "home")
    page.goto("/nowhere")
    look(page, "missing")


def test_what_was_typed_comes_back_after_unlocking(page, clinic, settings):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.get_by_label("Note").fill("Calm, pink, talking.")
    settings.IDLE_LOCK_MINUTES = 0
    page.reload()
    look(page, "locked")
    settings.IDLE_LOCK_MINUTES = 15
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    page.wait_for_url(f"**{gallery(clinic)}")
    assert page.get_by_label("Note").input_value() == "Calm, pink, talking."
    assert page.get_by_text("It is not saved yet").is_visible()


def test_a_screen_left_alone_asks_by_itself_and_keeps_what_was_typed(page, clinic, settings):
    sign_in(page, clinic)
    page.clock.install()
    page.goto(gallery(clinic))
    page.get_by_label("Note").fill("Calm, pink, talking.")
    settings.IDLE_LOCK_MINUTES = 0
    page.clock.fast_forward("16:00")
    page.wait_for_url("**/account/reauthenticate/**")
    assert page.get_by_role("heading", name="Locked").is_visible()


def test_what_was_sent_to_a_locked_screen_waits_there(page, clinic, settings):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.get_by_label("Note").fill("Calm, pink, talking.")
    settings.IDLE_LOCK_MINUTES = 0
    page.get_by_role("button", name="Save").click()
    look(page, "held")
    settings.IDLE_LOCK_MINUTES = 15
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock and send").click()
    assert page.get_by_label("Note").input_value() == "Calm, pink, talking."


def test_a_reader_without_scripts_has_the_table_and_the_menu(chromium, live_server, clinic):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.get_by_text("as a table").click()
    assert page.get_by_role("row", name="30 75").is_visible()
    assert page.get_by_role("link", name="Schedule").is_visible()
    context.close()


def test_the_keyboard_reaches_the_content_first(page, clinic):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"


def test_paper_shows_the_record_and_not_the_buttons(page, clinic):
    sign_in(page, clinic)
    page.goto(gallery(clinic))
    page.emulate_media(media="print")
    assert page.get_by_text("Cy Patient").is_visible()
    assert not page.get_by_role("button", name="Save").is_visible()
    assert not page.get_by_role("button", name="Sign out").is_visible()
