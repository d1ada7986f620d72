"""Every write about a container: one small action for each thing that happens to it.

Each takes what the person saw (`seen`, the last entry on their page). Locks are taken in one order,
the session's account first and then containers by id, so that nobody ever waits in a circle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from ketaflow.custody import agreement, queries
from ketaflow.custody.agreement import Settled
from ketaflow.custody.amounts import amount, plain
from ketaflow.custody.container import Container as State
from ketaflow.custody.container import Impossible, NotReversible, Status, fold
from ketaflow.custody.items import Form
from ketaflow.custody.models import Account, Container, Item, Place
from ketaflow.custody.movements import Kind, Movement
from ketaflow.custody.setting.actions import NotHere
from ketaflow.custody.witness import Witness, stand_by
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import record
from ketaflow.journal.author import Author
from ketaflow.people.actions import check_licence
from ketaflow.people.models import Clinic, Staff
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.schedule.hours import day_of


@dataclass(frozen=True)
class On:
    """The container that is meant, and the last entry that the person saw of it."""

    container: UUID
    seen: int


@dataclass(frozen=True)
class Sworn:
    """Why it is done, and who stands by."""

    reason: str
    witness: Witness


@dataclass(frozen=True)
class Step:
    """One entry that is to be written."""

    kind: Kind
    payload: Mapping[str, Any]


def transfer(*, containers: Mapping[UUID, int], to: UUID, by: Author, at: datetime) -> None:
    """Move containers to another place, all or none: to set up the day, or to bring back.

    Args:
        containers: for each, the last entry that the person saw.
        to: the place.

    Raises:
        Impossible: an open one would go into a vault, or one is in quarantine.
    """
    require(by, Duty.HANDLE_DRUGS)
    place = _place(by, to)
    if not containers:
        raise Impossible("Choose at least one container to move.")
    with transaction.atomic():
        for container in sorted(containers):
            step = Step(Kind.MOVED, _to(place))
            write(container, step, seen=containers[container], by=by, at=at)


def draw(*, on: On, session: UUID, quantity: Decimal, by: Author, at: datetime) -> None:
    """Draw for a session what its verified order asks for; a sealed vial is opened for it.

    Args:
        quantity: mL as measured in the syringe, or 1 for a nasal device.

    Raises:
        NotTheOrder, Slip: another drug, form or strength, or a decimal point that slipped.
        Impossible: more than is there, expired, or in quarantine.
        Settled: the session has ended.
        SomeoneElseMoved: the container is not as the page showed it.
    """
    require(by, Duty.HANDLE_DRUGS)
    with transaction.atomic():
        account = _account(by, session)
        item = _item_of(by, on.container)
        quantity = amount(quantity, item.unit, what="volume drawn")
        wanted = queries.wanted(clinic=by.clinic, account=account)
        agreement.take(wanted, drug=item.drug, form=Form(item.form), strength_mg=item.strength_mg)
        agreement.measure(
            wanted, quantity, drawn_before=(account.drawn - account.returned) / item.strength_mg
        )
        today = _today(by, at)
        drawn = Step(
            Kind.DRAWN,
            {
                "account": str(account.id),
                "patient": str(account.patient_id),
                "quantity": plain(quantity),
                "on": today.isoformat(),
            },
        )
        steps = (*_opening(by, on.container, today), drawn)
        write(on.container, *steps, seen=on.seen, by=by, at=at)


def _opening(by: Author, container: UUID, today: date) -> tuple[Step, ...]:
    """The opening of a sealed vial, as a step of its own."""
    row = Container.objects.select_related("item").get(clinic_id=by.clinic, id=container)
    if row.item.form == Form.NASAL_DEVICE.value or row.status != Status.SEALED.value:
        return ()
    use_by = queries.signed(clinic=by.clinic).use_by(today)
    return (Step(Kind.OPENED, {"on": today.isoformat(), "use_by": use_by.isoformat()}),)


def waste(
    *, on: On, draw: int | None, quantity: Decimal, sworn: Sworn, by: Author, at: datetime
) -> None:
    """Waste what is left of a draw, or of an open vial, with somebody who stands by.

    Args:
        draw: the entry that drew it; None for what is left in the vial itself.

    Raises:
        NoWitness: it is the same person, or they signed too long ago.
        Impossible: more than is left.
    """
    payload = {"draw": draw, "quantity": plain(_measured(by, on.container, quantity))}
    step = _witnessed(Kind.WASTED, payload, sworn, by, at)
    _one(on, step, duty=Duty.HANDLE_DRUGS, by=by, at=at)


def give_back(*, on: On, draw: int, by: Author, at: datetime) -> None:
    """Return a nasal device that was not opened; what is in a syringe is wasted instead."""
    step = Step(Kind.RETURNED, {"draw": draw, "quantity": "1"})
    _one(on, step, duty=Duty.HANDLE_DRUGS, by=by, at=at)


def quarantine(*, on: On, place: UUID, reason: str, by: Author, at: datetime) -> None:
    """Put a container where nothing may be drawn from it; one past its day needs no reason."""
    to, today = _place(by, place), _today(by, at)
    row = Container.objects.filter(clinic_id=by.clinic, id=on.container).first()
    if row and min(row.expires_on, row.use_by or row.expires_on) < today:
        step = Step(Kind.EXPIRED, {**_to(to), "on": today.isoformat()})
    else:
        why = said(reason, "why it goes into quarantine")
        step = Step(Kind.QUARANTINED, {**_to(to), "reason": why})
    _one(on, step, duty=Duty.HANDLE_DRUGS, by=by, at=at)


def release(*, on: On, place: UUID, sworn: Sworn, by: Author, at: datetime) -> None:
    """Bring a container back from quarantine, with a reason and a witness."""
    payload = {**_to(_place(by, place)), "on": _today(by, at).isoformat()}
    step = _witnessed(Kind.RELEASED, payload, sworn, by, at)
    _one(on, step, duty=Duty.KEEP_DRUGS, by=by, at=at)


def destroy(*, on: On, reference: str, sworn: Sworn, by: Author, at: datetime) -> None:
    """Record that a container was destroyed so that nothing can be retrieved; two people sign."""
    payload = {**_whole(by, on.container), "reference": reference.strip()[:200]}
    step = _witnessed(Kind.DESTROYED, payload, sworn, by, at)
    _one(on, step, duty=Duty.KEEP_DRUGS, by=by, at=at)


def send_back(*, on: On, to: str, reference: str, by: Author, at: datetime) -> None:
    """Record that a container went to a reverse distributor."""
    payload = {
        **_whole(by, on.container),
        "to": said(to, "the distributor's name, address and registration")[:300],
        "reference": said(reference, "the number of the shipment")[:200],
    }
    step = Step(Kind.SENT_BACK, payload)
    _one(on, step, duty=Duty.KEEP_DRUGS, by=by, at=at)


def lose(
    *, on: On, draw: int | None, quantity: Decimal, sworn: Sworn, by: Author, at: datetime
) -> None:
    """Record that something was spilt, broken or cannot be found."""
    payload = {"draw": draw, "quantity": plain(_measured(by, on.container, quantity))}
    step = _witnessed(Kind.LOST, payload, sworn, by, at)
    _one(on, step, duty=Duty.HANDLE_DRUGS, by=by, at=at)


def adjust(
    *, on: On, found: Decimal, incident: UUID, sworn: Sworn, by: Author, at: datetime
) -> None:
    """Set what a container holds to what two people found, once an incident says why."""
    require(by, Duty.KEEP_DRUGS)
    row = _held(by, on.container)
    if queries.incident(clinic=by.clinic, id=incident) is None:
        raise NotHere("Adjust only what an incident explains; open the incident first.")
    if found != row.held:
        amount(abs(found - row.held), row.item.unit, what="difference")
    payload = {"change": plain(found - row.held), "incident": str(incident)}
    step = _witnessed(Kind.ADJUSTED, payload, sworn, by, at)
    _one(on, step, duty=Duty.KEEP_DRUGS, by=by, at=at)


def reverse(*, on: On, ordinal: int, sworn: Sworn, by: Author, at: datetime) -> None:
    """Take a movement back because it was written wrongly; both stay in the record.

    Raises:
        NotReversible: it is no movement of this container, or later ones rest on it.
        Settled: it belongs to a session that has ended; reopen its account first.
    """
    row = _held(by, on.container)
    entry = next(
        (one for one in journal.entries(clinic=by.clinic, stream=row.stream)
         if one.ordinal == ordinal), None
    )  # fmt: skip
    if entry is None:
        raise NotReversible(f"There is no entry {ordinal} of this container.")
    if entry.kind == Kind.ADMINISTERED:
        raise Settled("What was given is taken back by reopening the session's account.")
    duty = Duty.HANDLE_DRUGS if entry.by == by.id else Duty.KEEP_DRUGS
    step = _witnessed(Kind.REVERSED, {"reverses": ordinal}, sworn, by, at)
    _one(on, step, duty=duty, by=by, at=at)


def _one(on: On, step: Step, *, duty: Duty, by: Author, at: datetime) -> None:
    """Write one step; where it speaks of a draw, the session's account is held first."""
    require(by, duty)
    with transaction.atomic():
        if session := _session_of(by, on.container, step):
            _account(by, session)
        write(on.container, step, seen=on.seen, by=by, at=at)


def _session_of(by: Author, container: UUID, step: Step) -> UUID | None:
    """The session whose draw a step speaks of."""
    named = step.payload.get("draw")
    if step.kind is Kind.REVERSED:
        named = queries.draw_meant(
            clinic=by.clinic, container=container, ordinal=step.payload["reverses"]
        )
    if named is None:
        return None
    found = queries.draw(clinic=by.clinic, container=container, ordinal=named)
    return found.account_id if found else None


def write(container: UUID, *steps: Step, seen: int | None, by: Author, at: datetime) -> State:
    """Write `steps` to a container, if the page they were decided on still holds.

    Requires an open transaction, and the session's account held where a draw is concerned.
    """
    row = _held(by, container, lock=True)
    entries: list[Any] = [*journal.entries(clinic=by.clinic, stream=row.stream)]
    if seen is not None and seen != entries[-1].ordinal:
        # Refuses in words: somebody else was first, or the same press came twice.
        last = steps[-1]
        record(
            stream=row.stream, kind=last.kind.value, by=by, at=at, payload=last.payload, seen=seen
        )
    for step in steps:
        ordinal = entries[-1].ordinal + 1
        entries.append(Movement(ordinal, step.kind, by.id, by.name, at, step.payload))
        try:
            state = fold(entries)
        except Impossible as why:
            if step.kind is not Kind.REVERSED:
                raise
            raise NotReversible(
                f"Later entries rest on it, so take those back first. {why}"
            ) from None
        record(stream=row.stream, kind=step.kind.value, by=by, at=at, payload=step.payload)
    return state


def _held(by: Author, container: UUID, *, lock: bool = False) -> Container:
    rows = Container.objects.filter(clinic_id=by.clinic, id=container)
    if lock:
        # Whoever comes second waits here, and then reads what the first one wrote.
        rows.select_for_update(no_key=True).first()
    row = rows.select_related("item").first()
    if row is None:
        raise NotHere("No container of this clinic is known by that identifier.")
    return row


def _account(by: Author, session: UUID) -> Account:
    """The account of a session, held until this transaction ends.

    Raises:
        Settled: it is closed, so nothing may be drawn or wasted for it any more.
    """
    rows = Account.objects.select_for_update(no_key=True)
    found = rows.filter(clinic_id=by.clinic, id=session).first()
    if found is None:
        raise NotHere("Custody was not kept when this session began; nothing is drawn for it here.")
    if found.settled_at:
        raise Settled(
            "This session has ended and its account is closed. A custodian can reopen it with a "
            "witness."
        )
    return found


def _item_of(by: Author, container: UUID) -> Item:
    return _held(by, container).item


def _measured(by: Author, container: UUID, quantity: Decimal) -> Decimal:
    return amount(quantity, _item_of(by, container).unit)


def _whole(by: Author, container: UUID) -> dict[str, str]:
    return {"quantity": plain(_held(by, container).held)}


def _place(by: Author, place: UUID) -> Place:
    found = Place.objects.filter(clinic_id=by.clinic, id=place).first()
    if found is None:
        raise NotHere("No place of this clinic is known by that identifier.")
    return found


def _to(place: Place) -> dict[str, str]:
    return {"place": str(place.id), "place_kind": place.kind}


def _today(by: Author, at: datetime) -> date:
    return day_of(at, Clinic.objects.get(id=by.clinic).zone)


def _witnessed(
    kind: Kind, payload: Mapping[str, Any], sworn: Sworn, by: Author, at: datetime
) -> Step:
    stood = witnessed(sworn.witness, by=by, at=at)
    why = said(sworn.reason, "why")[:1000]
    return Step(kind, {**payload, "reason": why, "witness": stood})


def witnessed(witness: Witness, *, by: Author, at: datetime) -> dict[str, Any]:
    """The witness as an entry keeps it; they must still work here.

    Raises:
        NoWitness, NotYours: as `stand_by`, or their way in was closed.
        RunOut: their licence has.
    """
    check_licence(witness.author, at=at)
    stood = stand_by(witness, by=by, at=at)
    if not Staff.objects.filter(clinic_id=by.clinic, id=stood["id"], active=True).exists():
        raise NotHere(f"{witness.author.name} no longer works here and cannot stand by.")
    return stood
