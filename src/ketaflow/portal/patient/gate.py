"""Who may open a patient's page: whoever holds a link that was signed here, and nobody else.

The link names the invitation, and so the patient: whatever else a page is asked for is looked for
among what is hers. To read, the holder has also said the patient's date of birth in this browser,
a short while ago.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache

from ketaflow.correspondence import queries
from ketaflow.correspondence.actions import LinkClosed
from ketaflow.correspondence.home.actions import helping
from ketaflow.correspondence.invitation import Purpose, Standing
from ketaflow.journal.author import Author
from ketaflow.people.actions import oneself
from ketaflow.portal.patient import language
from ketaflow.portal.patient.crisis import help_now

View = Callable[..., HttpResponseBase]
RECOGNISED = "portal_recognised"
# How long a phone that was put down still shows what it showed.
STAYS_OPEN = timedelta(minutes=30)
GONE = 410

FORM = frozenset({Purpose.FORM})
OWN = frozenset({Purpose.FORM, Purpose.PAGES})
EVERY = frozenset(Purpose)


class PatientRequest(HttpRequest):
    """A request through a link: which invitation, whose, by whom, at what moment."""

    link: str
    invitation: Any
    author: Author
    at: datetime


@dataclass(frozen=True)
class Rule:
    """When a view opens: `to` which links, once the date of birth was said, while not sent in.

    `late` answers are taken though the date of birth was said long ago; nothing is shown for them.
    """

    to: frozenset[Purpose]
    known: bool = True
    open_only: bool = False
    late: bool = False


def invited(
    *,
    to: frozenset[Purpose] = OWN,
    known: bool = True,
    open_only: bool = False,
    late: bool = False,
) -> Callable[[View], View]:
    """Let a view be opened through a signed link, as `Rule` says."""
    rule = Rule(to, known, open_only, late)

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def guarded(request: PatientRequest, link: str, **kwargs: Any) -> HttpResponseBase:
            invitation = queries.invited(link)
            if invitation is None:
                return render(request, "portal/forged.html", status=404)
            request.link, request.invitation = link, invitation
            request.author, request.at = _author(invitation), timezone.now()
            with (
                timezone.override(invitation.clinic.zone),
                translation.override(language.choose(request)),
            ):
                return _let_in(request, view, rule, kwargs)

        guarded.by_link = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def helps(request: PatientRequest) -> bool:
    """Whether a helper holds the link."""
    return bool(request.invitation.purpose == Purpose.HELPER)


def _author(invitation: Any) -> Author:
    if invitation.helper:
        return helping(invitation.helper, invitation.patient)
    return oneself(invitation.patient)


def _let_in(
    request: PatientRequest, view: View, rule: Rule, kwargs: dict[str, Any]
) -> HttpResponseBase:
    now = request.invitation.standing(request.at)
    if rule.open_only and now is Standing.USED and is_known(request, rule):
        return redirect("portal_sent", link=request.link)
    if now is not Standing.OPEN and (rule.open_only or now is not Standing.USED):
        return closed(request, now)
    if rule.known and not is_known(request, rule):
        return redirect("portal_start", link=request.link)
    if request.invitation.purpose not in rule.to:
        return redirect("portal_mine", link=request.link)
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


def is_known(request: PatientRequest, rule: Rule) -> bool:
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
    return lately or (rule.late and request.method == "POST")


def page(
    request: PatientRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of the patient: always with whom to call, and whether anybody is watching."""
    clinic = request.invitation.clinic
    about = {
        "link": request.link,
        "at_clinic": clinic,
        "invitation": request.invitation,
        "helping": helps(request),
        "languages": language.LANGUAGES,
        "crisis": help_now(clinic=clinic, at=request.at),
    }
    return render(request, template, {**about, **context}, status=status)


def closed(request: PatientRequest, now: Standing) -> HttpResponse:
    """Say why a link no longer works, and what to do."""
    return page(request, "portal/closed.html", {"standing": now.value}, GONE)
