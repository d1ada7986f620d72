"""Questionnaires sent home: who was asked, how far the message came, what was answered."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from ketaflow.correspondence import actions, queries
from ketaflow.correspondence.actions import Ask
from ketaflow.correspondence.home import queries as home
from ketaflow.correspondence.invitation import LINK_HOLDS, SELF_RATED, Purpose, Standing
from ketaflow.correspondence.outbox import NOT_REACHED
from ketaflow.outcomes import sheet as sheets
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty
from ketaflow.protocol import queries as protocol
from ketaflow.refusals import Refused
from ketaflow.web.forms import answer, refuse
from ketaflow.web.found import patient_or_404
from ketaflow.web.gate import StaffRequest, duty

MOST_SAID = 5


class InviteForm(forms.Form):
    """Which questionnaire goes home; `sheet` makes a second press the same request."""

    instrument = forms.ChoiceField(
        label="Questionnaire", choices=lambda: [(name, sheets.label(name)) for name in SELF_RATED]
    )
    occasion = forms.ChoiceField(
        label="When in the course?", choices=[(one.value, one.label) for one in Occasion]
    )
    sheet = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


@duty(Duty.SEE_CHART, change=Duty.ASSESS)
def invitations(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Show what was sent home and how far it came; send another."""
    who, at = patient_or_404(request, patient), timezone.now()
    people_actions.note_reading(patient=who, page="invitations", by=request.author, at=at)
    courses = protocol.courses_of(clinic=request.clinic.id, patient=who.id)
    course = courses[0] if courses else None
    treated = course is not None and course.sessions_given
    first = Occasion.FOLLOW_UP if treated else Occasion.BASELINE
    form = InviteForm(request.POST or None, initial={"occasion": first.value})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        ask = Ask(said["sheet"], said["instrument"], Occasion(said["occasion"]), course)
        try:
            actions.invite(patient=who, ask=ask, by=request.author, at=at)
            messages.success(request, "The message is queued. Its state is shown below.")
            return redirect("invitations", patient=who.id)
        except Refused as refusal:
            refuse(form, refusal)
    found = queries.invitations(clinic=request.clinic.id, patient=who.id)
    context = {
        "patient": who,
        "rows": [_row(one, at) for one in found],
        "days": LINK_HOLDS.days,
        "pages_sheet": uuid4(),
        "said": home.said_by(clinic=request.clinic.id, patient=who.id)[:MOST_SAID],
    }
    return answer(request, "outcomes/invitations.html", context, form)


@duty(Duty.ASSESS)
@require_POST
def withdraw(request: StaffRequest, patient: UUID, invitation: UUID) -> HttpResponse:
    """Close a link that was sent."""
    who = patient_or_404(request, patient)
    found = queries.invitation(clinic=request.clinic.id, id=invitation)
    if found is None or found.patient_id != who.id:
        raise Http404
    actions.withdraw(invitation=found.id, by=request.author, at=timezone.now())
    messages.success(request, "The link no longer works. Answers given so far stay in the record.")
    return redirect("invitations", patient=who.id)


def _name(one: Any) -> str:
    if one.purpose == Purpose.FORM:
        return sheets.label(one.instrument)
    label = Purpose(one.purpose).label
    return f"{label}: {one.helper.name}" if one.helper else label


def _row(one: Any, at: Any) -> dict[str, Any]:
    standing = one.standing(at)
    mail = list(one.messages.all())
    return {
        "invitation": one,
        "name": _name(one),
        "standing": standing.label,
        "open": standing is Standing.OPEN,
        "given": len(one.given),
        "messages": mail,
        "lost": any(each.state in NOT_REACHED for each in mail),
    }
