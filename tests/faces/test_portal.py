"""The form at home: answered on a phone by whoever holds the link, kept once, never lost."""

import re
from contextlib import closing
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ketaflow.correspondence import actions
from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.people.roles import Role

from .. import at_home
from ..at_home import address, give, phone, send_in

MOST_BYTES = 60_000


@pytest.fixture
def asked(patient, nurse):
    return at_home.invited(patient, by=nurse.author, at=timezone.now())


@pytest.fixture
def at_desk(signed_in):
    return signed_in(Role.NURSE)


def fresh(invitation):
    return type(invitation).objects.get(id=invitation.id)


def test_answers_given_at_home_are_in_the_record_once(asked):
    client = phone(asked)
    give(client, asked)
    page = send_in(client, asked)
    assert "Your answers arrived" in page.content.decode()
    row = Answered.objects.get()
    assert (row.total, row.patient_id, row.sheet) == (8, asked.patient_id, asked.sheet)
    assert row.recorded_by == "Cy Patient, at home"
    assert not SafetyTask.objects.exists()


def test_sending_twice_keeps_one_sheet(asked):
    client = phone(asked)
    give(client, asked)
    assert send_in(client, asked).content == send_in(client, asked).content
    assert Answered.objects.count() == 1
    assert Entry.objects.filter(kind="outcomes.answered").count() == 1


def test_pressing_next_twice_writes_one_entry(asked):
    client = phone(asked)
    for _ in range(3):
        give(client, asked, {"1": 2})
    assert Entry.objects.filter(kind="invitation.answer_given").count() == 1


def test_a_positive_item_nine_opens_a_task_before_the_next_page(asked):
    got = give(phone(asked), asked, {"9": 1})
    task = SafetyTask.objects.get()
    assert got.status_code == 302
    assert (task.patient_id, task.status, task.answered) == (asked.patient_id, "OPEN", None)
    assert "item 9 was answered 1" in task.because


def test_leaving_out_item_nine_is_not_a_no(asked):
    give(phone(asked), asked, {"9": None})
    assert "not answered" in SafetyTask.objects.get().because


def test_the_whole_sheet_is_put_to_the_task_that_its_answer_opened(asked):
    client = phone(asked)
    give(client, asked, at_home.CALM | {"9": 2})
    page = send_in(client, asked)
    assert SafetyTask.objects.get().answered == Answered.objects.get()
    assert "you may need help" in page.content.decode()


def test_a_sheet_sent_without_item_nine_opens_a_task_too(asked):
    client = phone(asked)
    give(client, asked, {"1": 1})
    page = send_in(client, asked)
    assert SafetyTask.objects.get().answered == Answered.objects.get()
    assert Answered.objects.get().total is None
    assert "you may need help" in page.content.decode()


def test_an_answer_made_milder_leaves_the_task_open(asked):
    client = phone(asked)
    give(client, asked, at_home.CALM | {"9": 3})
    give(client, asked, {"9": 0})
    send_in(client, asked)
    assert SafetyTask.objects.get().status == "OPEN"
    assert Answered.objects.get().answers[8] == 0


def test_answers_are_there_when_the_link_is_opened_again(asked):
    give(phone(asked), asked, {"1": 3, "2": 2})
    again = phone(asked)
    assert again.get(address(asked)).url == address(asked, "question", item="3")
    assert "checked" in again.get(address(asked, "question", item="1")).content.decode()


def test_an_answer_sent_after_the_phone_lay_still_is_kept(asked, monkeypatch):
    client = phone(asked)
    later = timezone.now() + timedelta(hours=3)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert client.get(address(asked, "question", item="9")).url == address(asked)
    give(client, asked, {"9": 2})
    assert fresh(asked).given == {"9": 2}
    assert SafetyTask.objects.exists()
    assert client.get(address(asked, "question", item="9")).url == address(asked)


def test_help_comes_before_the_question_about_suicide_is_answered(asked):
    words = phone(asked).get(address(asked, "question", item="9")).content.decode()
    assert words.index("Do you need help now?") < words.index("better off dead")
    assert "988" in words
    assert "Nobody at the clinic is watching right now." in words


def test_help_is_on_every_page(asked):
    client = phone(asked)
    pages = [client.get(address(asked, "question", item=one)) for one in ("1", "9", "function")] + [
        Client().get(address(asked)),
        client.get(address(asked, "check")),
    ]
    give(client, asked)
    pages += [send_in(client, asked), client.get(address(asked, "mine"))]
    for page in pages:
        assert page.status_code == 200
        assert page.content.decode().count("Do you need help now?") == 1


def test_nothing_chosen_is_said_and_not_kept(asked):
    client = phone(asked)
    got = client.post(address(asked, "question", item="1"), {})
    assert got.status_code == 422
    assert "Choose an answer" in got.content.decode()
    assert fresh(asked).given == {}


@pytest.mark.parametrize("said", ["4", "-1", "x", "1" * 5000, "<script>", "1\x00"])
def test_an_answer_that_cannot_be_one_is_refused(asked, said):
    client = phone(asked)
    got = client.post(address(asked, "question", item="1"), {"answer": said})
    assert got.status_code == 422
    assert b"<script>" not in got.content
    assert fresh(asked).given == {}


def test_nothing_answered_is_not_sent(asked):
    got = send_in(phone(asked), asked)
    assert got.status_code == 422
    assert not Answered.objects.exists()


def test_opening_the_link_changes_nothing(asked):
    before = Entry.objects.count()
    for _ in range(3):
        assert Client().get(address(asked)).status_code == 200
    assert Entry.objects.count() == before


def test_a_page_is_small_needs_no_script_and_is_not_kept_by_the_browser(asked):
    got = phone(asked).get(address(asked, "question", item="9"))
    assert b"<script" not in got.content
    assert len(got.content) < 8_000
    assert "no-store" in got["Cache-Control"]


def test_a_page_is_light_with_all_it_needs(asked):
    client = phone(asked)
    page = client.get(address(asked, "question", item="9"))
    carried = len(page.content)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.content.decode())
    assert len(files) >= 2
    for url in files:
        with closing(client.get(url, headers={"accept-encoding": "gzip"})) as got:
            carried += int(got["Content-Length"])
    assert carried < MOST_BYTES


def test_a_page_costs_the_same_few_reads_however_many_answers(asked, django_assert_max_num_queries):
    client = phone(asked)
    give(client, asked)
    for page, more in [("question", {"item": "5"}), ("check", {}), ("mine", {})]:
        with django_assert_max_num_queries(10):
            assert client.get(address(asked, page, **more)).status_code == 200


def test_the_patients_own_page_shows_scores_and_what_comes(asked):
    client = phone(asked)
    give(client, asked)
    send_in(client, asked)
    assert "PHQ-9" in client.get(address(asked, "scores")).content.decode()
    words = client.get(address(asked, "mine")).content.decode()
    assert "No appointment is booked" in words


def test_what_was_sent_home_can_be_made_again_from_the_journal(asked):
    client = phone(asked)
    give(client, asked, at_home.CALM | {"9": 2})
    send_in(client, asked)
    journal.rebuild()
    assert fresh(asked).answered == Answered.objects.get()


# At the desk


def test_a_nurse_sends_a_questionnaire_and_sees_how_far_it_came(at_desk, patient, nurse):
    at_home.with_email(patient, by=nurse.author, at=timezone.now())
    url = f"/patients/{patient.id}/invitations/"
    form = at_desk.get(url).context["form"]
    said = {
        "instrument": "phq-9",
        "occasion": "BASELINE",
        "sheet": str(form["sheet"].value()),
    }
    for _ in range(2):
        page = at_desk.post(url, said, follow=True)
    assert "Waiting to be sent" in page.content.decode()
    assert Entry.objects.filter(kind="invitation.made").count() == 1
    assert (
        "waits for this patient" in at_desk.post(url, said | {"sheet": "0" * 32}).content.decode()
    )


def test_without_an_address_nothing_is_sent(at_desk, patient):
    page = at_desk.get(f"/patients/{patient.id}/invitations/")
    assert "No e-mail address is on record" in page.content.decode()


def test_a_link_that_was_withdrawn_keeps_what_was_answered(at_desk, asked):
    client = phone(asked)
    give(client, asked, {"1": 2})
    url = f"/patients/{asked.patient_id}/invitations/{asked.id}/withdraw/"
    at_desk.post(url)
    assert client.get(address(asked, "question", item="2")).status_code == 410
    assert fresh(asked).given == {"1": 2}
    assert at_desk.post(url).status_code == 422


def test_a_new_link_may_follow_one_that_ran_out(asked, nurse):
    later = asked.expires_at + timedelta(hours=1)
    again = at_home.invited(asked.patient, by=nurse.author, at=later)
    assert again.id != asked.id
    assert fresh(asked).withdrawn_at == later


def test_the_dead_are_not_written_to(asked, nurse):
    asked.patient.deceased = True
    with pytest.raises(actions.NotToBeSent):
        actions.invite(
            patient=asked.patient,
            ask=actions.Ask(asked.id, "gad-7", "FOLLOW_UP"),
            by=nurse.author,
            at=timezone.now(),
        )
