"""After induction the interval follows the response, and every check has a day or a setter."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.aftercare.crisis import card
from ketaflow.aftercare.maintenance import Advice, Maintained, propose_interval
from ketaflow.aftercare.plan import Known, Reviewing, add_months, propose, review
from ketaflow.aftercare.relapse import Found, find, reinduction
from ketaflow.evidence.sources import cite
from ketaflow.outcomes.change import History, Measurement, assess
from ketaflow.protocol.limits import limits
from tests.laws.a_session import POLICY, without

ENDED = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LAST = date(2026, 4, 6)
KNOWN = Known(
    induction_ended_at=ENDED,
    last_session_at=ENDED,
    sessions=6,
    given_mg=Decimal(240),
    sessions_since_review=6,
    last_review_on=None,
    sessions_last_year=6,
)
STEADY = Maintained(LAST, sessions=4, interval_weeks=1)


def phq(*totals, events=()):
    at = [ENDED + timedelta(days=7 * place) for place in range(len(totals))]
    measured = tuple(
        Measurement(when, Decimal(total)) for when, total in zip(at, totals, strict=True)
    )
    return assess(History("phq-9", measured, events=events))


def plan(policy=POLICY, maintained=STEADY, **changes):
    return propose(replace(KNOWN, **changes), maintained, phq(18, 6), policy, at=ENDED)


def checks(found, name):
    return [one for one in found.checks if one.name == name]


@pytest.mark.parametrize(
    ("given_so_far", "totals", "advice", "weeks"),
    [
        (Maintained(LAST), (18, 6), Advice.WEEKLY, 1),
        (Maintained(LAST, 3, 1), (18, 6), Advice.WEEKLY, 1),
        (Maintained(LAST, 4, 1), (18, 6), Advice.EXTEND, 2),
        (Maintained(LAST, 5, 2), (18, 4), Advice.EXTEND, 3),
        (Maintained(LAST, 9, 6), (18, 6), Advice.EXTEND, 6),
        (Maintained(LAST, 5, 3), (18, 6, 11), Advice.STEP_BACK, 2),
        (Maintained(LAST, 5, 1), (18, 6, 11), Advice.STEP_BACK, 1),
        (Maintained(LAST, 5, 3), (18, 8, 10), Advice.HOLD, 3),
        (Maintained(LAST), (18, 17), Advice.STOP, None),
        (Maintained(LAST), (18, 19), Advice.STOP, None),
        (Maintained(LAST), (), Advice.CANNOT_SAY, None),
        (Maintained(LAST), (18,), Advice.CANNOT_SAY, None),
    ],
)
def test_the_interval_follows_the_response_at_trough(given_so_far, totals, advice, weeks):
    found = propose_interval(given_so_far, phq(*totals), POLICY)
    assert (found.advice, found.weeks) == (advice, weeks)
    assert found.next_on == (weeks and LAST + timedelta(weeks=weeks))


def test_relapse_steps_back_and_asks_for_a_review():
    relapsed = phq(18, 4, events=(ENDED + timedelta(days=3),))
    found = propose_interval(Maintained(LAST, 6, 4), relapsed, POLICY)
    assert (found.advice, found.weeks) == (Advice.STEP_BACK, 3)
    assert "review now" in found.because


def test_pain_steps_back_by_its_own_two_points_and_not_by_those_of_phq_9():
    at = [ENDED + timedelta(days=7 * place) for place in range(3)]
    measured = zip(at, (8, 3, 5), strict=True)
    pain = History("nrs-pain", tuple(Measurement(day, Decimal(total)) for day, total in measured))
    found = propose_interval(Maintained(LAST, 5, 3), assess(pain), POLICY)
    assert (found.advice, found.weeks) == (Advice.STEP_BACK, 2)


def test_a_baseline_of_nothing_gives_no_percentage_to_stop_by():
    assert propose_interval(Maintained(LAST), phq(0, 0), POLICY).advice is Advice.WEEKLY


@given(
    st.integers(0, 20),
    st.integers(1, 6),
    st.lists(st.integers(0, 27), min_size=2, max_size=6),
)
def test_no_interval_is_below_a_week_or_above_the_clinics_longest(sessions, weeks, totals):
    found = propose_interval(Maintained(LAST, sessions, weeks), phq(*totals), POLICY)
    assert found.weeks is None or 1 <= found.weeks <= POLICY.values["maintenance_longest_weeks"]


@pytest.mark.parametrize("policy", [None, without("maintenance_step_weeks")])
def test_without_the_clinics_numbers_nothing_is_proposed_and_they_are_named(policy):
    found = propose_interval(STEADY, phq(18, 6), policy)
    assert (found.advice, found.weeks) == (Advice.CANNOT_SAY, None)
    assert "Weeks by which the interval grows" in found.unset


def test_a_proposal_says_that_its_rule_is_a_design():
    found = propose_interval(STEADY, phq(18, 6), POLICY)
    assert "not a guideline" in found.rule
    assert cite(found.sources)


def test_the_two_calls_follow_the_session():
    (first,), (second,) = checks(plan(), "first-call"), checks(plan(), "second-call")
    assert first.due_at == ENDED + timedelta(hours=24)
    assert second.due_at == ENDED + timedelta(days=7)


def test_a_liver_test_belongs_to_the_end_of_induction_and_then_to_the_clinics_interval():
    every = timedelta(weeks=int(POLICY.values["liver_every_weeks"]))
    assert checks(plan(), "liver")[0].due_at == ENDED
    done = ENDED + timedelta(days=2)
    assert checks(plan(done_on={"liver": done}), "liver")[0].due_at == done + every


@pytest.mark.parametrize(
    ("policy", "done_days", "due_days"),
    [
        (POLICY, None, 7),
        (POLICY, 10, 17),
        (POLICY, 7 * 13, 7 * (13 + 13)),
        (without("check_in_weekly_weeks"), None, None),
    ],
)
def test_check_ins_are_weekly_at_first_and_then_at_the_clinics_interval(
    policy, done_days, due_days
):
    done = {} if done_days is None else {"check-in": ENDED + timedelta(days=done_days)}
    (found,) = checks(plan(policy, done_on=done), "check-in")
    assert found.due_at == (None if due_days is None else ENDED + timedelta(days=due_days))


PUBLISHED = assess(
    History(
        "madrs",
        tuple(
            Measurement(ENDED + timedelta(days=7 * place), Decimal(total))
            for place, total in enumerate((30, 8, 22, 22))
        ),
    )
)


@pytest.mark.parametrize(
    ("change", "policy", "event", "because"),
    [
        (phq(18, 6), POLICY, "Admitted.", "An event is on record: Admitted."),
        (PUBLISHED, POLICY, "", "The published rule of relapse is met."),
        (phq(18, 6), POLICY, "", ""),
        (phq(18, 6), None, "", ""),
        (replace(phq(18, 6), instrument="nrs-pain"), POLICY, "", ""),
    ],
)
def test_a_relapse_is_found_by_an_event_a_published_rule_or_the_clinics_own(
    change, policy, event, because
):
    found = find(change, (), policy, event=event)
    assert (found.relapse, found.because) == (bool(because), because)
    assert bool(found.unset) is (policy is None)


def test_what_never_helped_is_not_proposed_again():
    found = Found(True, "An event is on record.", ("UNVERIFIED",))
    assert reinduction(found, phq(18, 17)) is None
    assert reinduction(Found(False, "", ()), phq(18, 6)) is None
    assert "had helped" in reinduction(found, phq(18, 6)).because


def test_the_bladder_is_asked_about_at_each_session_and_scored_in_between():
    each, scored = checks(plan(), "bladder")
    assert (each.due_at, each.rhythm) == (None, "at every session")
    assert scored.due_at == ENDED + timedelta(weeks=int(POLICY.values["bladder_every_weeks"]))


def test_mania_is_looked_for_at_every_session_in_bipolar_disorder():
    assert checks(plan(bipolar=True), "mania")[0].rhythm == "at every session"
    assert checks(plan(), "mania")[0].rhythm.startswith("every ")


@pytest.mark.parametrize("name", ["dependence", "pressure", "suicidality", "driving"])
def test_what_is_watched_at_every_session_needs_no_number(name):
    (one,) = checks(plan(policy=None), name)
    assert one.rhythm == "at every session"


def test_an_interval_the_clinic_has_not_set_is_listed_and_never_guessed():
    found = plan(policy=without("bladder_every_weeks"))
    assert checks(found, "bladder")[1].due_at is None
    assert checks(found, "bladder")[1].rhythm == "the clinic must set this"
    assert found.unset == ("Weeks between bladder questionnaires",)
    assert plan().unset == ()


def test_without_a_policy_every_open_number_is_listed():
    pain = plan(policy=None, pain=True)
    assert limits()["pain_sessions_max_year"].label in pain.unset
    assert limits()["pain_sessions_max_year"].label not in plan(policy=None).unset
    assert len(pain.unset) == len(set(pain.unset))
    assert pain.taper_offer_on is None


def test_stopping_is_offered_after_the_clinics_months():
    assert plan().taper_offer_on == date(2026, 9, 2)


def test_the_sum_of_sessions_and_milligrams_is_always_there():
    assert (plan().sessions, plan().given_mg) == (6, 240)


@pytest.mark.parametrize(
    ("changes", "days", "state"),
    [
        ({}, 0, Reviewing.NOT_DUE),
        ({"sessions_since_review": 12}, 0, Reviewing.DUE),
        ({"sessions_since_review": 24}, 0, Reviewing.REQUIRED),
        ({}, 364, Reviewing.NOT_DUE),
        ({}, 365, Reviewing.REQUIRED),
        ({"last_review_on": date(2026, 9, 1)}, 365, Reviewing.NOT_DUE),
        ({"pain": True, "sessions_last_year": 60}, 0, Reviewing.REQUIRED),
        ({"pain": False, "sessions_last_year": 60}, 0, Reviewing.NOT_DUE),
    ],
)
def test_a_course_is_reviewed_by_the_clinics_own_counts(changes, days, state):
    found = review(replace(KNOWN, **changes), POLICY.values, at=ENDED + timedelta(days=days))
    assert found.state is state


def test_counts_nobody_set_are_not_applied():
    assert (
        review(replace(KNOWN, sessions_since_review=500), {}, at=ENDED).state is Reviewing.NOT_DUE
    )


def test_a_month_later_than_the_31st_is_the_last_of_the_month():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 5), 12) == date(2027, 12, 5)


def test_every_part_of_the_plan_rests_on_a_registered_source():
    found = plan()
    for part in (*found.checks, *found.told, *found.evidence, *found.card.lines):
        assert cite(part.sources)
    assert any("no controlled long-term trial" in one.text for one in found.evidence)


def test_the_crisis_card_says_what_is_still_empty_and_always_whom_to_call():
    mine = card({"clinic": "555-0100", "crisis_line": "988", "signs": "I stop sleeping"})
    assert mine.open == ("What helps me", "People I can call")
    assert "call 988" in mine.foot
    assert "emergency" in card({}).foot
