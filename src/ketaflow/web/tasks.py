"""The worklist of answers about suicide, and the page on which one is followed up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.correspondence.home import queries as home
from ketaflow.journal.queries import last_ordinal
from ketaflow.outcomes import actions, queries
from ketaflow.outcomes import sheet as sheets
from ketaflow.outcomes.actions import AlreadyRecorded
from ketaflow.outcomes.escalation import ladder
from ketaflow.outcomes.suicidality import Risk, Step, Triage, crisis_text, pathway
from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty, may
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.limits import Policy
from ketaflow.refusals import Refused
from ketaflow.web.forms import WRONG, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.outcomes_forms import CloseForm, ColumbiaForm

PAGE = 50


@duty(Duty.ANSWER_SAFETY)
def tasks(request: StaffRequest) -> HttpResponse:
    """List what waits: what nobody has taken on first, most overdue before all."""
    clinic = request.clinic.id
    page = Paginator(queries.open_tasks(clinic=clinic), PAGE).get_page(request.GET.get("page"))
    at, policy = timezone.now(), protocol.policy(clinic=clinic)
    context = {
        "page": page,
        "rows": sorted((waiting(task, policy, at) for task in page), key=_pressing),
        "closed": queries.closed_tasks(clinic=clinic),
        "policy": policy,
        "notices": home.open_notices(clinic=clinic),
    }
    return render(request, "tasks/list.html", context)


@duty(Duty.ANSWER_SAFETY)
def task(request: StaffRequest, task: UUID) -> HttpResponse:
    """Show one task: why, by when, what to ask and do; ask, take on or close it."""
    found = _task_or_404(request, task)
    steps = {"ask": _ask, "take": _take, "close": _close}
    forms: dict[str, Any] = {}
    if request.method == "POST":
        step = steps.get(request.POST.get("step", ""))
        if step is None:
            raise Http404
        forms = step(request, found)
        if not forms:
            return redirect("safety_task", task=found.id)
        found = _task_or_404(request, task)
    people_actions.note_reading(
        patient=found.patient, page="safety task", by=request.author, at=timezone.now()
    )
    context = {**_context(request, found), **forms}
    return render(request, "tasks/task.html", context, status=WRONG if forms else 200)


@dataclass(frozen=True)
class Waiting:
    """A task as it stands at this moment, also where nothing has written that down yet."""

    task: Any
    late: bool
    step: int
    who: str
    must_act_by: datetime


def waiting(task: Any, policy: Policy | None, at: datetime) -> Waiting:
    """Whom a task is with now, and whether somebody should have taken it on before."""
    taken = task.acknowledged_at is not None
    if taken:
        return Waiting(task, False, task.step, task.acknowledged_by, task.must_act_by)
    with_whom = ladder.now(task.step, task.must_act_by, policy, at=at)
    late = with_whom.step > 0 or task.must_act_by <= at
    return Waiting(task, late, with_whom.step, with_whom.who, with_whom.must_act_by)


def _pressing(one: Waiting) -> tuple[bool, int, datetime]:
    return one.task.acknowledged_at is not None, -one.step, one.must_act_by


def _task_or_404(request: StaffRequest, id: UUID) -> Any:
    found = queries.task(clinic=request.clinic.id, id=id)
    if found is None:
        raise Http404
    return found


def _context(request: StaffRequest, task: Any) -> dict[str, Any]:
    close = CloseForm(initial={"seen": last_ordinal(clinic=request.clinic.id, stream=task.stream)})
    return {
        "task": task,
        "patient": task.patient,
        "stands": waiting(task, protocol.policy(clinic=request.clinic.id), timezone.now()),
        "steps": _steps(task),
        "ask_form": ColumbiaForm(),
        "close_form": close,
        "crisis": crisis_text(request.clinic.crisis_line, watched=True),
        "instrument": sheets.label(task.answered.instrument) if task.answered else "",
        "needs_prescriber": task.level == Risk.HIGH
        and not may(request.author.roles, Duty.PRESCRIBE),
    }


def _steps(task: Any) -> tuple[Step, ...]:
    if not task.level or task.triaged_at is None:
        return ()
    found = Triage(Risk(task.level), task.triage_because, (), ())
    return pathway(found, at=task.triaged_at, policy=None).steps


def _ask(request: StaffRequest, task: Any) -> dict[str, Any]:
    form = ColumbiaForm(request.POST)
    if form.is_valid():
        try:
            asked = actions.triage(
                task=task.id, sheet=form.filled(), by=request.author, at=timezone.now()
            )
            messages.success(request, f"The answers are recorded. Risk: {asked.level}.")
            return {}
        except AlreadyRecorded as refusal:
            form.renew()
            refuse(form, refusal)
        except Refused as refusal:
            refuse(form, refusal)
    return {"ask_form": form}


def _take(request: StaffRequest, task: Any) -> dict[str, Any]:
    try:
        actions.acknowledge(task=task.id, by=request.author, at=timezone.now())
        messages.success(request, f"This task is yours now, {request.author.name}.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return {}


def _close(request: StaffRequest, task: Any) -> dict[str, Any]:
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            actions.close(
                task=task.id,
                closing=form.closing(),
                seen=form.cleaned_data["seen"],
                by=request.author,
                at=timezone.now(),
            )
            messages.success(request, "The task is closed.")
            return {}
        except Refused as refusal:
            refuse(form, refusal)
            now = last_ordinal(clinic=request.clinic.id, stream=task.stream)
            form.data = {**request.POST.dict(), "seen": now}
    return {"close_form": form}
