"""A day at the fictional clinic: each at their own screen, and a clock that the story moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from ketaflow.cli.fictional.clinic import PASSWORD, TEAM, Team
from tests.browser import DESK, PHONE, barriers, sideways
from tests.stories.narrator import Chapter

# A Tuesday, ten in the morning in New York, where the clinic then is.
MORNING = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
MOST_TABS = 250


@dataclass
class Clock:
    """The time at the clinic. Only pages read it, and it moves only when the story says so."""

    now: datetime = MORNING

    def passes(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)


@dataclass
class ClinicDay:
    """Everybody at their own screen, the clock on the wall, and the chapter that is written."""

    browser: Browser
    address: str
    team: Team
    clock: Clock
    chapter: Chapter
    screens: dict[str, Page] = field(default_factory=dict)
    rooms: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    known: dict[str, Any] = field(default_factory=dict)

    def screen(self, who: str) -> Page:
        """The screen of one person, who signs in at it first."""
        if who not in self.screens:
            self.screens[who] = self._sit_down()
            self.go(who, "/")
        return self.screens[who]

    def go(self, who: str, path: str) -> Page:
        """Open a page, signing in when asked to."""
        page = self.screen(who) if who not in self.screens else self.screens[who]
        page.goto(path)
        if "/account/login" in page.url:
            page.get_by_label("Email").fill(f"{who}@example.org")
            page.get_by_label("Password").fill(PASSWORD)
            follow(page.get_by_role("button", name="Sign in", exact=True))
            page.get_by_role("link", name=TEAM[who][0]).wait_for()
        return page

    def tell(self, words: str) -> None:
        self.chapter.tell(words)

    def says(self, page: Page, words: str) -> None:
        """The page says so, in these words; the chapter quotes it."""
        then_it_says(page, words)
        self.chapter.quote(words)

    def look(self, page: Page, name: str) -> None:
        """No barrier on this page, no scrolling sideways on a phone; once a run for each `name`."""
        if name in self.looked_at:
            return
        self.looked_at.add(name)
        found = barriers(page)
        page.set_viewport_size(PHONE)
        wide = sideways(page)
        page.set_viewport_size(DESK)
        assert not found, f"Barriers on {name}: {found}"
        assert not wide, f"{name} scrolls sideways on a phone"

    def close(self) -> None:
        for room in self.rooms:
            room.close()
        assert not self.complaints, f"The browser complained: {self.complaints}"

    def _sit_down(self) -> Page:
        zone = str(self.team.clinic.zone)
        room = self.browser.new_context(base_url=self.address, viewport=DESK, timezone_id=zone)
        room.set_default_timeout(10_000)
        self.rooms.append(room)
        page = room.new_page()
        page.on("console", lambda said: self._heed(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heed(self, kind: str, words: str) -> None:
        # A refusal is answered with 4xx, which the browser notes as an error of its own.
        if kind == "error" and "the server responded with a status of 4" not in words:
            self.complaints.append(words)


def follow(pressed: Locator) -> None:
    """Press a button or a link, and wait until the page it leads to is there."""
    with pressed.page.expect_navigation():
        pressed.click()


def then_it_says(page: Page, words: str) -> None:
    """The words can be read on the page, however its lines break."""
    said = " ".join(page.locator(".page-body").inner_text().split())
    assert words in said, f"{words!r} is not on {page.url}: {said}"


@dataclass
class Keyboard:
    """A person who uses no mouse: Tab, arrows, Space and Enter."""

    page: Page

    def reach(self, css: str) -> None:
        """Tab until the element is focused that matches `css`."""
        for _ in range(MOST_TABS):
            if self.page.evaluate("css => document.activeElement.matches(css)", css):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_TABS} presses of Tab do not reach {css} on {self.page.url}")

    def write(self, name: str, words: str) -> None:
        """Type into the field called `name`; a date is typed as its digits."""
        self.reach(f"[name='{name}']")
        self.page.keyboard.type(words)

    def choose(self, name: str, value: str) -> None:
        """Choose among radio buttons with the arrows; the first is chosen with Space."""
        self.reach(f"input[name='{name}']")
        self.page.keyboard.press("Space")
        for _ in range(MOST_TABS):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrows do not reach {value} of {name}")

    def tick(self, name: str) -> None:
        self.reach(f"input[name='{name}']")
        self.page.keyboard.press("Space")

    def press(self, css: str) -> None:
        """Press the button with Enter."""
        self.reach(css)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
