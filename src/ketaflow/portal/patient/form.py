"""The form at home: one question a page, each answer kept as it is given, no script needed."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ketaflow.correspondence import actions
from ketaflow.correspondence import invitation as invitations
from ketaflow.correspondence.invitation import NoSuchQuestion
from ketaflow.outcomes.sheet import NothingAnswered
from ketaflow.portal.patient.forms import BirthForm, QuestionForm, in_words
from ketaflow.portal.patient.gate import (
    EVERY,
    FORM,
    PatientRequest,
    Rule,
    helps,
    invited,
    is_known,
    page,
    remember,
)

SKIP = "skip"
WRONG = 422


@invited(to=EVERY, known=False, open_only=True)
def start(request: PatientRequest) -> HttpResponse:
    """Ask who is there; opening the link alone changes nothing, so a mail scanner may."""
    form = BirthForm(_sent(request), helping=helps(request))
    if request.method == "POST" and form.is_valid():
        right = actions.recognise(
            invitation=request.invitation.id,
            born_on=form.cleaned_data["born_on"],
            by=request.author,
            at=request.at,
        )
        if right:
            remember(request)
            return _on(request)
        form.add_error("born_on", _("This is not the date of birth we have. Please try again."))
    elif request.method == "GET" and is_known(request, Rule(EVERY)):
        return _on(request)
    asked = _asked(request) if request.invitation.instrument else None
    status = WRONG if form.is_bound else 200
    return page(request, "portal/start.html", {"form": form, "asked": asked}, status)


@invited(to=FORM, open_only=True, late=True)
def question(request: PatientRequest, item: str) -> HttpResponse:
    """Ask one question and keep its answer."""
    asked = _asked(request)
    try:
        one = invitations.question(asked, item)
    except NoSuchQuestion:
        raise Http404 from None
    given = request.invitation.given
    skipped = request.method == "POST" and SKIP in request.POST
    form = QuestionForm(
        None if skipped else _sent(request), item=one, initial={"answer": given.get(item)}
    )
    if skipped or (request.method == "POST" and form.is_valid()):
        request.invitation = actions.give(
            invitation=request.invitation.id,
            item=item,
            answer=None if skipped else form.cleaned_data["answer"],
            by=request.author,
            at=request.at,
        )
        return _on(request, after=item)
    keys = [each.key for each in asked.items]
    number = keys.index(item)
    context = {
        "form": form,
        "asked": asked,
        "item": one,
        "number": number + 1,
        "of": len(keys),
        "before": keys[number - 1] if number else "",
    }
    return page(request, "portal/question.html", context, WRONG if form.errors else 200)


@invited(to=FORM, open_only=True, late=True)
def check(request: PatientRequest) -> HttpResponse:
    """Show the answers once more, and send them in."""
    asked, given = _asked(request), request.invitation.given
    wrong = ""
    if request.method == "POST":
        try:
            actions.send_in(invitation=request.invitation.id, by=request.author, at=request.at)
            return redirect("portal_sent", link=request.link)
        except NothingAnswered:
            wrong = _("You have not answered any question yet. Answer at least one, then send.")
    rows: list[tuple[Any, str]] = [
        (item, in_words(item, given[item.key]) if item.key in given else _("Not answered yet"))
        for item in asked.items
    ]
    context = {"asked": asked, "rows": rows, "wrong": wrong}
    return page(request, "portal/check.html", context, WRONG if wrong else 200)


@invited(to=FORM)
def sent(request: PatientRequest) -> HttpResponse:
    """Say that the answers arrived, and whom to call."""
    if request.invitation.submitted_at is None:
        return _on(request)
    return page(request, "portal/sent.html", {"asked": _asked(request)})


def _sent(request: PatientRequest) -> Any:
    # A form that was sent empty is wrong; one that was not sent is not.
    return request.POST if request.method == "POST" else None


def _asked(request: PatientRequest) -> Any:
    return invitations.may_be_sent(request.invitation.instrument)


def _on(request: PatientRequest, after: str = "") -> HttpResponse:
    """Go to the next question that was not seen, or to the answers; without any, to the pages."""
    if not request.invitation.instrument:
        return redirect("portal_mine", link=request.link)
    key = invitations.next_key(_asked(request), request.invitation.given, after=after)
    if key:
        return redirect("portal_question", link=request.link, item=key)
    return redirect("portal_check", link=request.link)
