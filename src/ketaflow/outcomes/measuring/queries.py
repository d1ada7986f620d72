"""Which questionnaires are due for whom: one read of the courses, their visits and their sheets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID, uuid5

from django.db.models import QuerySet

from ketaflow.outcomes.measuring import due as decide
from ketaflow.outcomes.measuring.due import Filled, Measure, Timeline, Visit
from ketaflow.outcomes.measuring.programme import longest_weeks, programme
from ketaflow.outcomes.models import Answered
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.models import Clinic
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.protocol.models import Course
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.standing import Standing

AT_ONCE = 200


@dataclass(frozen=True)
class Owed:
    """A questionnaire that a patient should be asked for now.

    `sheet` is the same each time it is read, whatever happens to the visit, so that asking twice
    is asking once.
    """

    patient: UUID
    course: UUID
    sheet: UUID
    measure: Measure


def measures_due(
    *, clinic: UUID, at: datetime, until: datetime, only: Sequence[str] = ()
) -> Iterator[Owed]:
    """What should be asked for now, clinic-wide, course by course.

    Args:
        clinic: whose patients.
        at: now; what was answered, missed or cannot be answered yet is left out.
        until: what is due before this moment, overdue included.
        only: instruments, for example those that may be answered at home; empty for all.
    """
    rows = _followed(clinic, at).iterator(chunk_size=AT_ONCE)
    while batch := tuple(islice(rows, AT_ONCE)):
        for course, found in _read(clinic, batch, at).items():
            for one in found:
                wanted = not only or one.instrument in only
                if wanted and not one.optional and decide.open_now(one, at=at, until=until):
                    sheet = uuid5(course.id, one.key)
                    yield Owed(course.patient_id, course.id, sheet, one)


def of_course(*, clinic: UUID, course: Course, at: datetime) -> tuple[Measure, ...]:
    """Every questionnaire of one course as it stands."""
    return _read(clinic, (course,), at)[course]


def of_courses(
    *, clinic: UUID, courses: Sequence[Course], at: datetime
) -> Mapping[Course, tuple[Measure, ...]]:
    """The same for several courses of one clinic, in as many reads as for one."""
    return _read(clinic, courses, at)


def followed(*, clinic: UUID, at: datetime) -> QuerySet[Course]:
    """The courses whose questionnaires are still asked for, newest first. Page it by slicing."""
    return _followed(clinic, at).select_related("patient").order_by("-planned_at", "id")


def _followed(clinic: UUID, at: datetime) -> QuerySet[Course]:
    since = at - timedelta(weeks=2 * longest_weeks())
    ours = Course.objects.filter(clinic_id=clinic)
    going_on = ours.filter(status__in=[Course.Status.PLANNED, Course.Status.UNDER_WAY])
    lately = ours.filter(ended_at__gte=since).exclude(sessions_given=0)
    # A union, so that each half has its index and neither goes through the courses of years.
    either = going_on.values("id").union(lately.values("id"))
    return Course.objects.filter(id__in=either, patient__deceased=False).order_by("id")


def _read(
    clinic: UUID, courses: Sequence[Course], at: datetime
) -> Mapping[Course, tuple[Measure, ...]]:
    zone = Clinic.objects.get(id=clinic).zone
    booked = _booked(clinic, courses)
    filled = _filled(clinic, courses)
    since = _since(courses)
    return {
        one: decide.measures(
            programme(one.protocol),
            _timeline(one, booked[one.id], since.get(one.id)),
            [sheet for course, sheet in filled[one.patient_id] if course in (None, one.id)],
            at=at,
            zone=zone,
        )
        for one in courses
    }


def _timeline(
    course: Course, booked: Sequence[tuple[int, datetime]], since: datetime | None
) -> Timeline:
    given = sorted(datetime.fromisoformat(said) for said in course.given_at.values())
    visits = [Visit(number, given_at, True) for number, given_at in enumerate(given, start=1)]
    visits += [
        Visit(number, starts_at, False) for number, starts_at in booked if number > len(given)
    ]
    over_at = course.ended_at if given else None
    if len(given) >= course.sessions_planned:
        over_at = given[course.sessions_planned - 1]
    reviews = protocol_named(course.protocol).reviews_after
    return Timeline(tuple(visits), tuple(reviews), over_at, since)


def _booked(clinic: UUID, courses: Sequence[Course]) -> Mapping[UUID, list[tuple[int, datetime]]]:
    found: dict[UUID, list[tuple[int, datetime]]] = defaultdict(list)
    going_on = [one.id for one in courses if one.ended_at is None]
    for one in schedule.of_courses(clinic=clinic, courses=going_on) if going_on else ():
        if one.number is not None and one.standing is not Standing.DONE:
            found[one.course].append((one.number, one.treated_from))
    return found


def _filled(
    clinic: UUID, courses: Sequence[Course]
) -> Mapping[UUID, list[tuple[UUID | None, Filled]]]:
    """What each patient answered in full, with the course it was given for, if for one."""
    patients = {one.patient_id for one in courses}
    rows = Answered.objects.filter(clinic_id=clinic, patient_id__in=patients, complete=True)
    columns = ("patient_id", "course_id", "instrument", "answered_at", "occasion", "session_number")
    found: dict[UUID, list[tuple[UUID | None, Filled]]] = defaultdict(list)
    for patient, course, instrument, answered_at, occasion, number in rows.values_list(*columns):
        sheet = Filled(instrument, answered_at, Occasion(occasion), number if course else None)
        found[patient].append((course, sheet))
    return found


def _since(courses: Sequence[Course]) -> Mapping[UUID, datetime]:
    """The last session of an earlier course, for each course that had one before it."""
    patients = {one.patient_id for one in courses}
    # By the patients alone, who are the clinic's: by the clinic it would go through every course.
    treated = Course.objects.filter(patient_id__in=patients)
    earlier: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    columns = ("patient_id", "planned_at", "last_given_at")
    for patient, planned_at, last in treated.exclude(last_given_at=None).values_list(*columns):
        earlier[patient].append((planned_at, last))
    found = {}
    for one in courses:
        before = [last for planned, last in earlier[one.patient_id] if planned < one.planned_at]
        if before:
            found[one.id] = max(before)
    return found
