"""What a stop-or-continue review is prepared from."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ketaflow.journal import queries as journal
from ketaflow.outcomes import queries as outcomes
from ketaflow.outcomes.lead import lead_instrument
from ketaflow.outcomes.measuring import queries as measuring
from ketaflow.outcomes.measuring.due import State
from ketaflow.outcomes.models import SafetyTask
from ketaflow.outcomes.reviewing.prepared import (
    Event,
    Prepared,
    events_of,
    measure_by_measure,
    threshold,
)
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.models import Course
from ketaflow.session import queries as sessions
from ketaflow.session.events import Recorded
from ketaflow.session.fold import fold


def prepare(*, clinic: UUID, course: Course, at: datetime) -> Prepared:
    """The review as it would be read now, in a number of reads that no session adds to."""
    lead = lead_instrument(course.protocol)
    found = outcomes.trends(
        clinic=clinic,
        patient=course.patient_id,
        treated_at=course.first_given_at,
        marks=outcomes.sessions(clinic=clinic, courses=[course.id]),
    )
    judged = next((change for trend, change in found if trend.instrument == lead), None)
    asked = measuring.of_course(clinic=clinic, course=course, at=at)
    tasks = SafetyTask.objects.filter(clinic_id=clinic, patient_id=course.patient_id)
    return Prepared(
        after_session=course.sessions_given,
        planned=course.sessions_planned,
        given_mg=course.given_mg,
        lines=measure_by_measure(found, lead),
        unanswered=tuple(
            one.label
            for one in asked
            if one.key.endswith(f"/review-{course.sessions_given}") and one.state is not State.DONE
        ),
        events=_events(clinic, course),
        safety_tasks=tasks.filter(opened_at__gte=course.planned_at).count(),
        threshold=threshold(judged, protocol.policy(clinic=clinic)),
    )


def _events(clinic: UUID, course: Course) -> tuple[Event, ...]:
    """What went wrong in each session of the course since the last review."""
    reviews = protocol.reviews(clinic=clinic, course=course.id)
    looked_at = reviews[-1].after_session if reviews else 0
    rows = sessions.of_course(clinic=clinic, course=course.id)
    numbers: Mapping[str, int] = {one.stream: one.number for one in rows if one.number > looked_at}
    written: dict[str, list[Recorded]] = {stream: [] for stream in numbers}
    for entry in journal.of_streams(clinic=clinic, streams=numbers).order_by("stream", "ordinal"):
        written[entry.stream].append(entry)
    return tuple(
        event
        for stream, entries in written.items()
        for event in events_of(numbers[stream], fold(entries))
    )
