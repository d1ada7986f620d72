"""Who may open which page: every view passes through here, and a test proves that each does."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from ketaflow.journal.author import Author
from ketaflow.people import queries as people
from ketaflow.people.roles import MAY, Duty, may
from ketaflow.web.lock import lock

View = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request that came through the gate: who asks, for which clinic, and how htmx asked."""

    staff: Any
    clinic: Any
    author: Author
    htmx: Any


def duty(*needed: Duty, change: Duty | None = None) -> Callable[[View], View]:
    """Let a view be opened by staff who may do any of `needed`; posting may need `change` instead.

    The view gets `request.staff`, `request.clinic` and `request.author`; whatever it looks up, it
    looks up in that clinic.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.staff is None:
                return redirect_to_login(request.get_full_path())
            asked = (change,) if change and request.method == "POST" else needed
            if not any(may(request.author.roles, one) for one in asked):
                raise PermissionDenied(_who(asked[0]))
            return view(request, *args, **kwargs)

        guarded.duties = needed  # type: ignore[attr-defined]
        guarded.change_duty = change  # type: ignore[attr-defined]
        return guarded

    return decorate


def _who(duty: Duty) -> str:
    roles = " or ".join(sorted(role.label.lower() for role in MAY[duty]))
    return f"Only a {roles} may {duty.value}."


class StaffMiddleware:
    """Says who is asking, and locks a screen that was left alone."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: StaffRequest) -> HttpResponseBase:
        """Let the request through as somebody, as nobody, or not at all."""
        request.staff = request.clinic = None
        request.author = None  # type: ignore[assignment]
        if not request.user.is_authenticated:
            return self.get_response(request)
        staff = people.staff_of(request.user)
        if staff is None:
            return _turn_away(request)
        request.staff, request.clinic, request.author = staff, staff.clinic, staff.author
        with timezone.override(staff.clinic.zone):
            response = lock(request) or self.get_response(request)
        # What a patient's page said must not come back with the Back button after signing out.
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


def _turn_away(request: HttpRequest) -> HttpResponse:
    """Sign out somebody who left: they keep no way in, whatever their cookie says."""
    logout(request)
    messages.warning(
        request, "This sign-in belongs to nobody at work here. Ask your clinic's administrator."
    )
    return HttpResponseRedirect(reverse("account_login"))


def staff_context(request: HttpRequest) -> dict[str, Any]:
    """What every page knows: who is signed in, where, and what they may do."""
    staff = getattr(request, "staff", None)
    if staff is None:
        return {"staff": None, "clinic": None}
    roles = staff.author.roles
    return {
        # Server-sent events need ASGI; without it pages ask for themselves.
        "live": isinstance(request, ASGIRequest),
        "staff": staff,
        "clinic": staff.clinic,
        "may": {one.name: may(roles, one) for one in Duty},
        "idle_minutes": settings.IDLE_LOCK_MINUTES,
    }
