"""The visits of a course: one booked, all booked, moved, cancelled, missed; and calendars."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ketaflow.people import actions as people_actions
from ketaflow.people import queries as people
from ketaflow.people.roles import Duty, Role
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.library import protocol as protocol_named
from ketaflow.refusals import Refused
from ketaflow.schedule import actions, calendar, queries
from ketaflow.schedule.booked import Booked
from ketaflow.schedule.hours import shown
from ketaflow.schedule.openings import Wish
from ketaflow.schedule.standing import Standing
from ketaflow.web.forms import WRONG, answer, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.schedule import day_asked
from ketaflow.web.schedule_forms import (
    BookForm,
    CancelForm,
    MissedForm,
    MomentField,
    MoveForm,
    WholeCourseForm,
    time_choices,
)

MORNING = time(9, 0)


@duty(Duty.BOOK)
def bookings(request: StaffRequest, course: UUID) -> HttpResponse:
    """Show the visits of a course and the times that are free on a day; book one."""
    found = _course(request, course)
    form = None
    context = _choosing(request, found)
    if request.method == "POST":
        form = BookForm(request.POST, **_lists(context))
        if form.is_valid():
            try:
                made = actions.book(
                    course=found.id, wish=form.wish, by=request.author, at=timezone.now()
                )
                messages.success(request, f"Booked: {_when(request, made.starts_at)}.")
                return redirect("bookings", course=found.id)
            except Refused as refusal:
                refuse(form, refusal, "starts_at")
    form = form or BookForm(**_lists(context))
    visits = queries.of_course(clinic=request.clinic.id, course=found.id)
    context |= {"visits": visits, "protocol": protocol_named(found.protocol)}
    _note(request, found.patient)
    return answer(request, "schedule/bookings.html", context, form)


@duty(Duty.BOOK)
def whole_course(request: StaffRequest, course: UUID) -> HttpResponse:
    """Propose a day and time for every session that is left; book them all, or none."""
    found = _course(request, course)
    asked: dict[str, Any] = request.GET.dict() or {
        "first_on": _first_free(request, found),
        "around": MORNING,
    }
    form = WholeCourseForm(asked)
    chosen = request.POST.getlist("starts_at")
    refused, rows = "", []
    if request.method == "POST":
        try:
            made = actions.book_all(
                course=found.id, wishes=_wishes(chosen), by=request.author, at=timezone.now()
            )
            messages.success(request, f"{len(made)} visits are booked.")
            return redirect("bookings", course=found.id)
        except Refused as refusal:
            refused = str(refusal)
    if form.is_valid():
        try:
            rows = _proposed(request, found, form.cleaned_data, chosen)
        except Refused as refusal:
            refuse(form, refusal)
    context = {
        "course": found, "patient": found.patient, "form": form, "rows": rows, "refused": refused,
        "protocol": protocol_named(found.protocol), "complete": all(row["times"] for row in rows),
    }  # fmt: skip
    _note(request, found.patient)
    wrong = bool(refused or form.errors)
    return render(request, "schedule/whole.html", context, status=WRONG if wrong else 200)


@duty(Duty.BOOK)
def booking(request: StaffRequest, course: UUID, booking: UUID) -> HttpResponse:
    """Show one visit; move it, cancel it, or say that the patient did not come."""
    found = _course(request, course)
    visit = queries.booking(clinic=request.clinic.id, id=booking)
    if visit is None or visit.course != found.id:
        raise Http404
    context = _choosing(request, found, visit)
    seen = {"seen": visit.seen}
    shown_forms: dict[str, Any] = {
        "move": MoveForm(initial=seen, **_lists(context)),
        "cancel": CancelForm(initial=seen, prefix="cancel"),
        "missed": MissedForm(initial=seen, prefix="missed"),
    }
    asked = request.POST.get("do", "")
    if request.method == "POST" and asked in shown_forms:
        shown_forms[asked] = form = _sent(request, asked, context)
        if form.is_valid():
            try:
                messages.success(request, _change(request, asked, visit, form))
                return redirect("bookings", course=found.id)
            except Refused as refusal:
                refuse(form, refusal)
    context |= {f"{name}_form": form for name, form in shown_forms.items()}
    context |= {"visit": visit, "begun": visit.starts_at <= timezone.now()}
    context |= {"movable": visit.standing is Standing.BOOKED}
    _note(request, found.patient)
    status = WRONG if request.method == "POST" else 200
    return render(request, "schedule/booking.html", context, status=status)


@duty(Duty.BOOK)
def course_calendar(request: StaffRequest, course: UUID) -> HttpResponse:
    """Give the visits of a course as a calendar file."""
    found = _course(request, course)
    _note(request, found.patient)
    return _calendar(request, queries.of_course(clinic=request.clinic.id, course=found.id))


@duty(Duty.BOOK)
def patient_calendar(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Give all visits of a patient as a calendar file."""
    found = people.patient(clinic=request.clinic.id, id=patient)
    if found is None:
        raise Http404
    _note(request, found)
    return _calendar(request, queries.of_patient(clinic=request.clinic.id, patient=found.id))


def _calendar(request: StaffRequest, visits: Any) -> HttpResponse:
    clinic = request.clinic
    place = calendar.Place(clinic.name, clinic.address, clinic.phone)
    return HttpResponse(
        calendar.write(visits, place=place, at=timezone.now()),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="appointments.ics"'},
    )


def _course(request: StaffRequest, id: UUID) -> Any:
    found = protocol.course(clinic=request.clinic.id, id=id)
    if found is None:
        raise Http404
    return found


def _note(request: StaffRequest, patient: Any) -> None:
    people_actions.note_reading(
        patient=patient, page="bookings", by=request.author, at=timezone.now()
    )


def _first_free(request: StaffRequest, course: Any) -> date:
    """The first day on which there is still a time; today where there is none in sight."""
    today, clinic = timezone.localdate(), request.clinic.id
    try:
        ahead = queries.days_ahead(clinic=clinic, course=course, first=today, at=timezone.now())
    except Refused:
        return today
    return next((one for one, free, _ in ahead if free), today)


def _choosing(request: StaffRequest, course: Any, moving: Booked | None = None) -> dict[str, Any]:
    """The days ahead, the day that is looked at, and its free times or why there are none."""
    clinic, now, today = request.clinic.id, timezone.now(), timezone.localdate()
    without = moving.id if moving else None
    asked = day_asked(request)
    if moving and "day" not in request.GET:
        asked = timezone.localtime(moving.starts_at).date()
    day = max(asked, today)
    context: dict[str, Any] = {"course": course, "patient": course.patient, "today": today}
    try:
        # The strip of days begins where it is looked at, so that a later day can be reached.
        first = day if (day - today).days >= queries.DAYS_AHEAD else today
        ahead = queries.days_ahead(
            clinic=clinic, course=course, first=first, at=now, without=without
        )
        if not moving and "day" not in request.GET:
            day = next((one for one, free, _ in ahead if free), day)
        context |= {"ahead": ahead, "next_first": ahead[-1][0]}
        seats = queries.free(clinic=clinic, course=course, day=day, at=now, without=without)
        context |= {"seats": seats}
    except Refused as refusal:
        context |= {"seats": (), "why": str(refusal)}
    shifts = queries.shifts(clinic=clinic, first=day, last=day)
    return context | {
        "day": day,
        "chairs": [one for one in queries.chairs(clinic=clinic) if one.active],
        "nurses": [one.staff for one in shifts if Role.NURSE in one.staff.roles.split(" ")],
    }


def _lists(context: dict[str, Any]) -> dict[str, Any]:
    return {name: context[name] for name in ("seats", "chairs", "nurses")}


def _sent(request: StaffRequest, asked: str, context: dict[str, Any]) -> Any:
    if asked == "move":
        return MoveForm(request.POST, **_lists(context))
    return (CancelForm if asked == "cancel" else MissedForm)(request.POST, prefix=asked)


def _change(request: StaffRequest, asked: str, visit: Booked, form: Any) -> str:
    said = form.cleaned_data
    seen, by, at = said["seen"], request.author, timezone.now()
    if asked == "move":
        made = actions.move(booking=visit.id, wish=form.wish, seen=seen, by=by, at=at)
        return f"Moved to {_when(request, made.starts_at)}."
    deed = actions.cancel if asked == "cancel" else actions.mark_missed
    deed(booking=visit.id, reason=said["reason"], seen=seen, by=by, at=at)
    return "Cancelled." if asked == "cancel" else "Marked as missed."


def _when(request: StaffRequest, moment: datetime) -> str:
    return shown(moment, request.clinic.zone)


def _wishes(chosen: list[str]) -> tuple[Wish, ...]:
    try:
        moments = [MomentField().to_python(one) for one in chosen]
    except forms.ValidationError:
        raise actions.NotAllBooked("Choose each time from its list.") from None
    return tuple(Wish(moment) for moment in moments if moment)


def _proposed(
    request: StaffRequest, course: Any, said: dict[str, Any], chosen: list[str]
) -> list[dict[str, Any]]:
    """A row for each session that is left: its number, its day, its times, and the one proposed."""
    found = queries.proposal(
        clinic=request.clinic.id,
        course=course,
        first_on=said["first_on"],
        around=said["around"],
        at=timezone.now(),
        per_week=said["per_week"],
    )
    first = course.sessions_allowed - len(found) + 1
    rows = []
    for number, (day, seats, best) in enumerate(found, start=first):
        times = time_choices(seats, request.clinic.zone)
        proposed = best.span.starts_at.isoformat() if best else ""
        kept = [value for value, _ in times if value in chosen]
        rows.append({"number": number, "day": day, "times": times, "picked": (*kept, proposed)[0]})
    return rows
