"""The patient's own page: the next appointments, how to prepare, and how the answers went."""

from django.http import HttpResponse

from ketaflow.outcomes import queries as outcomes
from ketaflow.portal.patient.gate import PatientRequest, invited, page
from ketaflow.portal.patient.preparing import before
from ketaflow.protocol import queries as protocol
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.standing import Standing


@invited(known=True, open_only=False)
def mine(request: PatientRequest) -> HttpResponse:
    """Show what is planned, what to do before it, and the scores so far."""
    who, clinic = request.invitation.patient, request.invitation.clinic.id
    visits = [
        one
        for one in schedule.of_patient(clinic=clinic, patient=who.id, since=request.at)
        if one.standing in {Standing.BOOKED, Standing.CHECKED_IN}
    ]
    courses = protocol.courses_of(clinic=clinic, patient=who.id)
    treated = next((one for one in courses if one.first_given_at), None)
    route = next((one.route for one in courses if one.ended_at is None), "")
    trends = outcomes.trends(
        clinic=clinic,
        patient=who.id,
        treated_at=treated.first_given_at if treated else None,
        marks=outcomes.sessions(clinic=clinic, courses=[one.id for one in courses]),
    )
    context = {
        "visits": visits,
        "steps": before(route, protocol.policy(clinic=clinic)),
        "trends": [trend for trend, _ in trends],
    }
    return page(request, "portal/mine.html", context)
