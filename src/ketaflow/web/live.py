"""Live pages: whatever is written anywhere in the clinic appears on every page that is open.

Server-sent events need ASGI, which `ketaflow serve` is. Elsewhere the pages ask for themselves.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from ketaflow.people import queries as people
from ketaflow.people.roles import Duty, may
from ketaflow.session import queries
from ketaflow.web import board as boards
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.lock import still_open
from ketaflow.web.watch import OpenPage, Watch

ROOMS = "rooms_read"


def draw(clinic: UUID, sees_charts: bool) -> str:
    """The chairs of a clinic, as somebody sees them who may read charts, or may not."""
    zone = people.zone_of(clinic=clinic)
    with timezone.override(zone):
        context = boards.shown(clinic, timezone.now())
        return render_to_string("board/chairs.html", {**context, "may": {"SEE_CHART": sees_charts}})


watch = Watch(draw, still_open)


@duty(Duty.SEE_BOARD)
@require_safe
def board(request: StaffRequest) -> HttpResponseBase:
    """Send the chairs anew whenever anything in them changes."""
    return _stream(request, "")


@duty(Duty.SEE_CHART)
@require_safe
def room(request: StaffRequest, session: UUID) -> HttpResponseBase:
    """Say whenever something was written in this session; the page then fetches what is new."""
    found = queries.session(clinic=request.clinic.id, id=session)
    if found is None:
        raise Http404
    return _stream(request, found.stream)


def _stream(request: StaffRequest, watched: str) -> HttpResponseBase:
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=204)  # tells the browser not to ask again
    sign_in = request.session.session_key or ""
    sees_charts = may(request.author.roles, Duty.SEE_CHART)
    events = _events(request.clinic.id, sign_in, watched, sees_charts)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


async def _events(
    clinic: UUID, sign_in: str, watched: str, sees_charts: bool
) -> AsyncIterator[str]:
    # A page may stay open for hours: it must not keep the request's connection that long.
    await sync_to_async(connections.close_all)()
    page = OpenPage(clinic, sign_in, watched, sees_charts)
    watch.join(page)
    try:
        yield "retry: 1000\n\n"
        while not page.over:
            for event, data in (await page.said()).items():
                lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
                yield f"event: {event}\n{lines}\n"
    finally:
        watch.leave(page)


def is_refresh(request: StaffRequest, session: UUID) -> bool:
    """Whether an open page only fetches what is new; that somebody reads it is on record already.

    Only a room that this very sign-in has opened and noted can be refreshed.
    """
    known: list[str] = request.session.get(ROOMS, [])
    if request.headers.get("X-Live") and str(session) in known:
        return True
    if str(session) not in known:
        request.session[ROOMS] = [*known, str(session)][-50:]
    return False
