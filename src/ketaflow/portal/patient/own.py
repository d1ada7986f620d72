"""The patient's own pages: what is planned, how to prepare, what happened, and how it changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from ketaflow.correspondence.home import actions
from ketaflow.correspondence.home import queries as home
from ketaflow.outcomes import queries as outcomes
from ketaflow.outcomes.trend import Trend
from ketaflow.portal.patient.forms import VisitForm
from ketaflow.portal.patient.gate import EVERY, PatientRequest, helps, invited, page
from ketaflow.portal.patient.picture import picture
from ketaflow.portal.patient.preparing import before
from ketaflow.portal.patient.told import medicine, told
from ketaflow.protocol import queries as protocol
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.booked import Booked
from ketaflow.schedule.standing import Standing
from ketaflow.session import queries as sessions

WRONG = 422


@invited(to=EVERY)
def mine(request: PatientRequest) -> HttpResponse:
    """Show what is planned and what to do before it, with the way to everything else."""
    visits = ahead(request)
    said = home.readiness(clinic=request.invitation.clinic_id, bookings=[one.id for one in visits])
    context = {
        "visits": [(one, said.get(one.id)) for one in visits],
        "steps": _steps(request),
        "done": request.GET.get("done", ""),
    }
    return page(request, "portal/mine.html", context)


@invited(to=EVERY)
def visit(request: PatientRequest, booking: UUID) -> HttpResponse:
    """Say before a visit whether one comes, who comes along, and what has changed."""
    found = next((one for one in ahead(request) if one.id == booking), None)
    if found is None:
        raise Http404
    known = home.readiness(clinic=request.invitation.clinic_id, bookings=[booking]).get(booking)
    first = (
        {"coming": "yes" if known.coming else "no", "escort": known.escort, "words": known.words}
        if known and not helps(request)
        else None
    )
    form = VisitForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        actions.answer_visit(
            patient=request.invitation.patient,
            booking=booking,
            said=form.said(),
            by=request.author,
            at=request.at,
        )
        return redirect(f"{_mine(request)}?done=visit")
    context = {"form": form, "visit": found, "steps": _steps(request), "known": known}
    return page(request, "portal/visit.html", context, WRONG if form.errors else 200)


@invited()
def scores(request: PatientRequest) -> HttpResponse:
    """Show how the answers changed: a picture, the same in words, and a table."""
    told_in = [(one, picture(one)) for one in trends(request)]
    return page(request, "portal/scores.html", {"trends": told_in})


@invited()
def all_sessions(request: PatientRequest) -> HttpResponse:
    """List the sessions, newest first."""
    who = request.invitation
    found = sessions.of_patient(clinic=who.clinic_id, patient=who.patient_id)
    rows = [(one, medicine(one.order["drug"], one.order["route"])) for one in found]
    return page(request, "portal/sessions.html", {"rows": rows})


@invited()
def session(request: PatientRequest, session: UUID) -> HttpResponse:
    """Tell one session in plain words."""
    who = request.invitation
    found = sessions.session(clinic=who.clinic_id, id=session)
    if found is None or found.patient_id != who.patient_id:
        raise Http404
    state = sessions.state(clinic=who.clinic_id, id=found.id)
    context = {"session": found, "told": told(found.order, state)}
    return page(request, "portal/session.html", context)


def ahead(request: PatientRequest) -> Sequence[Booked]:
    """The visits that are still to come."""
    who = request.invitation
    found = schedule.of_patient(clinic=who.clinic_id, patient=who.patient_id, since=request.at)
    return [one for one in found if one.standing in {Standing.BOOKED, Standing.CHECKED_IN}]


def trends(request: PatientRequest) -> tuple[Trend, ...]:
    """How each score of the patient changed."""
    who = request.invitation.patient
    courses = _courses(request)
    treated = next((one for one in courses if one.first_given_at), None)
    found = outcomes.trends(
        clinic=who.clinic_id,
        patient=who.id,
        treated_at=treated.first_given_at if treated else None,
        marks=outcomes.sessions(clinic=who.clinic_id, courses=[one.id for one in courses]),
    )
    return tuple(trend for trend, _change in found)


def _courses(request: PatientRequest) -> Sequence[Any]:
    who = request.invitation
    return protocol.courses_of(clinic=who.clinic_id, patient=who.patient_id)


def _steps(request: PatientRequest) -> tuple[str, ...]:
    route = next((one.route for one in _courses(request) if one.ended_at is None), "")
    return before(route, protocol.policy(clinic=request.invitation.clinic_id))


def _mine(request: PatientRequest) -> str:
    return f"/p/{request.link}/mine/"
