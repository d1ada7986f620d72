"""An answer about suicide reaches a person, and silence is never taken for a no."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.evidence.sources import cite
from ketaflow.outcomes.suicidality import (
    Next,
    Risk,
    crisis_text,
    mentions,
    pathway,
    triage,
    triggers,
)
from ketaflow.protocol.limits import Policy

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = Policy(
    version="1",
    signed_by="Mia Director",
    signed_at=NOW,
    values={
        "phq9_item9_call_from": Decimal(2),
        "madrs_item10_flag_from": Decimal(3),
        "alert_acknowledge_min": Decimal(30),
    },
)
UNSET = replace(POLICY, values={})
answer = st.none() | st.integers(0, 1)


@pytest.mark.parametrize(("given_answer", "calls"), [(1, False), (2, True), (3, True)])
def test_any_answer_above_not_at_all_asks_the_columbia_screener(given_answer, calls):
    (one,) = triggers("phq-9", {"9": given_answer}, POLICY)
    assert (one.next, one.call_clinician) == (Next.SCREEN, calls)
    assert cite(one.sources)


def test_not_at_all_asks_for_nothing():
    assert triggers("phq-9", {"9": 0}, POLICY) == ()
    assert triggers("gad-7", {"1": 3}, POLICY) == ()
    assert triggers("phq-9", {"1": 3}, POLICY) == ()


def test_an_unanswered_item_nine_asks_for_a_person_and_is_not_a_no():
    (one,) = triggers("phq-9", {"9": None}, POLICY)
    assert one.next is Next.FOLLOW_UP
    assert "not a no" in one.because


def test_a_limit_the_clinic_sets_decides_for_the_clinicians_scales():
    assert triggers("madrs", {"10": 2}, POLICY) == ()
    assert triggers("madrs", {"10": 3}, POLICY)[0].sources == ("LOCAL",)


@pytest.mark.parametrize("policy", [UNSET, None])
def test_until_the_clinic_sets_a_limit_every_answer_above_none_asks(policy):
    assert triggers("madrs", {"10": 1}, policy)[0].next is Next.SCREEN
    assert triggers("phq-9", {"9": 3}, policy)[0].call_clinician is False


@pytest.mark.parametrize("text", ["I want to END  my life", "some suicidal thoughts"])
def test_free_text_that_speaks_of_suicide_is_noticed(text):
    assert mentions(text).next is Next.SCREEN


def test_free_text_about_the_weather_is_not():
    assert mentions("a bright day") is None


@pytest.mark.parametrize(
    ("answers", "risk", "because"),
    [
        ([0, 0, None, None, None, 0, None], Risk.NONE_REPORTED, "No question was answered yes."),
        ([1, 0, None, None, None, 0, None], Risk.LOW, "Yes to 1."),
        ([1, 1, 1, 0, 0, 0, None], Risk.MODERATE, "Yes to 1, 2, 3."),
        ([0, 0, None, None, None, 1, 0], Risk.MODERATE, "Yes to 6."),
        ([1, 1, 1, 1, 0, 0, None], Risk.HIGH, "Yes to 1, 2, 3, 4."),
        ([0, 0, None, None, None, 1, 1], Risk.HIGH, "Yes to 6, 6-recent."),
        ([None, None, None, None, 1, None, None], Risk.HIGH, "Yes to 5."),
        (
            [1, 0, None, None, None, None, None],
            Risk.FOLLOW_UP,
            "Yes to 1. Not answered: 6, 6-recent.",
        ),
        ([0, 0, None, None, None, 1, None], Risk.FOLLOW_UP, "Yes to 6. Not answered: 6-recent."),
    ],
)
def test_the_screener_is_triaged_as_columbia_says(answers, risk, because):
    found = triage(answers)
    assert (found.risk, found.because) == (risk, because)
    assert cite(found.sources)


@given(st.lists(answer, min_size=7, max_size=7), st.integers(0, 6))
def test_one_more_yes_never_makes_the_risk_lower(answers, place):
    order = [Risk.NONE_REPORTED, Risk.LOW, Risk.MODERATE, Risk.HIGH]
    before = triage(answers)
    after = triage([*answers[:place], 1, *answers[place + 1 :]])
    if Risk.FOLLOW_UP not in (before.risk, after.risk):
        assert order.index(after.risk) >= order.index(before.risk)
    assert (before.risk is Risk.HIGH) <= (after.risk is Risk.HIGH)


@given(st.lists(answer, min_size=7, max_size=7))
def test_silence_never_ends_in_no_risk(answers):
    found = triage(answers)
    if found.open_items:
        assert found.risk in (Risk.HIGH, Risk.FOLLOW_UP)


def test_high_risk_is_never_left_alone_and_the_prescriber_decides_about_today():
    follows = pathway(triage([1, 1, 1, 1, 1, 1, 1]), at=NOW, policy=POLICY)
    said = " ".join(f"{step.what} {step.who} {step.when}" for step in follows.steps)
    assert "Do not leave the patient alone" in said
    assert "Fetch a clinician to the patient now" in said
    assert follows.prescriber_decides
    assert all(cite(step.sources) for step in follows.steps)


@pytest.mark.parametrize(
    ("answers", "what", "who"),
    [
        ([1, 1, 1, 0, 0, 0, None], "safety plan", "Clinician"),
        ([1, 0, None, None, None, 0, None], "safety resources", "Nurse"),
        ([1, 0, None, None, None, None, None], "unanswered questions", "Clinician"),
    ],
)
def test_every_risk_has_its_steps_and_its_person(answers, what, who):
    follows = pathway(triage(answers), at=NOW, policy=POLICY)
    assert any(what in step.what and who == step.who for step in follows.steps)
    assert not follows.prescriber_decides


def test_no_risk_asks_for_nothing_from_home_either():
    calm = triage([0, 0, None, None, None, 0, None])
    assert pathway(calm, at=NOW, policy=POLICY, from_home=True).steps == ()


def test_an_alert_from_home_runs_against_the_clinics_own_clock():
    high = triage([1, 1, 1, 1, 1, 1, 1])
    first = pathway(high, at=NOW, policy=POLICY, from_home=True).steps[0]
    assert (first.by_at, first.when) == (NOW + timedelta(minutes=30), "within 30 minutes")
    for policy in (UNSET, None):
        unset = pathway(high, at=NOW, policy=policy, from_home=True).steps[0]
        assert (unset.by_at, unset.when) == (None, "now; the clinic must set its time limit")


def test_the_crisis_text_names_the_clinics_line_and_who_is_watching():
    assert "call 555-0199, or call your local emergency number" in crisis_text(
        "555-0199", watched=True
    )
    alone = crisis_text("", watched=False)
    assert "do not wait: call your local emergency number" in alone
    assert "Nobody at the clinic is watching" in alone
