"""A real Chromium, at a desk and on a phone, and the accessibility checks of axe-core."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright runs a loop in this thread; Django would take that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    path = os.environ.get("KETAFLOW_CHROMIUM") or shutil.which("chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, live_server) -> Iterator[Page]:
    """A page of the running clinic; whatever the browser complains about fails the test."""
    context = chromium.new_context(base_url=live_server.url, viewport=request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: _note(complaints, said.type, said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: _stay_home(complaints, asked.url, live_server.url))
    yield page
    context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, words: str) -> None:
    # The browser calls every 4xx an error; the tests that ask for one look at the answer itself.
    if kind == "error" and "the server responded with a status of 4" not in words:
        complaints.append(words)


def _stay_home(complaints: list[str], url: str, home: str) -> None:
    if not url.startswith((home, "data:", "blob:", "about:")):
        complaints.append(f"asked {url}")


def barriers(page: Page) -> list[str]:
    """What stands in somebody's way on this page, by axe-core's WCAG 2.2 A and AA rules."""
    page.evaluate(AXE.read_text())
    only = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = page.evaluate("only => axe.run(document, only)", only)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def sideways(page: Page) -> bool:
    """Whether the whole page scrolls sideways."""
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(page.evaluate(wide))
