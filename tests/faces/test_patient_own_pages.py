"""The patient's own pages: what waits, what to sign, what happened, and a copy of it all."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.correspondence.home import actions as home
from ketaflow.correspondence.home.contact import Language
from ketaflow.correspondence.models import Helper, Invitation, Message, Notice, Readiness
from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry
from ketaflow.outcomes.models import SafetyTask
from ketaflow.people import queries as people
from ketaflow.people.actions import oneself, system_of
from ketaflow.people.consent import consent_text
from ketaflow.people.models import Consent, Patient
from ketaflow.people.roles import NotYours
from ketaflow.protocol.figures import show
from ketaflow.session import queries as sessions

from .. import at_home
from ..access.test_every_url import patients_things
from ..at_home import address, phone

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def team(db):
    return fictional.open_clinic(timezone.now())


@pytest.fixture
def hers(team):
    """The ids of one patient who was treated and comes again."""
    return patients_things(team, 1)


@pytest.fixture
def her(hers):
    return Patient.objects.get(id=hers["patient"])


@pytest.fixture
def link(team, her):
    nurse = team.staff["nurse"].author
    return home.send_pages(patient=her, sheet=her.id, by=nurse, at=timezone.now())


def signed_in_as(team, key):
    client = Client()
    client.force_login(team.staff[key].user)
    return client


def link_author(link):
    return Entry.objects.get(stream=link.stream, ordinal=1).author


def words(got):
    assert got.status_code == 200, got.status_code
    return got.content.decode()


def test_a_patient_prepares_for_her_visit_and_the_clinic_hears_of_it(team, hers, her, link):
    client, url = phone(link), address(link, "visit", booking=hers["booking"])
    assert "You said: I am not coming" in words(client.get(address(link, "mine")))
    page = words(client.get(url))
    assert "Will you come?" in page
    long = (SCRIPT + "x" * 5000)[:5000]
    for _ in range(2):
        got = client.post(url, {"coming": "yes", "escort": "Al", "words": long}, follow=True)
        assert "You said: I am coming." in words(got)
    assert Entry.objects.filter(kind="visit.answered").count() == 2  # the first in the fixture
    assert client.post(url, {"coming": "yes", "words": long + "x"}).status_code == 422
    assert SCRIPT not in client.get(url).content.decode()
    desk = signed_in_as(team, "nurse").get(f"/patients/{her.id}/invitations/").content.decode()
    assert "taken home by Al" in desk
    assert SCRIPT not in desk


def test_words_about_suicide_before_a_visit_open_a_task_at_once(hers, link):
    before = SafetyTask.objects.count()
    url = address(link, "visit", booking=hers["booking"])
    phone(link).post(url, {"coming": "yes", "words": "I want to kill myself"})
    assert SafetyTask.objects.count() == before + 1


def test_a_patient_takes_her_agreement_back_and_signs_again(team, hers, her, link):
    client, course = phone(link), hers["course"]
    assert "Take it back" in words(client.get(address(link, "agreements")))
    back = address(link, "withdraw", course=course)
    assert "You lose no other care" in words(client.get(back))
    for _ in range(2):
        got = words(client.post(back, {"reason": ""}, follow=True))
    assert "Taken back on" in got
    assert people.consent(clinic=her.clinic_id, course=course) is None
    assert Notice.objects.filter(kind="CONSENT_WITHDRAWN").count() == 1
    tasks = signed_in_as(team, "nurse").get("/tasks/").content.decode()
    assert "Withdrew the agreement" in tasks
    sign = address(link, "sign", course=course)
    text = consent_text("ketamine-infusion")
    whole = {
        "sha256": text.sha256,
        "agreed": [one.key for one in text.statements],
        "name": "Cy Patient",
    }
    for lacking in ({"name": " "}, {"agreed": whole["agreed"][1:]}, {"sha256": "0" * 64}):
        assert client.post(sign, whole | lacking).status_code == 422
    for _ in range(2):
        assert "You have signed" in words(client.post(sign, whole, follow=True))
    held = people.consent(clinic=her.clinic_id, course=course)
    assert held.text_sha256 == text.sha256
    entry = Entry.objects.filter(kind="consent.given").last()
    assert (entry.by, entry.payload["signed"]) == (her.id, "Cy Patient")
    assert Notice.objects.filter(kind="CONSENT_GIVEN").count() == 1


def test_each_session_is_told_in_plain_words(hers, her, link):
    client = phone(link)
    assert "Ketamine, into a vein" in words(client.get(address(link, "sessions")))
    page = words(client.get(address(link, "session", session=hers["session"])))
    state = sessions.state(clinic=her.clinic_id, id=hers["session"])
    assert f"{show(round(state.given_mg(state.ended_at), 1))} mg" in page
    for said in ("Blood pressure: upper number", "The medicine began", "You went home with"):
        assert said in page


def test_her_scores_are_a_picture_with_words_and_a_table(link):
    page = words(phone(link).get(address(link, "scores")))
    assert 'role="img" aria-label="PHQ-9:' in page
    assert "<table" in page


def test_she_downloads_all_of_her_record_and_nothing_of_anybody_else(
    team, hers, her, link, django_assert_max_num_queries
):
    other = patients_things(team, 2)
    client = phone(link)
    page = words(client.get(address(link, "data")))
    key = page.split("/data/")[1].split("/")[0]
    with django_assert_max_num_queries(30):
        got = client.get(address(link, "record_json", key=key))
    record = json.loads(got.content)
    assert record["patient"]["number"] == her.number
    for name in ("courses", "appointments", "sessions", "scores", "consents", "messages"):
        assert record[name], name
    assert record["sessions"][0]["readings"][0]["systolic"]
    assert record["consents"][0]["statements"]
    text = got.content.decode()
    for id in (other["patient"], other["course"], other["session"]):
        assert str(id) not in text
    assert Patient.objects.get(id=other["patient"]).family not in text
    paper = client.get(address(link, "record_pdf", key=key))
    assert paper.content.startswith(b"%PDF")
    read = Entry.objects.filter(stream=f"access/{her.id}", by=her.id)
    assert [one.payload["page"] for one in read] == ["own record (JSON)", "own record (PDF)"]


def test_a_download_link_runs_out_and_is_no_good_elsewhere(team, hers, her, link, monkeypatch):
    client = phone(link)
    key = words(client.get(address(link, "data"))).split("/data/")[1].split("/")[0]
    stranger = Client().get(address(link, "record_json", key=key))
    assert (stranger.status_code, stranger.url) == (302, address(link))
    nurse = team.staff["nurse"].author
    forms = at_home.invited(her, by=nurse, at=timezone.now(), instrument="gad-7")
    elsewhere = phone(forms).get(address(forms, "record_json", key=key))
    assert elsewhere.status_code == 302
    later = timezone.now().timestamp() + 601
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(address(link, "record_json", key=key)).url == address(link, "data")


def test_a_helper_answers_about_visits_and_sees_nothing_else(hers, her, link):
    client = phone(link)
    for _ in range(2):
        client.post(address(link, "helper"), {"name": "Bo Friend", "email": "bo@example.org"})
    helper = Helper.objects.get()
    theirs = Invitation.objects.get(helper=helper)
    assert Message.objects.get(invitation=theirs).to == "bo@example.org"
    bo = phone(theirs)
    page = words(bo.get(address(theirs, "mine")))
    assert f"You help {her.given}" in page
    for hidden in ("sessions", "scores", "agreements", "data", "contact", "helper", "check"):
        assert bo.get(address(theirs, hidden)).url == address(theirs, "mine"), hidden
    item = address(theirs, "question", item="9")
    assert bo.post(item, {"answer": "1"}).url == address(theirs, "mine")
    back = address(theirs, "withdraw", course=hers["course"])
    assert bo.post(back).url == address(theirs, "mine")
    assert Consent.objects.get(course=hers["course"]).withdrawn_at is None
    url = address(theirs, "visit", booking=hers["booking"])
    bo.post(url, {"coming": "yes", "escort": "Bo"})
    assert Readiness.objects.get().said_by == f"Bo Friend, helping {her.name}"
    client.post(address(link, "no_helper"))
    assert bo.get(address(theirs, "mine")).status_code == 410
    with pytest.raises(NotYours):
        home.name_helper(
            patient=her, name="X", email="x@example.org",
            by=Entry.objects.filter(kind="visit.answered").last().author, at=timezone.now(),
        )  # fmt: skip


def test_another_patients_visit_session_or_course_is_not_found(team, hers, link):
    other, client = patients_things(team, 2), phone(link)
    for name, id in (("visit", "booking"), ("session", "session"), ("sign", "course")):
        url = address(link, name, **{id: other[id]})
        assert client.get(url).status_code == 404
        assert client.post(url, {"coming": "yes"}).status_code == 404


def test_only_a_number_she_gave_is_ever_written_to(her, link, settings):
    client, url = phone(link), address(link, "contact")
    assert "mobile number" not in words(client.get(url))
    settings.TEXT_GATEWAY = "ketaflow.cli.gateways.Console"
    assert client.post(url, {"language": "es", "text_to": "0143"}).status_code == 422
    client.post(url, {"language": "es", "text_to": "+1 (202) 555-0143"})
    sent = home.send_pages(
        patient=Patient.objects.get(id=her.id),
        sheet=link.id,
        by=link_author(link),
        at=timezone.now(),
    )
    to = set(Message.objects.filter(invitation=sent).values_list("channel", "to"))
    assert to == {("EMAIL", her.email), ("TEXT", "+12025550143")}


def test_what_was_done_at_home_can_be_made_again_from_the_journal(hers, her, link):
    by, at = oneself(her), timezone.now()
    home.set_contact(patient=her, text_to="", language=Language.SPANISH, by=by, at=at)
    home.name_helper(patient=her, name="Bo", email="bo@example.org", by=by, at=at)
    tables = (Helper, Invitation, Message, Notice, Readiness)
    before = [list(one.objects.order_by("pk").values()) for one in tables]
    journal.rebuild()
    assert [list(one.objects.order_by("pk").values()) for one in tables] == before


def test_each_page_costs_a_bounded_number_of_reads(hers, link, django_assert_max_num_queries):
    client = phone(link)
    for name, more in (
        ("mine", {}), ("scores", {}), ("sessions", {}), ("agreements", {}), ("helper", {}),
        ("visit", {"booking": hers["booking"]}), ("session", {"session": hers["session"]}),
    ):  # fmt: skip
        with django_assert_max_num_queries(16):
            words(client.get(address(link, name, **more)))


def test_reminders_are_queued_once_for_each_visit_ahead(team, hers, link):
    system, at = system_of(team.clinic), timezone.now()
    before = Message.objects.count()
    first = home.remind(clinic=team.clinic, ahead=timedelta(days=30), by=system, at=at)
    again = home.remind(clinic=team.clinic, ahead=timedelta(days=30), by=system, at=at)
    assert (first.queued >= 1, again.queued) == (True, 0)
    assert Message.objects.count() == before + first.queued
