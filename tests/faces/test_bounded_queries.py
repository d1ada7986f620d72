"""No page asks the database more often because there is more to show.

Every page of the URL map is opened where three patients sit, each with three of everything, and
again with forty of both. The rows are multiplied straight in the tables: only counting matters.
"""

import re
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ketaflow.cli.fictional import clinic
from ketaflow.journal import projecting
from ketaflow.journal import queries as journal
from ketaflow.outcomes.models import Answered
from ketaflow.people import actions as people
from ketaflow.people.models import (
    ChartFact,
    Credential,
    Patient,
    PatientIdentifier,
    ReceivedDocument,
)
from ketaflow.people.roles import Role
from ketaflow.protocol.models import Course, CourseReview, SignedPolicy
from ketaflow.schedule.models import BookedSlot, Booking, Chair
from ketaflow.schedule.standing import Standing
from ketaflow.screening.models import Assessment, Clearance, TreatmentTrial
from ketaflow.session.models import Session
from ketaflow.session.phases import Phase

from ..access.test_every_url import URLS, client_of, filled, patients_things
from ..conftest import NOW

MOST_QUERIES = 45
FEW, MANY = 3, 40
# A page that says why something cannot be done is shown all the same.
SHOWN = {200, 422}
# A page that is not shown is not counted; these always must be.
LISTS = {
    "board", "schedule", "schedule_week", "patients", "patient", "screening", "course", "bookings",
    "session", "sessions", "outcomes", "safety_tasks", "course_aftercare", "patient_record",
    "record", "policy", "staff",
}  # fmt: skip
# A whole table, or all of it that is the clinic's; fine for what a clinic has a handful of, and
# for the first page of a list that an index keeps in order.
WALK = re.compile(r"^SCAN \w|\(clinic(_id)?=\?\)$")
HANDFUL = re.compile(
    r"signedpolicy|schedule_(chair|openinghours|preparation)|people_staff|monitorbinding"
)
IN_ORDER = re.compile(r"people_patient_name|journal_clinic_at|session_monitor_waiting")
# Says that no person asked, so that the idle lock does not note the time now and then.
QUIETLY = {"X-Background": "1"}
TABLES = [table for stage in projecting.stages() for table in stage.tables]
# What must differ between two of a patient's rows, or between two patients', and how.
DIFFERS = {
    Answered: {"sheet": lambda n: uuid4()},
    ChartFact: {"reference": lambda n: f"fact-{n}-{uuid4()}"},
    Patient: {"number": lambda n: f"K-{n:04}", "given": lambda n: f"Copy {n}"},
    ReceivedDocument: {"sha256": lambda n: f"{uuid4().hex}{n:032}"},
    CourseReview: {"after_session": lambda n: 100 + n},
    SignedPolicy: {"version": lambda n: 100 + n},
    Credential: {"kind": lambda n: f"Paper {n}"},
    Chair: {"name": lambda n: f"Place {n}"},
}
# One patient may have many of these; a booked quarter hour or an identifier stays one's own.
MULTIPLIED = (Answered, ChartFact, ReceivedDocument, CourseReview, Assessment, Clearance,
              TreatmentTrial, SignedPolicy, Credential, Chair)  # fmt: skip
ONES_OWN = (PatientIdentifier, BookedSlot)


@pytest.fixture
def team(db, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return clinic.open_clinic(NOW)


@pytest.fixture
def ids(team):
    things = patients_things(team, 1)
    written = journal.entries(clinic=team.clinic.id, stream=f"session/{things['session']}")
    return things | {
        "staff": team.staff["nurse3"].id,
        "day": team.today.isoformat(),
        "chair": Chair.objects.order_by("name")[0].id,
        "ordinal": next(one.ordinal for one in written if one.kind == "session.reading"),
    }


@pytest.fixture
def everyone(team):
    """The browser of somebody in every role."""
    staff = people.employ(
        email="vera@example.org",
        password="correct horse battery",
        name="Vera Everyone",
        roles=tuple(Role),
        by=people.system_of(team.clinic),
        at=NOW,
    )
    return client_of(staff)


def other(row, n, **changed):
    """Another row like `row`, not saved."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    varied = {name: make(n) for name, make in DIFFERS.get(type(row), {}).items()}
    return type(row)(**{**values, "id": uuid4(), **varied, **changed})


def multiply(patient, numbers):
    """More of everything that one patient, or the clinic, may have many of."""
    for table in MULTIPLIED:
        mine = table.objects.all()
        if any(field.name == "patient" for field in table._meta.fields):
            mine = mine.filter(patient=patient)
        if row := mine.first():
            table.objects.bulk_create(other(row, n) for n in numbers)
    visit = Booking.objects.filter(patient=patient).order_by("starts_at")[0]
    held = Session.objects.filter(patient=patient).order_by("number")[0]
    for n in numbers:
        earlier = timedelta(days=n + 1)
        # A cancelled visit is listed and leaves the course as far as it was.
        starts_at, ends_at = visit.starts_at - earlier, visit.ends_at - earlier
        booked = other(visit, n, starts_at=starts_at, ends_at=ends_at, status=Standing.CANCELLED)
        booked.save(force_insert=True)
        other(held, n, number=100 + n, booking_id=booked.id).save(force_insert=True)
    planned = Course.objects.get(id=held.course_id)
    ended = {"status": Course.Status.STOPPED, "ended_at": NOW}
    Course.objects.bulk_create(other(planned, n, **ended) for n in numbers)


def crowd(patient, numbers):
    """As many more patients, each with the same chart, in a chair at this moment."""
    new = {n: {} for n in numbers}
    for table in TABLES:
        rows = rows_of(table, patient)
        copies = [copied(row, n, new[n]) for n in numbers for row in rows]
        table.objects.bulk_create(copies)
    for n in numbers:
        sit(new[n][patient], n)


def copied(row, n, new):
    """The same row about another patient; `new` maps what was copied to its copy."""
    named = [one.attname for one in row._meta.concrete_fields if one.is_relation]
    changed = {name: new[getattr(row, name)] for name in named if getattr(row, name) in new}
    made = other(row, n, **changed)
    new[row.pk] = made.pk
    return made


def rows_of(table, patient):
    if table is Patient:
        return [Patient.objects.get(id=patient)]
    if table in ONES_OWN:
        return ()
    fields = {field.name for field in table._meta.fields}
    if "patient" in fields:
        return list(table.objects.filter(patient=patient))
    return list(table.objects.filter(course__patient=patient)) if "course" in fields else ()


def sit(patient, n):
    """The copied patient's first visit and session become one under way now."""
    seat = Chair.objects.create(clinic_id=Patient.objects.get(id=patient).clinic_id, name=f"S{n}")
    visit = Booking.objects.filter(patient=patient).order_by("starts_at")[0]
    start = NOW - timedelta(minutes=30)
    Booking.objects.filter(id=visit.id).update(
        chair=seat, starts_at=start, ends_at=NOW + timedelta(hours=2)
    )
    held = Session.objects.filter(patient=patient).order_by("number")[0]
    Session.objects.filter(id=held.id).update(
        phase=Phase.RUNNING, started_at=start, stopped_at=None, ended_at=None, chair=seat.name
    )


def counted(client, ids):
    """What each page asks the database."""
    found = {}
    for route, pattern in URLS.items():
        address = filled(route, pattern, ids)
        with CaptureQueriesContext(connection) as asked:
            status = client.get(address, headers=QUIETLY).status_code
        if status in SHOWN:
            found[route] = [one["sql"] for one in asked.captured_queries]
    return found


def test_no_page_asks_more_often_when_there_is_more_to_show(team, ids, everyone):
    crowd(ids["patient"], range(1, FEW))
    multiply(ids["patient"], range(1, FEW))
    few = counted(everyone, ids)
    crowd(ids["patient"], range(FEW, MANY))
    multiply(ids["patient"], range(FEW, MANY))
    many = counted(everyone, ids)
    assert many.keys() >= {pattern for pattern in URLS if URLS[pattern].name in LISTS}
    for route, asked in many.items():
        again = (Counter(map(shape, asked)) - Counter(map(shape, few[route]))).most_common(1)
        assert len(asked) <= len(few[route]), f"{route} asks for each: {again}"
        assert len(asked) <= MOST_QUERIES, f"{route} asks {len(asked)} times"


def shape(sql):
    """The query without what it asks for."""
    return " ".join(sql.split()[:12])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what is there")
def test_no_page_goes_through_everything_the_clinic_has(ids, everyone):
    for route, asked in counted(everyone, ids).items():
        for sql in asked:
            walked = [step for step in plan(sql) if WALK.search(step) and not HANDFUL.search(step)]
            # Whatever else is asked must be looked for in everything, however few are wanted.
            page = " LIMIT " in sql and " AND " not in sql and IN_ORDER.search(" ".join(walked))
            assert page or not walked, f"{route}: {walked} for {shape(sql)}"


def plan(sql):
    """How SQLite would go about it, which does not depend on how much there is."""
    if not sql.startswith("SELECT"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall()]
