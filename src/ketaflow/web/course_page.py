"""What a course's page says first: the one thing to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from ketaflow.aftercare import queries as aftercare
from ketaflow.people import queries as people
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.course import review_due
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.standing import Standing
from ketaflow.session import queries as session

if TYPE_CHECKING:
    from ketaflow.protocol.models import Course


@dataclass(frozen=True)
class Step:
    """Something to do, and where."""

    text: str
    action: str = ""
    url: str = ""


def next_step(course: "Course", at: datetime) -> Step:
    """What comes next for this course, most pressing first."""
    clinic = course.clinic_id
    if course.ended_at:
        return _after(course)
    if live := session.live_of(clinic=clinic, patient=course.patient_id):
        url = reverse("session", args=[live.id])
        return Step(f"Session {live.number} is under way in {live.chair}.", "Open the session", url)
    if people.consent(clinic=clinic, course=course.id) is None:
        url = reverse("consent", args=[course.id])
        return Step("The patient has not agreed to this course.", "Go through the agreement", url)
    reviewed = [one.after_session for one in protocol.reviews(clinic=clinic, course=course.id)]
    wanted = protocol_named(course.protocol)
    due = review_due(wanted, done=course.sessions_given, reviewed_after=reviewed)
    if due is not None:
        url = reverse("course_review", args=[course.id])
        return Step(f"The review after session {due} is due.", "Stop or continue?", url)
    if course.sessions_given >= course.sessions_allowed:
        return _induced(course)
    return _visit(course, at)


def _visit(course: "Course", at: datetime) -> Step:
    found = schedule.of_course(clinic=course.clinic_id, course=course.id)
    coming = [one for one in found if one.standing is Standing.BOOKED and one.ends_at > at]
    url = reverse("bookings", args=[course.id])
    if not coming:
        return Step("No visit is booked.", "Book visits", url)
    when = date_format(timezone.localtime(coming[0].starts_at), "D j M Y, H:i")
    return Step(f"The next visit is {when}.", "See the visits", url)


def _induced(course: "Course") -> Step:
    """Every session that was planned or signed for was given: plan what follows, or end it."""
    plans = aftercare.signed(clinic=course.clinic_id, course=course.id)
    if plans and plans[0].interval_weeks is None:
        url = reverse("course_end", args=[course.id])
        return Step("The plan foresees no further session.", "End the course", url)
    url = reverse("course_aftercare", args=[course.id])
    return Step("All sessions of this course were given.", "Plan what follows", url)


def _after(course: "Course") -> Step:
    url = reverse("course_aftercare", args=[course.id])
    if aftercare.signed(clinic=course.clinic_id, course=course.id):
        return Step("The course is over; the aftercare plan is signed.", "Aftercare", url)
    return Step("The course is over and no aftercare plan is signed.", "Plan aftercare", url)
