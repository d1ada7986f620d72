"""What an inspector asks for: four reports of a period, each as a page, a file and on paper."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from itertools import chain, islice
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from ketaflow.custody import queries as custody
from ketaflow.custody.answers import actions, queries
from ketaflow.custody.answers.reports import REPORTS, Asked, Line, Name, cell
from ketaflow.custody.answers.signals import SIGNALS, figures
from ketaflow.custody.profiles import kept_until
from ketaflow.people.roles import Duty
from ketaflow.refusals import Refused
from ketaflow.web.custody_forms import ReportsForm, SignalsForm
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.paper import custody_report
from ketaflow.web.session_paper import pdf

MONTH, QUARTER = timedelta(days=30), timedelta(days=90)
MOST_SHOWN = 500
MOST_ON_PAPER = 5000
LINES_AT_ONCE = 500


class TooLong(Refused):
    """More lines than anybody reads on paper."""


@duty(Duty.KEEP_DRUGS)
def report(request: StaffRequest) -> HttpResponseBase:
    """Show a report, or hand it out as a file or on paper; who took it is in the record."""
    today = timezone.localdate()
    asked_for: dict[str, object] = {
        "report": Name.DISPENSING,
        "first": today - MONTH,
        "last": today,
    }
    form = ReportsForm(asked_for | request.GET.dict())
    context: dict[str, object] = {"lines": (), "report": REPORTS[Name.DISPENSING]}
    if form.is_valid():
        try:
            if taken := _taken(request, form):
                return taken
            context = _shown(request, form)
        except Refused as refusal:
            refuse(form, refusal)
    context["query"] = urlencode({name: form[name].value() or "" for name in form.fields})
    return answer(request, "custody/report.html", context, form)


@duty(Duty.KEEP_DRUGS)
def signals(request: StaffRequest) -> HttpResponse:
    """Show where one might look, with the arithmetic; nobody is accused of anything."""
    today = timezone.localdate()
    form = SignalsForm({"first": today - QUARTER, "last": today} | request.GET.dict())
    shown: list[object] = []
    if form.is_valid():
        limits = custody.limits(clinic=request.clinic.id)
        try:
            period = queries.period(clinic=request.clinic.id, asked=form.asked)
            shown = [
                (name, one, limits.get(name), figures(one, period, limits.get(name)))
                for name, one in SIGNALS.items()
            ]
        except Refused as refusal:
            refuse(form, refusal)
    return answer(request, "custody/signals.html", {"signals": shown}, form)


def _shown(request: StaffRequest, form: ReportsForm) -> dict[str, object]:
    whole = {"clinic": request.clinic.id, "report": form.name, "asked": form.asked}
    lines = list(islice(queries.lines(**whole), MOST_SHOWN + 1))
    numbers = [one.number for one in REPORTS[form.name].columns]
    rules = custody.rules(clinic=request.clinic.id)
    return {
        "rules": rules,
        "kept_until": kept_until(rules, form.asked.last) if rules else None,
        "report": REPORTS[form.name],
        "lines": [list(zip(line, numbers, strict=True)) for line in lines[:MOST_SHOWN]],
        "more": len(lines) > MOST_SHOWN,
        "totals": queries.totals(**whole),
    }


def _taken(request: StaffRequest, form: ReportsForm) -> HttpResponseBase | None:
    """The report as a file or on paper, if that is asked for."""
    name, asked = form.name, form.asked
    made = {"csv": _csv, "pdf": _paper}.get(request.GET.get("as", ""))
    if made is None:
        return None
    found = made(request, name, asked)
    actions.take_out(
        report=name, asked=asked, form=request.GET["as"], by=request.author, at=timezone.now()
    )
    return found


def _paper(request: StaffRequest, name: Name, asked: Asked) -> HttpResponseBase:
    whole = {"clinic": request.clinic.id, "report": name, "asked": asked}
    lines = list(islice(queries.lines(**whole), MOST_ON_PAPER + 1))
    if len(lines) > MOST_ON_PAPER:
        raise TooLong(
            f"These days have more than {MOST_ON_PAPER} lines. Choose fewer days for paper, or "
            "take the file (CSV), which has no end."
        )
    sheet = custody_report.sheet(
        clinic=request.clinic,
        report=REPORTS[name],
        asked=asked,
        lines=lines,
        totals=queries.totals(**whole),
        sealed=queries.sealed(clinic=request.clinic.id),
    )
    return pdf(sheet, f"{name}-{asked.first}-{asked.last}")


def _csv(request: StaffRequest, name: Name, asked: Asked) -> HttpResponseBase:
    lines = queries.lines(clinic=request.clinic.id, report=name, asked=asked)
    rows = chain([REPORTS[name].keys], (tuple(map(cell, line)) for line in lines))
    out = flowing(request, written(rows))
    out["Content-Disposition"] = f'attachment; filename="{name}-{asked.first}-{asked.last}.csv"'
    return out


def written(rows: Iterable[Line]) -> Iterator[str]:
    """The rows as a file, some hundred at a time, however many there are."""
    left = iter(rows)
    while part := list(islice(left, LINES_AT_ONCE)):
        text = io.StringIO()
        csv.writer(text).writerows(part)
        yield text.getvalue()


def flowing(request: HttpRequest, parts: Iterator[str]) -> HttpResponse | StreamingHttpResponse:
    """A file that is sent while it is still being read: nothing is held in memory."""

    async def one_by_one() -> AsyncIterator[str]:
        # A database is read in a thread of its own, one part after the other.
        more = sync_to_async(lambda: next(parts, ""))
        while part := await more():
            yield part

    flow = one_by_one() if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(flow, content_type="text/csv; charset=utf-8")
