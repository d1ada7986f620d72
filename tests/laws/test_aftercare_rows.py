"""Aftercare in the record: signed by a prescriber, checked in upon, superseded."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ketaflow.aftercare import actions, queries
from ketaflow.aftercare.actions import CheckIn, NotHere, NothingDone, ProposalChanged, Thoughts
from ketaflow.aftercare.induction import (
    Chosen,
    Induction,
    NoSuchInterval,
    NotOver,
    check_choice,
    ended_at,
)
from ketaflow.aftercare.models import CheckInDue
from ketaflow.aftercare.notes import NoSuchNote
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SentTwice, SomeoneElseMoved
from ketaflow.outcomes.models import SafetyTask
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.registration import NotPlausible
from ketaflow.people.roles import NotYours
from ketaflow.protocol import actions as protocol

from ..conftest import NOW
from .test_outcomes_rows import CALM, DARK, DAY, WORSE, give, plan, sign_policy, treat

__all__ = ["give"]

LIMITS = {
    "maintenance_weekly_sessions": "4", "maintenance_step_weeks": "1",
    "maintenance_longest_weeks": "12", "worsening_phq9_points": "5",
    "stop_below_improvement_pct": "25", "contact_first_h": "24", "contact_second_days": "7",
    "bladder_every_weeks": "8", "liver_every_weeks": "12", "cognition_every_weeks": "26",
    "mania_every_weeks": "4", "taper_offer_months": "6", "review_soft_sessions": "12",
    "review_hard_sessions": "24", "review_hard_months": "12", "relapse_phq9_points": "15",
    "check_in_weekly_weeks": "4", "check_in_later_weeks": "4", "misuse_signals_review": "2",
}  # fmt: skip
LATER = NOW + 20 * DAY


@pytest.fixture
def course(patient, prescriber, nurse, give):
    """Six infusions after which depression is better."""
    give(WORSE, occasion=Occasion.BASELINE)
    found = plan(patient, prescriber)
    treat(found, nurse, 6)
    give(CALM, at=NOW + 18 * DAY)
    return found


def sign(course, staff, *, weeks=1, reason="", seen=0, at=LATER):
    found = queries.proposal(clinic=course.clinic_id, course=course, at=at)
    return actions.sign(
        course=course, chosen=Chosen(weeks, reason, {"signs": "no sleep "}), seen=seen,
        shown=actions.fingerprint(proposal=found), by=staff.author, at=at,
    )  # fmt: skip


def check_in(course, staff, *done, thoughts=Thoughts.NO, note="", at=LATER):
    seen = journal.last_ordinal(clinic=course.clinic_id, stream=actions.stream_of(course=course))
    check = CheckIn(done, thoughts, note)
    return actions.check_in(course=course, check=check, seen=seen, by=staff.author, at=at)


def waiting(course):
    found = queries.check_ins(clinic=course.clinic_id, course=course.id)
    return {one.kind: one for one in found if one.done_at is None}


@pytest.fixture
def signed(course, director, prescriber):
    sign_policy(director, **LIMITS)
    return sign(course, prescriber)


def test_a_plan_says_how_much_was_given_and_what_is_due(signed, course):
    assert (signed.version, signed.interval_weeks, signed.sessions_given) == (1, 1, 6)
    assert signed.content["given_mg"] == "240.00"
    assert signed.card == {"signs": "no sleep"}
    assert set(waiting(course)) == {
        "first-call", "second-call", "check-in", "bladder", "liver", "cognition", "mania",
    }  # fmt: skip


def test_without_a_policy_every_number_is_named_that_the_clinic_must_set(course, prescriber):
    signed = sign(course, prescriber, weeks=None)
    assert "Weeks between liver tests" in signed.content["unset"]
    assert signed.next_on is None
    assert not waiting(course)


def test_a_nurse_does_not_sign(course, nurse):
    with pytest.raises(NotYours):
        sign(course, nurse, weeks=None)


def test_nobody_signs_for_another_clinic(course, dee):
    with pytest.raises(NotHere):
        actions.sign(
            course=course, chosen=Chosen(None, "", {}), shown="", seen=0, by=dee.author, at=NOW
        )


def test_another_interval_than_proposed_needs_its_reason(signed, course, prescriber):
    with pytest.raises(NoSuchInterval, match="write why"):
        sign(course, prescriber, weeks=3, seen=1)
    assert sign(course, prescriber, weeks=3, reason="Lives far away.", seen=1).version == 2


@pytest.mark.parametrize("weeks", [0, 53])
def test_an_interval_lies_within_a_year(weeks):
    with pytest.raises(NoSuchInterval, match="between 1 and 52"):
        check_choice(Chosen(weeks, "why", {}), 1)


def test_no_further_session_is_a_choice_too():
    check_choice(Chosen(None, "She wants to stop.", {}), 1)


@pytest.mark.parametrize(
    ("given", "over_at", "when"),
    [(3, None, None), (0, NOW, None), (3, NOW + 9 * DAY, 9), (4, None, 3), (6, NOW + 9 * DAY, 3)],
)
def test_induction_is_over_with_its_last_session_or_when_it_is_stopped(given, over_at, when):
    course = Induction(4, tuple(NOW + day * DAY for day in range(given)), over_at)
    if when is None:
        with pytest.raises(NotOver):
            ended_at(course)
    else:
        assert ended_at(course) == NOW + when * DAY


def test_a_course_that_was_stopped_gets_its_aftercare_too(patient, prescriber, nurse):
    course = plan(patient, prescriber)
    treat(course, nurse, 2)
    with pytest.raises(NotOver, match="2 of 6"):
        sign(course, prescriber, weeks=None)
    protocol.end(
        course=course, completed=False, reason="No response", by=prescriber.author, at=LATER
    )
    course.refresh_from_db()
    assert sign(course, prescriber, weeks=None).version == 1


def test_a_proposal_that_changed_is_read_again_before_it_is_signed(
    course, director, prescriber, give
):
    sign_policy(director, **LIMITS)
    found = queries.proposal(clinic=course.clinic_id, course=course, at=LATER)
    shown = actions.fingerprint(proposal=found)
    give(WORSE, at=NOW + 19 * DAY)
    with pytest.raises(ProposalChanged):
        actions.sign(
            course=course, chosen=Chosen(1, "", {}), shown=shown, seen=0, by=prescriber.author,
            at=LATER,
        )  # fmt: skip


def test_a_second_hand_on_the_same_version_is_told(signed, course, prescriber):
    with pytest.raises(SomeoneElseMoved):
        sign(course, prescriber, seen=0)


def test_a_new_version_takes_over_what_nobody_did(signed, course, prescriber, nurse):
    check_in(course, nurse, "first-call")
    sign(course, prescriber, seen=1)
    assert [one.version for one in queries.signed(clinic=course.clinic_id, course=course.id)] == [
        2,
        1,
    ]
    assert set(waiting(course)) == {
        "second-call", "check-in", "bladder", "liver", "cognition", "mania",
    }  # fmt: skip


def test_what_was_done_is_due_again_after_the_clinics_interval(signed, course, nurse):
    check_in(course, nurse, "bladder", "first-call")
    assert waiting(course)["bladder"].due_at == LATER + timedelta(weeks=8)
    assert "first-call" not in waiting(course)
    done = CheckInDue.objects.exclude(done_at=None)
    assert {one.done_by for one in done} == {"Ada Nurse"}


def test_a_check_in_that_says_nothing_is_refused(signed, course, nurse):
    with pytest.raises(NothingDone):
        check_in(course, nurse, thoughts=Thoughts.NOT_ASKED)


def test_a_check_in_pressed_twice_is_recorded_once(signed, course, nurse):
    check = CheckIn((), Thoughts.YES, "")
    press = {"course": course, "check": check, "seen": 1, "by": nurse.author, "at": LATER}
    actions.check_in(**press)
    with pytest.raises(SomeoneElseMoved):
        actions.check_in(**press)
    assert SafetyTask.objects.count() == 1


@pytest.mark.parametrize(
    ("thoughts", "note"),
    [
        (Thoughts.YES, ""),
        (Thoughts.NO_ANSWER, ""),
        (Thoughts.NOT_ASKED, "She said she would be better off dead."),
    ],
)
def test_thoughts_of_suicide_at_a_check_in_open_a_safety_task(
    signed, course, nurse, thoughts, note
):
    assert check_in(course, nurse, thoughts=thoughts, note=note).status == "OPEN"


def test_a_calm_check_in_opens_none(signed, course, nurse):
    assert check_in(course, nurse, note="Sleeps well.") is None


def test_an_admission_is_a_relapse_and_changes_the_proposal(signed, course, nurse):
    actions.note_relapse(course=course, what="Admitted.", by=nurse.author, at=LATER)
    found = queries.proposal(clinic=course.clinic_id, course=course, at=LATER)
    assert found.change.relapse
    assert found.plan.interval.advice == "step back"
    with pytest.raises(NotPlausible):
        actions.note_relapse(course=course, what=" ", by=nurse.author, at=LATER)


def test_two_bad_totals_a_week_apart_are_a_relapse_and_another_induction_is_proposed(
    signed, course, give
):
    def found(at):
        return queries.proposal(clinic=course.clinic_id, course=course, at=at)

    give(WORSE, at=LATER)
    assert not found(LATER).relapse.relapse
    assert found(LATER).plan.reinduction is None
    give(WORSE, at=LATER + 7 * DAY)
    again = found(LATER + 8 * DAY)
    assert again.relapse.because.startswith("2 totals in a row of 15 or more, 5 to 15 days apart.")
    assert again.plan.interval.advice == "step back"
    assert "had helped before" in again.plan.reinduction.because
    assert again.plan.reinduction.evidence_against
    give(CALM, at=LATER + 14 * DAY)
    assert not found(LATER + 15 * DAY).relapse.relapse


def test_who_relapsed_stands_before_who_is_slipping_in_three_reads(
    signed, course, patient, prescriber, nurse, give
):
    def troubled(*courses):
        found = queries.in_trouble(clinic=course.clinic_id, courses=courses)
        return [(one.word.standing, one.because[:9]) for one in found]

    course.refresh_from_db()
    assert troubled(course) == []
    give(DARK, at=LATER)
    assert troubled(course) == [("SLIPPING", "PHQ-9 fel")]
    going_on = plan(patient, prescriber)
    treat(going_on, nurse, 1, first=LATER + DAY)
    give(WORSE, at=LATER + 7 * DAY)
    give(WORSE, at=LATER + 14 * DAY)
    actions.note_relapse(course=going_on, what="Admitted.", by=nurse.author, at=LATER + 15 * DAY)
    with CaptureQueriesContext(connection) as asked:
        assert troubled(course, going_on) == [("RELAPSE", "2 totals "), ("RELAPSE", "An event ")]
    assert len(asked) <= 4


def test_signs_of_misuse_ask_for_a_review_and_count_anew_after_it(
    signed, course, nurse, prescriber, clinic_b, dee
):
    def note(kind, day):
        actions.note(
            course=course, kind=kind, words="She asked.", by=nurse.author, at=LATER + day * DAY
        )
        return queries.proposal(clinic=course.clinic_id, course=course, at=LATER + day * DAY)

    assert note("EARLY_REQUEST", 0).plan.review.state == "not due"
    assert note("PSYCHOTHERAPY", 1).plan.review.state == "not due"
    review = note("ASKED_FOR_MORE", 2).plan.review
    assert review.because == "2 signs of misuse since the last review."
    protocol.review(
        course=course, decision=protocol.Decision.CONTINUE, reason="Talked it through",
        by=prescriber.author, at=LATER + 3 * DAY,
    )  # fmt: skip
    assert note("MISSED_CHECK", 4).plan.review.state == "not due"
    with pytest.raises(SentTwice):
        note("MISSED_CHECK", 4)
    with pytest.raises(NoSuchNote):
        note("GOSSIP", 5)
    with pytest.raises(NotHere):
        actions.note(course=course, kind="OTHER", words="x", by=dee.author, at=NOW)


def test_signing_an_interval_allows_one_more_session_and_signing_none_allows_none(
    signed, course, prescriber, nurse
):
    course.refresh_from_db()
    assert course.sessions_allowed == 7
    treat(course, nurse, 1, first=LATER)
    sign(course, prescriber, weeks=None, reason="She is well.", seen=1)
    course.refresh_from_db()
    assert (course.sessions_given, course.sessions_allowed) == (7, 7)
    assert journal.rebuild()["protocol_course"] == 1


def test_maintenance_sessions_are_counted_beside_induction(signed, course, nurse):
    treat(course, nurse, 1, first=LATER)
    found = queries.proposal(clinic=course.clinic_id, course=course, at=LATER + DAY)
    assert found.plan.sessions == 7
    assert found.plan.given_mg == Decimal(280)


def test_a_review_resets_the_count_to_the_next(signed, course, prescriber):
    protocol.review(
        course=course, decision=protocol.Decision.CONTINUE, reason="Well", by=prescriber.author,
        at=LATER,
    )  # fmt: skip
    found = queries.proposal(clinic=course.clinic_id, course=course, at=LATER)
    assert found.plan.review.because.startswith("0 sessions")


def test_what_the_clinic_owes_is_listed_by_day_and_for_this_clinic_alone(signed, course, clinic_b):
    owed = list(queries.due(clinic=course.clinic_id, before=LATER))
    assert [one.kind for one in owed] == ["liver", "first-call"]
    assert not queries.due(clinic=clinic_b.id, before=LATER)
    assert not queries.signed(clinic=clinic_b.id, course=course.id)


def test_the_newest_course_with_a_session_is_the_one_to_look_after(course, patient, prescriber):
    plan(patient, prescriber)
    clinic = course.clinic_id
    assert queries.latest_course(clinic=clinic, patient=patient.id) == course
    assert queries.latest_course(clinic=uuid4(), patient=patient.id) is None


def test_a_proposal_costs_as_many_reads_whatever_happened(signed, course, nurse, give):
    def reads():
        with CaptureQueriesContext(connection) as asked:
            queries.proposal(clinic=course.clinic_id, course=course, at=LATER + 99 * DAY)
        return len(asked)

    before = reads()
    for day in range(8):
        give(CALM, at=LATER + day * DAY)
        check_in(course, nurse, "bladder", at=LATER + day * DAY)
    treat(course, nurse, 4, first=LATER)
    assert reads() == before <= 10


def test_the_journal_makes_the_same_rows_again(signed, course, prescriber, nurse):
    check_in(course, nurse, "bladder", "liver", note="Sleeps well.")
    sign(course, prescriber, seen=1)
    actions.note_relapse(course=course, what="Admitted.", by=nurse.author, at=LATER)
    rows = journal.rebuild()
    assert rows["aftercare_plan"] == 2
    assert rows["aftercare_checkindue"] == 9
