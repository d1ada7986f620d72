"""Every write about monitors: what they send, where they stand, and what a person decides."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, transaction

from ketaflow.journal.actions import Note, record, record_all
from ketaflow.journal.author import Author
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.protocol import queries as protocol
from ketaflow.schedule.models import Chair
from ketaflow.session import actions, wishes
from ketaflow.session.events import Origin
from ketaflow.session.models import MonitorBinding, MonitorMessage, Session
from ketaflow.session.monitors import queries, routing
from ketaflow.session.monitors.arrivals import Arrival, By, Measured
from ketaflow.session.monitors.inbox import AlreadyBound, NothingOfIt, NotThere
from ketaflow.session.monitors.projections import inbox_of, joining, waiting
from ketaflow.session.monitors.routing import Joins, Why

LONGEST = 200


class Outcome(StrEnum):
    """What became of a message."""

    CHARTED = "charted"
    WAITING = "kept for a person to assign"
    AGAIN = "received before"


def receive(*, arrivals: Sequence[Arrival], clinic: UUID, at: datetime) -> tuple[Outcome, ...]:
    """Keep what monitors sent, all or nothing: each in its session, or waiting for a person.

    What was sent before is kept once, also when it is sent twice in one breath. When this returns,
    everything is on disk.

    Args:
        arrivals: the messages, in the order they came.
        clinic: whose monitors they are.
        at: when they were received.

    Raises:
        SomeoneElseMoved: another process wrote to the same streams; try again.
        NotPlain: a message holds what the record cannot carry.
    """
    with transaction.atomic():
        ids = {arrival.id(clinic) for arrival in arrivals}
        had = set(queries.received(clinic=clinic, ids=ids))
        ground = queries.ground(clinic=clinic, arrivals=arrivals)
        notes, outcomes = [], []
        joined: dict[UUID, list[Measured]] = {}
        for arrival in arrivals:
            id = arrival.id(clinic)
            if id in had:
                outcomes.append(Outcome.AGAIN)
                continue
            had.add(id)
            found = routing.route(arrival, ground, at=at)
            if isinstance(found, Joins):
                joined.setdefault(found.session, []).extend(found.measured)
            notes.append(_noted(arrival, found, clinic, at))
            outcomes.append(Outcome.CHARTED if isinstance(found, Joins) else Outcome.WAITING)
        with _watched(clinic, joined, at):
            record_all(notes)
    return tuple(outcomes)


@contextmanager
def _watched(
    clinic: UUID, joined: Mapping[UUID, Sequence[Measured]], at: datetime
) -> Iterator[None]:
    """Raise the holds of the signed policy that these readings meet, once they are kept."""
    policy = protocol.policy(clinic=clinic) if joined else None
    rules = policy.holds if policy else ()
    met = queries.met_anew(clinic=clinic, joined=joined, rules=rules)
    # Locked before anything is kept: a nurse who confirms locks the session first as well.
    list(Session.objects.select_for_update().filter(id__in=list(met)).order_by("id"))
    yield
    for session, since in sorted(met.items()):
        actions.raise_holds(session=session, since=since, by=_monitor(clinic, ""), at=at)


def _monitor(clinic: UUID, sender: str) -> Author:
    return Author(clinic, None, f"Monitor {sender}".strip()[:LONGEST], ("SYSTEM",))


def _noted(arrival: Arrival, found: Joins | Why, clinic: UUID, at: datetime) -> Note:
    by = _monitor(clinic, arrival.sender)
    told = {**arrival.payload, "id": str(arrival.id(clinic))}
    if isinstance(found, Why):
        return Note(inbox_of(clinic), "monitor.kept", by, at, {**told, "why": found.value})
    payload = {
        **told,
        "session": str(found.session),
        "measured": [one.payload for one in found.measured],
        "early": [one.payload for one in found.early],
    }
    return Note(f"monitor/{found.session}", "monitor.charted", by, at, payload)


def confirm(*, session: UUID, reading: UUID, seen: int, by: Author, at: datetime) -> None:
    """Confirm a row that a monitor charted: a nurse saw these values, and they stand.

    Raises:
        NotThere: the session has no such row.
        AlreadyConfirmed, SomeoneElseMoved: somebody did so before.
    """
    row = queries.reading(clinic=by.clinic, session=session, id=reading)
    if row is None:
        raise NotThere("No reading of a monitor in this session is known by that identifier.")
    wish = wishes.confirmed(row.vitals, Origin(str(row.id), row.sender))
    actions._write(session, wish, seen=seen, by=by, at=at, then=row.taken_at)


def bind(*, monitor: By, value: str, chair: UUID, by: Author, at: datetime) -> None:
    """Say at which chair a monitor stands.

    Raises:
        AlreadyBound: it stands somewhere else; take it away there first.
        NotThere: the clinic has no such chair in use.
    """
    require(by, Duty.PREPARE)
    named = said(value, "the place or the device")[:LONGEST]
    row = Chair.objects.filter(clinic_id=by.clinic, id=chair, active=True).first()
    if row is None:
        raise NotThere("No chair in use at this clinic is known by that identifier.")
    what = {"by": monitor.value, "value": named}
    payload = {**what, "chair": str(row.id), "chair_name": row.name}
    try:
        with transaction.atomic():
            record(stream=_stream(by), kind="monitor.bound", by=by, at=at, payload=payload)
    except IntegrityError:
        was = _binding(by, monitor, named)
        where = was.chair.name if was else "a chair"
        raise AlreadyBound(
            f"{monitor.label} {named} is bound to {where} already. Take it away there first."
        ) from None


def unbind(*, monitor: By, value: str, by: Author, at: datetime) -> None:
    """Take a monitor away from its chair; what it sends waits for a person from then on.

    Raises:
        NotThere: it is bound to no chair.
    """
    require(by, Duty.PREPARE)
    with transaction.atomic():
        was = _binding(by, monitor, value)
        if was is None:
            raise NotThere("This monitor is bound to no chair any more; look at the page again.")
        payload = {"by": monitor.value, "value": value, "chair_name": was.chair.name}
        record(stream=_stream(by), kind="monitor.unbound", by=by, at=at, payload=payload)


def assign(*, group: UUID, upto: int, session: UUID, reason: str, by: Author, at: datetime) -> int:
    """Say to whom what waits belongs, as far as the person saw it.

    Only what was measured while the session lasted joins it; the rest goes on waiting.

    Returns:
        How many messages joined the session.

    Raises:
        NotThere: nothing waits there any more, or the clinic has no such session.
        NothingOfIt: nothing of it was measured during that session.
    """
    require(by, Duty.TREAT)
    why = said(reason, "how you know whose readings these are")
    with transaction.atomic():
        held = Session.objects.select_for_update().filter(clinic_id=by.clinic, id=session).first()
        if held is None:
            raise NotThere("No session of this clinic is known by that identifier.")
        fits = [found for one in _waits(by, group, upto) if (found := joining(one, held))]
        if not fits:
            raise NothingOfIt(
                "None of these readings was taken while that session lasted. "
                "Choose another session, or discard them with a reason."
            )
        payload = {"group": str(group), "upto": upto, "session": str(session), "reason": why}
        joined = {session: [one for found in fits for one in found]}
        with _watched(by.clinic, joined, at):
            record(
                stream=inbox_of(by.clinic), kind="monitor.assigned", by=by, at=at, payload=payload
            )
    return len(fits)


def discard(*, group: UUID, upto: int, reason: str, by: Author, at: datetime) -> int:
    """Say that what waits belongs to nobody; the journal keeps it with the reason.

    Returns:
        How many messages were discarded.

    Raises:
        NotThere: nothing waits there any more.
    """
    require(by, Duty.TREAT)
    why = said(reason, "why they are discarded")
    with transaction.atomic():
        found = _waits(by, group, upto)
        payload = {"group": str(group), "upto": upto, "reason": why}
        record(stream=inbox_of(by.clinic), kind="monitor.discarded", by=by, at=at, payload=payload)
    return len(found)


def _waits(by: Author, group: UUID, upto: int) -> Sequence[MonitorMessage]:
    found = waiting(by.clinic, group, upto)
    if not found:
        raise NotThere("Nothing of this waits any more: somebody else was first. Look again.")
    return found


def _stream(by: Author) -> str:
    """The stream of a clinic's bindings."""
    return f"monitors/{by.clinic}"


def _binding(by: Author, monitor: By, value: str) -> MonitorBinding | None:
    found = MonitorBinding.objects.select_related("chair")
    return found.filter(clinic_id=by.clinic, by=monitor.value, value=value).first()
