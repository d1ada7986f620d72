"""What is due outside the session: questionnaires of a course, calls and checks after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ketaflow.aftercare import queries as aftercare
from ketaflow.outcomes.measuring import queries
from ketaflow.outcomes.measuring.due import Measure, State
from ketaflow.outcomes.measuring.programme import Programme, programme
from ketaflow.people.roles import Duty, may
from ketaflow.web.gate import StaffRequest, duty

PAGE = 50
NOW = (State.OVERDUE, State.DUE)


@dataclass(frozen=True)
class Asked:
    """The questionnaires of one course: what is due now, and everything else by its day."""

    programme: Programme
    now: Sequence[Measure]
    later: Sequence[Measure]


@duty(Duty.SEE_PATIENTS)
def due(request: StaffRequest) -> HttpResponse:
    """List whom to ask today: questionnaires that are due or overdue, then calls and checks."""
    clinic, at = request.clinic.id, timezone.now()
    page = Paginator(queries.followed(clinic=clinic, at=at), PAGE).get_page(request.GET.get("page"))
    found = queries.of_courses(clinic=clinic, courses=list(page), at=at)
    rows = [(course, _now(measures)) for course, measures in found.items()]
    context: dict[str, Any] = {
        "page": page,
        "rows": sorted(((course, now) for course, now in rows if now), key=_pressing),
    }
    # What a call is about says more of a patient than the front desk needs.
    if may(request.author.roles, Duty.SEE_CHART):
        context["troubled"] = aftercare.in_trouble(clinic=clinic, courses=list(page))
        owed = aftercare.due(clinic=clinic, before=at)
        context["owed"] = owed[:PAGE]
        context["more_owed"] = max(owed.count() - PAGE, 0)
    return render(request, "measures/due.html", context)


def of_course(request: StaffRequest, course: Any) -> Asked:
    """What the page of a course says about its questionnaires."""
    found = queries.of_course(clinic=request.clinic.id, course=course, at=timezone.now())
    now = _now(found)
    return Asked(programme(course.protocol), now, [one for one in found if one not in now])


def _now(measures: Sequence[Measure]) -> list[Measure]:
    return [one for one in measures if one.state in NOW]


def _pressing(row: tuple[Any, list[Measure]]) -> tuple[bool, Any]:
    """Whoever comes today first, since they can be asked; then what is overdue longest."""
    _, now = row
    today = any(one.state is State.DUE for one in now)
    return not today, now[0].due_at
