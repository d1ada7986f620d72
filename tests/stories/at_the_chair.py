"""The steps of a session, as each story takes them: from the board to the way home."""

from playwright.sync_api import Page

from ketaflow.cli.fictional.clinic import PASSWORD
from tests.stories.before_treatment import button, found_in
from tests.stories.clinic_day import ClinicDay, Keyboard, follow, then_it_says

BASELINE = {"heart_rate": "72", "spo2": "98", "respiratory_rate": "14"}


def room(day: ClinicDay) -> Page:
    """The nurse's page of the session that runs, as it is now."""
    return day.go("nurse", f"/sessions/{day.known['session']}/")


def at_hand(day: ClinicDay) -> Page:
    """The same page as the last press left it."""
    page = day.screen("nurse")
    return page if f"/sessions/{day.known['session']}/" in page.url else room(day)


def form_of(page: Page, act: str):
    """The form for one thing to be done, unfolded where it is folded away."""
    form = page.locator(f"form[action*='/do/{act}/']")
    folded = page.locator(f"details:not([open]):has(form[action*='/do/{act}/']) > summary")
    if folded.count():
        folded.first.click()
    return form


def press(day: ClinicDay, act: str, **values: str) -> Page:
    """Fill one form of the session's page and press its button."""
    page = at_hand(day)
    form = form_of(page, act)
    for name, value in values.items():
        field = form.locator(f"[name='{act}-{name}']")
        kind = field.first.evaluate("one => one.type")
        if kind in ("radio", "checkbox"):
            form.locator(f"[name='{act}-{name}'][value='{value}']").check()
        elif kind == "select-one":
            field.select_option(value)
        else:
            field.fill(value)
    follow(form.get_by_role("button"))
    return page


def check_in(day: ClinicDay, name: str) -> Page:
    """The nurse checks the patient in from the board."""
    page = day.go("nurse", "/board/")
    day.look(page, "the board")
    button(page, f"Check in {name}")
    day.known["session"] = found_in(page, "sessions")
    return page


def tick_checklist(day: ClinicDay, escort: str) -> list[str]:
    """The nurse ticks every line; gives the lines that were asked."""
    page = at_hand(day)
    day.look(page, "the room before the drug")
    form = form_of(page, "tick")
    asked = [one.inner_text() for one in form.locator(".govuk-checkboxes__label").all()]
    for box in form.locator("input[type=checkbox]").all():
        box.check()
    form.locator("[name='tick-escort-note']").fill(escort)
    follow(form.get_by_role("button"))
    then_it_says(page, "The checklist is saved.")
    return asked


def tick_checklist_by_keyboard(day: ClinicDay, escort: str) -> None:
    """The same, without a mouse."""
    page = at_hand(day)
    boxes = page.locator("form[action*='/do/tick/'] input[type=checkbox]").all()
    keyboard = Keyboard(page)
    for name in [one.get_attribute("name") or "" for one in boxes]:
        keyboard.tick(name)
        if name == "tick-escort":
            keyboard.write("tick-escort-note", escort)
    keyboard.press("form[action*='/do/tick/'] button")
    then_it_says(page, "The checklist is saved.")


def measure_baseline(day: ClinicDay, systolic: str, diastolic: str) -> None:
    page = press(day, "baseline", systolic=systolic, diastolic=diastolic, **BASELINE)
    then_it_says(page, "The baseline is saved.")


def check_dose(day: ClinicDay, second: str, **read: str) -> Page:
    """Somebody reads the dose; both sign with their own password, at the nurse's screen."""
    return press(
        day, "dose", email=f"{second}@example.org", password=PASSWORD, own_password=PASSWORD, **read
    )


def take_round(day: ClinicDay, pressure: str, **more: str) -> Page:
    """One round at the chair: the pressure as it is said, and whatever else was taken."""
    systolic, diastolic = pressure.split("/")
    return press(day, "round", systolic=systolic, diastolic=diastolic, **{**BASELINE, **more})


def score_discharge(day: ClinicDay) -> None:
    """Ten of ten on the modified Aldrete score."""
    items = ("activity", "respiration", "circulation", "consciousness", "spo2")
    then_it_says(press(day, "aldrete", **dict.fromkeys(items, "2")), "Scored.")


def send_home(day: ClinicDay) -> Page:
    """The nurse ticks everything and presses: the patient goes home, or the page says why not."""
    page = at_hand(day)
    form = form_of(page, "home")
    for box in form.locator("input[type=checkbox]").all():
        box.check()
    follow(form.get_by_role("button"))
    return page


def refusal(page: Page) -> str:
    """What the page says was refused."""
    return page.locator(".govuk-error-summary li").first.inner_text()


def give_questionnaire(day: ClinicDay, instrument: str, answers: str, occasion: str) -> Page:
    """The nurse enters a questionnaire, answer by answer."""
    patient, course = day.known["patient"], day.known["course"]
    asked = f"?course={course}&occasion={occasion}"
    page = day.go("nurse", f"/patients/{patient}/outcomes/{instrument}/new/{asked}")
    day.look(page, f"the questionnaire {instrument}")
    groups = page.locator("main fieldset")
    for group, value in zip(groups.all(), answers.split(), strict=True):
        group.locator(f"input[value='{value}']").check()
    follow(page.locator("main form button").first)
    return page
