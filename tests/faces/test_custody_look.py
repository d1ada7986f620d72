"""Custody at the chair: at a desk, on a phone, by keyboard and scanner alone.

The other pages are looked at by the story of a custodian's day.
"""

import pytest

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.custody import queries

from ..access import stages
from .test_custody_pages import Day
from .test_look import look, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def day(committed):
    return Day()


def send(page):
    """Press Enter in the field that has the focus, and wait for the answer."""
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")


def test_a_nurse_draws_and_wastes_by_keyboard_and_scanner(page, day):
    chair = stages.just_come(day.team, 8)["session"]
    day.receive(2)
    sign_in(page, day.team.staff["nurse"])
    page.goto(f"/custody/sessions/{chair}/")
    look(page, "custody-draw")
    # A scanner is a keyboard that ends with Enter; the ordered volume is proposed already.
    page.get_by_label("Scan the box").focus()
    page.keyboard.type(day.box)
    send(page)
    account = queries.account(clinic=day.id, session=chair)
    assert account.drawn == account.quantity * 50
    page.locator("summary", has_text="Waste the rest (no. 1-1, lot A12)").focus()
    page.keyboard.press("Enter")
    waste = page.locator("form[action*='waste-']")
    waste.get_by_label("Why").fill("left in the syringe")
    waste.get_by_label("Witness's e-mail address").fill("nurse@example.org")
    waste.get_by_label("Witness's password").fill(fictional.PASSWORD)
    send(page)
    look(page, "custody-own-witness")
    assert page.get_by_text("cannot witness their own work").first.is_visible()
    waste.get_by_label("Witness's e-mail address").fill("nurse2@example.org")
    waste.get_by_label("Witness's password").fill(fictional.PASSWORD)
    send(page)
    look(page, "custody-wasted")
    assert queries.account(clinic=day.id, session=chair).held == 0
