"""Every read about whether it helped, and which answers wait for somebody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet

from ketaflow.journal import queries as journal
from ketaflow.outcomes import change, trend
from ketaflow.outcomes.change import Change, History, Measurement
from ketaflow.outcomes.lead import lead_instrument
from ketaflow.outcomes.models import Answered, SafetyTask
from ketaflow.outcomes.safety import Standing
from ketaflow.outcomes.sheet import Occasion
from ketaflow.outcomes.trend import Trend
from ketaflow.protocol.models import Course

MOST_MEASUREMENTS = 400
MOST_SESSIONS = 400
MOST_PATIENT_TASKS = 20


def answered(*, clinic: UUID, patient: UUID) -> Sequence[Answered]:
    """The newest sheets of a patient, first to last."""
    found = Answered.objects.filter(clinic_id=clinic, patient_id=patient)
    return list(reversed(found.order_by("-answered_at", "-id")[:MOST_MEASUREMENTS]))


def all_answered(*, clinic: UUID, patient: UUID) -> QuerySet[Answered]:
    """Every sheet of a patient, first to last."""
    found = Answered.objects.filter(clinic_id=clinic, patient_id=patient)
    return found.order_by("answered_at", "id")


def without_rule(*, clinic: UUID, patient: UUID, limit: int = 20) -> Sequence[Answered]:
    """The newest sheets of scales on which no change is defined, newest first."""
    found = Answered.objects.filter(clinic_id=clinic, patient_id=patient)
    found = found.exclude(instrument__in=list(change.rules()))
    return list(found.order_by("-answered_at", "-id")[:limit])


def history(*, clinic: UUID, patient: UUID, instrument: str) -> tuple[Measurement, ...]:
    """The newest totals of one instrument, first to last; None where it was not complete."""
    found = Answered.objects.filter(clinic_id=clinic, patient_id=patient, instrument=instrument)
    newest = found.order_by("-answered_at", "-id")[:MOST_MEASUREMENTS]
    return measurements(clinic=clinic, rows=reversed(newest))


def measurements(*, clinic: UUID, rows: Iterable[Answered]) -> tuple[Measurement, ...]:
    """The totals of `rows` that are this clinic's, as the decisions read them."""
    return tuple(Measurement(row.answered_at, row.total) for row in rows if row.clinic_id == clinic)


def sessions(*, clinic: UUID, courses: Iterable[UUID]) -> tuple[datetime, ...]:
    """When each session of `courses` was given, first to last."""
    streams = [f"course/{one}" for one in courses]
    found = journal.of_streams(clinic=clinic, streams=streams).filter(kind="course.session_given")
    newest = found.order_by("-at", "-id").values_list("at", flat=True)[:MOST_SESSIONS]
    return tuple(reversed(newest))


def trends(
    *,
    clinic: UUID,
    patient: UUID,
    treated_at: datetime | None,
    marks: Sequence[datetime] = (),
    events: Sequence[datetime] = (),
) -> tuple[tuple[Trend, Change], ...]:
    """Trend and change of each instrument that was given and has a rule; one read in all."""
    rows: dict[str, list[Answered]] = {}
    for row in answered(clinic=clinic, patient=patient):
        if row.instrument in change.rules():
            rows.setdefault(row.instrument, []).append(row)
    known = [
        _history(clinic, name, rows[name], treated_at, events)
        for name in change.rules()
        if name in rows
    ]
    return tuple((trend.trend(one, sessions=marks), change.assess(one)) for one in known)


def history_of(
    *,
    clinic: UUID,
    course: Course,
    instrument: str,
    events: Sequence[datetime] = (),
) -> History:
    """One instrument over a course, as the decisions read it."""
    found = Answered.objects.filter(
        clinic_id=clinic, patient_id=course.patient_id, instrument=instrument
    )
    rows = list(reversed(found.order_by("-answered_at", "-id")[:MOST_MEASUREMENTS]))
    return _history(clinic, instrument, rows, course.first_given_at, events)


def lead_histories(
    *, clinic: UUID, courses: Sequence[Course], events: Mapping[UUID, Sequence[datetime]]
) -> Mapping[UUID, History]:
    """What each course is judged by, over that course; one read in all.

    `events` are admissions and the like, by course.
    """
    leads = {one.id: lead_instrument(one.protocol) for one in courses}
    found = Answered.objects.filter(
        clinic_id=clinic,
        patient_id__in={one.patient_id for one in courses},
        instrument__in=set(leads.values()),
    )
    rows: dict[tuple[UUID, str], list[Answered]] = defaultdict(list)
    for row in found.order_by("answered_at", "id"):
        rows[row.patient_id, row.instrument].append(row)
    return {
        one.id: _history(
            clinic,
            leads[one.id],
            rows[one.patient_id, leads[one.id]][-MOST_MEASUREMENTS:],
            one.first_given_at,
            events.get(one.id, ()),
        )
        for one in courses
    }


def latest_words(*, clinic: UUID, course: Course, instrument: str) -> str:
    """Whether it helps, in one sentence."""
    return change.describe(history_of(clinic=clinic, course=course, instrument=instrument))


def task(*, clinic: UUID, id: UUID) -> SafetyTask | None:
    """One safety task with its patient and the sheet that opened it."""
    found = SafetyTask.objects.filter(clinic_id=clinic, id=id)
    return found.select_related("patient", "answered").first()


def open_tasks(*, clinic: UUID) -> QuerySet[SafetyTask]:
    """What waits: first what nobody has taken on, what went up furthest and longest overdue first.

    Page it by slicing.
    """
    waiting = [Standing.OPEN, Standing.ACKNOWLEDGED]
    found = SafetyTask.objects.filter(clinic_id=clinic, status__in=waiting)
    return found.select_related("patient", "answered").order_by(
        F("acknowledged_at").asc(nulls_first=True), "-step", "must_act_by", "id"
    )


def open_tasks_of(*, clinic: UUID, patient: UUID) -> Sequence[SafetyTask]:
    """What waits for one patient; a session page shows it before anything is given."""
    return list(open_tasks(clinic=clinic).filter(patient_id=patient)[:MOST_PATIENT_TASKS])


def closed_tasks(*, clinic: UUID, limit: int = 20) -> Sequence[SafetyTask]:
    """The tasks closed last."""
    found = SafetyTask.objects.filter(clinic_id=clinic, status=Standing.CLOSED)
    return list(found.select_related("patient").order_by("-closed_at")[:limit])


def _history(
    clinic: UUID,
    instrument: str,
    rows: Sequence[Answered],
    treated_at: datetime | None,
    events: Sequence[datetime],
) -> History:
    return History(
        instrument=instrument,
        measurements=measurements(clinic=clinic, rows=rows),
        treated_at=_before_effect(rows, treated_at),
        events=tuple(events),
    )


def _before_effect(rows: Sequence[Answered], treated_at: datetime | None) -> datetime | None:
    """The moment until which a total is a baseline.

    A session counts as given when it ends, and a sheet may be answered before the patient goes
    home: whatever was given after a session is no baseline.
    """
    if treated_at is None:
        return None
    after = [
        row.answered_at - timedelta(microseconds=1)
        for row in rows
        if row.occasion == Occasion.AFTER_SESSION
        and timedelta(0) <= treated_at - row.answered_at < timedelta(days=1)
    ]
    return min([treated_at, *after])
