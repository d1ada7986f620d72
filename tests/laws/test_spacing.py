"""Sessions keep the rhythm of their protocol, and a refusal says which part of it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.protocol import spacing
from ketaflow.protocol.library import protocol
from ketaflow.protocol.spacing import Opening

MONDAY = date(2026, 3, 2)
WEEKDAYS = Opening(frozenset(range(5)))
STANDARD = protocol("TRD-IV-STD").spacing
TWICE = protocol("TRD-IV-BIW").spacing
THRICE = protocol("TRD-IV-TIW").spacing


def days(*ahead: int) -> tuple[date, ...]:
    return tuple(MONDAY + timedelta(days=day) for day in ahead)


def test_twice_a_week_is_monday_and_thursday():
    found = spacing.propose_dates(TWICE, count=6, first_on=MONDAY, opening=WEEKDAYS)
    assert found == days(0, 3, 7, 10, 14, 17)


def test_three_a_week_is_monday_wednesday_friday():
    found = spacing.propose_dates(THRICE, count=6, first_on=MONDAY, opening=WEEKDAYS)
    assert found == days(0, 2, 4, 7, 9, 11)


def test_the_standard_course_may_go_at_two_a_week():
    found = spacing.propose_dates(STANDARD, count=6, first_on=MONDAY, opening=WEEKDAYS, per_week=2)
    assert found == days(0, 3, 7, 10, 14, 17)


def test_ten_pain_days_skip_the_weekend():
    found = spacing.propose_dates(
        protocol("CRPS-OP-1").spacing, count=10, first_on=MONDAY, opening=WEEKDAYS
    )
    assert found == days(0, 1, 2, 3, 4, 7, 8, 9, 10, 11)


def test_a_closed_day_moves_the_session_on():
    closed = Opening(frozenset(range(5)), frozenset(days(0)))
    assert spacing.propose_dates(TWICE, count=1, first_on=MONDAY, opening=closed) == days(1)


def test_the_even_rhythm_gives_way_where_the_span_is_short():
    only = Opening(frozenset({0, 2, 4}))
    found = spacing.propose_dates(THRICE, count=6, first_on=days(4)[0], opening=only)
    assert found == days(4, 7, 9, 11, 14, 16)


@pytest.mark.parametrize(
    ("count", "open_on"), [(0, range(5)), (6, ()), (6, {0}), (2, {0, 2})], ids=str
)
def test_days_that_cannot_be_found_are_refused(count, open_on):
    rhythm = protocol("SI-IV-1").spacing if count == 2 else THRICE
    with pytest.raises(spacing.NoDays):
        spacing.propose_dates(
            rhythm, count=count, first_on=MONDAY, opening=Opening(frozenset(open_on))
        )


def test_a_clinic_that_never_opens_in_time_gives_no_days():
    shut = Opening(frozenset({0}), frozenset(days(*range(0, 70, 7))))
    with pytest.raises(spacing.NoDays, match="do not fit"):
        spacing.propose_dates(protocol("BD-IV-1").spacing, count=1, first_on=MONDAY, opening=shut)


@given(
    first=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    id=st.sampled_from(["TRD-IV-STD", "TRD-IV-BIW", "TRD-IV-TIW", "PTSD-IV-1", "ESK-TRD"]),
)
def test_proposed_days_are_open_in_order_and_allowed(first, id):
    one = protocol(id)
    found = spacing.propose_dates(
        one.spacing, count=one.sessions.most, first_on=first, opening=WEEKDAYS
    )
    assert list(found) == sorted(set(found))
    for day in found:
        assert day >= first
        assert WEEKDAYS.holds(day)
        others = [other for other in found if other != day]
        assert spacing.judge(one.spacing, on=day, others=others).allowed


@given(
    taken=st.sets(st.integers(0, 20), max_size=6),
    ahead=st.integers(0, 20),
)
def test_never_more_than_three_in_any_seven_days(taken, ahead):
    others = days(*taken)
    if spacing.judge(STANDARD, on=days(ahead)[0], others=others).allowed:
        everything = {*others, *days(ahead)}
        around = [day for day in everything if abs((day - days(ahead)[0]).days) < 7]
        for start in around:
            window = [d for d in everything if 0 <= (d - start).days < 7]
            assert days(ahead)[0] not in window or len(window) <= 3


@pytest.mark.parametrize(
    ("others", "ahead", "says"),
    [
        ((0,), 0, "already"),
        ((0,), 1, "1 day from the session"),
        ((0, 3), 6, "session 3 within seven days"),
        ((0, 7, 14), 21, "stretch the course over 22 days"),
    ],
)
def test_a_refused_day_says_which_rule(others, ahead, says):
    with pytest.raises(spacing.DayRefused, match=says):
        spacing.check(TWICE, on=days(ahead)[0], others=days(*others))


def test_a_day_that_keeps_the_rhythm_passes():
    spacing.check(TWICE, on=days(3)[0], others=days(0))


def test_a_long_gap_is_a_caution_and_not_a_refusal():
    verdict = spacing.judge(TWICE, on=days(9)[0], others=days(0))
    assert verdict.allowed
    assert "9 days after" in verdict.cautions[0]


def test_the_days_still_allowed_can_be_listed():
    found = spacing.allowed_days(TWICE, first_on=MONDAY, last_on=days(7)[0], others=days(0, 3))
    assert found == days(7)
