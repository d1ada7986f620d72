"""Aftercare as prescriber and nurse meet it on the page."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ketaflow.aftercare.models import CheckInDue, Plan
from ketaflow.outcomes import actions as outcomes
from ketaflow.outcomes.models import SafetyTask
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.roles import Role

from ..conftest import NOW
from ..laws.test_aftercare_rows import LIMITS, check_in, sign
from ..laws.test_outcomes_rows import CALM, DAY, WORSE, filled, plan, sign_policy, treat
from .test_look import look, sign_in


@pytest.fixture
def course(patient, prescriber, nurse):
    """Six infusions after which depression is better."""
    found = plan(patient, prescriber)
    for at, values in ((NOW, WORSE), (NOW + 18 * DAY, CALM)):
        sheet = filled(values, occasion=Occasion.FOLLOW_UP)
        outcomes.answer(patient=patient, sheet=sheet, by=nurse.author, at=at)
        if values is WORSE:
            treat(found, nurse, 6)
    return found


@pytest.fixture
def policy(director):
    sign_policy(director, **LIMITS)


@pytest.fixture
def ben(signed_in):
    return signed_in(Role.PRESCRIBER)


@pytest.fixture
def ada(signed_in):
    return signed_in(Role.NURSE)


def address(course, name="course_aftercare"):
    return reverse(name, args=[course.id])


def press_sign(client, course, **changed):
    form = client.get(address(course)).context["form"]
    sent = {field.name: "" if field.value() is None else field.value() for field in form}
    return client.post(address(course), {**sent, **changed})


def test_a_proposal_shows_its_numbers_with_their_sources(ada, course, policy):
    page = ada.get(address(course)).content.decode()
    assert "6 sessions and 240 mg so far" in page
    assert "next session in 1 week" in page
    assert "S38, S43, LOCAL" in page
    assert "A prescriber signs." in page


def test_without_a_policy_the_page_says_what_the_clinic_must_set(ada, course):
    page = ada.get(address(course)).content.decode()
    assert "The clinic must set this" in page
    assert "Weeks between bladder questionnaires" in page


def test_a_prescriber_signs_what_is_on_the_page(ben, course, policy):
    assert press_sign(ben, course, **{"card-signs": "No sleep"}).status_code == 302
    assert Plan.objects.get().card["signs"] == "No sleep"
    page = ben.get(address(course)).content.decode()
    assert "In force: version 1" in page
    assert "Bladder symptom score" in page


def test_another_interval_without_a_reason_is_shown_again_with_what_was_typed(ben, course, policy):
    said = press_sign(ben, course, weeks="3", **{"card-helps": "Walking"})
    assert said.status_code == 422
    assert "write why yours differs" in said.content.decode()
    assert "Walking" in said.content.decode()
    assert press_sign(ben, course, weeks="3", reason="Lives far away.").status_code == 302


def test_an_old_page_is_shown_again_before_it_is_signed(ben, course, policy, prescriber):
    sign(course, prescriber)
    said = press_sign(ben, course, seen="0")
    assert said.status_code == 422
    assert "Version 1 was signed by somebody else" in said.content.decode()
    assert said.context["form"]["seen"].value() == 1


def test_a_nurse_cannot_sign(ada, course, policy):
    assert ada.post(address(course), {"weeks": "1"}).status_code == 403


def test_before_induction_ends_the_page_says_when_aftercare_begins(ada, patient, prescriber, nurse):
    assert (
        "No session was given yet"
        in ada.get(reverse("aftercare", args=[patient.id])).content.decode()
    )
    course = plan(patient, prescriber)
    treat(course, nurse, 2)
    assert "2 of 6 sessions were given" in ada.get(address(course)).content.decode()


def test_a_patients_aftercare_is_that_of_the_newest_course(ada, course):
    said = ada.get(reverse("aftercare", args=[course.patient_id]))
    assert said["Location"] == address(course)


@pytest.fixture
def signed(course, policy, prescriber):
    return sign(course, prescriber)


def press_check_in(client, course, **sent):
    url = address(course, "aftercare_check_in")
    seen = client.get(url).context["form"]["seen"].value()
    return client.post(url, {"thoughts": "NO", "seen": seen, **sent})


def test_a_check_in_ticks_off_what_was_due(ada, course, signed):
    said = press_check_in(ada, course, done=["bladder", "liver"], note="Sleeps well.")
    assert said["Location"] == address(course)
    assert CheckInDue.objects.exclude(done_at=None).count() == 2
    assert "Sleeps well." in ada.get(address(course)).content.decode()


def test_thoughts_of_suicide_at_a_check_in_lead_straight_to_a_task(ada, course, signed):
    said = press_check_in(ada, course, thoughts="YES")
    assert said["Location"] == reverse("safety_task", args=[SafetyTask.objects.get().id])


def test_a_check_in_from_an_old_page_keeps_what_was_ticked_and_typed(ada, course, signed, nurse):
    url = address(course, "aftercare_check_in")
    check_in(course, nurse, "liver")
    sent = {"thoughts": "NO", "seen": 1, "done": ["bladder"], "note": "Calm."}
    said = ada.post(url, sent)
    assert said.status_code == 422
    assert "Calm." in said.content.decode()
    form = said.context["form"]
    assert form["done"].value() == ["bladder"]
    assert ada.post(url, {**sent, "seen": form["seen"].value()}).status_code == 302


def test_a_relapse_is_recorded_and_changes_the_proposal(ada, course, signed):
    url = address(course, "aftercare_relapse")
    assert ada.post(url, {"what": " "}).status_code == 422
    assert ada.post(url, {"what": "Admitted."})["Location"] == address(course)
    assert "Step back" in ada.get(address(course)).content.decode()


def test_the_crisis_card_has_the_clinics_number_and_says_what_is_open(ada, course, policy):
    page = ada.get(address(course, "crisis_card")).content.decode()
    assert "988" in page
    assert "How I notice that I am getting worse" in page


def test_sessions_after_signing_ask_for_a_new_version(ada, course, signed, nurse):
    treat(course, nurse, 1, first=NOW + 25 * DAY)
    assert "1 session was given since this was signed" in ada.get(address(course)).content.decode()


def test_another_clinic_finds_nothing(client, dee, course):
    client.force_login(dee.user)
    for name in ("course_aftercare", "aftercare_check_in", "aftercare_relapse", "crisis_card"):
        assert client.get(address(course, name)).status_code == 404
    assert client.get(reverse("aftercare", args=[course.patient_id])).status_code == 404
    assert client.get(reverse("course_aftercare", args=[uuid4()])).status_code == 404


def test_the_page_costs_as_many_reads_whatever_happened(ada, course, signed, nurse):
    def reads():
        with CaptureQueriesContext(connection) as asked:
            ada.get(address(course))
        return len(asked)

    reads()
    before = reads()
    for day in range(6):
        check_in(course, nurse, "bladder", at=NOW + (30 + day) * DAY)
    treat(course, nurse, 3, first=NOW + 40 * DAY)
    assert reads() == before <= 35


@pytest.mark.browser
@pytest.mark.usefixtures("committed")
def test_the_aftercare_pages_have_no_barrier(page, course, director, prescriber, nurse):
    sign_in(page, prescriber)
    page.goto(address(course))
    look(page, "aftercare-unset")
    sign_policy(director, **LIMITS)
    sign(course, prescriber)
    check_in(course, nurse, "bladder", note="Sleeps well.", at=NOW + 21 * DAY)
    page.goto(address(course))
    look(page, "aftercare")
    page.goto(address(course, "aftercare_check_in"))
    look(page, "aftercare-check-in")
    page.goto(address(course, "aftercare_relapse"))
    look(page, "aftercare-relapse")
    page.goto(address(course, "crisis_card"))
    look(page, "crisis-card")
    page.emulate_media(media="print")
    assert not page.get_by_role("link", name="Patients").is_visible()
