"""Hours told by the wall, kept as instants: quarter hours, midnights, and clocks that change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.schedule.hours import (
    Hours,
    NoSuchHours,
    Span,
    clock_shown,
    day_more,
    instant,
    joined,
    open_spans,
    shown,
    uncovered,
    whole_day,
)
from ketaflow.schedule.slots import (
    QUARTER,
    NotOnTheQuarter,
    on_the_quarter,
    rounded_up_min,
    slots,
)

NEW_YORK = ZoneInfo("America/New_York")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
ZONES = st.sampled_from(
    ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham", "UTC"]
).map(ZoneInfo)
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
DAYS = st.dates(date(2025, 1, 1), date(2030, 12, 31))


def hour(clock):
    return datetime.combine(date(2026, 3, 10), time.fromisoformat(clock), tzinfo=UTC)


@given(DAYS, CLOCKS, ZONES)
def test_a_quarter_hour_on_the_wall_is_one_everywhere(day, clock, zone):
    assert on_the_quarter(instant(day, clock, zone)) == instant(day, clock, zone)


@given(DAYS, CLOCKS, ZONES)
def test_the_wall_shows_the_time_that_was_asked_unless_the_clocks_skip_it(day, clock, zone):
    found = instant(day, clock, zone).astimezone(zone)
    assert found.time() == clock or found.time() > clock


@given(st.integers(0, 2000))
def test_a_visit_is_rounded_up_by_less_than_a_quarter(minutes):
    assert 0 <= rounded_up_min(minutes) - minutes < 15
    assert rounded_up_min(minutes) % 15 == 0


@given(st.integers(1, 96))
def test_slots_fill_a_visit_without_gap_or_overlap(count):
    begins = hour("08:00")
    found = slots(begins, begins + count * QUARTER)
    assert len(found) == count
    assert {later - earlier for earlier, later in pairwise(found)} <= {QUARTER}


def test_between_two_quarters_the_one_before_is_offered():
    with pytest.raises(NotOnTheQuarter, match=r"choose 09:00, not 09:07"):
        on_the_quarter(datetime(2026, 3, 10, 9, 7, tzinfo=NEW_YORK))


@pytest.mark.parametrize(("day", "length_h"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 3, 9), 24)])
def test_a_day_has_as_many_hours_as_the_clocks_leave(day, length_h):
    span = whole_day(day, NEW_YORK)
    assert span.ends_at - span.starts_at == timedelta(hours=length_h)


@pytest.mark.parametrize(("day", "utc_hour"), [(date(2026, 3, 7), 13), (SPRING, 12)])
def test_the_clinic_opens_by_its_own_clock_on_both_sides_of_a_change(day, utc_hour):
    span = Hours(time(8), time(17)).on(day, NEW_YORK)
    assert span.starts_at.hour == utc_hour
    assert span.ends_at - span.starts_at == timedelta(hours=9)


def test_hours_that_the_clocks_skip_leave_nothing():
    assert Hours(time(2, 0), time(3, 0)).on(SPRING, NEW_YORK) is None
    assert Hours(time(2, 0), time(3, 0)).on(AUTUMN, NEW_YORK) is not None


def test_hours_over_the_repeated_hour_last_an_hour_longer():
    span = Hours(time(0, 30), time(1, 30)).on(AUTUMN, NEW_YORK)
    assert span.ends_at - span.starts_at == timedelta(hours=2)


def test_the_repeated_hour_says_which_of_the_two_is_meant():
    first, second = (instant(AUTUMN, time(1, 30), NEW_YORK, fold=fold) for fold in (0, 1))
    assert (clock_shown(first, NEW_YORK), clock_shown(second, NEW_YORK)) == (
        "01:30 EDT",
        "01:30 EST",
    )
    assert shown(second, NEW_YORK) == "Sun 1 Nov 2026, 01:30 EST"


def test_a_clinic_that_never_closes_is_open_over_midnight():
    always = {day: Hours(time(0), time(0)) for day in range(7)}
    [span] = open_spans(always, date(2026, 10, 30), date(2026, 11, 2), NEW_YORK)
    assert span.ends_at - span.starts_at == timedelta(hours=4 * 24 + 1)


def test_a_day_without_hours_is_closed():
    monday_only = {0: Hours(time(8), time(17))}
    assert len(open_spans(monday_only, date(2026, 3, 9), date(2026, 3, 15), NEW_YORK)) == 1


@pytest.mark.parametrize(
    ("opens", "closes", "why"),
    [
        (time(17), time(8), "ends before it begins"),
        (time(8), time(8), "ends before it begins"),
        (time(8, 5), time(17), "quarter hour"),
        (time(8), time(17, 0, 1), "quarter hour"),
    ],
)
def test_hours_that_cannot_be_are_refused(opens, closes, why):
    with pytest.raises(NoSuchHours, match=why):
        Hours(opens, closes)


def test_spans_that_touch_are_one():
    spans = [Span(hour("10:00"), hour("12:00")), Span(hour("08:00"), hour("10:00"))]
    assert joined(spans) == (Span(hour("08:00"), hour("12:00")),)
    assert uncovered(spans, [Span(hour("09:00"), hour("11:00"))]) is None
    late = Span(hour("11:00"), hour("13:00"))
    assert uncovered(spans, [late]) == late


def test_a_night_belongs_to_two_days():
    assert day_more(SPRING, SPRING) == (date(2026, 3, 7), date(2026, 3, 9))
