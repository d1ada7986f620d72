"""The idle lock: a screen left alone asks for the password again, and nothing typed is lost.

A session is locked while neither a person's request nor a sign-in is recent. Nothing else is kept,
so there is no second state that could disagree: to unlock is to authenticate again.
"""

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse

from ketaflow.people.queries import staff_of

SEEN = "seen_at"
PASSWORD = "unlock_password"
OPEN_WHEN_LOCKED = {
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "account_logout",
}
LOCKED = 423


def lock(request: HttpRequest) -> HttpResponse | None:
    """Return what a locked screen answers, or None when the request may go on."""
    if not _is_locked(request):
        _note(request)
        return None
    if _name(request) in OPEN_WHEN_LOCKED:
        return None
    if _has_no_person(request):
        return _send_to_unlock(request)
    if request.method == "POST":
        return _hold(request)
    return _send_to_unlock(request)


def still_open(sign_in: str) -> bool:
    """Whether the sign-in of that key still holds, for somebody at work here, and is not locked."""
    asked = HttpRequest()
    asked.session = SessionStore(sign_in)
    asked.user = get_user(asked)
    return asked.user.is_authenticated and not _is_locked(asked) and bool(staff_of(asked.user))


def _is_locked(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    latest = max(request.session.get(SEEN, 0.0), *(one["at"] for one in records), 0.0)
    return latest > 0 and time.time() - latest > settings.IDLE_LOCK_MINUTES * 60


def _note(request: HttpRequest) -> None:
    """Remember that a person was here; every ten seconds is precise enough and spares the disk."""
    if not _has_no_person(request) and time.time() - request.session.get(SEEN, 0.0) > 10:
        request.session[SEEN] = time.time()


def _has_no_person(request: HttpRequest) -> bool:
    """Whether a page refreshed itself: a board left open must not hold its own lock open."""
    live = "text/event-stream" in request.headers.get("Accept", "")
    return live or request.headers.get("X-Background") == "1"


def _name(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _send_to_unlock(request: HttpRequest) -> HttpResponse:
    htmx: Any = getattr(request, "htmx", None)
    if "text/event-stream" in request.headers.get("Accept", ""):
        return HttpResponse(status=204)  # tells the browser to stop asking
    where = htmx.current_url_abs_path if htmx else request.get_full_path()
    target = f"{reverse('account_reauthenticate')}?{urlencode({'next': where or '/'})}"
    if htmx:
        return HttpResponse(status=LOCKED, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def _hold(request: HttpRequest) -> HttpResponse | None:
    """Keep a form that was sent to a locked screen in the page that asks for the password."""
    # Only what came from our own page is held: unlocking must not send somebody else's form.
    if forged := CsrfViewMiddleware(lambda _: HttpResponse()).process_view(
        request, lambda _: HttpResponse(), (), {}
    ):
        return forged
    if getattr(request, "htmx", None):
        return _send_to_unlock(request)
    sent = request.POST.copy()
    wrong = ""
    if password := _take(sent, PASSWORD):
        try:
            if get_adapter().reauthenticate(request.user, password):
                reauthenticate_by_password(request)
                request.POST = sent  # type: ignore[assignment]
                _note(request)
                return None
            wrong = "That password is not right. Type it again."
        except ValidationError as refused:
            wrong = refused.messages[0]
    _take(sent, "csrfmiddlewaretoken")
    held = {
        # A second person's password is asked for again: a page must not keep one.
        "held": [
            (name, value)
            for name, values in sent.lists()
            for value in values
            if not name.endswith("password")
        ],
        "files": [one.name for _, several in request.FILES.lists() for one in several],
        "wrong": wrong,
        "name": PASSWORD,
    }
    return render(request, "account/locked.html", held, status=LOCKED)


def _take(sent: QueryDict, name: str) -> str:
    value = sent.get(name, "")
    if name in sent:
        del sent[name]
    return str(value)
