"""A session's account with custody: opened at check-in, and closed when everything adds up.

The session calls these with plain values; custody never knows what a session is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from ketaflow.custody import actions, queries
from ketaflow.custody.agreement import Became, Left, Settled, Wanted, settle
from ketaflow.custody.amounts import NOTHING, plain
from ketaflow.custody.counting.actions import About, open_incident
from ketaflow.custody.models import Account
from ketaflow.custody.movements import Kind
from ketaflow.custody.setting.actions import NotHere
from ketaflow.custody.witness import Witness
from ketaflow.journal import queries as journal
from ketaflow.journal.actions import record
from ketaflow.journal.author import Author
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require


@dataclass(frozen=True)
class Given:
    """What a session says was given; `hurried` says why it ends although nothing adds up yet."""

    mg: Decimal
    hurried: str = ""


def open_account(*, session: UUID, patient: UUID, wanted: Wanted, by: Author, at: datetime) -> None:
    """Open the account of a session that begins; nothing where the clinic keeps no custody."""
    if queries.terms(clinic=by.clinic) is None:
        return
    payload = {
        "patient": str(patient),
        "drug": wanted.drug,
        "form": wanted.form.value,
        "dose_mg": plain(wanted.dose_mg),
        "strength_mg": plain(wanted.strength_mg) if wanted.strength_mg else None,
        "quantity": plain(wanted.quantity) if wanted.quantity else None,
    }
    with transaction.atomic():
        record(
            stream=f"account/{session}", kind="custody.account_opened", by=by, at=at,
            payload=payload,
        )  # fmt: skip


def close_account(*, session: UUID, given: Given, by: Author, at: datetime) -> None:
    """Close the account of a session that ends: what is left of each draw was given.

    Raises:
        Residue: what left custody and what the session says was given do not agree. Where the
            patient had to leave in a hurry, an incident is opened instead and nobody is held back.
    """
    with transaction.atomic():
        row = _held(session, by)
        if row is None or row.settled_at:
            return
        agreement_mg = queries.signed(clinic=by.clinic).agreement_mg
        left = _left(session, by)
        explained = row.explained
        if given.hurried and not explained and not _agrees(left, given.mg, agreement_mg):
            _explain(row, given.hurried, _total(left) - given.mg, by, at)
            explained = True
        became = settle(left, given_mg=given.mg, agreement_mg=agreement_mg, explained=explained)
        _settle(row, became, _settled(given.mg, agreement_mg), by, at)


def explain(
    *, session: UUID, given_mg: Decimal, reason: str, witness: Witness, by: Author, at: datetime
) -> None:
    """Say before a witness that an account does not add up: an incident, so the session can end."""
    require(by, Duty.HANDLE_DRUGS)
    why = said(reason, "what is known about it")
    actions.witnessed(witness, by=by, at=at)
    with transaction.atomic():
        row = _held(session, by)
        if row is None or row.settled_at or row.explained:
            raise Settled("There is nothing to explain about this session's account any more.")
        told = f"{why} (witness: {witness.author.name})"
        _explain(row, told, _total(_left(session, by)) - given_mg, by, at)


def correct_account(*, session: UUID, given_mg: Decimal, by: Author, at: datetime) -> None:
    """Take in a correction of what an ended session gave; where it no longer agrees, an incident.

    The session is right to correct itself; it is custody that then has something to explain.
    """
    with transaction.atomic():
        row = _held(session, by)
        if row is None or row.settled_at is None or row.given_mg == given_mg:
            return
        agreement_mg = queries.signed(clinic=by.clinic).agreement_mg
        if abs(row.administered - given_mg) > agreement_mg and not row.explained:
            reason = (
                f"After a correction the session says {plain(given_mg)} mg was given, and "
                f"{plain(row.administered)} mg left custody for it."
            )
            _explain(row, reason, row.administered - given_mg, by, at)
        _settle(row, (), _settled(given_mg, agreement_mg), by, at)


def _held(session: UUID, by: Author) -> Account | None:
    rows = Account.objects.select_for_update(no_key=True)
    return rows.filter(clinic_id=by.clinic, id=session).first()


def _left(session: UUID, by: Author) -> list[Left]:
    """What is still in syringes and hands, in the order in which containers are locked."""
    return [
        Left(str(one.container_id), one.ordinal, one.held, one.container.item.strength_mg)
        for one in queries.draws(clinic=by.clinic, session=session)
        if one.held
    ]


def _total(left: Sequence[Left]) -> Decimal:
    return sum((one.mg for one in left), NOTHING)


def _agrees(left: Sequence[Left], given_mg: Decimal, agreement_mg: Decimal) -> bool:
    total = _total(left)
    return abs(total - given_mg) <= agreement_mg and bool(given_mg) >= bool(total)


def _explain(row: Account, reason: str, off_mg: Decimal, by: Author, at: datetime) -> None:
    about = About(account=row.id, item_name=row.drug, difference_mg=-off_mg)
    incident = open_incident(about=about, reason=reason, by=by, at=at)
    payload = {"incident": str(incident), "reason": reason}
    record(stream=row.stream, kind="custody.explained", by=by, at=at, payload=payload)


def _settle(
    row: Account, became: Sequence[Became], settled: Mapping[str, str], by: Author, at: datetime
) -> None:
    for one in became:
        if steps := _steps(one):
            actions.write(UUID(one.left.container), *steps, seen=None, by=by, at=at)
    record(stream=row.stream, kind="custody.settled", by=by, at=at, payload=settled)


def _steps(became: Became) -> tuple[actions.Step, ...]:
    parts = ((Kind.ADMINISTERED, became.administered), (Kind.MISSED, became.unexplained))
    return tuple(
        actions.Step(kind, {"draw": became.left.draw, "quantity": plain(quantity)})
        for kind, quantity in parts
        if quantity
    )


def _settled(given_mg: Decimal, agreement_mg: Decimal) -> dict[str, str]:
    return {"given_mg": plain(given_mg), "agreement_mg": plain(agreement_mg)}


def reopen(*, session: UUID, reason: str, witness: Witness, by: Author, at: datetime) -> None:
    """Reopen a closed account before a witness, to correct it: what counted as given is taken back.

    Raises:
        NotHere: there is none, or it is open.
    """
    require(by, Duty.KEEP_DRUGS)
    stood = actions.witnessed(witness, by=by, at=at)
    why = said(reason, "why the account is reopened")
    with transaction.atomic():
        row = _held(session, by)
        if row is None or row.settled_at is None:
            raise NotHere("This session's account is open; there is nothing to reopen.")
        payload = {"reason": why, "witness": stood}
        record(stream=row.stream, kind="custody.reopened", by=by, at=at, payload=payload)
        for one in queries.draws(clinic=by.clinic, session=session):
            for ordinal in _given(by, one.container_id, one.ordinal):
                step = actions.Step(Kind.REVERSED, {"reverses": ordinal, **payload})
                actions.write(one.container_id, step, seen=None, by=by, at=at)


def _given(by: Author, container: UUID, draw: int) -> list[int]:
    """The entries, not yet taken back, by which a draw counted as given or missed."""
    entries = journal.entries(clinic=by.clinic, stream=f"container/{container}")
    struck = {one.payload.get("reverses") for one in entries}
    return [
        one.ordinal
        for one in reversed(entries)
        if one.kind in (Kind.ADMINISTERED, Kind.MISSED)
        and one.payload["draw"] == draw
        and one.ordinal not in struck
    ]


def close_again(*, session: UUID, by: Author, at: datetime) -> None:
    """Close an account that was reopened, against what the session said was given.

    Raises:
        Residue: it still does not add up.
    """
    require(by, Duty.KEEP_DRUGS)
    row = queries.account(clinic=by.clinic, session=session)
    if row is None or row.given_mg is None:
        raise NotHere("This session has not ended; its account closes when it does.")
    close_account(session=session, given=Given(row.given_mg), by=by, at=at)
