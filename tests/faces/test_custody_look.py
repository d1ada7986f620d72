"""How the custodian's pages look and work: at a desk, on a phone, by keyboard and scanner alone."""

from decimal import Decimal

import pytest

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.custody import queries
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.movements import PlaceKind

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


def test_a_nurse_draws_wastes_and_counts_by_keyboard_and_scanner(page, day):
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


def test_the_custodian_sees_what_is_where_due_and_wrong_and_finds_the_cause(page, day):
    chair = stages.just_come(day.team, 8)["session"]
    day.receive(3)
    day.page("nurse").post(
        f"/custody/sessions/{chair}/draw/", {"draw-scan": day.box, "draw-quantity": "0.8"}
    )
    vault = day.places[PlaceKind.VAULT]
    sign_in(page, day.team.staff["custodian"])
    page.goto(f"/custody/places/{vault}/count/")
    look(page, "custody-count")
    for line in counting.sheet(clinic=day.id, place=vault):
        box = page.get_by_label(f"{line.name}, lot {line.lot}", exact=False).first
        # One vial fewer than there should be: somebody took it and wrote nothing.
        box.fill(str(line.expected - (Decimal(0) if line.open else Decimal(1))))
    send(page)
    look(page, "custody-counted")
    page.goto("/custody/")
    look(page, "custody")
    page.get_by_role("link", name="Incident 1").click()
    look(page, "custody-incident")
    assert page.get_by_text("Reconstruction").is_visible()
    for name in ("receive", "move", "inventory", "report", "signals", "setup"):
        page.goto(f"/custody/{name}/")
        look(page, f"custody-{name}")
    page.goto(f"/custody/containers/{day.vials()[0].id}/")
    look(page, "custody-container")
    page.goto(f"/custody/places/{vault}/")
    look(page, "custody-place")
