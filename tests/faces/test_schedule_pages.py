"""The schedule as it is used: looked at, set up, booked into, moved and cancelled."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import icalendar
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ketaflow.journal import queries as journal
from ketaflow.people.roles import Role
from ketaflow.schedule import actions, queries
from ketaflow.schedule.hours import Hours, instant
from ketaflow.schedule.openings import Wish
from ketaflow.schedule.standing import Standing

from ..conftest import register
from ..laws.test_schedule_bookings import equip, plan, sign_policy
from .test_look import look, sign_in

SEES = {Role.NURSE, Role.PRESCRIBER, Role.FRONT_DESK, Role.MEDICAL_DIRECTOR}


@pytest.fixture
def zone(clinic_a):
    return clinic_a.zone


@pytest.fixture
def today(zone):
    return datetime.now(zone).date()


@pytest.fixture
def ready(director, nurse, today):
    sign_policy(director)
    equip(director, nurse, first=today, at=timezone.now())


@pytest.fixture
def course(patient, prescriber):
    return plan(patient, prescriber)


@pytest.fixture
def moment(today, zone):
    def moment(clock="10:00", ahead=1):
        return instant(today + timedelta(days=ahead), time.fromisoformat(clock), zone)

    return moment


@pytest.fixture
def visit(ready, course, nurse, moment):
    return actions.book(course=course.id, wish=Wish(moment()), by=nurse.author, at=timezone.now())


@pytest.fixture
def desk(signed_in):
    return signed_in(Role.FRONT_DESK)


def url(name, *args, day=None):
    return reverse(name, args=args) + (f"?day={day}" if day else "")


def words(answer):
    return " ".join(answer.content.decode().split())


def standing(visit):
    return queries.booking(clinic=visit.clinic_id, id=visit.id).standing


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_the_day_and_only_some_see_who_comes(signed_in, visit, today, role):
    for name in ("schedule", "schedule_week"):
        answer = signed_in(role).get(url(name, day=today + timedelta(days=1)))
        assert ("Cy Patient" in words(answer)) == (role in SEES)
        assert ("K-0001" in words(answer)) == (role not in SEES)


def test_a_clinic_that_cannot_book_yet_is_told_why(desk, signed_in):
    assert "Add a chair." in words(desk.get(url("schedule")))
    assert "Set up the schedule" in words(signed_in(Role.MEDICAL_DIRECTOR).get(url("schedule")))


def test_a_day_nobody_is_on_duty_says_what_to_do(desk, ready, today):
    answer = desk.get(url("schedule", day=today + timedelta(days=40)))
    assert "Ask the medical director or an administrator" in words(answer)


@pytest.mark.parametrize("day", ["", "never", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_cannot_be_read_is_today(desk, ready, day):
    assert "Today" in words(desk.get(f"{url('schedule')}?day={day}"))
    assert desk.get(f"{url('schedule_week')}?day={day}").status_code == 200


def test_a_visit_is_booked_from_the_times_that_are_free(desk, ready, course, moment, today):
    page = url("bookings", course.id, day=today + timedelta(days=1))
    assert "10:00 to 12:15" in words(desk.get(page))
    answer = desk.post(page, {"starts_at": moment().isoformat()}, follow=True)
    assert "Booked: " in words(answer)
    [made] = queries.of_course(clinic=course.clinic_id, course=course.id)
    assert made.starts_at == moment()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "required"),
        ({"starts_at": "soon"}, "Choose a time from the list"),
        ({"starts_at": "9999-12-31T23:00:00+00:00"}, "Choose a time from the list"),
        ({"starts_at": "2026-03-11T10:00:00"}, "Choose a time from the list"),
        ({"starts_at": "2026-03-11T14:00:00+00:00", "chair": "x"}, "a chair that is in use"),
        ({"starts_at": "2020-03-11T14:00:00+00:00"}, "has passed"),
    ],
)
def test_what_cannot_be_booked_is_said_on_the_page(desk, ready, course, sent, said):
    answer = desk.post(url("bookings", course.id), sent)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not queries.of_course(clinic=course.clinic_id, course=course.id)


def test_a_time_somebody_else_took_is_refused_and_the_rest_shown(
    desk, visit, nurse, prescriber, moment, today
):
    other = plan(register(nurse, "K-0002", "Di", "Other"), prescriber)
    page = url("bookings", other.id, day=today + timedelta(days=1))
    sent = {"starts_at": moment().isoformat(), "chair": str(visit.chair_id)}
    answer = desk.post(page, sent)
    assert answer.status_code == 422
    assert "Chair 1 is taken at 10:00" in words(answer)
    assert "12:15 to 14:30" in words(answer)


def test_every_session_that_is_left_is_booked_in_one_press(desk, ready, course):
    page = url("bookings_all", course.id)
    proposed = desk.get(page).context["rows"]
    assert len(proposed) == 6
    answer = desk.post(page, {"starts_at": [row["picked"] for row in proposed]}, follow=True)
    assert "6 visits are booked." in words(answer)
    assert desk.get(page).status_code == 422


def test_a_course_booked_in_the_evening_begins_another_day(
    signed_in, ready, course, today, moment, monkeypatch
):
    evening = moment("17:30", 0)
    monkeypatch.setattr(timezone, "now", lambda: evening)
    desk = signed_in(Role.FRONT_DESK)
    page = url("bookings_all", course.id)
    proposed = desk.get(page).context["rows"]
    assert proposed[0]["day"] > today
    answer = desk.post(page, {"starts_at": [row["picked"] for row in proposed]}, follow=True)
    assert "6 visits are booked." in words(answer)


@pytest.mark.parametrize("sent", [[], ["soon"], ["2020-03-11T14:00:00+00:00"]])
def test_when_one_cannot_be_booked_none_is(desk, ready, course, moment, sent):
    chosen = [moment().isoformat(), *sent] if sent else []
    answer = desk.post(url("bookings_all", course.id), {"starts_at": chosen})
    assert answer.status_code == 422
    assert "Nothing was booked" in words(answer)
    assert not queries.of_course(clinic=course.clinic_id, course=course.id)


def test_a_first_day_nobody_plans_for_is_refused(desk, ready, course):
    answer = desk.get(url("bookings_all", course.id) + "?first_on=9999-12-31&around=09:00")
    assert "until a year from now" in words(answer)


def test_a_visit_is_moved(desk, visit, moment, today):
    page = url("booking", visit.course_id, visit.id, day=today + timedelta(days=3))
    sent = {"do": "move", "starts_at": moment("13:00", 3).isoformat(), "seen": 1}
    assert "Moved to" in words(desk.post(page, sent, follow=True))
    assert queries.booking(clinic=visit.clinic_id, id=visit.id).starts_at == moment("13:00", 3)
    stale = desk.post(page, sent)
    assert stale.status_code == 422
    assert "sent twice and kept once" in words(stale)


def test_a_visit_is_cancelled_with_its_reason(desk, visit):
    page = url("booking", visit.course_id, visit.id)
    assert desk.post(page, {"do": "cancel", "cancel-seen": 1}).status_code == 422
    assert standing(visit) is Standing.BOOKED
    sent = {"do": "cancel", "cancel-seen": 1, "cancel-reason": "No escort"}
    assert "No escort" in words(desk.post(page, sent, follow=True))
    assert standing(visit) is Standing.CANCELLED


def test_a_visit_to_come_cannot_have_been_missed(desk, visit):
    page = url("booking", visit.course_id, visit.id)
    assert "did not come" not in words(desk.get(page))
    answer = desk.post(page, {"do": "missed", "missed-seen": 1})
    assert answer.status_code == 422
    assert standing(visit) is Standing.BOOKED


def test_a_visit_is_found_only_under_its_own_course(desk, visit, patient, prescriber):
    other = plan(patient, prescriber)
    assert desk.get(url("booking", other.id, visit.id)).status_code == 404
    assert desk.get(url("booking", visit.course_id, uuid4())).status_code == 404


def test_another_clinic_finds_nothing(visit, patient, dee, client):
    client.force_login(dee.user)
    for name, *args in (
        ("bookings", visit.course_id), ("bookings_all", visit.course_id),
        ("booking", visit.course_id, visit.id), ("course_calendar", visit.course_id),
        ("patient_calendar", patient.id),
    ):  # fmt: skip
        assert client.get(url(name, *args)).status_code == 404


def test_a_calendar_file_says_nothing_about_health(desk, visit, patient):
    for name, of in (("course_calendar", visit.course_id), ("patient_calendar", patient.id)):
        answer = desk.get(url(name, of))
        assert answer["Content-Type"].startswith("text/calendar")
        [event] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
        assert event["summary"] == "Appointment at Elm Street Clinic"
        assert b"Cy" not in answer.content


def test_looking_at_somebodys_visits_is_journalled(desk, visit, patient):
    desk.get(url("bookings", visit.course_id))
    read = journal.entries(clinic=patient.clinic_id, stream=f"access/{patient.id}")
    assert [one.payload["page"] for one in read] == ["bookings"]


@pytest.fixture
def setup(signed_in):
    mia = signed_in(Role.MEDICAL_DIRECTOR)

    def send(do, **said):
        sent = {"do": do} | {f"{do}-{name}": value for name, value in said.items()}
        return mia.post(url("schedule_setup"), sent, follow=True)

    return send


def test_a_clinic_is_set_up_from_nothing(setup, clinic_a, nurse, today):
    setup("chair", name="Chair 1", place="Window")
    setup("hours", weekdays=[0, 1, 2], opens="08:00", closes="17:00")
    setup("close", weekdays=[2])
    setup("preparation", minutes=30)
    answer = setup(
        "duty", staff=str(nurse.id), first_on=today, weekdays=[0, 1], weeks=2,
        opens="08:00", closes="16:00",
    )  # fmt: skip
    assert "On duty on 4 days." in words(answer)
    assert set(queries.week_hours(clinic=clinic_a.id)) == {0, 1}
    assert queries.preparation_min(clinic=clinic_a.id) == 30
    first = queries.shifts(clinic=clinic_a.id, first=today, last=today + timedelta(days=13))[0]
    assert "Off duty on" in words(setup("off_duty", staff=str(nurse.id), day=first.day))
    chair = queries.chairs(clinic=clinic_a.id)[0]
    assert "out of use" in words(setup("chair_use", chair=str(chair.id), active="no"))


@pytest.mark.parametrize(
    ("do", "said", "because"),
    [
        ("chair", {"name": ""}, "required"),
        ("chair", {"name": "Chair 1"}, "a chair called Chair 1 already"),
        ("chair_use", {"chair": "x", "active": "no"}, "Enter a valid UUID"),
        ("hours", {"weekdays": [1], "opens": "17:00", "closes": "08:00"}, "ends before it begins"),
        ("hours", {"weekdays": [1], "opens": "08:05", "closes": "17:00"}, "quarter hour"),
        ("preparation", {"minutes": "900"}, "0 to 240 minutes"),
        ("duty", {"first_on": "9999-12-31"}, "until a year from now"),
        ("off_duty", {"staff": str(uuid4()), "day": "2030-01-01"}, "Nobody who works"),
        ("nothing", {}, "Set up the schedule"),
    ],
)
def test_what_cannot_be_set_is_said(setup, ready, do, said, because):
    answer = setup(do, **said)
    assert answer.status_code == 422
    assert because in words(answer)


def test_hours_cannot_be_closed_on_somebody(setup, visit, today):
    weekday = (today + timedelta(days=1)).weekday()
    assert "would be outside these hours" in words(setup("close", weekdays=[weekday]))


def test_a_page_costs_the_same_with_many_visits(desk, visit, nurse, prescriber, moment, today):
    pages = [
        url("schedule", day=today + timedelta(days=1)),
        url("schedule_week", day=today + timedelta(days=1)),
        url("bookings", visit.course_id),
    ]

    def count():
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as asked:
                desk.get(page)
            found.append(len(asked))
        return found

    count()
    few = count()
    for number in range(2, 5):
        other = plan(register(nurse, f"K-{number}", "Di", "Other"), prescriber)
        wish = Wish(moment(f"{2 + 3 * number:02}:00"))
        actions.book(course=other.id, wish=wish, by=nurse.author, at=timezone.now())
    assert count() == few


@pytest.fixture
def busy(committed, people, patient, today, zone):
    """Four chairs with a morning's visits, for looking at."""
    roles = (Role.MEDICAL_DIRECTOR, Role.NURSE, Role.PRESCRIBER)
    director, nurse, prescriber = (people[role] for role in roles)
    sign_policy(director, {"iv_recovery_booking_min": "60", "patients_per_nurse": "4"})
    now = timezone.now()
    equip(director, nurse, chairs=4, first=today, at=now)
    actions.put_on_duty(
        staff=prescriber.id, days=(today,), hours_on=Hours(time(9), time(15)),
        by=director.author, at=now,
    )  # fmt: skip
    first = None
    for number, clock in enumerate(["08:00", "08:30", "09:15", "10:30", "11:00", "13:00"]):
        who = patient if not number else register(nurse, f"K-10{number}", "Dorothea", "Ost")
        kind = "ESK-TRD" if number % 3 == 2 else "TRD-IV-STD"
        made = plan(who, prescriber, protocol=kind, sessions=8 if kind == "ESK-TRD" else 6)
        wish = Wish(instant(today + timedelta(days=1), time.fromisoformat(clock), zone))
        booked = actions.book(course=made.id, wish=wish, by=nurse.author, at=now)
        first = first or booked
    return first


@pytest.mark.browser
@pytest.mark.parametrize(
    "name", ["day", "week", "bookings", "whole", "booking", "setup", "empty", "refused"]
)
def test_every_page_of_the_schedule_has_no_barrier(page, busy, director, today, name):
    sign_in(page, director)
    tomorrow = today + timedelta(days=1)
    course = busy.course_id
    where = {
        "day": url("schedule", day=tomorrow),
        "week": url("schedule_week", day=tomorrow),
        "bookings": url("bookings", course),
        "whole": url("bookings_all", course),
        "booking": url("booking", course, busy.id),
        "setup": url("schedule_setup"),
        "empty": url("schedule", day=today + timedelta(days=60)),
        "refused": url("bookings", course, day=tomorrow),
    }[name]
    page.goto(where)
    look(page, f"schedule-{name}")
