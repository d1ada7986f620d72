"""Every page behind a link, opened by a stranger, by another patient, too late, and again."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from ketaflow.correspondence import actions
from ketaflow.correspondence.models import Invitation
from ketaflow.journal.models import Entry
from ketaflow.people.actions import oneself
from ketaflow.people.roles import NotYours

from .. import at_home
from ..at_home import address, give, phone, send_in
from ..conftest import register

PATTERNS = [
    pattern
    for one in get_resolver().url_patterns
    if str(one.pattern) == "p/"
    for pattern in one.url_patterns
]
# Nothing is known by these: what is another's is as unknown (test_patient_own_pages.py).
NOTHING = "00000000-0000-4000-8000-000000000000"
WORDS = {"item": "1", "booking": NOTHING, "session": NOTHING, "course": NOTHING, "key": "x"}


@pytest.fixture
def asked(patient, nurse):
    return at_home.invited(patient, by=nurse.author, at=timezone.now())


@pytest.fixture
def others(nurse):
    somebody = register(nurse, "K-0002", "Di", "Other")
    return at_home.invited(somebody, by=nurse.author, at=timezone.now())


def pages(link):
    for pattern in PATTERNS:
        words = {name: WORDS[name] for name in pattern.pattern.converters if name != "link"}
        yield get_resolver().reverse(pattern.name, link=link, **words)


def link_of(invitation):
    return address(invitation).split("/")[2]


def everywhere(client, invitation, link=None):
    """What each page answers to looking and to sending."""
    said = {"answer": "3", "born_on": "1900-01-01"}
    for url in pages(link or link_of(invitation)):
        yield url, client.get("/" + url)
        yield url, client.post("/" + url, said)


def test_every_page_for_patients_asks_for_a_link():
    assert PATTERNS
    for pattern in PATTERNS:
        assert isinstance(pattern, URLPattern)
        assert pattern.callback.by_link
        # Nothing else names a patient: another's form cannot even be asked for.
        assert "patient" not in pattern.pattern.converters
        assert set(pattern.pattern.converters) <= {"link", *WORDS}


def test_a_forged_link_opens_nothing(asked):
    good = link_of(asked)
    forged = ["x", good[:-1], good[:-1] + ("A" if good[-1] != "A" else "B"), "0" * 64 + good[64:]]
    for link in forged:
        for url, got in everywhere(Client(), asked, link):
            assert got.status_code == 404, url
            assert "not a link of ours" in got.content.decode()
            assert not re.search(r"\bCy\b", got.content.decode())


def test_whoever_holds_the_link_alone_sees_and_writes_nothing(asked):
    give(phone(asked), asked, {"1": 2})
    before = Entry.objects.count()
    stranger = Client()
    for url in list(pages(link_of(asked)))[1:]:
        for got in (stranger.get("/" + url), stranger.post("/" + url, {"answer": "3"})):
            assert (got.status_code, got.url) == (302, address(asked)), url
    page = stranger.get(address(asked)).content.decode()
    # As a word: a random token may hold any two letters.
    assert not re.search(r"\bCy\b", page)
    assert "PHQ" not in page
    assert Entry.objects.count() == before


def test_another_patients_link_does_not_open_this_form(asked, others):
    client = phone(others)
    for url in list(pages(link_of(asked)))[1:]:
        assert client.get("/" + url).url == address(asked)
        assert client.post("/" + url, {"answer": "3"}).url == address(asked)
    give(client, others, {"1": 3})
    assert Invitation.objects.get(id=asked.id).given == {}


def test_two_links_in_one_browser_stay_apart(asked, others):
    client = phone(asked)
    client.post(address(others), {"born_on": others.patient.born_on.isoformat()})
    give(client, asked, {"1": 1})
    give(client, others, {"1": 2})
    assert Invitation.objects.get(id=asked.id).given == {"1": 1}
    assert Invitation.objects.get(id=others.id).given == {"1": 2}


def test_an_expired_link_says_so_and_takes_nothing(asked, monkeypatch):
    client = phone(asked)
    monkeypatch.setattr("django.utils.timezone.now", lambda: asked.expires_at)
    before = Entry.objects.count()
    for url, got in everywhere(client, asked):
        assert got.status_code == 410, url
        assert "no longer works" in got.content.decode()
    assert Entry.objects.count() == before


def test_a_used_link_takes_no_more_answers_and_shows_none_to_a_stranger(asked):
    client = phone(asked)
    give(client, asked)
    send_in(client, asked)
    before = Entry.objects.count()
    for browser in (client, Client()):
        for url, got in everywhere(browser, asked):
            assert got.status_code in {200, 302, 404, 410, 422}, url
            assert browser is client or got.status_code != 200
    assert Entry.objects.count() == before
    assert phone(asked).get(address(asked, "mine")).status_code == 302


def test_the_fifth_wrong_date_of_birth_closes_the_link(asked):
    for _ in range(5):
        phone(asked, date(1990, 1, 1))
    assert phone(asked).get(address(asked)).status_code == 410
    assert Invitation.objects.get(id=asked.id).wrong_births == 5


def test_a_patient_writes_about_nobody_else(asked, others):
    by, at = oneself(others.patient), timezone.now()
    with pytest.raises(actions.NotHere):
        actions.give(invitation=asked.id, item="1", answer=1, by=by, at=at)
    with pytest.raises(actions.NotHere):
        actions.send_in(invitation=asked.id, by=by, at=at)
    with pytest.raises(NotYours):
        actions.withdraw(invitation=others.id, by=by, at=at)


def test_nobody_of_another_clinic_finds_the_invitation(asked, dee, clinic_b):
    with pytest.raises(actions.NotHere):
        actions.withdraw(invitation=asked.id, by=dee.author, at=timezone.now())


def test_a_wrong_clock_at_home_does_not_matter(asked):
    # Nothing the phone sends names a time: what counts is the clock of the clinic.
    client = phone(asked)
    got = client.post(
        address(asked, "question", item="1"),
        {"answer": "1", "at": "1999-01-01"},
        headers={"date": "Fri, 01 Jan 1999 00:00:00 GMT"},
    )
    assert got.status_code == 302
    entry = Entry.objects.filter(kind="invitation.answer_given").get()
    assert timezone.now() - entry.at < timedelta(minutes=5)
