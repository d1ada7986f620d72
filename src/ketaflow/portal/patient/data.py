"""Download my data: to read or for another program, only one's own, by links that soon run out."""

import json

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpResponse
from django.shortcuts import redirect

from ketaflow.paper.sheet import typeset
from ketaflow.people import actions as people
from ketaflow.portal.patient.gate import PatientRequest, invited, page
from ketaflow.portal.record.printed import sheet
from ketaflow.portal.record.whole import whole

HOLDS_S = 600
_signer = TimestampSigner(salt="ketaflow.portal.record", sep=".")


@invited()
def data(request: PatientRequest) -> HttpResponse:
    """Give two links that work for ten minutes, in this browser."""
    return page(request, "portal/data.html", {"key": _signer.sign(request.invitation.id.hex)})


@invited()
def as_json(request: PatientRequest, key: str) -> HttpResponse:
    """The whole record for another program."""
    if not _holds(request, key):
        return redirect("portal_data", link=request.link)
    _note(request, "own record (JSON)")
    said = whole(request.invitation.patient, at=request.at)
    body = json.dumps(said, ensure_ascii=False, indent=1)
    return _file(HttpResponse(body, content_type="application/json"), "my-record.json")


@invited()
def as_pdf(request: PatientRequest, key: str) -> HttpResponse:
    """The record to read and print."""
    if not _holds(request, key):
        return redirect("portal_data", link=request.link)
    _note(request, "own record (PDF)")
    who = request.invitation.patient
    made = typeset(sheet(who, whole(who, at=request.at), at=request.at))
    return _file(HttpResponse(made, content_type="application/pdf"), "my-record.pdf")


def _holds(request: PatientRequest, key: str) -> bool:
    try:
        return bool(_signer.unsign(key, max_age=HOLDS_S) == request.invitation.id.hex)
    except BadSignature:
        return False


def _note(request: PatientRequest, what: str) -> None:
    people.note_reading(
        patient=request.invitation.patient, page=what, by=request.author, at=request.at
    )


def _file(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
