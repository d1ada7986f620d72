"""Who may open a patient's page: whoever holds a link that was signed here, and nobody else.

The link names the invitation, and so the patient: no page takes any other identifier. To read, the
holder has also said the patient's date of birth in this browser, a short while ago.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ketaflow.correspondence import queries
from ketaflow.correspondence.actions import LinkClosed
from ketaflow.correspondence.invitation import Standing
from ketaflow.journal.author import Author
from ketaflow.people.actions import oneself
from ketaflow.portal.patient.crisis import help_now

View = Callable[..., HttpResponse]
RECOGNISED = "portal_recognised"
# How long a phone that was put down still shows what it showed.
STAYS_OPEN = timedelta(minutes=30)
GONE = 410


class PatientRequest(HttpRequest):
    """A request through a link: which invitation, whose, at what moment."""

    link: str
    invitation: Any
    author: Author
    at: datetime


def invited(*, known: bool, open_only: bool) -> Callable[[View], View]:
    """Let a view be opened through a signed link.

    Args:
        known: the date of birth must have been said first.
        open_only: the form must not have been sent in yet.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def guarded(request: PatientRequest, link: str, **kwargs: Any) -> HttpResponse:
            invitation = queries.invited(link)
            if invitation is None:
                return render(request, "portal/forged.html", status=404)
            request.link, request.invitation = link, invitation
            request.author, request.at = oneself(invitation.patient), timezone.now()
            with timezone.override(invitation.clinic.zone):
                return _let_in(request, view, known, open_only, kwargs)

        guarded.by_link = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def _let_in(
    request: PatientRequest, view: View, known: bool, open_only: bool, kwargs: dict[str, Any]
) -> HttpResponse:
    now = request.invitation.standing(request.at)
    if open_only and now is Standing.USED and is_known(request):
        return redirect("portal_sent", link=request.link)
    if now is not Standing.OPEN and (open_only or now is not Standing.USED):
        return closed(request, now)
    if known and not is_known(request):
        return redirect("portal_start", link=request.link)
    try:
        return view(request, **kwargs)
    except LinkClosed:
        request.invitation = queries.invited(request.link)
        return closed(request, request.invitation.standing(request.at))


def remember(request: PatientRequest) -> None:
    """Note that the date of birth was right, in this browser, now."""
    kept = dict(request.session.get(RECOGNISED, {}))
    kept[str(request.invitation.id)] = request.at.isoformat()
    request.session[RECOGNISED] = kept


def is_known(request: PatientRequest) -> bool:
    """Whether this browser may go on: it was recognised a short while ago.

    An answer that is sent later is still taken, if the browser was recognised for this link before:
    losing one could cost more than taking it. Nothing is shown then until the date is said again.
    """
    said = request.session.get(RECOGNISED, {}).get(str(request.invitation.id))
    if said is None:
        return False
    lately = request.at - datetime.fromisoformat(said) <= STAYS_OPEN
    if lately:
        remember(request)
    return lately or request.method == "POST"


def page(
    request: PatientRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the patient: always with whom to call, and whether anybody is watching."""
    clinic = request.invitation.clinic
    about = {
        "link": request.link,
        "at_clinic": clinic,
        "invitation": request.invitation,
        "crisis": help_now(clinic=clinic, at=request.at),
    }
    return render(request, template, {**about, **context}, status=status)


def closed(request: PatientRequest, now: Standing) -> HttpResponse:
    """Say why a link no longer works, and what to do."""
    return page(request, "portal/closed.html", {"standing": now.value}, GONE)
