"""The steps before the first session, as each story takes them."""

import re
from typing import Any

from playwright.sync_api import Page

from ketaflow.cli.fictional.journeys import NOTHING_FOUND
from tests.stories.clinic_day import ClinicDay, Keyboard, follow, then_it_says

ID = "[0-9a-f-]{36}"


def button(page: Page, name: str) -> None:
    """Press the button called `name`, and wait for the page it leads to."""
    follow(page.get_by_role("button", name=name, exact=True))


def found_in(page: Page, kind: str) -> str:
    """The identifier in the address: of the patient, the course or the session."""
    found = re.search(f"/{kind}/({ID})/", page.url)
    assert found, page.url
    return found[1]


def open_patient(day: ClinicDay, who: str, place: str = "") -> Page:
    return day.go(who, f"/patients/{day.known['patient']}/{place}")


def open_screening(day: ClinicDay, who: str, protocol: str) -> Page:
    return open_patient(day, who, f"screening/?protocol={protocol}")


def open_course(day: ClinicDay, who: str, place: str = "") -> Page:
    return day.go(who, f"/courses/{day.known['course']}/{place}")


def send_file(day: ClinicDay, name: str, document: bytes, **letter: str) -> Page:
    """The front desk sends a hospital's file through the upload page."""
    page = day.go("desk", "/referrals/upload/")
    file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": document}
    page.locator("input[type=file]").set_input_files([file])
    for field, words in letter.items():
        page.locator(f"[name={field}]").fill(words)
    button(page, "Take in")
    return page


def find_patient(day: ClinicDay, who: str, name: str) -> Page:
    """Find the patient in the list, by name."""
    page = day.go(who, "/patients/")
    page.locator("[name=search]").fill(name.rsplit(maxsplit=1)[-1])
    button(page, "Search")
    follow(page.locator("main tbody th a").first)
    day.known["patient"] = found_in(page, "patients")
    return page


def measure(day: ClinicDay, **values: str) -> None:
    """The nurse notes what was measured today."""
    for what, value in values.items():
        page = open_patient(day, "nurse", "note/")
        page.locator("[name=what]").select_option(what)
        page.locator("[name=value]").fill(value)
        button(page, "Add")
        then_it_says(page, "It is in the chart.")


def answer_interview(day: ClinicDay, protocol: str, **told: str) -> Page:
    """The nurse asks every question that is open and sends the answers."""
    page = open_screening(day, "nurse", protocol)
    answers = {**NOTHING_FOUND, **told}
    for name in page.evaluate(QUESTIONS):
        field = page.locator(f"[name='{name}']")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"[name='{name}'][value='{answers[name]}']").check()
        else:
            field.fill(answers[name])
    button(page, "Save the answers")
    return page


def answer_interview_by_keyboard(day: ClinicDay, protocol: str, **told: str) -> Page:
    """The same, without a mouse."""
    page = open_screening(day, "nurse", protocol)
    keyboard, answers = Keyboard(page), {**NOTHING_FOUND, **told}
    for name in page.evaluate(QUESTIONS):
        kind = page.locator(f"[name='{name}']").first.get_attribute("type")
        put = keyboard.choose if kind == "radio" else keyboard.write
        put(name, answers[name])
    keyboard.press("form:has([name=escort]) button")
    return page


QUESTIONS = """[...new Set([...document.querySelectorAll(
    "section[aria-labelledby=interview] form [name]")].map(one => one.name))].filter(
    name => !["csrfmiddlewaretoken", "seen"].includes(name))"""


def record_trial(day: ClinicDay, protocol: str, drug: str, **told: str) -> Page:
    """The nurse records an antidepressant; one on the chart is completed."""
    page = open_screening(day, "nurse", protocol)
    known = page.get_by_role("link", name=re.compile(f"From the chart.*{drug}"))
    new = page.get_by_role("button", name=re.compile("Record an.* antidepressant trial"))
    follow(known if known.count() else new)
    day.look(page, "a trial")
    if not known.count():
        page.locator("[name=drug]").fill(drug.capitalize())
    for name in ("dose", "started_on", "stopped_on", "stopped_because"):
        if name in told:
            page.locator(f"[name={name}]").fill(told[name])
    for name in ("adequate_dose", "outcome"):
        page.locator(f"[name={name}][value='{told[name]}']").check()
    button(page, "Record the trial")
    then_it_says(page, "The trial of")
    return page


def record_verdict(day: ClinicDay, protocol: str) -> Page:
    """The prescriber reads screening and records it."""
    page = open_screening(day, "prescriber", protocol)
    day.look(page, "screening, eligible")
    then_it_says(page, "Eligible: nothing known stands in the way")
    button(page, "Record this assessment")
    return page


def work_out_dose(day: ClinicDay, **chosen: str) -> Page:
    """The prescriber fills the dose form and has the dose worked out."""
    page = day.screen("prescriber")
    for name, value in chosen.items():
        field = page.locator(f"[name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    follow(page.get_by_role("button", name=re.compile("Work (out the dose|it out again)")))
    if page.get_by_role("button", name=re.compile("^Confirm")).count():
        day.look(page, "a dose to confirm")
    return page


def confirm_course(day: ClinicDay) -> Page:
    page = day.screen("prescriber")
    follow(page.get_by_role("button", name=re.compile("^Confirm")))
    then_it_says(page, "The course is planned. Next: the patient's agreement.")
    day.known["course"] = found_in(page, "courses")
    return page


def agree(day: ClinicDay) -> str:
    """The nurse goes through the agreement; gives what was said of the one left out at first."""
    page = open_course(day, "nurse", "consent/")
    day.look(page, "the agreement")
    boxes = page.locator("[name=agreed]")
    for number in range(1, boxes.count()):
        boxes.nth(number).check()
    button(page, "The patient agrees to each statement")
    missed = page.get_by_text("is not ticked").inner_text()
    page.locator("[name=agreed]").first.check()
    button(page, "The patient agrees to each statement")
    then_it_says(page, "The patient's agreement is recorded.")
    return missed


def book_course(day: ClinicDay, around: str) -> Page:
    """The front desk looks at the proposal for the whole course and books it as it is."""
    page = open_course(day, "desk", "bookings/all/")
    page.get_by_label("At about").fill(around)
    button(page, "Propose days")
    day.look(page, "the proposal")
    day.known["proposed"] = [
        " at ".join(
            [
                row.locator("td").nth(1).inner_text(),
                row.locator("option:checked").inner_text().split()[0],
            ]
        )
        for row in page.locator("table tbody tr").all()
    ]
    follow(page.get_by_role("button", name=re.compile("^Book all")))
    then_it_says(page, "visits are booked.")
    day.look(page, "the visits")
    return page


def proposed(day: ClinicDay) -> tuple[str, str]:
    """The first and the last visit that were proposed."""
    return day.known["proposed"][0], day.known["proposed"][-1]
