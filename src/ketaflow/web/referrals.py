"""Taking in what a hospital sent: each file is taken in whole, or refused in a sentence."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from ketaflow.fhir.bundle import read_bundle
from ketaflow.people import actions
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web.forms import answer
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.patients_forms import UploadForm

KEPT = "referrals_taken_in"


@duty(Duty.IMPORT)
def upload(request: StaffRequest) -> HttpResponse:
    """Take in FHIR bundles; say for each what was used, what was not, or why it was refused."""
    sent = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if sent else UploadForm()
    if sent and form.is_valid():
        said = [_take(request, file, form.cleaned_data) for file in form.cleaned_data["bundles"]]
        if any("refused" not in one for one in said):
            # Kept for the next page, so that pressing reload sends nothing twice.
            request.session[KEPT] = said
            return redirect("referral_upload")
        for one in said:
            form.add_error("bundles", one["refused"])
    taken = [] if sent else request.session.pop(KEPT, [])
    return answer(request, "referrals/upload.html", {"taken": taken}, form)


def _take(request: StaffRequest, file: UploadedFile, said: dict[str, Any]) -> dict[str, Any]:
    name = file.name or "a file"
    by, at = request.author, timezone.now()
    try:
        document = file.read()
        chart = read_bundle(document, name=name)
        got = actions.receive(chart=chart, document=document, name=name, by=by, at=at)
    except Refused as refusal:
        sentence = str(refusal)
        return {"name": name, "refused": sentence if name in sentence else f"{name}: {sentence}"}
    if got.new and said["referrer"]:
        actions.refer(
            patient=got.patient,
            referrer=said["referrer"],
            reason=said["referred_for"],
            by=by,
            at=at,
        )
    return {
        "name": name,
        "patient": str(got.patient.id),
        "who": got.patient.name,
        "new": got.new,
        "facts": got.facts,
        "not_used": got.not_used,
    }
