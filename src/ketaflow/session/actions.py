"""Every write about a session: one small action for each thing that happens at the chair.

Each takes what the person saw (`seen`, the last entry on their page), so that the second of two
hands is told, and nothing is lost or doubled.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.journal import queries as journal
from ketaflow.journal.actions import SentTwice, SomeoneElseMoved, record
from ketaflow.journal.author import Author
from ketaflow.people.actions import check_licence
from ketaflow.people.models import Staff
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.protocol import actions as protocol_actions
from ketaflow.protocol.models import Course
from ketaflow.refusals import Refused
from ketaflow.schedule import actions as schedule_actions
from ketaflow.schedule import pace
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.hours import day_of
from ketaflow.schedule.models import Booking, Chair
from ketaflow.session import gates, queries, wishes
from ketaflow.session.account import actions as account
from ketaflow.session.ending import actions as ending
from ketaflow.session.events import Entry, Kind
from ketaflow.session.fold import fold
from ketaflow.session.gates import Here
from ketaflow.session.holds import watch
from ketaflow.session.models import Session
from ketaflow.session.monitors import queries as monitors
from ketaflow.session.queries import Room
from ketaflow.session.wishes import Correction, Departure, DoseRead, Press, Saw, Taken, Wish


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


class AlreadyKept(SentTwice):
    """This very press arrived before, and is in the record."""


def check_in(*, booking: UUID, by: Author, at: datetime) -> Session:
    """Open the session of a booked visit: the patient has come.

    Raises:
        SomeoneElseMoved: the patient is checked in already.
        NotFromHere: the visit was cancelled, missed or is over.
    """
    require(by, Duty.PREPARE)
    visit = Booking.objects.filter(clinic_id=by.clinic, id=booking).select_related("course").first()
    if visit is None:
        raise NotHere("No booking of this clinic is known by that identifier.")
    plan = {
        "booking": str(visit.id),
        "chair": visit.chair.name,
        "nurse": str(visit.nurse_id),
        "planned_start_at": (visit.starts_at + timedelta(minutes=visit.prepare_min)).isoformat(),
        "planned_end_at": visit.ends_at.isoformat(),
    }
    return _open(visit.course, plan, by, at, visit.id)


def walk_in(*, course: UUID, chair: str, nurse: UUID, by: Author, at: datetime) -> Session:
    """Open a session for a patient who comes without a booking.

    Raises:
        SomeoneElseMoved: the patient is checked in already.
        DayRefused: the protocol's spacing does not allow a session today.
    """
    require(by, Duty.PREPARE)
    found = Course.objects.filter(clinic_id=by.clinic, id=course).first()
    if found is None:
        raise NotHere("No course of this clinic is known by that identifier.")
    if not Chair.objects.filter(clinic_id=by.clinic, name=chair, active=True).exists():
        raise NotHere("No chair in use at this clinic has that name; choose one from the list.")
    if not Staff.objects.filter(clinic_id=by.clinic, id=nurse, active=True).exists():
        raise NotHere("Nobody who works at this clinic is known by that identifier.")
    if live := queries.live_of(clinic=by.clinic, patient=found.patient_id):
        raise _already(live)
    today = day_of(at, found.clinic.zone)
    pace.require_spacing(schedule.pace_of(clinic=by.clinic, course=found), today)
    plan = {
        "booking": None,
        "chair": chair,
        "nurse": str(nurse),
        "planned_start_at": None,
        "planned_end_at": None,
    }
    return _open(found, plan, by, at)


def _open(
    course: Course, plan: Mapping[str, Any], by: Author, at: datetime, booking: UUID | None = None
) -> Session:
    if course.ended_at:
        raise protocol_actions.CourseOver("This course has ended; plan a new one first.")
    id = uuid4()
    number = course.sessions_given + 1
    payload = {
        "course": str(course.id),
        "patient": str(course.patient_id),
        "number": number,
        "order": {**course.order, "drug": course.drug, "route": course.route},
        **plan,
    }
    try:
        with transaction.atomic():
            kind = Kind.CHECKED_IN.value
            record(stream=f"session/{id}", kind=kind, by=by, at=at, payload=payload)
            account.begin(session=id, payload=payload, by=by, at=at)
            if booking:
                schedule_actions.note_checked_in(
                    booking=booking, session_number=number, by=by, at=at
                )
    except (IntegrityError, Refused) as why:
        # The database says no to a second live session; who was first is what the person needs.
        live = queries.live_of(clinic=by.clinic, patient=course.patient_id)
        if live is None and isinstance(why, Refused):
            raise
        raise _already(live) from None
    return Session.objects.get(id=id)


def _already(live: Session | None) -> SomeoneElseMoved:
    where = f" in {live.chair}, session {live.number}" if live else ""
    return SomeoneElseMoved(
        f"This patient is already checked in{where}. Nothing was opened twice: go on there."
    )


def tick(
    *, session: UUID, ticks: Mapping[str, tuple[bool, str]], seen: Saw, by: Author, at: datetime
) -> None:
    """Tick lines of the checklist, or take ticks away; each with its note."""
    known = journal.entries(
        clinic=by.clinic, stream=f"session/{session}", upto=wishes.press_of(seen).seen
    )
    _write(session, *wishes.ticks(ticks, seen=fold(known).checklist), seen=seen, by=by, at=at)


def record_baseline(
    *, session: UUID, vitals: Mapping[str, Decimal | None], seen: Saw, by: Author, at: datetime
) -> None:
    """Record the vital signs before the drug, against which all later ones are read."""
    _write(session, Wish(Kind.BASELINE, wishes.plain(vitals)), seen=seen, by=by, at=at)


def check_dose(
    *, session: UUID, read: DoseRead, prepared_by: Author, seen: Saw, by: Author, at: datetime
) -> None:
    """Record that a second person, `by`, checked the drug that `prepared_by` prepared.

    Raises:
        SamePerson: nobody checks what they prepared themselves.
        Slip, NotAsOrdered: what was read is not what was ordered.
        RunOut: the licence of one of them has.
    """
    require(prepared_by, Duty.PREPARE)
    for hand in (prepared_by, by):
        check_licence(hand, at=at)
    _write(session, wishes.dose_read(read, prepared_by), seen=seen, by=by, at=at)


def start(*, session: UUID, rate_mg_min: Decimal, seen: Saw, by: Author, at: datetime) -> None:
    """Record that the pump was started, once nothing stands in the way.

    Raises:
        CannotStart: one sentence with everything that is missing.
        Slip, NotAsOrdered: the rate on the pump is not the ordered one.
    """
    wish = Wish(Kind.STARTED, {"rate_mg_min": str(rate_mg_min)})
    _write(session, wish, seen=seen, by=by, at=at)


def change_rate(
    *, session: UUID, rate_mg_min: Decimal, reason: str, seen: Saw, by: Author, at: datetime
) -> None:
    """Record a change of the pump's rate, with the reason.

    Raises:
        Slip, AboveCap, NotAsOrdered: the rate cannot be meant, or is above a ceiling.
    """
    payload = {"rate_mg_min": str(rate_mg_min), "reason": said(reason, "why the rate changes")}
    _write(session, Wish(Kind.RATE_CHANGED, payload), seen=seen, by=by, at=at)


def pause(*, session: UUID, reason: str, seen: Saw, by: Author, at: datetime) -> None:
    """Record that the drug was paused."""
    payload = {"reason": said(reason, "why it is paused")}
    _write(session, Wish(Kind.PAUSED, payload), seen=seen, by=by, at=at)


def resume(
    *, session: UUID, rate_mg_min: Decimal | None, seen: Saw, by: Author, at: datetime
) -> None:
    """Record that the drug goes on; the pump at the rate before when none is given."""
    payload = wishes.plain({"rate_mg_min": rate_mg_min})
    _write(session, Wish(Kind.RESUMED, payload), seen=seen, by=by, at=at)


def stop(
    *, session: UUID, reason: str, seen: Saw, by: Author, at: datetime,
    happened_at: datetime | None = None,
) -> None:  # fmt: skip
    """Record that the drug has ended: all of it is in, or it was stopped early."""
    payload = {"reason": said(reason, "why it ended")}
    _write(session, Wish(Kind.STOPPED, payload), seen=seen, by=by, at=at, then=happened_at)


def give_device(*, session: UUID, lot: str, seen: Saw, by: Author, at: datetime) -> None:
    """Record one nasal device; the first starts the session once nothing stands in the way.

    Raises:
        CannotStart: as `start`.
        TooSoon: the rest since the last device is not over.
        NotAsOrdered: all devices ordered are given.
    """
    account.require_drawn(session=session, lot=lot, by=by)
    told = {"lot": said(lot, "the lot number on the device")}
    _write(session, Wish(Kind.DEVICE_GIVEN, told), seen=seen, by=by, at=at)


def record_round(
    *, session: UUID, taken: Taken, seen: Saw, by: Author, at: datetime,
    happened_at: datetime | None = None,
) -> None:  # fmt: skip
    """Record one round: any vital signs, sedation (MOAA/S), dissociation (CADSS-6), pain.

    Raises:
        NotReadable: nothing was entered.
        Implausible: a value that cannot be.
    """
    found = wishes.round_taken(taken)
    _write(session, *found, seen=seen, by=by, at=at, then=happened_at)


def note_side_effect(
    *, session: UUID, found: Mapping[str, Any], seen: Saw, by: Author, at: datetime
) -> None:
    """Record a side effect from the list: `effect`, `severity` from 1 to 5, `note`."""
    _write(session, Wish(Kind.SIDE_EFFECT, dict(found)), seen=seen, by=by, at=at)


def give_rescue(
    *, session: UUID, given: Mapping[str, Any], seen: Saw, by: Author, at: datetime
) -> None:
    """Record a rescue medicine as it was given: `medicine`, `dose`, `route` and `reason`."""
    _write(session, Wish(Kind.RESCUE, dict(given)), seen=seen, by=by, at=at)


def note(*, session: UUID, text: str, seen: Saw, by: Author, at: datetime) -> None:
    """Write a note."""
    _write(session, Wish(Kind.NOTE, {"text": said(text, "the note")}), seen=seen, by=by, at=at)


def correct(*, session: UUID, correction: Correction, seen: Saw, by: Author, at: datetime) -> None:
    """Say what an entry should have said; the old words stay beside the new.

    Raises:
        NotCorrectable: there is no such entry, or it is one that is never rewritten.
    """
    _write(session, wishes.corrected(correction), seen=seen, by=by, at=at)


def score_discharge(
    *, session: UUID, instrument: str, answers: list[int | None], seen: Saw, by: Author,
    at: datetime,
) -> None:  # fmt: skip
    """Record a discharge score, item by item."""
    told = {"instrument": instrument, "answers": answers}
    _write(session, Wish(Kind.DISCHARGE_SCORED, told), seen=seen, by=by, at=at)


def send_home(*, session: UUID, departure: Departure, seen: Saw, by: Author, at: datetime) -> None:
    """Discharge the patient; the course counts the session and the visit is over.

    Raises:
        NotYet: one sentence with everything that is missing; the clock only the medical director
            can shorten, with a reason.
    """
    _write(session, wishes.discharged(departure, by), seen=seen, by=by, at=at)


def transfer(*, session: UUID, to: str, reason: str, seen: Saw, by: Author, at: datetime) -> None:
    """Record that the patient was sent on, to a hospital or another unit; the drug has ended."""
    payload = {"to": said(to, "where the patient goes"), "reason": said(reason, "why")}
    _write(session, Wish(Kind.TRANSFERRED, payload), seen=seen, by=by, at=at)


def cancel(*, session: UUID, reason: str, seen: Saw, by: Author, at: datetime) -> None:
    """Cancel a session before any drug; the visit's chair and nurse are free again."""
    payload = {"reason": said(reason, "why the session is cancelled")}
    _write(session, Wish(Kind.CANCELLED, payload), seen=seen, by=by, at=at)


def add(*, session: UUID, wish: Wish, seen: Saw, by: Author, at: datetime) -> None:
    """Write one entry that another part of this stage has put together."""
    _write(session, wish, seen=seen, by=by, at=at)


def _write(
    session: UUID, *wanted: Wish, seen: Saw, by: Author, at: datetime, then: datetime | None = None
) -> None:
    """Write `wanted`, all or nothing, if the page it was decided on still holds."""
    press = wishes.press_of(seen)
    for wish in wanted:
        require(by, DUTIES.get(wish.kind, Duty.TREAT))
    with transaction.atomic():
        # Whoever comes second waits here, and then reads what the first one wrote.
        held = Session.objects.select_for_update().filter(clinic_id=by.clinic, id=session)
        room = queries.room(clinic=by.clinic, id=session) if held.first() else None
        if room is None:
            raise NotHere("No session of this clinic is known by that identifier.")
        name = press.name(session, wanted)
        if name and queries.pressed(clinic=by.clinic, name=name):
            raise AlreadyKept("This is already recorded: it was sent twice and kept once.")
        _still_holds(room, wanted, press, by)
        moment = gates.moment(room.state, then or press.happened_at, at=at)
        received_at = None if moment == at else at
        written = wishes.marked(wanted, press, session, received_at=received_at)
        for wish in written:
            gates.allow(wish, _here(room, by, moment))
            room = _append(room, wish, by, moment)
        first = room.state.last_ordinal - len(written) + 1
        room = _raise(room, watch.touched(room.state, first=first), by, at)
        for wish in written:
            ending.close(room, wish, by, at)


def raise_holds(*, session: UUID, since: datetime, by: Author, at: datetime) -> None:
    """Raise what a monitor's readings since then meet, in the transaction that keeps them.

    The caller has locked the session, so that a nurse who writes at this moment comes before or
    after.
    """
    room = queries.room(clinic=by.clinic, id=session)
    if room is not None:
        _raise(room, since, by, at)


def _raise(room: Room, since: datetime, by: Author, at: datetime) -> Room:
    charted = monitors.charted(clinic=by.clinic, session=room.session.id)
    for payload in watch.raised(room.state, room.policy, since=since, charted=charted):
        # Raised when it is known, however old the reading: the answer is timed from here.
        room = _append(room, Wish(Kind.HOLD, payload), by, at)
    return room


def _still_holds(room: Room, wanted: tuple[Wish, ...], press: Press, by: Author) -> None:
    entries, phase = room.told.entries, room.state.phase
    for wish in wanted:
        if why := wishes.overtaken(entries, wish, press=press, by=by.id, phase=phase):
            raise SomeoneElseMoved(why)


def _append(room: Room, wish: Wish, by: Author, at: datetime) -> Room:
    """Write one entry after folding it in, so that none is kept that could not have happened."""
    last = room.state.last_ordinal
    entry = Entry(last + 1, wish.kind.value, at, by.id, by.name, wish.payload)
    told = room.told.after([entry])
    stream = room.session.stream
    record(stream=stream, kind=wish.kind.value, by=by, at=at, payload=wish.payload)
    return replace(room, told=told)


def _here(room: Room, by: Author, at: datetime) -> Here:
    return Here(
        state=room.state,
        protocol=room.protocol,
        policy=room.policy,
        by=by,
        at=at,
        obstacles=lambda: queries.obstacles(clinic=by.clinic, room=room, at=at),
        given_today_mg=lambda: queries.given_today_mg(
            clinic=by.clinic, session=room.session, at=at
        ),
    )


DUTIES = dict.fromkeys((Kind.CHECKLIST_ITEM, Kind.BASELINE, Kind.CANCELLED), Duty.PREPARE)
