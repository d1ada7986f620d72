"""Every read about what will be given."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ketaflow.protocol.holds import rules
from ketaflow.protocol.limits import Policy
from ketaflow.protocol.models import Course, CourseReview, SignedPolicy


def signed_policy(*, clinic: UUID) -> SignedPolicy | None:
    """The newest signed version of the clinic's numbers."""
    return SignedPolicy.objects.filter(clinic_id=clinic).order_by("-version").first()


def policy(*, clinic: UUID) -> Policy | None:
    """The clinic's numbers in force, as the decisions read them."""
    row = signed_policy(clinic=clinic)
    return _policy(row) if row else None


def policy_at(*, clinic: UUID, at: datetime) -> Policy | None:
    """The clinic's numbers that were in force at `at`."""
    signed = SignedPolicy.objects.filter(clinic_id=clinic, signed_at__lte=at)
    row = signed.order_by("-version").first()
    return _policy(row) if row else None


def _policy(row: SignedPolicy) -> Policy:
    version, signed_by = str(row.version), row.signed_by_name
    return Policy(
        version=version,
        signed_by=signed_by,
        signed_at=row.signed_at,
        values={key: Decimal(value) for key, value in row.values.items()},
        fictional=row.clinic.fictional,
        holds=tuple(
            rules.from_payload(one, signed_by=signed_by, version=version) for one in row.holds
        ),
    )


def policies(*, clinic: UUID) -> Sequence[SignedPolicy]:
    """Every version that was signed, newest first."""
    return list(SignedPolicy.objects.filter(clinic_id=clinic).order_by("-version")[:50])


def course(*, clinic: UUID, id: UUID) -> Course | None:
    """One course with its patient."""
    return Course.objects.filter(clinic_id=clinic, id=id).select_related("patient").first()


def courses_of(*, clinic: UUID, patient: UUID) -> Sequence[Course]:
    """The patient's courses, newest first."""
    found = Course.objects.filter(clinic_id=clinic, patient_id=patient)
    return list(found.select_related("patient").order_by("-planned_at"))


def reviews(*, clinic: UUID, course: UUID) -> Sequence[CourseReview]:
    """The stop-or-continue decisions of a course."""
    found = CourseReview.objects.filter(clinic_id=clinic, course_id=course)
    return list(found.order_by("after_session"))
