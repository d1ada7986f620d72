"""A refusal that no view caught: still one sentence on a page of its own, never a traceback."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people.roles import NotYours
from ketaflow.refusals import Refused

STATUS: dict[type[Refused], int] = {NotYours: 403, SomeoneElseMoved: 409}


def status_of(refusal: Refused) -> int:
    """The HTTP status that says what `refusal` says: 403, 409, else 422."""
    found = (status for kind, status in STATUS.items() if isinstance(refusal, kind))
    return next(found, 422)


class Refusals:
    """Turns a `Refused` that left a view into a page that says it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass every request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave every other exception alone."""
        if not isinstance(exception, Refused):
            return None
        template = "components/refusal.html" if getattr(request, "htmx", None) else "refused.html"
        status = status_of(exception)
        return render(request, template, {"sentence": str(exception)}, status=status)
