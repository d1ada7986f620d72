"""Which rows follow from the entries of this stage."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from ketaflow.journal.projecting import Projection, row_id
from ketaflow.protocol.models import Course, CourseReview, SignedPolicy


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _policy_signed(entry: Any) -> None:
    said = entry.payload
    SignedPolicy.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        version=said["version"],
        values=said["values"],
        # Policies signed before there were hold rules have none.
        holds=said.get("holds", []),
        note=said["note"][:400],
        signed_by=entry.by,
        signed_by_name=entry.by_name,
        signed_at=entry.at,
    )


def _course_planned(entry: Any) -> None:
    said = entry.payload
    order = said["order"]
    Course.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(said["patient"]),
        protocol=order["protocol"],
        protocol_version=order["version"],
        indication=said["indication"],
        drug=said["drug"],
        route=said["route"],
        order=order,
        dose_mg=Decimal(order["dose_mg"]),
        sessions_planned=said["sessions"],
        planned_by=entry.by_name,
        planned_at=entry.at,
    )


def _dose_changed(entry: Any) -> None:
    order = entry.payload["order"]
    Course.objects.filter(id=_about(entry)).update(
        order=order, dose_mg=Decimal(order["dose_mg"]), protocol_version=order["version"]
    )


def _session_given(entry: Any) -> None:
    course = Course.objects.get(id=_about(entry))
    Course.objects.filter(id=course.id).update(
        given_at=course.given_at | {entry.payload["session"]: entry.at.isoformat()},
        status=Course.Status.UNDER_WAY,
        sessions_given=F("sessions_given") + 1,
        given_mg=F("given_mg") + Decimal(entry.payload["given_mg"]),
        first_given_at=Coalesce("first_given_at", Value(entry.at)),
        last_given_at=entry.at,
    )


def _session_corrected(entry: Any) -> None:
    was, now = (Decimal(entry.payload[key]) for key in ("was_mg", "given_mg"))
    course = Course.objects.get(id=_about(entry))
    days = course.given_at | {entry.payload["session"]: entry.payload["ended_at"]}
    if not now:
        del days[entry.payload["session"]]
    Course.objects.filter(id=course.id).update(
        given_at=days,
        # A session in which nothing was given does not count as one.
        sessions_given=F("sessions_given") + int(now > 0) - int(was > 0),
        given_mg=F("given_mg") + now - was,
    )


def _stretched(entry: Any) -> None:
    Course.objects.filter(id=_about(entry)).update(stretched=entry.payload["reason"])


def _maintained(entry: Any) -> None:
    sessions = entry.payload["sessions"]
    Course.objects.filter(id=_about(entry)).update(maintenance_sessions=sessions)


def _reviewed(entry: Any) -> None:
    said = entry.payload
    CourseReview.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        course_id=_about(entry),
        after_session=said["after_session"],
        decision=said["decision"],
        reason=said["reason"][:1000],
        decided_by=entry.by_name,
        decided_at=entry.at,
    )


def _ended(entry: Any) -> None:
    Course.objects.filter(id=_about(entry)).update(
        status=entry.payload["status"], ended_at=entry.at
    )


PROJECTION = Projection(
    stage="protocol",
    tables=(SignedPolicy, Course, CourseReview),
    handlers={
        "policy.signed": _policy_signed,
        "course.planned": _course_planned,
        "course.dose_changed": _dose_changed,
        "course.session_given": _session_given,
        "course.session_corrected": _session_corrected,
        "course.stretched": _stretched,
        "course.maintained": _maintained,
        "course.reviewed": _reviewed,
        "course.ended": _ended,
    },
)
