"""What an inspector asks for: the dispensing record of a period, on a page and as a file."""

import csv
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from ketaflow.custody.answers import queries, signals
from ketaflow.custody.answers.queries import COLUMNS
from ketaflow.people.roles import Duty
from ketaflow.web.custody_forms import PeriodForm
from ketaflow.web.forms import answer
from ketaflow.web.gate import StaffRequest, duty

MONTH = timedelta(days=30)
MOST_SHOWN = 500


@duty(Duty.KEEP_DRUGS)
def report(request: StaffRequest) -> HttpResponse:
    """Show the dispensing record, or hand it out as a file."""
    today = timezone.localdate()
    asked = request.GET if "first" in request.GET else {"first": today - MONTH, "last": today}
    form = PeriodForm(asked)
    lines: list[Any] = []
    if form.is_valid():
        lines = list(queries.dispensing(clinic=request.clinic.id, **form.cleaned_data))
        if request.GET.get("as") == "csv":
            return _csv(lines)
    context = {
        "lines": lines[:MOST_SHOWN],
        "count": len(lines),
        "query": request.GET.urlencode() or f"first={today - MONTH}&last={today}",
        "handled": signals.by_person(lines),
    }
    return answer(request, "custody/report.html", context, form)


def _csv(lines: list[Any]) -> HttpResponse:
    out = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="dispensing-record.csv"'},
    )
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(line.row() for line in lines)
    return out
