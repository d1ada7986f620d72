"""A custodian's day: three patients from one vial, and a figure that was written wrongly."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page

from ketaflow.cli.fictional import chair as telling
from ketaflow.cli.fictional.clinic import PASSWORD
from ketaflow.custody import queries
from ketaflow.custody.movements import Kind, PlaceKind
from ketaflow.custody.proof.queries import verify
from ketaflow.session import actions as session
from tests.access import stages
from tests.faces.test_custody_pages import GTIN, Day
from tests.stories import at_the_chair as chair
from tests.stories import before_treatment as before
from tests.stories.clinic_day import MORNING, ClinicDay, follow, then_it_says

pytestmark = pytest.mark.browser
VIAL = "ketamine 50 mg/mL, vial of 10 mL"
OTHER_MEDICINE = "0109501101530003172712311099"
SOURCE = "left in the syringe"


def test_a_day_of_custody_ends_with_every_milligram_found(begin):
    day = begin("custody-day")
    given_a_clinic_that_keeps_custody(day)
    when_the_opening_inventory_is_signed(day)
    when_a_delivery_is_scanned_in(day)
    when_the_day_is_set_up_and_counted(day)
    when_three_patients_come(day)
    when_the_drug_is_drawn(day)
    when_the_rest_of_a_syringe_is_wasted(day)
    then_each_session_must_add_up(day)
    when_the_rest_of_the_vial_is_wasted(day)
    when_the_evening_count_does_not_agree(day)
    then_the_reconstruction_finds_it(day)
    when_it_is_put_right(day)
    then_the_inspector_is_answered(day)
    day.chapter.close()


def do(page: Page, deed: str, **values: str) -> Page:
    """Unfold one deed of the page, fill it in and press its button."""
    form = page.locator(f"form[action*='/{deed}']").first
    folded = page.locator(f"details:not([open]):has(form[action*='/{deed}']) > summary")
    if folded.count():
        folded.first.click()
    for name, value in values.items():
        form.locator(f"[name$='-{name}']:not([type=hidden])").fill(value)
    follow(form.get_by_role("button"))
    return page


def signed(who: str) -> dict[str, str]:
    return {"email": f"{who}@example.org", "password": PASSWORD}


def scan(page: Page, code: str) -> None:
    """A scanner is a keyboard that ends with Enter."""
    page.locator("[name$='scan']").focus()
    page.keyboard.type(code)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def count(day: ClinicDay, who: str, **found: str) -> Page:
    """Count the working stock blind: sealed vials and what is left in the open one."""
    place = day.known["custody"].places[PlaceKind.WORKING]
    page = day.go(who, f"/custody/places/{place}/count/")
    day.look(page, "a blind count")
    for box in page.locator("[name^='found-']").all():
        label = page.locator(f"label[for='{box.get_attribute('id')}']").inner_text()
        box.fill(found["open" if ", open" in label else "sealed"])
    before.button(page, "Send the count")
    return page


def given_a_clinic_that_keeps_custody(day: ClinicDay) -> None:
    day.known["custody"] = Day(day.team)
    day.chapter.title("A day of custody")
    day.tell(
        "For the custodian. Cas Moreau keeps the controlled drugs of Juniper Lane Clinic, a "
        "fictional clinic. Items and places are set up, and the medical director has signed how "
        "custody is kept: from then on no session can end that does not add up. This chapter is "
        "one day, and one mistake in it. Lines set apart are what the screen says, word for word; "
        "the same story is run in a browser each time the software is tested."
    )


def when_the_opening_inventory_is_signed(day: ClinicDay) -> None:
    day.chapter.heading("Before anything is there")
    day.look(day.go("custodian", "/custody/setup/"), "setting up custody")
    page = day.go("custodian", "/custody/inventory/")
    day.look(page, "an inventory")
    day.tell("Cas begins with the first inventory, and Noah signs beside him:")
    day.says(page, "None was taken yet; the first is taken even when nothing is there.")
    page.locator("[name='email']").fill("nurse2@example.org")
    page.locator("[name='password']").fill(PASSWORD)
    before.button(page, "Sign the inventory")
    then_it_says(page, "The inventory is signed.")


def when_a_delivery_is_scanned_in(day: ClinicDay) -> None:
    day.chapter.heading("A delivery")
    page = day.go("custodian", "/custody/receive/")
    day.look(page, "receiving")
    day.tell(
        "The delivery has two lots on one invoice. Cas scans every box. A box of another medicine "
        "lies among them:"
    )
    about = {"supplier": "Elm Pharma", "address": "2 Elm Street", "registration": "RE1"}
    for name, value in {**about, "invoice": "I-2041"}.items():
        page.locator(f"[name='{name}']").fill(value)
    scan(page, OTHER_MEDICINE)
    day.chapter.quote(chair.refusal(page))
    page.locator("[name='scan']").fill("")
    until = (MORNING + timedelta(days=300)).strftime("%y%m%d")
    day.known["box"] = f"]d201{GTIN}17{until}10A12"
    for code in [day.known["box"]] * 3 + [f"]d201{GTIN}17{until}10B07"] * 2:
        scan(page, code)
    lines = [
        (page.locator(f"[name='line-{n}-lot']").input_value(),
         page.locator(f"[name='line-{n}-containers']").input_value())
        for n in range(2)
    ]  # fmt: skip
    assert lines == [("A12", "3"), ("B07", "2")]
    day.tell(
        "The others become two lines by themselves: three vials of lot A12, two of B07. Nothing is "
        "saved until he compares them with the invoice and takes them in."
    )
    before.button(page, "Take it in")
    day.says(page, "5 containers are in the vault.")


def when_the_day_is_set_up_and_counted(day: ClinicDay) -> None:
    day.chapter.heading("The day is set up")
    day.clock.passes(minutes=10)
    page = day.go("nurse", "/custody/move/")
    day.look(page, "moving")
    for label in page.locator("label", has_text="lot A12").all():
        label.click()
    page.get_by_label("To", exact=True).select_option(
        str(day.known["custody"].places[PlaceKind.WORKING])
    )
    before.button(page, "Move")
    day.tell("Ada takes lot A12 to the working stock for the day.")
    day.says(page, "3 moved.")
    day.tell(
        "Then she counts it. The sheet does not say how many there should be, so nobody can write "
        "down what they were told:"
    )
    place = day.known["custody"].places[PlaceKind.WORKING]
    day.look(day.go("nurse", f"/custody/places/{place}/"), "a place")
    day.says(
        day.go("nurse", f"/custody/places/{place}/count/"),
        "Count what is there and write it down. What is expected is shown once you have sent the "
        "count.",
    )
    then_it_says(count(day, "nurse", sealed="3"), "Agrees")
    day.known["agreed"] = f"{day.clock.now.astimezone(day.team.clinic.zone):%-d %b %Y, %H:%M}"
    day.tell("She writes three. It agrees, and the day begins from a figure that is known.")


def when_three_patients_come(day: ClinicDay) -> None:
    nurse = day.team.staff["nurse"]
    day.known["sessions"] = []
    for number in range(1, 4):
        course = stages.cleared(day.team, number).course
        day.known["sessions"].append(
            session.walk_in(
                course=course.id, chair=f"Chair {number}", nurse=nurse.id, by=nurse.author,
                at=day.clock.now,
            )
        )  # fmt: skip


def when_the_drug_is_drawn(day: ClinicDay) -> None:
    day.chapter.heading("Three patients, one vial")
    day.clock.passes(minutes=5)
    day.tell(
        "Three patients sit in their chairs. On each one's page of custody the ordered volume is "
        "proposed already. Ada scans the vial, corrects the volume to what she measured, and "
        "presses Enter. For the first she drew 0.1 mL more than ordered."
    )
    for number, held in enumerate(day.known["sessions"]):
        page = day.go("nurse", f"/custody/sessions/{held.id}/")
        day.look(page, "drawing")
        if not number:
            asked = page.locator("[name='draw-quantity']")
            asked.fill(str(Decimal(asked.input_value()) + Decimal("0.1")))
        scan(page, day.known["box"])
        then_it_says(page, "Drawn.")
        assert queries.account(clinic=day.team.clinic.id, session=held.id).drawn > 0
    day.tell(
        "The first draw opened the vial; the other two came from the same one, because an open "
        "vial is offered before a sealed one."
    )
    opened = [one for one in queries.held(clinic=day.team.clinic.id) if one.status == "OPEN"]
    assert len(opened) == 1
    day.known["vial"] = opened[0].id


def when_the_rest_of_a_syringe_is_wasted(day: ClinicDay) -> None:
    day.chapter.heading("A witness")
    page = day.go("nurse", f"/custody/sessions/{day.known['sessions'][0].id}/")
    day.tell("The 0.1 mL too much is wasted. Ada is in a hurry and signs as her own witness:")
    page = do(page, "waste-", quantity="0.1", reason=SOURCE, **signed("nurse"))
    day.chapter.quote(chair.refusal(page))
    day.tell("Noah comes, sees it, and signs with his own password.")
    page = do(page, "waste-", quantity="0.1", reason=SOURCE, **signed("nurse2"))
    day.says(page, "Wasted, with a witness.")
    day.look(page, "wasted")


def then_each_session_must_add_up(day: ClinicDay) -> None:
    began = day.clock.now
    for number, held in enumerate(day.known["sessions"]):
        told = telling.Chair(
            team=day.team, booking=held.id, by=day.team.staff["nurse"].author, at=began,
            systolic=124, diastolic=78, until=began + timedelta(hours=6),
            dice=random.Random(number), session=held, lots=("A12",),
        )  # fmt: skip
        assert telling.make_ready(told)
        assert telling.give(told)
        assert telling.observe(told, 45)
        day.clock.now = max(day.clock.now, told.at)
    page = day.go("nurse", f"/custody/sessions/{day.known['sessions'][0].id}/")
    account = queries.account(clinic=day.team.clinic.id, session=day.known["sessions"][0].id)
    day.chapter.heading("What was given")
    day.tell(
        "The infusions run and the patients go home. Nobody writes into the drug book for that: "
        "when a session ends, what was drawn and neither wasted nor returned counts as given, and "
        "has to be what the session says was given. Of the first patient the page says:"
    )
    day.says(page, f"the session says {account.given_mg.normalize():f} mg")


def when_the_rest_of_the_vial_is_wasted(day: ClinicDay) -> None:
    day.chapter.heading("A slip")
    day.clock.passes(hours=1)
    page = day.go("nurse2", f"/custody/containers/{day.known['vial']}/")
    day.known["left"] = queries.container(clinic=day.team.clinic.id, id=day.known["vial"]).held
    day.known["typed"] = (day.known["left"] / 10).quantize(Decimal("0.01"))
    day.tell(
        f"An opened vial is not kept here. In the afternoon Noah wastes what is left in it, "
        f"{day.known['left'].normalize():f} mL, and Ada stands by. He types "
        f"{day.known['typed']}, and neither of them notices."
    )
    page = do(
        page, "waste/", quantity=str(day.known["typed"]), reason="end of the day", **signed("nurse")
    )
    then_it_says(page, "Wasted.")


def when_the_evening_count_does_not_agree(day: ClinicDay) -> None:
    day.chapter.heading("The evening count")
    day.clock.passes(hours=2)
    page = count(day, "custodian", sealed="2", open="0")
    day.look(page, "a count that does not agree")
    day.tell(
        "Cas counts the working stock: two sealed vials, and the opened one is empty. Only when he "
        "has sent it does the page say what it expected."
    )
    day.says(page, "An incident is open for each line that differs.")
    page = day.go("custodian", "/custody/")
    day.look(page, "custody")
    follow(page.get_by_role("link", name="Incident 1"))


def then_the_reconstruction_finds_it(day: ClinicDay) -> None:
    day.chapter.heading("What happened since it last agreed")
    page = day.screen("custodian")
    day.look(page, "an incident")
    day.tell(
        "The incident says what differs, and its clocks run already: for a significant loss a "
        "written notice and a form are due, by the days that the rules of the clinic's place name."
    )
    left = day.known["left"] - day.known["typed"]
    day.says(page, f"0 found, {left.normalize():f} expected (mL).")
    for clock in ("Written notice", "Form"):
        due = page.locator("dl.amount > div").filter(has=page.get_by_text(clock, exact=True))
        day.says(page, " ".join(due.inner_text().split()))
    day.tell("Below them is the reconstruction:")
    day.says(page, f"Every movement since the count of {day.known['agreed']}, which agreed.")
    day.says(page, "The cause lies in one of these, or in one that is missing.")
    rows = page.locator("table tbody tr")
    kinds = rows.locator("td:nth-of-type(2)").all_inner_texts()
    typed = f"{day.known['typed'].normalize():f}"
    found = rows.filter(has_text="end of the day")
    assert found.count() == 1, kinds
    assert typed in found.inner_text()
    assert "Noah Brandt" in found.inner_text()
    day.known["entry"] = found.locator("th").inner_text()
    day.tell(
        f"It shows {rows.count()} movements of the whole day and no more. What was drawn is what "
        "the sessions gave, with the 0.1 mL that was wasted. But the rest of the vial was wasted "
        f"as {typed} mL, and what is missing is nine times that: a point in the wrong "
        "place. Cas asks Noah and Ada, one after the other, and both say that the vial was emptied."
    )
    day.known["incident"] = page.url


def when_it_is_put_right(day: ClinicDay) -> None:
    day.chapter.heading("Put right")
    vial = f"/custody/containers/{day.known['vial']}/"
    page = day.go("custodian", vial)
    why = "the point was in the wrong place"
    page = do(page, "reverse/", ordinal=day.known["entry"], reason=why, **signed("nurse3"))
    then_it_says(page, "Taken back.")
    page = do(
        page, "waste/", quantity=str(day.known["left"]), reason="end of the day, written again",
        **signed("nurse"),
    )  # fmt: skip
    then_it_says(page, "Wasted.")
    day.look(page, "a container's history")
    day.tell(
        "No entry can be changed. Cas takes the wrong one back before Inés, who had no "
        "part in it, and writes the waste again before Ada. All three stay to be read, the first "
        "marked as taken back."
    )
    day.clock.passes(minutes=10)
    then_it_says(count(day, "custodian", sealed="2"), "Agrees")
    page = day.screen("custodian")
    page.goto(day.known["incident"])
    judging = page.locator("form[action*='/judge/']")
    page.locator("details:has(form[action*='/judge/']) > summary").click()
    judging.get_by_label("No", exact=True).check()
    judging.get_by_label("Why").fill("Nothing is lost: a figure was written wrongly")
    follow(judging.get_by_role("button"))
    page = do(page, "close/", finding="0.1 of the wasted volume was typed; written again")
    day.tell("A second count agrees. He judges the loss, says why, and closes the incident:")
    day.says(page, "by Cas Moreau: 0.1 of the wasted volume was typed; written again")
    page = day.go("custodian", "/custody/")
    day.says(page, "Everything agrees.")


def then_the_inspector_is_answered(day: ClinicDay) -> None:
    day.chapter.heading("The inspector asks")
    page = day.go("custodian", "/custody/report/")
    day.look(page, "the dispensing record")
    # Three given; two wasted, since the figure that was written wrongly does not count.
    then_it_says(page, "5 lines.")
    paper = page.get_by_role("link", name="On paper (PDF)").get_attribute("href")
    answer = page.request.get(f"/custody/report/{paper}")
    assert answer.ok
    assert answer.body().startswith(b"%PDF")
    day.tell(
        "The dispensing record is there already, to read, as a file, and on paper: to whom, how "
        "much, by whom, and who stood by. What was taken back is left out of it:"
    )
    day.says(page, "What was taken back is left out; it stays on the container's page.")
    page = day.go("custodian", "/custody/report/?report=discrepancies")
    day.look(page, "the discrepancy record")
    day.tell("So is the discrepancy record, with today's mistake and what was found:")
    day.says(page, "0.1 of the wasted volume was typed; written again")
    page = day.go("custodian", "/custody/signals/")
    day.look(page, "the signals")
    day.tell("And the page of signals says of itself:")
    day.says(page, "A figure here is no finding and accuses nobody")
    kinds = {
        one.kind
        for one in queries.movements(clinic=day.team.clinic.id, container=day.known["vial"])
    }
    assert {Kind.DRAWN, Kind.ADMINISTERED, Kind.WASTED, Kind.REVERSED} <= kinds
    assert verify().draws == 3
    day.tell(
        "`ketaflow custody verify` holds every law against every entry of the day, and finds "
        "nothing."
    )
