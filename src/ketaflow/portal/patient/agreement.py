"""Agreeing at home: read, tick each statement, sign; see what was signed; take it back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ketaflow.correspondence.home import actions
from ketaflow.people import queries as people
from ketaflow.people.consent import ConsentText, NotAgreed, Signed, UnknownText, consent_for
from ketaflow.portal.patient.gate import PatientRequest, invited, page
from ketaflow.portal.patient.told import medicine
from ketaflow.protocol import queries as protocol

WRONG = 422


@invited()
def agreements(request: PatientRequest) -> HttpResponse:
    """Show what waits to be signed, and all that was ever signed, with the day."""
    consents = people.consents(clinic=request.invitation.clinic_id, patient=_patient(request))
    held = {one.course for one in consents if one.withdrawn_at is None}
    courses = _courses(request)
    named = {one.id: medicine(one.drug, one.route) for one in courses}
    context = {
        "waiting": [
            (one, medicine(one.drug, one.route))
            for one in courses
            if one.ended_at is None and one.id not in held and _text(one)
        ],
        "rows": [(one, named.get(one.course, "")) for one in consents],
        "done": request.GET.get("done", ""),
    }
    return page(request, "portal/agreements.html", context)


@invited()
def sign(request: PatientRequest, course: UUID) -> HttpResponse:
    """Read the agreement of one course and sign it."""
    found, text = _found(request, course)
    ticked, name = tuple(request.POST.getlist("agreed")), request.POST.get("name", "")[:200]
    wrong = ""
    if request.method == "POST":
        seen = request.POST.get("sha256", "")
        signed = Signed(text.id, seen, ticked, name)
        try:
            actions.sign(
                patient=request.invitation.patient,
                course=found,
                signed=signed,
                by=request.author,
                at=request.at,
            )
            return redirect(f"/p/{request.link}/agreements/?done=signed")
        except NotAgreed:
            wrong = _wrong(signed, text)
    given = people.consent(clinic=request.invitation.clinic_id, course=found.id)
    context = {
        "course": found,
        "text": text,
        "ticked": ticked,
        "name": name,
        "wrong": wrong,
        "given": given,
        "medicine": medicine(found.drug, found.route),
    }
    return page(request, "portal/sign.html", context, WRONG if wrong else 200)


@invited()
def withdraw(request: PatientRequest, course: UUID) -> HttpResponse:
    """Take an agreement back; asked once more before it counts."""
    found, _text = _found(request, course)
    given = people.consent(clinic=request.invitation.clinic_id, course=found.id)
    if request.method == "POST":
        if given:
            actions.withdraw_consent(
                consent=given,
                reason=request.POST.get("reason", ""),
                by=request.author,
                at=request.at,
            )
        return redirect(f"/p/{request.link}/agreements/?done=withdrawn")
    if given is None:
        return redirect("portal_agreements", link=request.link)
    context = {"course": found, "given": given, "medicine": medicine(found.drug, found.route)}
    return page(request, "portal/withdraw.html", context)


def _patient(request: PatientRequest) -> UUID:
    id: UUID = request.invitation.patient_id
    return id


def _courses(request: PatientRequest) -> Sequence[Any]:
    return protocol.courses_of(clinic=request.invitation.clinic_id, patient=_patient(request))


def _found(request: PatientRequest, id: UUID) -> tuple[Any, ConsentText]:
    """A course of this patient that may be signed for, and its text."""
    for one in _courses(request):
        text = _text(one)
        if one.id == id and one.ended_at is None and text:
            return one, text
    raise Http404


def _text(course: Any) -> ConsentText | None:
    try:
        return consent_for(course.route)
    except UnknownText:
        return None


def _wrong(signed: Signed, text: ConsentText) -> str:
    if signed.sha256 != text.sha256:
        return _("The text has changed since you opened this page. Please read it again.")
    if not signed.name.strip():
        return _("Type your name to sign.")
    return _("Tick each statement. If you do not agree with one, do not sign: call us.")
