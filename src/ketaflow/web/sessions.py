"""The room: one session from check-in to the way home, one page, one press for each thing done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SomeoneElseMoved
from ketaflow.people import actions as people_actions
from ketaflow.people import queries as people
from ketaflow.people.roles import Duty, may
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.orders import from_payload
from ketaflow.refusals import Refused
from ketaflow.schedule import queries as schedule
from ketaflow.session import actions, checklist, phases, queries
from ketaflow.session.events import Kind
from ketaflow.session.holds import actions as hold_actions
from ketaflow.session.phases import Phase
from ketaflow.session.queries import Room
from ketaflow.web import (
    live,
    session_charts,
    session_drug,
    session_flow,
    session_forecast,
    session_holds,
    session_monitor,
    session_now,
    session_page,
)
from ketaflow.web import sessions_forms as entering
from ketaflow.web.errors import status_of
from ketaflow.web.forms import answer, ordinal, refuse
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.presses import PressForm
from ketaflow.web.second_person import NotThem, proved


@dataclass(frozen=True)
class Act:
    """One thing that can be pressed: its form, the action, what is said, when it is shown."""

    form: type[PressForm]
    action: Callable[..., None]
    done: str
    kind: Kind


ACTS = {
    "tick": Act(entering.TickForm, actions.tick, "The checklist is saved.", Kind.CHECKLIST_ITEM),
    "baseline": Act(
        entering.BaselineForm, actions.record_baseline, "The baseline is saved.", Kind.BASELINE
    ),
    "dose": Act(entering.DoseForm, actions.check_dose, "The dose is checked.", Kind.DOSE_CHECKED),
    "start": Act(entering.StartForm, actions.start, "Started.", Kind.STARTED),
    "device": Act(
        entering.DeviceForm, actions.give_device, "The device is recorded.", Kind.DEVICE_GIVEN
    ),
    "rate": Act(
        entering.RateForm, actions.change_rate, "The new rate is recorded.", Kind.RATE_CHANGED
    ),
    "pause": Act(entering.ReasonForm, actions.pause, "Paused.", Kind.PAUSED),
    "resume": Act(entering.ResumeForm, actions.resume, "Resumed.", Kind.RESUMED),
    "stop": Act(entering.StopForm, actions.stop, "The end of the drug is recorded.", Kind.STOPPED),
    "round": Act(entering.RoundForm, actions.record_round, "The round is saved.", Kind.READING),
    "effect": Act(
        entering.EffectForm,
        actions.note_side_effect,
        "The side effect is recorded.",
        Kind.SIDE_EFFECT,
    ),
    "rescue": Act(
        entering.RescueForm,
        actions.give_rescue,
        "The rescue medicine is recorded.",
        Kind.RESCUE,
    ),
    "note": Act(entering.NoteForm, actions.note, "The note is saved.", Kind.NOTE),
    "aldrete": Act(entering.AldreteForm, actions.score_discharge, "Scored.", Kind.DISCHARGE_SCORED),
    "mpadss": Act(entering.MpadssForm, actions.score_discharge, "Scored.", Kind.DISCHARGE_SCORED),
    "home": Act(
        entering.HomeForm, actions.send_home, "The patient has gone home.", Kind.DISCHARGED
    ),
    "transfer": Act(
        entering.TransferForm, actions.transfer, "The transfer is recorded.", Kind.TRANSFERRED
    ),
    "acknowledge": Act(
        session_holds.AcknowledgeForm,
        hold_actions.acknowledge,
        "It is recorded that you have seen it.",
        Kind.HOLD_ACKNOWLEDGED,
    ),
    "release": Act(
        session_holds.ReleaseForm,
        hold_actions.release,
        "The hold is released.",
        Kind.HOLD_RELEASED,
    ),
    "cancel": Act(entering.ReasonForm, actions.cancel, "The session is cancelled.", Kind.CANCELLED),
}
AT_CHAIR = "?at=chair"
# What is asked first once the drug is being given.
STEPS = {
    Phase.RUNNING: "session/run.html",
    Phase.PAUSED: "session/paused.html",
    Phase.OBSERVING: "session/observe.html",
}


def room_or_404(request: StaffRequest, session: UUID) -> Room:
    """The session of this clinic; anybody else's is not found."""
    found = queries.room(clinic=request.clinic.id, id=session)
    if found is None:
        raise Http404
    return found


@duty(Duty.SEE_CHART)
def session(request: StaffRequest, session: UUID) -> HttpResponse:
    """Show the room; htmx asks only for where it stands now."""
    room, at = room_or_404(request, session), timezone.now()
    if request.htmx:
        last = room.state.last_ordinal
        seen = ordinal(request.GET.get("seen", ""))
        context = {
            "room": room,
            "now": session_now.now(room, at),
            "newer": seen is not None and seen < last,
            "seen": last if seen is None else seen,
        }
        return render(request, "session/now.html", context)
    return _open(request, room)


@duty(Duty.SEE_CHART)
def chair(request: StaffRequest, session: UUID) -> HttpResponse:
    """Show what a tablet at the chair needs: where it stands, one round, and the few presses."""
    return _open(request, room_or_404(request, session))


def _open(request: StaffRequest, room: Room) -> HttpResponse:
    if not live.is_refresh(request, room.session.id):
        people_actions.note_reading(
            patient=room.session.patient, page="session", by=request.author, at=timezone.now()
        )
    return _show(request, room)


@sensitive_post_parameters("dose-password", "dose-own_password")
@duty(Duty.SEE_CHART, change=Duty.TREAT)
def act(request: StaffRequest, session: UUID, act: str) -> HttpResponse:
    """Do one thing; what is refused comes back with everything that was typed."""
    if act not in ACTS:
        raise Http404
    room = room_or_404(request, session)
    if request.method != "POST":
        return redirect("session", session=session)
    form = _form(request, room, act, request.POST)
    status = 422
    if form.is_valid():
        try:
            _press(request, session, act, form)
            return _kept(request, session, ACTS[act].done)
        except actions.AlreadyKept as kept:
            return _kept(request, session, str(kept))
        except Refused as refusal:
            status = status_of(refusal)
            room = room_or_404(request, session)
            form = _again(request, room, act, refusal)
    return _show(request, room, wrong={act: form}, status=status)


def _kept(request: StaffRequest, session: UUID, words: str) -> HttpResponse:
    """Say that it is in the record: to the page's script at once, to a browser as a new page."""
    if asked := request.headers.get("X-Press"):
        page = asked == "page"
        reply = _show(request, room_or_404(request, session)) if page else HttpResponse()
        reply["X-Said"] = words
        return reply
    messages.success(request, words)
    return redirect("session_chair" if _at_chair(request) else "session", session=session)


def _at_chair(request: StaffRequest) -> bool:
    """Whether this is the tablet's page, or was pressed on it."""
    match = request.resolver_match
    return request.GET.get("at") == "chair" or bool(match and match.url_name == "session_chair")


def _press(request: StaffRequest, session: UUID, act: str, form: Any) -> None:
    by, at = request.author, timezone.now()
    if act == "dose":
        _first_person(request, form)
        by = proved(request, form.cleaned_data["email"], form.cleaned_data["password"])
    ACTS[act].action(session=session, seen=form.press(at), by=by, at=at, **form.said())


def _again(request: StaffRequest, room: Room, act: str, refusal: Refused) -> PressForm:
    """The same form with what was typed; a page that was overtaken is fresh from here on."""
    typed = request.POST.copy()
    if isinstance(refusal, SomeoneElseMoved):
        typed[f"{act}-seen"] = str(room.state.last_ordinal)
    form = _form(request, room, act, typed)
    refuse(form, refusal)
    return form


def _first_person(request: StaffRequest, form: Any) -> None:
    """Who prepared the dose signs too: a screen that was left open is not a signature."""
    try:
        known = get_adapter().reauthenticate(request.user, form.cleaned_data["own_password"])
    except ValidationError as locked:
        raise NotThem(locked.messages[0]) from None
    if not known:
        raise NotThem(
            f"The password of {request.staff.name}, who prepared the dose, is not right. "
            "Type it again."
        )


def _form(
    request: StaffRequest, room: Room, act: str, data: Any = None, page: UUID | None = None
) -> PressForm:
    form = ACTS[act].form
    return form(data, prefix=act, room=room, author=request.author, page=page)


def _show(
    request: StaffRequest, room: Room, *, wrong: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    at, at_chair = timezone.now(), _at_chair(request)
    context = {
        "room": room,
        "session": room.session,
        "patient": room.session.patient,
        "state": room.state,
        "order": from_payload(room.session.order),
        "nasal": session_page.is_nasal(room),
        "now": session_now.now(room, at),
        "seen": room.state.last_ordinal,
        "at": AT_CHAIR if at_chair else "",
        **_doing(request, room, wrong or {}),
    }
    if at_chair:
        return render(request, "session/chair.html", context, status=status)
    context |= session_flow.shown(room, whole="whole" in request.GET)
    context["charts"] = session_charts.draw(room.state, at=at)
    alone = request.GET.get("forecast") == "population"
    context["forecast"] = session_forecast.draw(room, at=at, alone=alone)
    return render(request, "session/room.html", context, status=status)


def _doing(request: StaffRequest, room: Room, wrong: dict[str, Any]) -> dict[str, Any]:
    """What can be pressed now, and what stands in the way."""
    at, phase, page = timezone.now(), room.state.phase, uuid4()
    may_act = may(request.author.roles, Duty.TREAT)
    open_acts = [name for name, one in ACTS.items() if may_act and phase in phases.ADMITS[one.kind]]
    fresh = {name: _form(request, room, name, page=page) for name in open_acts}
    preparing = phase in phases.PREPARING
    return {
        "preparing": preparing,
        "step": STEPS.get(phase, "session/over.html"),
        "acts": {**fresh, **{name: form for name, form in wrong.items() if name in fresh}},
        # An act that the phase no longer takes still says why it was refused.
        "refused": list(wrong.values()),
        "holds": session_holds.asked(room, request.author, page, wrong),
        "answering": may_act,
        # A page without a line must be able to go on after a pause that is not sent yet.
        "after_pause": _form(request, room, "resume", page=page) if "pause" in fresh else None,
        "obstacles": _obstacles(request, room) if preparing else (),
        "still": session_now.still_to_do(room, at),
        "next_device": session_now.next_device(room.state, at),
    }


def _obstacles(request: StaffRequest, room: Room) -> tuple[str, ...]:
    """What stands in the way; lines of the checklist, which stand on the page, are only counted."""
    found = queries.obstacles(clinic=request.clinic.id, room=room, at=timezone.now())
    unticked = [f"{one.text}: not ticked" for one in checklist.open_items(room.state.preparation)]
    rest = tuple(one for one in found if one not in unticked)
    return (*rest, f"the checklist has {len(unticked)} open") if unticked else rest


@duty(Duty.SEE_BOARD, change=Duty.PREPARE)
def check_in(request: StaffRequest, booking: UUID) -> HttpResponse:
    """Check a booked patient in; who is here already is opened instead."""
    if schedule.booking(clinic=request.clinic.id, id=booking) is None:
        raise Http404
    if request.method != "POST":
        return redirect("board")
    try:
        opened = actions.check_in(booking=booking, by=request.author, at=timezone.now())
        return redirect("session", session=opened.id)
    except Refused as refusal:
        messages.error(request, str(refusal))
    found = queries.of_booking(clinic=request.clinic.id, booking=booking)
    return redirect("session", session=found.id) if found else redirect("board")


@duty(Duty.PREPARE)
def walk_in(request: StaffRequest, course: UUID) -> HttpResponse:
    """Check in a patient who has no booking."""
    found = protocol.course(clinic=request.clinic.id, id=course)
    if found is None:
        raise Http404
    chairs = [one.name for one in schedule.chairs(clinic=request.clinic.id) if one.active]
    nurses = [
        (str(one.id), one.name)
        for one in people.staff(clinic=request.clinic.id)
        if one.active and may(one.author.roles, Duty.TREAT)
    ]
    form = entering.WalkInForm(request.POST or None, chairs=chairs, nurses=nurses)
    if request.method == "POST" and form.is_valid():
        try:
            opened = actions.walk_in(
                course=course, chair=form.cleaned_data["chair"],
                nurse=UUID(form.cleaned_data["nurse"]), by=request.author, at=timezone.now(),
            )  # fmt: skip
            return redirect("session", session=opened.id)
        except Refused as refusal:
            refuse(form, refusal)
    context = {"course": found, "patient": found.patient}
    return answer(request, "session/walk_in.html", context, form)


@duty(Duty.SEE_CHART)
def of_patient(request: StaffRequest, patient: UUID) -> HttpResponse:
    """List a patient's sessions, newest first, and how to begin one."""
    clinic = request.clinic.id
    who = people.patient(clinic=clinic, id=patient)
    if who is None:
        raise Http404
    people_actions.note_reading(patient=who, page="sessions", by=request.author, at=timezone.now())
    courses = protocol.courses_of(clinic=clinic, patient=patient)
    context = {
        "patient": who,
        "sessions": queries.of_patient(clinic=clinic, patient=patient),
        "live": queries.live_of(clinic=clinic, patient=patient),
        "courses": [one for one in courses if not one.ended_at],
        "phases": session_page.PHASES,
    }
    return render(request, "session/list.html", context)


@duty(Duty.SEE_CHART)
def printed(request: StaffRequest, session: UUID) -> HttpResponse:
    """Show the whole record of a session for paper."""
    room, at = room_or_404(request, session), timezone.now()
    people_actions.note_reading(
        patient=room.session.patient, page="session record", by=request.author, at=at
    )
    entries = journal.entries(clinic=request.clinic.id, stream=room.session.stream)
    context = {
        "room": room,
        "session": room.session,
        "patient": room.session.patient,
        "state": room.state,
        "order": from_payload(room.session.order),
        "nasal": session_page.is_nasal(room),
        "now": session_now.now(room, at),
        "flow": session_monitor.flow(room, session_page.moments(room)),
        "record": session_drug.among(session_page.record(room.state), session_drug.lines(room)),
        "head": entries[-1],
        "printed_at": at,
    }
    return render(request, "session/print.html", context)
