"""Did it help? Trends beside their tables, and the questionnaires that make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as show
from django.utils import timezone
from django.utils.safestring import mark_safe

from ketaflow.aftercare import queries as aftercare
from ketaflow.instruments.library import instrument as instrument_named
from ketaflow.outcomes import actions, picture, queries, standing
from ketaflow.outcomes import sheet as sheets
from ketaflow.outcomes.actions import AlreadyRecorded, Taken
from ketaflow.outcomes.change import Change, rule, rules
from ketaflow.outcomes.lead import lead_instrument
from ketaflow.outcomes.sheet import Occasion
from ketaflow.outcomes.standing import stands
from ketaflow.outcomes.suicidality import COLUMBIA, crisis_text
from ketaflow.outcomes.trend import Trend
from ketaflow.people import actions as people_actions
from ketaflow.people.roles import Duty
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.figures import Figure
from ketaflow.protocol.figures import show as number
from ketaflow.refusals import Refused
from ketaflow.web.forms import answer, refuse
from ketaflow.web.found import course_or_404, patient_or_404
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.outcomes_forms import QuestionsForm, TotalForm

# What a clinic gives most; everything else of the library has its address all the same.
GIVEN = ("phq-9", "gad-7", "nrs-pain", "pcl-5", COLUMBIA)


@dataclass(frozen=True)
class Word:
    """Response, remission and the like: what it means, whether it holds, who says so."""

    word: str
    means: str
    holds: bool | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """One instrument on the page; no drawing while there are fewer than two totals."""

    trend: Trend
    drawn: str
    stands: standing.Word
    words: tuple[Word, ...]


@duty(Duty.SEE_CHART)
def outcomes(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Show whether it helps: one chart and one table for each questionnaire that was given."""
    who = patient_or_404(request, patient)
    clinic = request.clinic.id
    people_actions.note_reading(patient=who, page="outcomes", by=request.author, at=timezone.now())
    courses = protocol.courses_of(clinic=clinic, patient=who.id)
    treated = next((one for one in courses if one.first_given_at), None)
    marks = queries.sessions(clinic=clinic, courses=[one.id for one in courses])
    found = queries.trends(
        clinic=clinic,
        patient=who.id,
        treated_at=treated.first_given_at if treated else None,
        marks=marks,
        events=aftercare.relapses(clinic=clinic, course=treated.id) if treated else (),
    )
    lead = lead_instrument(courses[0].protocol) if courses else GIVEN[0]
    context = {
        "patient": who,
        "panels": _panels(found, lead),
        "course": courses[0] if courses else None,
        "lead": (lead, sheets.label(lead)),
        "buttons": [(name, sheets.label(name)) for name in GIVEN if name != lead],
        "totals": [(name, sheets.label(name)) for name in rules() if name not in GIVEN],
        "tasks": queries.open_tasks_of(clinic=clinic, patient=who.id),
        "others": queries.without_rule(clinic=clinic, patient=who.id),
    }
    return show(request, "outcomes/show.html", context)


@duty(Duty.ASSESS)
def give(request: StaffRequest, patient: UUID, instrument: str) -> HttpResponse:
    """Give a questionnaire; answers about suicide lead straight to the task they open."""
    who = patient_or_404(request, patient)
    if not sheets.known(instrument):
        raise Http404
    course = _course(request, who.id)
    form = _form(request, instrument, course)
    if request.method == "POST" and form.is_valid():
        try:
            taken = actions.answer(
                patient=who, sheet=form.filled(course), by=request.author, at=timezone.now()
            )
            return _after(request, taken, instrument)
        except AlreadyRecorded as refusal:
            form.renew()
            refuse(form, refusal)
        except Refused as refusal:
            refuse(form, refusal)
    context = {
        "patient": who,
        "course": course,
        "name": sheets.label(instrument),
        "asked": form.asked if isinstance(form, QuestionsForm) else None,
        "crisis": crisis_text(request.clinic.crisis_line, watched=True)
        if sheets.asks_about_suicide(instrument)
        else "",
    }
    return answer(request, "outcomes/give.html", context, form)


def course_panels(request: StaffRequest, course: Any) -> list[Panel]:
    """Every questionnaire of a course, its sessions marked; what it is judged by comes first."""
    clinic = request.clinic.id
    found = queries.trends(
        clinic=clinic,
        patient=course.patient_id,
        treated_at=course.first_given_at,
        marks=queries.sessions(clinic=clinic, courses=[course.id]),
        events=aftercare.relapses(clinic=clinic, course=course.id),
    )
    return _panels(found, lead_instrument(course.protocol))


def course_words(request: StaffRequest, course: Any) -> str:
    """Whether a course helps, in one sentence."""
    lead = lead_instrument(course.protocol)
    return queries.latest_words(clinic=request.clinic.id, course=course, instrument=lead)


def _panels(found: Sequence[tuple[Trend, Change]], lead: str) -> list[Panel]:
    zone = timezone.get_current_timezone()
    panels = [
        # What it is made of is escaped where it is drawn.
        Panel(one, mark_safe(picture.svg(one, zone=zone)), stands(change), _words(change))
        for one, change in found
    ]
    return sorted(panels, key=lambda one: one.trend.instrument != lead)


def _course(request: StaffRequest, patient: UUID) -> Any:
    """The course a sheet belongs to: the one that was asked for, or the patient's newest."""
    if wanted := request.GET.get("course"):
        try:
            found = course_or_404(request, UUID(wanted))
        except ValueError:
            raise Http404 from None
        if found.patient_id != patient:
            raise Http404
        return found
    courses = protocol.courses_of(clinic=request.clinic.id, patient=patient)
    return courses[0] if courses else None


def _form(request: StaffRequest, instrument: str, course: Any) -> Any:
    initial = {
        "occasion": request.GET.get("occasion") or _occasion(course),
        "session_number": request.GET.get("session"),
    }
    data = request.POST or None
    if sheets.total_only(instrument):
        return TotalForm(data, name=instrument, initial=initial)
    return QuestionsForm(data, asked=instrument_named(instrument), initial=initial)


def _occasion(course: Any) -> str:
    if course is None or not course.sessions_given:
        return Occasion.BASELINE.value
    return Occasion.FOLLOW_UP.value if course.ended_at else Occasion.BEFORE_SESSION.value


def _after(request: StaffRequest, taken: Taken, instrument: str) -> HttpResponse:
    row = taken.answered
    name = sheets.label(instrument)
    said = "incomplete, so without a total" if row.total is None else number(row.total)
    band = f", {row.band}" if row.band and row.total is not None else ""
    if instrument == COLUMBIA:
        said, band = row.band or "incomplete", ""
    if taken.task:
        messages.warning(request, f"{name} is recorded ({said}{band}). It opened this safety task.")
        return redirect("safety_task", task=taken.task.id)
    messages.success(request, f"{name} is recorded: {said}{band}.")
    return redirect("outcomes", patient=row.patient_id)


def _words(change: Change) -> tuple[Word, ...]:
    ruled = rule(change.instrument)
    said = []
    if ruled.response:
        means = f"{_size(ruled.response)} from baseline"
        said.append(_word("Response", means, change.response, ruled.response))
    if ruled.remission:
        bound = "at most" if ruled.remission_at_most else "below"
        means = f"a total {bound} {_size(ruled.remission)}"
        said.append(_word("Remission", means, change.remission, ruled.remission))
    if ruled.important:
        means = f"{_size(ruled.important)} or more better than baseline"
        said.append(_word("A difference that matters", means, change.improved, ruled.important))
    if ruled.reliable:
        means = f"{_size(ruled.reliable)} or more better than baseline"
        said.append(_word("Reliable change", means, change.reliable, ruled.reliable))
    if ruled.worsening:
        side = "below" if ruled.more_is_better else "above"
        means = f"{_size(ruled.worsening)} or more {side} the best total"
        said.append(_word("Worse", means, change.worsened, ruled.worsening))
    if ruled.relapse:
        most = ruled.relapse
        means = (
            f"{_size(most.at_least)} or more {most.in_a_row} times, {most.apart_least_days} to "
            f"{most.apart_most_days} days apart, or an event"
        )
        said.append(_word("Relapse", means, change.relapse, most.at_least))
    else:
        means = "an admission, a suicide attempt or another event on record"
        said.append(Word("Relapse", means, change.relapse, ("UNVERIFIED",)))
    return tuple(said)


def _word(word: str, means: str, holds: bool | None, figure: Figure) -> Word:
    return Word(word, means, holds, figure.sources)


def _size(figure: Figure) -> str:
    amount = number(figure.value)
    if figure.unit.endswith(" fall"):
        return f"a fall of {amount} {figure.unit.removesuffix(' fall')} or more"
    return f"{amount} {figure.unit}"
