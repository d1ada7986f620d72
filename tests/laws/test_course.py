"""A course knows how far it is, when to stop and think, and which changes of dose are legal."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from ketaflow.protocol import course
from ketaflow.protocol.library import protocol
from ketaflow.protocol.slips import Slip

STANDARD, SPRAY, OLDER = protocol("TRD-IV-STD"), protocol("ESK-TRD"), protocol("ESK-TRD-65")
FIRST = date(2026, 3, 2)


def change(one, was, becomes, *, session=3, reason="No response after three sessions"):
    return course.change_dose(
        one,
        was=D(was),
        becomes=D(becomes),
        from_session=session,
        reason=reason,
        escalation_max_mg_kg=D("0.75"),
    )


def test_progress_counts_sessions_and_milligrams():
    found = course.progress(STANDARD, given_mg=[D(40), D("40.5")], planned=4)
    assert (found.done, found.to_come, found.next_session) == (2, 4, 3)
    assert found.cumulative_mg == D("80.5")
    assert not found.complete


def test_a_course_without_a_set_number_is_never_complete():
    found = course.progress(protocol("PAIN-ASRA"), given_mg=[D(80)], planned=0)
    assert found.to_come is None
    assert not found.complete


def test_the_prescriber_may_order_fewer_sessions():
    found = course.progress(STANDARD, given_mg=[D(40)] * 4, planned=0, sessions_planned=4)
    assert found.complete


@pytest.mark.parametrize(
    ("done", "reviewed", "due"),
    [
        (2, (), None),
        (3, (), 3),
        (3, (3,), None),
        (5, (), 3),
        (6, (3,), 6),
        (6, (), 6),
        (6, (6,), None),
    ],
)
def test_stop_or_continue_is_asked_after_sessions_three_and_six(done, reviewed, due):
    assert course.review_due(STANDARD, done=done, reviewed_after=reviewed) == due


def test_a_review_needs_a_session_but_stopping_does_not():
    with pytest.raises(course.NothingToReview, match="after the first"):
        course.check_review(course.Decision.CONTINUE, 0)
    course.check_review(course.Decision.STOP, 0)
    course.check_review(course.Decision.CHANGE_DOSE, 3)


def test_the_fourth_session_waits_for_the_review():
    with pytest.raises(course.ReviewDue, match="before session 4"):
        course.may_continue(STANDARD, done=3, reviewed_after=())
    course.may_continue(STANDARD, done=3, reviewed_after=(3,))


def test_a_seventh_infusion_needs_a_new_course():
    with pytest.raises(course.CourseComplete, match="All 6"):
        course.may_continue(STANDARD, done=6, reviewed_after=(3, 6))


def test_the_spray_goes_on_after_induction():
    course.may_continue(SPRAY, done=8, reviewed_after=(8,))


@pytest.mark.parametrize(
    ("week", "name", "apart"),
    [
        (1, "induction", 2),
        (4, "induction", 2),
        (5, "weekly", 7),
        (8, "weekly", 7),
        (9, "least frequent", 7),
    ],
)
def test_the_spray_has_three_phases(week, name, apart):
    on = FIRST + timedelta(weeks=week - 1)
    assert course.phase(SPRAY, first_on=FIRST, on=on).name == name
    assert course.spacing_on(SPRAY, first_on=FIRST, on=on).min_days.value == apart


def test_an_infusion_course_has_one_spacing_throughout():
    assert course.phase(STANDARD, first_on=FIRST, on=FIRST) is None
    assert course.spacing_on(STANDARD, first_on=FIRST, on=FIRST) == STANDARD.spacing


def test_a_dose_is_raised_within_protocol_and_clinic_with_a_reason():
    found = change(STANDARD, "0.5", "0.75")
    assert (found.becomes, found.unit, found.from_session) == (D("0.75"), "mg/kg", 3)


@pytest.mark.parametrize(
    ("one", "was", "becomes", "reason", "says"),
    [
        (STANDARD, "0.5", "0.5", "No response after three", "already"),
        (STANDARD, "0.5", "0.6", " ", "reason"),
        (STANDARD, "0.5", "0.8", "No response after three", "clinic's limit of 0.75"),
        (STANDARD, "1.0", "1.5", "No response after three", "0.1 to 1 mg/kg"),
        (SPRAY, "56", "70", "No response after three", "56 or 84"),
        (OLDER, "28", "84", "No response after three", "one device"),
        (protocol("CRPS-IP-1"), "10", "15", "No response after three", "no dose"),
    ],
)
def test_other_changes_of_dose_are_refused(one, was, becomes, reason, says):
    with pytest.raises(course.IllegalChange, match=says):
        change(one, was, becomes, reason=reason)


def test_the_spray_may_go_from_two_devices_to_three_and_back():
    assert change(SPRAY, "56", "84").becomes == 84
    assert change(SPRAY, "84", "56").becomes == 56


def test_a_pain_rate_may_be_changed_within_its_range():
    assert change(protocol("PAIN-ASRA"), "0.5", "0.8").unit == "mg/kg/h"


def test_a_tenfold_change_is_named_as_a_slip():
    with pytest.raises(Slip, match=r"meant to be 0\.5"):
        change(STANDARD, "0.5", "5")
