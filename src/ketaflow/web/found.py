"""What a URL names, looked up in the clinic of whoever asks; anybody else's is not found."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404

from ketaflow.people import queries as people
from ketaflow.protocol import queries as protocol
from ketaflow.web.gate import StaffRequest

if TYPE_CHECKING:
    from ketaflow.people.models import Patient
    from ketaflow.protocol.models import Course


def patient_or_404(request: StaffRequest, id: UUID) -> "Patient":
    """The patient."""
    found = people.patient(clinic=request.clinic.id, id=id)
    if found is None:
        raise Http404("No patient of this clinic is known by that address.")
    return found


def course_or_404(request: StaffRequest, id: UUID) -> "Course":
    """The course, with its patient."""
    found = protocol.course(clinic=request.clinic.id, id=id)
    if found is None:
        raise Http404("No course of this clinic is known by that address.")
    return found
