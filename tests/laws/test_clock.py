"""Midnight, and the two nights a year on which the clocks change: nothing is lost or reordered."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.people import actions as people
from ketaflow.people.chart import Sex
from ketaflow.people.registration import ClinicDetails, NotPlausible, PatientDetails, age_on
from ketaflow.people.roles import Role
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.hours import Hours, instant, last_shown, nearest_shown
from ketaflow.schedule.models import Booking
from ketaflow.schedule.openings import Wish as Visit
from ketaflow.session import actions
from ketaflow.session import queries as sessions
from ketaflow.session.gates import NotThen
from ketaflow.session.phases import Phase
from ketaflow.session.wishes import Correction

from ..conftest import employ
from . import test_session_rows as rows
from .test_schedule_bookings import equip
from .test_session_rows import VITALS, Chairside

NEW_YORK = ZoneInfo("America/New_York")
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)
NIGHTS = [date(2026, 6, 10), FORWARD, BACK]


def wall(day, clock, zone=NEW_YORK, fold=0):
    return instant(day, time.fromisoformat(clock), zone, fold=fold)


@pytest.mark.parametrize(
    ("clock", "until", "found"),
    [
        ("23:55", wall(date(2026, 6, 11), "00:10"), wall(date(2026, 6, 10), "23:55")),
        ("00:05", wall(date(2026, 6, 11), "00:10"), wall(date(2026, 6, 11), "00:05")),
        ("01:30", wall(BACK, "01:50"), wall(BACK, "01:30")),
        ("01:30", wall(BACK, "01:10", fold=1), wall(BACK, "01:30")),
        ("01:30", wall(BACK, "01:40", fold=1), wall(BACK, "01:30", fold=1)),
        ("02:30", wall(FORWARD, "03:10"), wall(date(2026, 3, 7), "02:30")),
    ],
)
def test_a_time_on_the_wall_is_the_last_time_it_was_shown(clock, until, found):
    assert last_shown(time.fromisoformat(clock), until=until, zone=NEW_YORK) == found


def test_a_correction_to_just_before_midnight_is_the_night_before():
    near = nearest_shown(time(23, 58), to=wall(date(2026, 6, 11), "00:05"), zone=NEW_YORK)
    assert near == wall(date(2026, 6, 10), "23:58")


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.times(), st.times())
def test_the_wall_did_show_that_time_and_not_again_since(day, now, clock):
    until = datetime.combine(day, now, tzinfo=UTC)
    found = last_shown(clock, until=until, zone=NEW_YORK)
    assert found <= until < found + timedelta(hours=50)
    assert found.astimezone(NEW_YORK).time() == clock.replace(tzinfo=None)


@pytest.fixture
def at_night(monkeypatch, director, nurse, prescriber, patient):
    """A session checked in at half past midnight, on the night that is asked for."""

    def opened(day, clock="00:30"):
        monkeypatch.setattr(rows, "NOW", wall(day, clock))
        rows.sign_policy(director)
        equip(director, nurse, days=2, first=day, at=rows.at())
        course = rows.plan(patient, prescriber)
        rows.screen(patient, nurse, course)
        rows.agree(patient, course, nurse)
        session = actions.walk_in(
            course=course.id, chair="Chair 1", nurse=nurse.id, by=nurse.author, at=rows.at()
        )
        return Chairside(session, nurse, prescriber)

    return opened


@pytest.mark.parametrize("day", NIGHTS)
def test_an_infusion_lasts_as_long_whatever_the_clocks_do(at_night, day):
    chair = at_night(day).run()
    chair.do(actions.stop, 50, reason="complete")
    for minute in (60, 95, 120):
        chair.measure(minute)
    assert chair.state.given_mg(rows.at(120)) == 40
    since_start = [one.at - chair.state.started_at for one in chair.state.readings[1:]]
    assert since_start == [timedelta(minutes=minute - 10) for minute in (60, 95, 120)]
    assert chair.score(150).leave(175).row.standing is Phase.DISCHARGED


@pytest.mark.parametrize("day", NIGHTS)
def test_a_reading_noted_by_the_wall_keeps_its_place(at_night, signed_in, monkeypatch, day):
    chair = at_night(day).run()
    for minute in (85, 95):
        now = rows.at(minute + 3)
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        shown = rows.at(minute).astimezone(NEW_YORK)
        told = {f"round-{name}": str(value) for name, value in VITALS.items()}
        told |= {"round-seen": chair.seen, "round-when": f"{shown:%H:%M}"}
        url = reverse("session_act", args=[chair.id, "round"])
        assert signed_in(Role.NURSE).post(url, told).status_code == 302
    assert [one.at for one in chair.state.readings[1:]] == [rows.at(85), rows.at(95)]


def test_ten_past_midnight_a_reading_of_five_to_can_be_noted(at_night, signed_in, monkeypatch):
    chair = at_night(date(2026, 6, 10), "23:40")
    monkeypatch.setattr(timezone, "now", lambda: rows.at(30))
    chair.run()
    told = {"round-seen": chair.seen, "round-systolic": "131", "round-when": "23:55"}
    url = reverse("session_act", args=[chair.id, "round"])
    assert signed_in(Role.NURSE).post(url, told).status_code == 302
    assert chair.state.readings[-1].at == rows.at(15)


def correct(chair, minute, then):
    at = None if then is None else rows.at(then)
    reading = chair.state.readings[-1]
    correction = Correction(reading.line.ordinal, {"systolic": "120"}, "typed wrong", at)
    return chair.do(actions.correct, minute, correction=correction)


@pytest.mark.parametrize("then", [-1, 100, 1440])
def test_nothing_is_corrected_to_before_check_in_or_into_the_future(at_night, then):
    chair = at_night(date(2026, 6, 10)).run().measure(30)
    with pytest.raises(NotThen):
        correct(chair, 40, then)
    assert correct(chair, 40, 25).state.readings[-1].at == rows.at(25)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Pago_Pago", "America/New_York"])
def test_today_is_the_clinics_own_day(db, zone, monkeypatch):
    details = ClinicDetails("Far Away", "1 Quay", "555-0100", "988", zone)
    evening = datetime(2026, 3, 10, 11, 30, tzinfo=UTC)
    clinic = people.open_clinic(details=details, at=evening)
    staff = employ(clinic, "Zoe Everything", *Role)
    today = evening.astimezone(clinic.zone).date()
    assert sessions.today(clinic=clinic.id, at=evening).coming == ()
    monkeypatch.setattr(timezone, "now", lambda: evening)
    client = Client()
    client.force_login(staff.user)
    page = client.get(reverse("schedule")).content.decode()
    assert f"{today:%A} {today.day} {today:%B %Y}" in page or f"{today.day} {today:%b %Y}" in page


def born(staff, day, at):
    details = PatientDetails("K-9", "Patient", "Baby", day, Sex.FEMALE)
    return people.register(details=details, by=staff.author, at=at)


def test_who_is_born_today_where_the_clinic_is_can_be_registered_and_nobody_tomorrow(db):
    details = ClinicDetails("Far Away", "1 Quay", "555-0100", "988", "Pacific/Auckland")
    at = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
    staff = employ(people.open_clinic(details=details, at=at), "Zoe Desk", Role.FRONT_DESK)
    with pytest.raises(NotPlausible):
        born(staff, date(2026, 3, 12), at)
    assert born(staff, date(2026, 3, 11), at).born_on == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2026, 2, 28), 25),
        (date(2026, 3, 1), 26),
        (date(2028, 2, 28), 27),
        (date(2028, 2, 29), 28),
    ],
)
def test_who_is_born_on_29_february_is_a_year_older_on_1_march_or_on_the_day_itself(on, age):
    assert age_on(date(2000, 2, 29), on) == age


@pytest.fixture
def course(prescriber, patient):
    return lambda: rows.plan(patient, prescriber)


@pytest.mark.parametrize(
    ("day", "ends"), [(FORWARD, "03:45"), (BACK, "01:45"), (NIGHTS[0], "02:45")]
)
def test_a_visit_across_the_change_is_booked_for_its_whole_length(
    director, nurse, course, monkeypatch, day, ends
):
    monkeypatch.setattr(rows, "NOW", wall(day, "00:00") - timedelta(days=1))
    rows.sign_policy(director)
    equip(director, nurse, days=3, first=day - timedelta(days=1), at=rows.at())
    always = Hours(time(0, 0), time(0, 0))
    by = director.author
    schedule.set_hours(weekdays=tuple(range(7)), hours_on=always, by=by, at=rows.at())
    schedule.put_on_duty(staff=nurse.id, days=(day,), hours_on=always, by=by, at=rows.at())
    wish = Visit(wall(day, "00:30"))
    visit = schedule.book(course=course().id, wish=wish, by=nurse.author, at=rows.at())
    row = Booking.objects.get(id=visit.id)
    assert row.ends_at - row.starts_at == timedelta(minutes=135)
    assert f"{row.ends_at.astimezone(NEW_YORK):%H:%M}" == ends
