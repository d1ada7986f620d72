"""How long a visit is, where it stands, which session it is, and how it is drawn and exported."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.protocol.library import protocol
from ketaflow.protocol.limits import Policy, PolicyNotReady
from ketaflow.protocol.spacing import DayRefused, NoDays, Opening
from ketaflow.schedule import board, calendar, pace
from ketaflow.schedule.booked import Booked, Counted, numbers
from ketaflow.schedule.hours import Hours, instant, whole_day
from ketaflow.schedule.pace import NothingToBook, Pace
from ketaflow.schedule.readiness import Ground, lacking
from ketaflow.schedule.standing import NEXT, NotFromHere, Standing, change, require_movable
from ketaflow.schedule.visits import NoLength, visit, watched_at_once

ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 3, 10)
AT = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
INFUSION, SPRAY = protocol("TRD-IV-STD"), protocol("ESK-TRD")
POLICY = Policy(
    "1", "Mia", AT, {"iv_recovery_booking_min": Decimal(60), "patients_per_nurse": Decimal(2)}
)
OPEN = Opening(frozenset(range(5)))


def length(of, order, *, policy=POLICY, preparation_min=30):
    return visit(protocol=of, order=order, policy=policy, preparation_min=preparation_min)


def test_an_infusion_takes_preparation_pump_and_the_clinics_recovery():
    found = length(INFUSION, {"duration_min": "40"})
    assert (found.prepare_min, found.treat_min, found.recover_min) == (30, 40, 60)
    assert found.length_min == 135


def test_after_the_spray_two_hours_are_kept_from_the_last_device():
    found = length(SPRAY, {"devices": 3, "duration_min": None}, policy=None)
    assert (found.treat_min, found.recover_min) == (10, 120)
    assert length(SPRAY, {"devices": 2}).length_min >= 30 + 5 + 120


@given(st.integers(0, 240), st.decimals(1, 600, places=1))
def test_no_part_of_a_visit_is_cut_short(preparation_min, duration_min):
    found = length(INFUSION, {"duration_min": str(duration_min)}, preparation_min=preparation_min)
    assert found.length_min >= preparation_min + duration_min + 60


@pytest.mark.parametrize(
    ("order", "changed", "refusal", "words"),
    [
        ({"duration_min": "40"}, {"policy": None}, PolicyNotReady, "signed the clinic's policy"),
        ({"duration_min": "40"}, {"policy": replace(POLICY, values={})}, PolicyNotReady, "not set"),
        ({"duration_min": "40"}, {"preparation_min": None}, NoLength, "preparation takes"),
        ({"duration_min": None}, {}, NoLength, "how long the infusion runs"),
        ({"duration_min": "7200"}, {}, NoLength, "arranged with the ward"),
    ],
)
def test_without_its_numbers_nothing_can_be_booked(order, changed, refusal, words):
    with pytest.raises(refusal, match=words):
        length(INFUSION, order, **changed)


def test_how_many_a_nurse_watches_is_the_clinics_to_say():
    assert watched_at_once(POLICY) == 2
    with pytest.raises(PolicyNotReady):
        watched_at_once(None)


def test_only_a_visit_that_is_to_come_can_be_moved():
    require_movable(Standing.BOOKED)
    for other in set(Standing) - {Standing.BOOKED}:
        with pytest.raises(NotFromHere, match="cannot be moved"):
            require_movable(other)


def test_a_booking_ends_once():
    assert change(Standing.BOOKED, Standing.CHECKED_IN) is Standing.CHECKED_IN
    for ended in (Standing.DONE, Standing.CANCELLED, Standing.MISSED):
        assert not NEXT[ended]
        with pytest.raises(NotFromHere, match=f"is {ended.label.lower()}, so it cannot become"):
            change(ended, Standing.CANCELLED)


def course(*, of=INFUSION, planned=6, given=0, ended=False, given_on=(), booked_on=()):
    return Pace(of, planned, given, ended, frozenset(given_on), tuple(booked_on))


def test_a_course_books_as_many_visits_as_it_has_sessions():
    pace.require_room(course(given=2, booked_on=[DAY] * 3))
    with pytest.raises(NothingToBook, match="All 6 sessions"):
        pace.require_room(course(given=2, booked_on=[DAY] * 4))
    with pytest.raises(NothingToBook, match="has ended"):
        pace.require_room(course(ended=True))


def test_the_day_after_a_session_is_too_close():
    progress = course(given=1, given_on=[DAY])
    with pytest.raises(DayRefused, match="at least 2 days apart"):
        pace.require_spacing(progress, DAY + timedelta(days=1))
    assert not pace.why_not(progress, DAY + timedelta(days=2))
    assert pace.why_not(progress, DAY) == "There is a session on 2026-03-10 already."


def test_a_course_takes_longer_only_when_a_prescriber_lets_it():
    late = DAY + timedelta(days=30)
    progress = course(given=1, given_on=[DAY])
    with pytest.raises(DayRefused, match="A prescriber can let it take longer"):
        pace.require_spacing(progress, late)
    pace.require_spacing(replace(progress, stretched=True), late)
    with pytest.raises(DayRefused, match="at least 2 days apart"):
        pace.require_spacing(replace(progress, stretched=True), DAY + timedelta(days=1))


def test_after_four_weeks_the_spray_is_weekly():
    first = DAY - timedelta(days=28)
    progress = course(of=SPRAY, planned=12, given=8, given_on=[first, DAY])
    with pytest.raises(DayRefused):
        pace.require_spacing(progress, DAY + timedelta(days=4))
    pace.require_spacing(progress, DAY + timedelta(days=7))


@given(st.integers(0, 400), st.integers(1, 6), st.lists(st.integers(0, 4), unique=True, max_size=2))
def test_every_day_proposed_goes_with_all_the_others(ahead, left, weeks):
    first_on = date(2026, 1, 1) + timedelta(days=ahead)
    booked = [first_on + timedelta(days=2 * one) for one in weeks]
    progress = course(planned=left + len(booked), booked_on=booked)
    try:
        days = pace.propose(progress, first_on=first_on, opening=OPEN, per_week=2)
    except NoDays:
        return
    assert len(days) == left
    assert all(OPEN.holds(day) for day in days)
    for day in days:
        others = [one for one in (*days, *booked) if one != day]
        assert pace.why_not(course(planned=99, booked_on=others), day) == ""


@pytest.mark.parametrize("booked_on", [[], [DAY]])
def test_twice_a_week_is_proposed_when_twice_is_asked(booked_on):
    progress = course(planned=5, booked_on=booked_on)
    days = pace.propose(progress, first_on=DAY, opening=OPEN, per_week=2)
    everything = sorted({*days, *booked_on})
    assert all((later - earlier).days >= 3 for earlier, later in pairwise(everything))


def test_days_that_cannot_be_found_are_said():
    late = course(given=1, given_on=[DAY - timedelta(days=60)])
    with pytest.raises(NoDays, match="Only 0 of 5 sessions"):
        pace.propose(late, first_on=DAY, opening=OPEN)


def test_a_clinic_is_told_what_it_has_still_to_say():
    nothing = Ground(chairs_in_use=0, days_open=0, preparation_min=None, policy=None)
    assert [one.split()[0] for one in lacking(nothing)] == ["Add", "Set", "Set", "The"]
    assert "patients one nurse may watch at once and recovery" in lacking(nothing)[-1]
    assert lacking(Ground(chairs_in_use=1, days_open=5, preparation_min=0, policy=POLICY)) == ()


def made(begins="10:00", *, chair=1, **changed):
    starts_at = instant(DAY, time.fromisoformat(begins), ZONE)
    plain = Booked(
        id=UUID(int=100 + starts_at.hour), course=UUID(int=2), protocol="TRD-IV-STD",
        patient=UUID(int=3), patient_name="Cy Patient", patient_number="K-0001",
        chair=UUID(int=chair), chair_name=f"Chair {chair}", nurse=UUID(int=5),
        nurse_name="Ada Nurse", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        prepare_min=30, treat_min=40, standing=Standing.BOOKED, number=1, planned=6, reason="",
        seen=1,
    )  # fmt: skip
    return replace(plain, **changed)


def test_a_visit_says_when_treatment_begins_and_ends():
    found = made()
    assert found.treated_from - found.starts_at == timedelta(minutes=30)
    assert found.treated_until - found.treated_from == timedelta(minutes=40)


def counted(id, standing, hour, session_number=None):
    return Counted(UUID(int=id), standing, AT + timedelta(hours=hour), session_number)


def test_moving_a_visit_renumbers_those_to_come_and_never_those_that_were():
    visits = [
        counted(1, Standing.DONE, 0, 1),
        counted(2, Standing.CHECKED_IN, 1, 2),
        counted(3, Standing.BOOKED, 9),
        counted(4, Standing.BOOKED, 5),
    ]
    assert numbers(visits, given=1) == {
        UUID(int=id): n for id, n in [(1, 1), (2, 2), (4, 3), (3, 4)]
    }
    assert numbers([], given=3) == {}


COLUMNS = [board.Column(UUID(int=one), f"Chair {one}") for one in (1, 2)]


MORNING = Hours(time(9), time(13))


def laid_out(*visits, opened=MORNING, day=DAY, at=AT):
    return board.lay_out(
        COLUMNS,
        day=whole_day(day, ZONE),
        open=[opened.on(day, ZONE)] if opened else [],
        visits=visits,
        at=at,
        zone=ZONE,
    )


def test_the_board_runs_from_opening_to_the_last_to_leave():
    rows = laid_out(made("12:00")).rows
    assert [row.hour for row in rows if row.hour] == ["09:00", "10:00", "11:00", "12:00", "13:00"]
    assert len(rows) == 5 * 4
    assert [row.starts_at for row in rows if row.now] == [AT]
    assert [cell.open for cell in rows[-1].cells] == [False]


def test_every_row_of_the_board_covers_every_chair_once():
    rows = laid_out(made("09:00"), made("10:00", chair=2)).rows
    covered = [0] * len(rows)
    for place, row in enumerate(rows):
        for cell in row.cells:
            for below in range(cell.rows):
                covered[place + below] += 1
    assert covered == [len(COLUMNS)] * len(rows)


def test_a_closed_day_without_visits_has_no_board():
    assert laid_out(opened=None).rows == ()


def test_a_visit_from_before_midnight_begins_the_board():
    night = made(starts_at=instant(DAY, time(0), ZONE) - timedelta(hours=1))
    night = replace(night, ends_at=night.starts_at + timedelta(hours=2))
    first = laid_out(night, opened=None).rows[0]
    assert first.hour == "00:00"
    assert first.cells[0].rows == 4


def test_the_hour_the_clocks_repeat_is_on_the_board_twice():
    autumn = date(2026, 11, 1)
    rows = laid_out(opened=Hours(time(0), time(3)), day=autumn).rows
    assert [row.hour for row in rows if row.hour] == ["00:00", "01:00 EDT", "01:00 EST", "02:00"]


def calendar_of(*visits, **place):
    written = calendar.write(visits, place=calendar.Place("Elm Street Clinic", **place), at=AT)
    return written, icalendar.Calendar.from_ical(written).walk("VEVENT")


def test_a_calendar_says_when_and_where_and_nothing_else():
    written, [event] = calendar_of(
        made(reason="severe depression"), phone="555-0100", address="1 Elm"
    )
    assert event["summary"] == "Appointment at Elm Street Clinic"
    assert event.decoded("dtstart") == made().starts_at
    for secret in (b"TRD", b"ketamine", b"Cy", b"depression", b"Ada", b"K-0001", b"Chair"):
        assert secret not in written


def test_a_cancelled_visit_leaves_the_calendar_under_the_same_name():
    _, [booked] = calendar_of(made())
    _, [cancelled] = calendar_of(made(standing=Standing.CANCELLED, seen=2))
    assert booked["uid"] == cancelled["uid"]
    assert (booked["status"], cancelled["status"]) == ("CONFIRMED", "CANCELLED")
    assert cancelled["sequence"] > booked["sequence"]
