"""Who gets which chair, nurse and place, and why somebody does not."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.schedule.hours import Span, instant, whole_day
from ketaflow.schedule.openings import (
    Closed,
    Diary,
    NobodyOnDuty,
    NotFree,
    Taken,
    TooLate,
    Wish,
    nearest,
    openings,
    seat,
)
from ketaflow.schedule.slots import slots
from ketaflow.schedule.visits import Visit

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 3, 10)
AT = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
ADA, EVE = UUID(int=11), UUID(int=12)
CY, DI = UUID(int=21), UUID(int=22)
VISIT = Visit(15, 40, 65)  # two hours


def clock(text):
    return instant(DAY, time.fromisoformat(text), ZONE)


def span(begins, ends):
    return Span(clock(begins), clock(ends))


def diary(*taken, chairs=(ONE, TWO), on_duty=None, watched_at_once=2, open=None):
    return Diary(
        zone=ZONE,
        open=open if open is not None else (span("08:00", "17:00"),),
        chairs=chairs,
        on_duty=on_duty if on_duty is not None else {ADA: (span("08:00", "17:00"),)},
        watched_at_once=watched_at_once,
        taken=[one for each in taken for one in each],
        names={ONE: "Chair 1", ADA: "Ada Nurse", EVE: "Eve Nurse"},
    )


def held(begins, ends, *, chair=ONE, nurse=ADA, place=1, patient=DI):
    return [Taken(slot, chair, nurse, place, patient) for slot in slots(clock(begins), clock(ends))]


def ask(seen, begins="10:00", *, at=AT, chair=None, nurse=None):
    wish = Wish(clock(begins), chair, nurse)
    return seat(seen, visit=VISIT, wish=wish, patient=CY, at=at)


def test_an_empty_clinic_gives_the_first_chair_and_place():
    found = ask(diary())
    assert (found.chair, found.nurse, set(found.places)) == (ONE, ADA, {1})
    assert found.span == span("10:00", "12:00")


def test_when_a_chair_is_taken_the_next_is_given():
    assert ask(diary(held("11:45", "12:30"))).chair == TWO


def test_a_visit_may_begin_when_the_one_before_ends():
    assert ask(diary(held("08:00", "10:00")), chair=ONE).chair == ONE


def test_the_nurse_who_watches_least_is_given():
    both = {ADA: (span("08:00", "17:00"),), EVE: (span("08:00", "17:00"),)}
    assert ask(diary(held("08:00", "09:00"), on_duty=both)).nurse == EVE


def test_a_nurse_may_change_places_within_a_visit_but_not_exceed_her_limit():
    seen = diary(
        held("10:00", "11:00", chair=TWO, place=1),
        held("11:00", "12:00", chair=TWO, place=2, patient=UUID(int=23)),
    )
    assert ask(seen).places == (2, 2, 2, 2, 1, 1, 1, 1)


REFUSALS = [
    (diary(), "10:00", {"at": datetime(2026, 3, 11, tzinfo=UTC)}, TooLate, "has passed"),
    (diary(), "07:00", {}, Closed, "that day it is open 08:00 to 17:00"),
    (diary(open=()), "10:00", {}, Closed, "closed on Tue 10 Mar 2026: choose another day"),
    (diary(), "15:15", {}, Closed, "until 17:15, after the clinic closes at 17:00"),
    (diary(held("10:00", "11:00", patient=CY)), "09:00", {}, NotFree, "another visit at 10:00"),
    (diary(chairs=()), "10:00", {}, NotFree, "no chair in use"),
    (diary(), "10:00", {"chair": UUID(int=9)}, NotFree, "not in use"),
    (diary(held("11:30", "13:00")), "10:00", {"chair": ONE}, NotFree, "Chair 1 is taken at 11:30"),
    (diary(held("10:15", "11:00"), chairs=(ONE,)), "10:00", {}, NotFree, "Every chair .* 10:15"),
    (diary(on_duty={}), "10:00", {}, NobodyOnDuty, "No nurse is on duty from 10:00 to 12:00"),
    (
        diary(on_duty={ADA: (span("08:00", "11:45"),)}),
        "10:00",
        {},
        NobodyOnDuty,
        "No nurse is on duty",
    ),
    (diary(), "10:00", {"nurse": EVE}, NobodyOnDuty, "Eve Nurse is not on duty"),
    (
        diary(held("11:00", "12:00"), watched_at_once=1),
        "10:00",
        {},
        NotFree,
        "Each nurse on duty watches one patient already",
    ),
    (
        diary(
            held("11:00", "12:00", chair=UUID(int=3)),
            held("11:00", "12:00", chair=UUID(int=4), place=2, patient=UUID(int=24)),
        ),
        "10:00",
        {"nurse": ADA},
        NotFree,
        "Ada Nurse watches 2 patients already",
    ),
]


@pytest.mark.parametrize(("seen", "begins", "asked", "refusal", "words"), REFUSALS)
def test_what_stands_in_the_way_is_said_in_one_sentence(seen, begins, asked, refusal, words):
    with pytest.raises(refusal, match=words):
        ask(seen, begins, **asked)


def test_a_lowered_limit_counts_patients_not_their_places():
    seen = diary(held("10:00", "12:00", chair=TWO, place=3), watched_at_once=1)
    with pytest.raises(NotFree):
        ask(seen)


def test_every_opening_offered_can_be_had():
    seen = diary(held("10:00", "12:00"), held("09:00", "10:30", chair=TWO, place=2, patient=CY))
    found = openings(seen, visit=VISIT, day=DAY, patient=CY, at=AT)
    assert [one.span.starts_at for one in found] == list(slots(clock("10:30"), clock("15:15")))
    assert all(ask(seen, one.span.starts_at.astimezone(ZONE).strftime("%H:%M")) for one in found)


def test_a_visit_may_go_over_midnight_where_the_clinic_does():
    night = Span(clock("18:00"), clock("18:00") + timedelta(hours=12))
    found = ask(diary(open=(night,), on_duty={ADA: (night,)}), "23:00")
    assert found.span.ends_at == clock("23:00") + timedelta(hours=2)


@pytest.mark.parametrize(
    ("day", "ends"), [(date(2026, 3, 8), "04:30"), (date(2026, 11, 1), "02:30")]
)
def test_a_visit_lasts_as_long_whatever_the_clocks_do(day, ends):
    open_all_day = whole_day(day, ZONE)
    seen = diary(open=(open_all_day,), on_duty={ADA: (open_all_day,)})
    wish = Wish(instant(day, time(1, 30), ZONE))
    got = seat(seen, visit=VISIT, wish=wish, patient=CY, at=AT - timedelta(days=30)).span
    assert got.ends_at - got.starts_at == timedelta(hours=2)
    assert f"{got.ends_at.astimezone(ZONE):%H:%M}" == ends


def test_on_the_day_of_a_change_as_many_times_are_offered_as_there_are_hours():
    offered = []
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        all_day = (Span(whole_day(day, ZONE).starts_at, whole_day(day, ZONE).ends_at),)
        seen = diary(open=all_day, on_duty={ADA: all_day})
        offered.append(
            len(openings(seen, visit=VISIT, day=day, patient=CY, at=AT - timedelta(days=30)))
        )
    assert offered == [(23 - 2) * 4 + 1, (25 - 2) * 4 + 1]


def test_the_nearest_opening_is_the_one_proposed():
    found = openings(diary(held("10:00", "12:00"), chairs=(ONE,)), visit=VISIT, day=DAY,
                     patient=CY, at=AT)  # fmt: skip
    assert nearest(found, around=clock("11:45")).span.starts_at == clock("12:00")
    assert nearest((), around=clock("11:45")) is None


BEGINS = st.integers(0, 28).map(lambda quarter: clock("08:00") + quarter * timedelta(minutes=15))


@given(st.lists(BEGINS, max_size=14))
def test_however_many_ask_nobody_shares_a_chair_or_a_place(asked):
    taken = []
    for patient, begins in enumerate(asked, start=100):
        who = UUID(int=patient)
        seen = diary(taken, chairs=(ONE, TWO, UUID(int=3)))
        try:
            got = seat(seen, visit=VISIT, wish=Wish(begins), patient=who, at=AT)
        except NotFree:
            continue
        for slot, place in zip(
            slots(got.span.starts_at, got.span.ends_at), got.places, strict=True
        ):
            taken.append(Taken(slot, got.chair, got.nurse, place, who))
    assert len({(one.chair, one.slot) for one in taken}) == len(taken)
    assert len({(one.nurse, one.place, one.slot) for one in taken}) == len(taken)
    assert all(one.place in (1, 2) for one in taken)
