"""Holds and the monitoring form as they are used: said in words, answered by name, looked at."""

import re

import pytest
from django.urls import reverse

from ketaflow.people.roles import Role
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice, shapes
from ketaflow.session import actions
from ketaflow.session.events import Kind
from ketaflow.session.monitoring_form import form
from ketaflow.session.phases import Phase

from ..laws import test_holds_rows as held
from ..laws.a_session import SET
from ..laws.test_monitoring_form import ANSWERS
from .test_look import look, sign_in
from .test_session_pages import (
    SIGNS,
    chair,
    earlier,
    nurses_page,
    open_session,
    press,
    room,
    spray,
    words,
)

__all__ = ["chair", "earlier", "nurses_page", "open_session", "spray"]
RULES = {"systolic-stop": Choice(Advice.HOLD), "spo2-low": Choice(Advice.ASK)}


@pytest.fixture
def rules(open_session, director):
    held.sign(director, RULES)


@pytest.fixture
def holding(rules, chair, nurses_page):
    """A running infusion whose last reading met a rule."""
    chair.run()
    press(nurses_page, chair, "round", **{**SIGNS, "systolic": "210"})
    return chair


def test_the_board_and_the_chair_say_reading_rule_and_source(holding, nurses_page):
    said = ("Systolic pressure 210 mmHg", "Systolic pressure of 200 mmHg or more",
            "signed by Mia Director; S37, S36", "nobody has acknowledged it")  # fmt: skip
    for page in (words(nurses_page.get(reverse("board"))), words(nurses_page.get(room(holding)))):
        assert all(one in page for one in said)
    part = nurses_page.get(room(holding), headers={"HX-Request": "true"})
    assert "210 mmHg" in words(part), "what refreshes itself says it too"


def test_it_is_answered_by_its_forms_and_the_drug_waits(holding, nurses_page, signed_in):
    (hold,) = holding.state.holds
    assert press(nurses_page, holding, "pause", reason="pressure").status_code == 302
    stopped = press(nurses_page, holding, "resume", rate_mg_min="")
    assert (stopped.status_code, "not released" in words(stopped)) == (422, True)
    told = {"hold": hold.ordinal, "words": "Called Ben"}
    assert press(nurses_page, holding, "acknowledge", **told).status_code == 302
    page = words(nurses_page.get(room(holding)))
    assert "Seen by Ada Nurse after" in page
    assert "I have seen it" not in page
    empty = press(nurses_page, holding, "release", hold=hold.ordinal, reason="")
    assert empty.status_code == 422
    prescriber = signed_in(Role.PRESCRIBER)
    told = {"hold": hold.ordinal, "reason": "175 now"}
    assert press(prescriber, holding, "release", **told).status_code == 302
    assert press(nurses_page, holding, "resume", rate_mg_min="").status_code == 302
    assert holding.row.standing is Phase.RUNNING
    assert "Hold released: 175 now" in words(nurses_page.get(room(holding)))
    assert "210 mmHg, since" not in words(nurses_page.get(reverse("board")))


def test_pressed_twice_is_kept_once(holding, nurses_page):
    told = {"hold": holding.state.holds[0].ordinal, "words": "", "seen": holding.seen}
    assert press(nurses_page, holding, "acknowledge", **told).status_code == 302
    assert press(nurses_page, holding, "acknowledge", **told).status_code in (409, 422)
    assert len([one for one in holding.state.lines if "hold_ack" in one.kind]) == 1


def test_each_hold_has_a_form_with_a_press_of_its_own(holding, nurses_page):
    """The same press that arrives again is kept once, as from every other form of the page."""
    press(nurses_page, holding, "round", **{**SIGNS, "systolic": "211", "spo2": "80"})
    page = nurses_page.get(room(holding)).content.decode()
    keys = re.findall(r'name="acknowledge-key" value="([^"]+)"', page)
    assert len(set(keys)) == len(holding.state.holds) == 2
    assert len(re.findall(r'data-press="I have seen it: [^"]+" data-waits', page)) == 2
    ids = re.findall(r' id="(id_[0-9]+_[^"]+)"', page)
    assert len(ids) == len(set(ids)) > 0
    told = {"hold": holding.state.holds[0].ordinal, "words": "", "key": keys[0], "age": "90"}
    for _ in range(2):
        assert press(nurses_page, holding, "acknowledge", **told).status_code == 302
    assert [one.kind for one in holding.state.lines].count(Kind.HOLD_ACKNOWLEDGED) == 1
    empty = press(nurses_page, holding, "release", hold=told["hold"], reason="")
    assert empty.status_code == 422
    assert 'aria-invalid="true"' in empty.content.decode()


def test_a_reading_that_was_corrected_is_said_to_be(holding, nurses_page):
    from ketaflow.session.wishes import Correction

    change = Correction(holding.state.holds[0].seen[0].ordinal, {**SIGNS}, "typed 210 for 120")
    holding.do(actions.correct, 25, correction=change)
    assert "The reading was corrected since" in words(nurses_page.get(room(holding)))


def test_who_may_not_read_charts_sees_no_hold(holding, signed_in):
    assert "210" not in words(signed_in(Role.FRONT_DESK).get(reverse("board")))


def test_the_page_says_that_a_hold_is_no_alarm(holding, nurses_page):
    assert "It is no alarm" in words(nurses_page.get(room(holding)))


# The policy page


def told(client, **holds):
    values = {key: str(value) for key, value in SET.items()}
    signed = protocol.signed_policy(clinic=client.staff.clinic_id)
    return client.post(
        reverse("policy"),
        {**values, "seen": signed.version, "note": "", **holds},
    )


@pytest.fixture
def directors_page(signed_in, director, open_session):
    client = signed_in(Role.MEDICAL_DIRECTOR)
    client.staff = director
    return client


def test_the_director_switches_a_rule_on_and_signs_it(directors_page, director):
    page = words(directors_page.get(reverse("policy")))
    assert all(one.label in page for one in shapes().values())
    answer = told(directors_page, **{
        "systolic-stop-action": "hold", "systolic-stop-readings": "2",
        "systolic-stop-minutes": "5", "systolic-stop-symptom": "on",
    })  # fmt: skip
    assert answer.status_code == 302
    (rule,) = protocol.policy(clinic=director.clinic_id).holds
    assert (rule.readings, rule.lasting_min, bool(rule.symptoms)) == (2, 5, True)
    again = directors_page.get(reverse("policy")).content.decode()
    assert re.search(r'name="systolic-stop-minutes" value="5', again)
    assert '<option value="hold" selected>' in again


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dissociation-action": "hold"}, "has no number"),
        ({"dissociation-action": "hold", "dissociation-value": "99"}, "takes 1 to 24"),
        ({"spo2-low-action": "ask", "spo2-low-readings": "2.5"}, "whole number"),
        ({"spo2-low-action": "ask", "spo2-low-minutes": "5"}, "over 2 readings"),
        ({"spo2-low-action": "explode"}, "not one of the available choices"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_not_signed(directors_page, director, wrong, said):
    answer = told(directors_page, **wrong)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert protocol.signed_policy(clinic=director.clinic_id).version == 1


# The monitoring form


@pytest.fixture
def home(spray):
    spray.prepare().do(actions.give_device, 10, lot="L1").do(actions.give_device, 15, lot="L2")
    return spray.measure(52).measure(120).score(130).leave(131)


def fill(client, chair, **changed):
    url = reverse("monitoring_form", args=[chair.id])
    answers = {f"fill-{key}": value for key, value in {**ANSWERS, **changed}.items()}
    return client.post(url, {**answers, "fill-seen": chair.seen, "step": "fill"})


def test_the_form_is_filled_submitted_and_leaves_the_list(home, nurses_page):
    url, due = reverse("monitoring_form", args=[home.id]), reverse("monitoring_forms")
    page = words(nurses_page.get(url))
    for said in ("L1, L2", "56 mg", "taken at 42 min", "121", "7 days left"):
        assert said in page
    assert "Cy Patient" in words(nurses_page.get(due))
    wrong = fill(nurses_page, home, sedation="")
    assert (wrong.status_code, "Sedation: This field is required" in words(wrong)) == (422, True)
    assert fill(nurses_page, home).status_code == 302
    submit = {"submit-seen": home.seen, "step": "submit", "submit-how": "portal",
              "submit-reference": "R-77"}  # fmt: skip
    assert nurses_page.post(url, submit).status_code == 302
    assert nurses_page.post(url, submit).status_code in (409, 422)
    page = words(nurses_page.get(url))
    assert "In the REMS portal: R-77. Ada Nurse" in page
    assert "Save the answers" not in page
    assert "No form is waiting" in words(nurses_page.get(due))


def test_a_form_that_nobody_filled_is_not_submitted(home, nurses_page):
    url = reverse("monitoring_form", args=[home.id])
    told = {"submit-seen": home.seen, "step": "submit", "submit-how": "fax",
            "submit-reference": "x"}  # fmt: skip
    answer = nurses_page.post(url, told)
    assert (answer.status_code, "Nobody has filled" in words(answer)) == (422, True)
    assert nurses_page.post(url, {"step": "burn"}).status_code == 404


def test_the_forms_pdf_is_the_same_each_time(home, nurses_page):
    url = reverse("monitoring_form_pdf", args=[home.id])
    first = nurses_page.get(url).content
    assert first.startswith(b"%PDF-")
    assert nurses_page.get(url).content == first
    fill(nurses_page, home)
    assert nurses_page.get(url).content != first


def test_an_infusion_has_no_such_form(chair, nurses_page):
    for name in ("monitoring_form", "monitoring_form_pdf"):
        answer = nurses_page.get(reverse(name, args=[chair.id]))
        assert (answer.status_code, "is an infusion" in words(answer)) == (422, True)


def test_forms_of_other_clinics_are_nobodys_business(home, dee, client):
    client.force_login(dee.user)
    assert "Cy Patient" not in words(client.get(reverse("monitoring_forms")))
    for name in ("monitoring_form", "monitoring_form_pdf", "session_pdf"):
        assert client.get(reverse(name, args=[home.id])).status_code == 404


def test_what_the_form_asks_is_marked_where_it_was_not_read(home, nurses_page):
    page = words(nurses_page.get(reverse("monitoring_form", args=[home.id])))
    assert page.count("(unverified)") >= 2
    assert len(form.questions()) == 18


# Looked at


@pytest.mark.browser
def test_holds_and_forms_have_no_barrier(page, committed, holding, home_too, nurse, director):
    sign_in(page, nurse)
    places = {
        "hold-chair": room(holding), "hold-board": reverse("board"),
        "form": reverse("monitoring_form", args=[home_too.id]),
        "forms-due": reverse("monitoring_forms"),
    }  # fmt: skip
    for name, url in places.items():
        page.goto(url)
        look(page, name)
    sign_in(page, director)
    page.goto(reverse("policy"))
    look(page, "policy-holds")


@pytest.fixture
def home_too(open_session, nurse):
    from ..conftest import register
    from ..laws.test_session_rows import NASAL_ORDER

    two = open_session(register(nurse, "K-2", "Di", "Second"), NASAL_ORDER, chair="Chair 2")
    two.prepare().do(actions.give_device, 10, lot="L1").do(actions.give_device, 15, lot="L2")
    return two.measure(52).measure(120).score(130).leave(131)
