"""Which rows follow from the entries of this stage."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.custody.amounts import NOTHING
from ketaflow.custody.container import Container as State
from ketaflow.custody.container import Drawn, fold
from ketaflow.custody.counting.projections import COUNTING
from ketaflow.custody.models import (
    Account,
    Container,
    Count,
    Draw,
    Incident,
    Item,
    Movement,
    Place,
    Receipt,
    Terms,
)
from ketaflow.custody.movements import Kind
from ketaflow.custody.setting.projections import SETTING
from ketaflow.custody.witness import seconds
from ketaflow.journal import queries as journal
from ketaflow.journal.projecting import Projection, leave, row_id

PARTS = ("quantity", "administered", "wasted", "returned", "lost", "held")


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _moved(entry: Any) -> None:
    """Bring a container's rows up to what its stream says: the fold is the only judge."""
    whole = journal.entries(clinic=entry.clinic, stream=entry.stream)
    now = [one for one in whole if one.ordinal <= entry.ordinal]
    state = fold(now)
    before = fold(now[:-1]) if len(now) > 1 else None
    if before is None:
        row = _received(entry, state)
    else:
        row = Container.objects.select_related("item").get(id=_about(entry))
        Container.objects.filter(id=row.id).update(
            place_id=UUID(state.place), held=state.held, status=state.status.value,
            opened_at=state.opened_at, use_by=state.use_by, ordinal=entry.ordinal,
        )  # fmt: skip
    named = _named(entry, now)
    _note(entry, row, state, before, named)
    if named:
        _draw(entry, row, state, named)


def _received(entry: Any, state: State) -> Container:
    told = entry.payload
    return Container.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        item_id=UUID(state.item),
        receipt_id=UUID(told["receipt"]) if told["receipt"] else None,
        place_id=UUID(state.place),
        number=told["number"],
        lot=state.lot,
        expires_on=state.expires_on,
        serial=told["serial"],
        capacity=state.capacity,
        held=state.held,
        status=state.status.value,
        received_at=entry.at,
        ordinal=entry.ordinal,
    )


def _named(entry: Any, whole: list[Any]) -> Any:
    """The entry that drew what this one speaks of; None where it speaks of no draw.

    A reversal speaks of the draw that the entry it takes back spoke of.
    """
    by_ordinal = {one.ordinal: one for one in whole}
    meant = by_ordinal[entry.payload["reverses"]] if entry.kind == Kind.REVERSED else entry
    ordinal = meant.ordinal if meant.kind == Kind.DRAWN else meant.payload.get("draw")
    return by_ordinal[ordinal] if ordinal else None


def _note(entry: Any, row: Container, state: State, before: State | None, named: Any) -> None:
    told, change = entry.payload, state.held - (before.held if before else NOTHING)
    quantity = Decimal(told.get("quantity", told.get("capacity", "0"))) or abs(change)
    told_of = named.payload if named else {}
    Movement.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        container=row,
        item_id=row.item_id,
        place_id=UUID(state.place),
        ordinal=entry.ordinal,
        kind=entry.kind,
        at=entry.at,
        by=entry.by,
        by_name=entry.by_name,
        quantity=quantity,
        change=change,
        balance=state.held,
        mg=quantity * row.item.strength_mg,
        account=UUID(told_of["account"]) if told_of else None,
        patient_id=UUID(told_of["patient"]) if told_of else None,
        drawn_by_name=named.by_name if named else "",
        reason=str(told.get("reason", ""))[:1000],
        reverses=told.get("reverses"),
        **_stood_by(entry),
    )
    if entry.kind == Kind.REVERSED:
        taken_back = Movement.objects.filter(container=row, ordinal=told["reverses"])
        taken_back.update(reversed=True)


def _stood_by(entry: Any) -> dict[str, Any]:
    told = entry.payload.get("witness")
    if not told:
        return {}
    return {
        "witness": UUID(told["id"]),
        "witness_name": told["name"],
        "witness_s": seconds(told, entry.at),
    }


def _draw(entry: Any, row: Container, state: State, named: Any) -> None:
    """Bring the row of one draw, and the session's account, up to what the stream says."""
    ordinal, told = named.ordinal, named.payload
    draw = state.draws.get(ordinal)
    parts = {name: getattr(draw, name) if draw else NOTHING for name in PARTS}
    if entry.kind == Kind.DRAWN and draw:
        Draw.objects.create(**_drawn(entry, row, state, draw), **parts)
        was = dict.fromkeys(PARTS, NOTHING)
    else:
        kept = Draw.objects.filter(container=row, ordinal=ordinal)
        found = kept.values(*PARTS).get()
        was = {name: found[name] for name in PARTS}
        kept.update(**parts)
    _account(UUID(told["account"]), was, parts, row.item.strength_mg)


def _account(
    account: UUID, was: Mapping[str, Decimal], now: Mapping[str, Decimal], strength_mg: Decimal
) -> None:
    row = Account.objects.get(id=account)
    change = {name: (now[name] - was[name]) * strength_mg for name in PARTS}
    Account.objects.filter(id=account).update(
        drawn=row.drawn + change["quantity"],
        **{name: getattr(row, name) + change[name] for name in PARTS[1:]},
    )


def _drawn(entry: Any, row: Container, state: State, draw: Drawn) -> dict[str, Any]:
    return {
        "id": row_id(entry, "draw"),
        "clinic_id": entry.clinic,
        "container": row,
        "account_id": UUID(draw.account),
        "ordinal": entry.ordinal,
        "drawn_on": draw.on,
        "usable_until": state.usable_until,
        "place_kind": state.place_kind.value,
        "drawn_at": entry.at,
        "drawn_by_name": entry.by_name,
    }


def _opened(entry: Any) -> None:
    told = entry.payload
    Account.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        patient_id=UUID(told["patient"]),
        drug=told["drug"],
        form=told["form"],
        dose_mg=Decimal(told["dose_mg"]),
        strength_mg=Decimal(told["strength_mg"]) if told["strength_mg"] else None,
        quantity=Decimal(told["quantity"]) if told["quantity"] else None,
        opened_at=entry.at,
    )


def _settled(entry: Any) -> None:
    told = entry.payload
    Account.objects.filter(id=_about(entry)).update(
        given_mg=Decimal(told["given_mg"]),
        agreement_mg=Decimal(told["agreement_mg"]),
        settled_at=entry.at,
    )


def _reopened(entry: Any) -> None:
    Account.objects.filter(id=_about(entry)).update(settled_at=None)


def _explained(entry: Any) -> None:
    Account.objects.filter(id=_about(entry)).update(explained=True)


PROJECTION = Projection(
    stage="custody",
    tables=(Terms, Item, Place, Receipt, Container, Incident, Account, Draw, Movement, Count),
    handlers={
        **{kind.value: _moved for kind in Kind},
        **SETTING,
        **COUNTING,
        "custody.account_opened": _opened,
        "custody.explained": _explained,
        "custody.settled": _settled,
        "custody.reopened": _reopened,
        # Who took which report: for the record, not for any table.
        "report.taken": leave,
    },
)
