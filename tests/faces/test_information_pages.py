"""The public library as it is read: crisis help everywhere, by keyboard, without scripts."""

import os
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.access.test_public_pages import PUBLIC
from tests.browser import barriers, sideways

SHOTS = os.environ.get("KETAFLOW_SHOTS")
COMPARED = "/information/compare/?for=depression&show=yes&option=ketamine&option=ect"


def read(url):
    return Client().get(url).content.decode()


@pytest.mark.parametrize("url", PUBLIC)
def test_crisis_help_is_on_every_page_before_its_content(db, url):
    page = read(url)
    assert "Call your local emergency number now" in page
    assert "988" not in page.replace("1,988", "")
    assert page.index("Call your local emergency number now") < page.index("All pages")


def test_a_page_shows_its_sources_and_how_much_was_read(db):
    page = read("/information/benefits/")
    assert "Last checked against its sources on 25 November 2026" in page
    numbers = set(re.findall(r'href="#source-(\d+)"', page))
    assert numbers == set(re.findall(r'id="source-(\d+)"', page))
    assert "Read: the abstract." in page


def test_two_options_stand_side_by_side(db):
    page = read(COMPARED)
    assert page.count('<th scope="col">') == 2
    assert page.count('<th scope="rowgroup"') == 4
    assert "What speaks against it?" in page
    assert 'value="ect" checked' in page


@pytest.mark.parametrize("chosen", ["", "&option=ect", "&option=ect&option=nowhere"])
def test_one_option_alone_is_answered_with_what_to_do(db, chosen):
    page = read(f"/information/compare/?for=depression&show=yes{chosen}")
    assert "Choose at least two options" in page
    assert "Side by side</h2>" not in page


@pytest.mark.parametrize("wish", ["for=nowhere", "for=pain&option=%3Cscript%3E", "option=ect"])
def test_a_strange_wish_is_shown_the_choice(db, wish):
    got = Client().get(f"/information/compare/?{wish}")
    assert got.status_code == 200
    assert b"<script>" not in got.content


def test_the_way_in_leads_to_the_library(db):
    assert 'href="/information/"' in read("/account/login/").split("<footer")[0]
    assert 'href="/information/"' in read("/account/login/").split("<footer")[1]


@pytest.mark.parametrize("url", PUBLIC)
def test_every_link_within_the_library_leads_somewhere(db, url):
    linked = set(re.findall(r'href="(/information/[^"#]*)', read(url)))
    assert linked
    assert [
        one for one in linked if Client().get(one.replace("&amp;", "&")).status_code != 200
    ] == []


@pytest.mark.browser
def test_no_public_page_has_a_barrier(page, committed):
    for url in [*PUBLIC, COMPARED]:
        page.goto(url)
        if SHOTS:
            name = re.sub(r"\W+", "-", url).strip("-")[:60]
            wide = page.viewport_size["width"]
            page.screenshot(path=Path(SHOTS) / f"{name}-{wide}.png", full_page=True)
        assert barriers(page) == [], url
        assert not sideways(page), url


@pytest.mark.browser
def test_the_decision_aid_is_used_by_keyboard_alone(page, committed):
    page.goto("/information/compare/?for=depression")
    for name in ("esketamine", "ect"):
        while page.evaluate("document.activeElement.id") != f"option-{name}":
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    while page.evaluate("document.activeElement.textContent") != "Compare":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**show=yes**")
    while page.evaluate("document.activeElement.getAttribute('role')") != "region":
        page.keyboard.press("Tab")
    heads = page.locator(".comparison thead th").all_inner_texts()
    assert heads == ["Esketamine nasal spray", "ECT (electroconvulsive therapy)"]


@pytest.mark.browser
def test_the_decision_aid_works_without_scripts(chromium, live_server, committed):
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/information/compare/?for=pain")
    page.get_by_label("Opioids").check()
    page.get_by_label("Nerve blocks").check()
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".comparison tbody").count() == 4
    context.close()
