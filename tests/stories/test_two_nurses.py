"""Two nurses on one chair, and a tablet that loses its line in the middle of an infusion."""

import pytest
from django.db import transaction
from playwright.sync_api import Page

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.journal import queries as journal
from tests.access import stages
from tests.served import CUT_LINES, served
from tests.stories import at_the_chair as chair
from tests.stories.clinic_day import ClinicDay
from tests.stories.narrator import Chapter

pytestmark = [pytest.mark.browser, *CUT_LINES]


@pytest.fixture
def day(chromium, committed, clock, looked_at):
    """The clinic as it is really served, so that its pages are told what others write."""
    with transaction.atomic():
        team = fictional.open_clinic(clock.now)
        ids = stages.in_the_chair(team, 1, 20)
    with served() as address:
        found = ClinicDay(chromium, address, team, clock, Chapter("two-nurses"))
        found.looked_at = looked_at
        found.known |= {"session": ids["session"], "began_at": ids["ordinal"]}
        yield found
        # A line that is cut on purpose is an error to the browser, and to nobody else.
        found.complaints = [one for one in found.complaints if "ERR_INTERNET" not in one]
        found.close()


def test_two_nurses_at_one_chair_and_a_tablet_without_a_line(day):
    given_an_infusion_that_two_look_at(day)
    when_one_writes_the_other_sees_it(day)
    when_both_pause_at_once(day)
    when_the_tablet_loses_its_line(day)
    then_everything_is_there_once_and_in_order(day)
    day.chapter.close()


def given_an_infusion_that_two_look_at(day: ClinicDay) -> None:
    day.chapter.title("Two nurses and a tablet")
    day.tell(
        "An infusion has been running for some minutes at Juniper Lane Clinic, a fictional clinic "
        "with made-up limits. Ada has the page of the session open at the desk. Noah stands at the "
        "chair with the tablet. Lines set apart are what a screen says, word for word; the same "
        "story is run in two browsers each time the software is tested."
    )
    path = f"/sessions/{day.known['session']}/"
    day.go("nurse", path)
    tablet = day.go("nurse2", f"{path}chair/")
    pass_time(day, seconds=0)
    day.look(tablet, "the tablet at the chair")


def pass_time(day: ClinicDay, **how_long: float) -> None:
    """Time goes on at the clinic and on the tablet."""
    day.clock.passes(**how_long)
    day.screen("nurse2").clock.set_fixed_time(day.clock.now)


def fill(page: Page, act: str, **values: str):
    form = chair.form_of(page, act)
    for name, value in values.items():
        form.locator(f"[name='{act}-{name}']").fill(value)
    return form.get_by_role("button")


def hears(day: ClinicDay, page: Page, words: str) -> None:
    """The page says so by itself, a moment later; the chapter quotes it."""
    page.get_by_text(words).first.wait_for()
    day.chapter.quote(words)


def when_one_writes_the_other_sees_it(day: ClinicDay) -> None:
    day.chapter.heading("What one writes, both see")
    desk, tablet = day.screen("nurse"), day.screen("nurse2")
    pass_time(day, minutes=1)
    tablet.locator("[name='round-systolic']").click()
    tablet.keyboard.type("14688789714")
    day.tell(
        "Noah takes a round. He taps the first box and eleven digits; each box passes him on to "
        "the next when it is full. He presses “Save the round”, the thirteenth tap."
    )
    tablet.get_by_role("button", name="Save the round").click()
    hears(day, tablet, "The round is saved.")
    day.tell("Ada has touched nothing. Her page says:")
    hears(day, desk, "146/88 mmHg, pulse 78, SpO2 97 %, breathing 14")


def when_both_pause_at_once(day: ClinicDay) -> None:
    day.chapter.heading("Both press pause")
    desk, tablet = day.screen("nurse"), day.screen("nurse2")
    pass_time(day, minutes=1)
    theirs = fill(desk, "pause", reason="dizzy")
    fill(tablet, "pause", reason="he feels dizzy").click()
    tablet.get_by_role("button", name="It runs again").wait_for()
    day.tell(
        "The patient is dizzy. Both type why the drug is paused; Noah presses first. Ada's boxes "
        "stay as she left them, and her page tells her:"
    )
    hears(day, desk, "Somebody changed how this session stands while you were typing.")
    theirs.click()
    day.tell("She presses all the same. Nothing is recorded twice:")
    hears(day, desk, "Noah Brandt was first and recorded “paused”: the session is already paused.")
    tablet.get_by_role("button", name="It runs again").click()
    tablet.get_by_role("button", name="The drug has ended").wait_for()


def when_the_tablet_loses_its_line(day: ClinicDay) -> None:
    day.chapter.heading("Ten minutes without a line")
    tablet = day.screen("nurse2")
    tablet.context.set_offline(True)
    tablet.get_by_text("No line to the record since").wait_for()
    day.tell("The wireless network fails. The tablet says so at once, and what to do:")
    hears(
        day,
        tablet,
        "What you see is as it was then. Go on: what you record stays on this device and is sent "
        "when the line is back.",
    )
    for systolic in ("141", "138", "134"):
        pass_time(day, minutes=3)
        fill(tablet, "round", systolic=systolic, diastolic="84").click()
    pass_time(day, minutes=1)
    fill(tablet, "note", text="Feels well, talks about the sea").click()
    day.tell("Noah goes on: three rounds in nine minutes, then a note.")
    hears(day, tablet, "4 entries wait to be sent.")


def then_everything_is_there_once_and_in_order(day: ClinicDay) -> None:
    desk, tablet = day.screen("nurse"), day.screen("nurse2")
    tablet.context.set_offline(False)
    day.tell("The network is back. Noah presses nothing.")
    hears(
        day,
        tablet,
        "The line is back. 4 entries are in the record now, with the time you observed them.",
    )
    day.tell("Ada's page has them too, each once, at the minute at which Noah took it.")
    hears(day, desk, "134/84 mmHg")
    stream = f"session/{day.known['session']}"
    entries = journal.entries(clinic=day.team.clinic.id, stream=stream)[-4:]
    assert [one.payload.get("systolic") for one in entries] == ["141", "138", "134", None]
    minutes = [round((day.clock.now - one.at).total_seconds() / 60) for one in entries]
    assert minutes == [7, 4, 1, 0]
    assert all("received_at" in one.payload for one in entries[:3])
