"""What patients did on their own pages and somebody here must know; the link to those pages."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from ketaflow.correspondence.actions import NotHere
from ketaflow.correspondence.home import actions
from ketaflow.people.roles import Duty
from ketaflow.web.found import patient_or_404
from ketaflow.web.gate import StaffRequest, duty


@duty(Duty.ANSWER_SAFETY)
@require_POST
def seen(request: StaffRequest, notice: UUID) -> HttpResponse:
    """Say that one has read a notice and deals with it."""
    try:
        actions.see_notice(notice=notice, by=request.author, at=timezone.now())
    except NotHere as unknown:
        raise Http404 from unknown
    messages.success(request, f"Noted: {request.author.name} deals with it.")
    return redirect("safety_tasks")


@duty(Duty.ASSESS)
@require_POST
def send_pages(request: StaffRequest, patient: UUID, press: UUID) -> HttpResponse:
    """Send a patient the link to the own pages; `press` makes a second one the same."""
    who = patient_or_404(request, patient)
    actions.send_pages(patient=who, sheet=press, by=request.author, at=timezone.now())
    messages.success(request, "The message is queued. Its state is shown below.")
    return redirect("invitations", patient=who.id)
