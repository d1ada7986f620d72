"""Finding, registering and correcting patients, and the page that shows a chart."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from ketaflow.journal.queries import last_ordinal
from ketaflow.people import actions, queries
from ketaflow.people.chart import ChartItem, Kind
from ketaflow.people.roles import Duty, may
from ketaflow.protocol import queries as protocol
from ketaflow.refusals import Refused
from ketaflow.screening import queries as screening
from ketaflow.screening.verdict import Eligibility
from ketaflow.web.forms import answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.patients_forms import CorrectForm, FactForm, RegisterForm, unit_in_words

PAGE = 50
LATEST_RESULTS = 12


def find(request: StaffRequest, patient: UUID) -> Any:
    """The patient of this clinic, or a page that says there is none."""
    found = queries.patient(clinic=request.clinic.id, id=patient)
    if found is None:
        raise Http404("No patient of this clinic has that address.")
    return found


@duty(Duty.SEE_PATIENTS)
def patients(request: StaffRequest) -> HttpResponse:
    """List patients by name, fifty a page; no page counts them all."""
    search = request.GET.get("search", "").strip()[:100]
    clinic = request.clinic.id
    found = queries.patients(clinic=clinic, search=search, after=_after(request))
    shown = list(found[: PAGE + 1])
    more, shown = shown[PAGE:], shown[:PAGE]
    sent = queries.latest_referrals(clinic=clinic, patients=[one.id for one in shown])
    context = {
        "search": search,
        "rows": [(one, sent.get(one.id)) for one in shown],
        "after": shown[-1].id if more else None,
        "first": "after" not in request.GET,
    }
    return render(request, "patients/list.html", context)


def _after(request: StaffRequest) -> UUID | None:
    try:
        return UUID(request.GET["after"]) if "after" in request.GET else None
    except ValueError:
        raise Http404("That is not a page of the list.") from None


@duty(Duty.REGISTER)
def new(request: StaffRequest) -> HttpResponse:
    """Register a patient and, when known, who sent them."""
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            made = actions.register(details=form.details(), by=request.author, at=at)
        except Refused as refusal:
            refuse(form, refusal)
        else:
            if form.cleaned_data["referrer"]:
                actions.refer(
                    patient=made,
                    referrer=form.cleaned_data["referrer"],
                    reason=form.cleaned_data["referred_for"],
                    by=request.author,
                    at=at,
                )
            messages.success(request, f"{made.name} is registered.")
            return redirect(_where(request, made.id))
    return answer(request, "patients/new.html", {}, form)


def _where(request: StaffRequest, patient: UUID) -> str:
    """The chart, for those who may read it; the list for the front desk."""
    if may(request.author.roles, Duty.SEE_CHART):
        return reverse("patient", args=[patient])
    return reverse("patients")


@duty(Duty.REGISTER)
def edit(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Correct who the patient is, with the reason."""
    who = find(request, patient)
    seen = last_ordinal(clinic=request.clinic.id, stream=who.stream)
    same = ("family", "given", "born_on", "sex", "number", "phone", "email", "address")
    initial = {**{name: getattr(who, name) for name in same}, "seen": seen}
    form = CorrectForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        known = queries.identifiers(clinic=request.clinic.id, patient=who.id)
        try:
            actions.amend(
                patient=who,
                details=form.details(known),
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
                by=request.author,
                at=timezone.now(),
            )
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, "The correction is saved.")
            return redirect(_where(request, who.id))
    return answer(request, "patients/edit.html", {"patient": who}, form)


@duty(Duty.SCREEN)
def note(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Put into the chart what the clinic itself found."""
    who = find(request, patient)
    form = FactForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            actions.note_fact(patient=who, item=form.item(), by=request.author, at=timezone.now())
        except Refused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, "It is in the chart.")
            return redirect("patient", patient=who.id)
    return answer(request, "patients/note.html", {"patient": who}, form)


@duty(Duty.SEE_CHART)
def show(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Show the chart: why the patient is here, what is known, and what comes next."""
    who = find(request, patient)
    clinic = request.clinic.id
    actions.note_reading(patient=who, page="overview", by=request.author, at=timezone.now())
    verdicts = screening.latest_verdicts(clinic=clinic, patient=who.id)
    courses = protocol.courses_of(clinic=clinic, patient=who.id)
    eligible = any(one.verdict == Eligibility.ELIGIBLE for one in verdicts)
    context = {
        "patient": who,
        "referrals": queries.referrals(clinic=clinic, patient=who.id),
        "documents": queries.documents(clinic=clinic, patient=who.id),
        "verdicts": verdicts,
        "courses": courses,
        "ready": eligible and not any(one.ended_at is None for one in courses),
        **_chart(queries.facts(clinic=clinic, patient=who.id)),
    }
    return render(request, "patients/show.html", context)


def _chart(facts: Sequence[ChartItem]) -> dict[str, Any]:
    """The facts as the page shows them: what holds today apart from what was."""
    of_kind = {kind: [one for one in facts if one.kind is kind] for kind in Kind}
    labs = _latest(of_kind[Kind.LABORATORY])
    return {
        "lists": [
            (title, *_now_and_before(of_kind[kind]), empty)
            for kind, title, empty in (
                (Kind.CONDITION, "Conditions", "No diagnosis is on record."),
                (Kind.MEDICATION, "Medicines", "No medicine is on record."),
                (
                    Kind.ALLERGY,
                    "Allergies",
                    "No allergy is on record. That is not the same as none.",
                ),
            )
        ],
        "results": [
            ("Vital signs", _latest(of_kind[Kind.VITAL]), ()),
            ("Laboratory", labs[:LATEST_RESULTS], labs[LATEST_RESULTS:]),
            ("Scores", _latest(of_kind[Kind.SCORE]), ()),
        ],
    }


def _now_and_before(
    items: Sequence[ChartItem],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    now = [_shown(one) for one in items if one.active]
    return now, [_shown(one) for one in items if not one.active]


def _latest(items: Sequence[ChartItem]) -> list[dict[str, Any]]:
    """The newest of each measurement; `items` come newest first."""
    newest: dict[str, dict[str, Any]] = {}
    for one in items:
        newest.setdefault(one.text, _shown(one))
    return list(newest.values())


def _shown(item: ChartItem) -> dict[str, Any]:
    number = None if item.value is None else rounded(item.value)
    return {
        "text": item.text,
        "result": number or item.said,
        "unit": unit_in_words(item.unit) if number else "",
        "said": item.said,
        "since": day_of(item.started_at),
        "until": day_of(item.ended_at),
    }


def rounded(value: Decimal) -> str:
    """A measured number as people read it: a machine's digits beyond the fourth say nothing."""
    short = value if value.adjusted() >= 4 else round(value, max(0, 3 - value.adjusted()))
    return f"{short.normalize():f}"


def day_of(at: datetime | None) -> date | None:
    """The calendar day of a fact; one that came as a day alone is that day everywhere."""
    if at is None:
        return None
    utc = at.astimezone(UTC)
    return utc.date() if utc.time() == time() else timezone.localtime(at).date()
