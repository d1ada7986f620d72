"""A session's record as a PDF, made from the journal: the same journal gives the same bytes."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone

from ketaflow.paper.sheet import Sheet, typeset
from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.paper import session_record
from ketaflow.web.sessions import room_or_404


@duty(Duty.SEE_CHART)
def record(request: StaffRequest, session: UUID) -> HttpResponse:
    """Give the whole record of a session as a PDF; whoever reads it is in the record."""
    room, at = room_or_404(request, session), timezone.now()
    people_actions.note_reading(
        patient=room.session.patient, page="session record (PDF)", by=request.author, at=at
    )
    found = session_record.bundle(clinic=request.clinic.id, room=room)
    return pdf(session_record.sheet(found), f"session-{room.session.number}")


def pdf(sheet: Sheet, name: str) -> HttpResponse:
    """The document, shown in the browser; its name says nothing about the patient."""
    answer = HttpResponse(typeset(sheet), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return answer
