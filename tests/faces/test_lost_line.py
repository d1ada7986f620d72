"""A line that is lost and comes back: nothing is lost, nothing is doubled, nothing is silent."""

import re
import subprocess
import sys

import pytest
from django.db import transaction
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.journal import queries as journal
from ketaflow.session import actions
from tests.access import stages
from tests.browser import DESK
from tests.races.test_killed_server import CLINIC, Server
from tests.served import CUT_LINES, served, sit_down
from tests.stories.clinic_day import Clock

pytestmark = [pytest.mark.browser, *CUT_LINES]
TABLET = {"width": 820, "height": 1180}
LOST = "No line to the record since"


@pytest.fixture
def clock(monkeypatch):
    told = Clock(timezone.now().replace(microsecond=0))
    monkeypatch.setattr(timezone, "now", lambda: told.now)
    return told


@pytest.fixture
def team(committed, clock):
    with transaction.atomic():
        return fictional.open_clinic(clock.now)


@pytest.fixture
def ids(team):
    with transaction.atomic():
        return stages.in_the_chair(team, 1, 20)


@pytest.fixture
def address(team):
    with served() as found:
        yield found


@pytest.fixture
def tablet(chromium, address, team, ids):
    page = sit_down(chromium, address, team.staff["nurse"], path(ids), viewport=TABLET)
    yield page
    page.context.close()


def path(ids, ending="chair/"):
    return f"/sessions/{ids['session']}/{ending}"


def passes(clock, page, **how_long):
    """Time goes on, in the clinic and on the tablet alike."""
    clock.passes(**how_long)
    page.clock.set_fixed_time(clock.now)


def since(team, ids):
    stream = f"session/{ids['session']}"
    found = journal.entries(clinic=team.clinic.id, stream=stream)
    return [one for one in found if one.ordinal > ids["ordinal"]]


def write_round(page, systolic):
    page.locator("[name='round-systolic']").fill(systolic)
    page.get_by_role("button", name="Save the round").click()


def press(page, act, button, **said):
    folded = page.locator(f"details:not([open]):has(form[action*='/do/{act}/']) > summary")
    if folded.count():
        folded.first.click()
    for name, value in said.items():
        page.locator(f"[name='{act}-{name}']").fill(value)
    page.get_by_role("button", name=button).click()


def test_a_tablet_that_was_off_for_ten_minutes_loses_nothing(tablet, team, ids, clock):
    passes(clock, tablet, seconds=0)
    tablet.context.set_offline(True)
    tablet.get_by_text(LOST).wait_for()
    expected = []
    for minute in range(5):
        passes(clock, tablet, minutes=2)
        if minute == 2:
            press(tablet, "pause", "It is paused", reason="anxious")
            expected.append(("session.paused", clock.now))
            passes(clock, tablet, seconds=50)
            press(tablet, "resume", "It runs again")
            expected.append(("session.resumed", clock.now))
        elif minute == 3:
            press(tablet, "note", "Save the note", text="talked it through")
            expected.append(("session.note", clock.now))
        else:
            write_round(tablet, str(140 + minute))
            expected.append(("session.reading", clock.now))
    tablet.get_by_text("6 entries wait to be sent.").wait_for()
    assert since(team, ids) == []
    tablet.context.set_offline(False)
    tablet.get_by_text("The line is back. 6 entries are in the record now").wait_for()
    found = since(team, ids)
    assert [(one.kind, one.at) for one in found] == expected
    assert {one.payload["received_at"] for one in found[:-1]} == {clock.now.isoformat()}
    assert [one.payload.get("systolic") for one in found if "systolic" in one.payload] == [
        "140", "141", "144",
    ]  # fmt: skip
    tablet.get_by_text("Drug being given").wait_for()
    journal.verify()
    journal.rebuild()


def test_what_was_half_typed_is_still_there_when_the_line_is_lost_and_back(tablet, ids, team):
    tablet.locator("[name='round-systolic']").fill("13")
    tablet.context.set_offline(True)
    tablet.get_by_text(LOST).wait_for()
    assert tablet.locator("[name='round-systolic']").input_value() == "13"
    tablet.context.set_offline(False)
    tablet.get_by_text(LOST).wait_for(state="detached")
    assert tablet.locator("[name='round-systolic']").input_value() == "13"
    assert since(team, ids) == []


def test_what_the_record_does_not_take_is_shown_and_waits_for_a_decision(tablet, team, ids, clock):
    passes(clock, tablet, seconds=0)
    tablet.context.set_offline(True)
    tablet.get_by_text(LOST).wait_for()
    passes(clock, tablet, minutes=1)
    press(tablet, "pause", "It is paused", reason="dizzy")
    write_round(tablet, "150")
    noah = team.staff["nurse2"].author
    with transaction.atomic():
        actions.stop(session=ids["session"], reason="complete", seen=ids["ordinal"], by=noah,
                     at=clock.now)  # fmt: skip
    passes(clock, tablet, minutes=1)
    tablet.context.set_offline(False)
    undecided = tablet.locator(".undecided")
    undecided.get_by_text("was first and recorded").wait_for()
    assert "It is paused, Why dizzy" in undecided.inner_text()
    assert [one.kind for one in since(team, ids)] == ["session.stopped", "session.reading"]
    tablet.reload()
    undecided.get_by_role("button", name="Record it all the same").click()
    undecided.get_by_text("Paused cannot be recorded now").wait_for()
    undecided.get_by_role("button", name="Throw it away").click()
    undecided.wait_for(state="hidden")
    assert len(since(team, ids)) == 2


def test_signing_out_asks_first_and_leaves_nothing_on_a_shared_tablet(tablet, ids):
    tablet.context.set_offline(True)
    tablet.get_by_text(LOST).wait_for()
    write_round(tablet, "151")
    tablet.get_by_text("1 entry waits to be sent.").wait_for()
    out = tablet.get_by_role("button", name="Sign out")
    out.click()
    tablet.get_by_text("1 of your entries are not in the record").wait_for()
    kept = "localStorage.getItem('ketaflow.kept')"
    assert "151" in tablet.evaluate(kept)
    form = "document.querySelector('[data-forget]')"
    tablet.evaluate(f"{form}.addEventListener('submit', sent => sent.preventDefault())")
    out.click()
    assert tablet.evaluate(kept) is None


def test_the_drug_is_not_started_without_the_line(chromium, address, team, clock):
    with transaction.atomic():
        ids = stages.just_come(team, 3)
    page = sit_down(chromium, address, team.staff["nurse"], path(ids, ""), viewport=DESK)
    page.context.set_offline(True)
    page.get_by_text(LOST).wait_for()
    page.locator("[name='dose-password']").fill("a secret of somebody")
    page.get_by_role("button", name="Sign the check").click()
    # A beat that was on its way may make the line look whole at the press: then nobody answers.
    page.get_by_text(re.compile("cannot be done without the line|Nobody answered")).wait_for()
    assert page.evaluate("localStorage.length") == 0
    page.context.close()


def test_a_server_that_was_killed_meanwhile_finds_every_entry_once(chromium, tmp_path):
    server = Server(tmp_path)
    server.start()
    given = {**server.given, "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings"}
    command = [sys.executable, "-c", CLINIC % 1]
    made = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    room = chromium.new_context(base_url=f"http://127.0.0.1:{server.port}", viewport=TABLET)
    page = room.new_page()
    page.goto(f"/sessions/{made.stdout.strip()}/chair/")
    page.get_by_label("Email").fill("nurse@example.org")
    page.get_by_label("Password").fill("juniper-lane-demo")
    page.get_by_role("button", name="Sign in", exact=True).click()
    write_round(page, "141")
    page.get_by_text("The round is saved.").wait_for()
    for systolic in ("142", "143"):
        server.kill()
        page.get_by_text(LOST).wait_for()
        write_round(page, systolic)
        page.get_by_text("waits to be sent").wait_for()
        server.start()
        page.get_by_text("The line is back. 1 entry is in the record now").wait_for()
        page.get_by_text(LOST).wait_for(state="detached")
    page.goto(page.url.replace("chair/", "print/"))
    said = page.locator(".record-list").inner_text()
    assert [said.count(f"{systolic}/–") for systolic in (141, 142, 143)] == [1, 1, 1]
    room.close()
    assert "verify" in server.told("journal", "verify")
    server.kill()
