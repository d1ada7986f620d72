"""The fictional clinic's drugs: a year of deliveries and counts, and a vial for each session."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ketaflow.cli.fictional.clinic import Team
from ketaflow.custody import actions, queries
from ketaflow.custody.actions import On, Sworn
from ketaflow.custody.counting import actions as counting
from ketaflow.custody.counting import queries as sheets
from ketaflow.custody.counts import Found, Method, Moment
from ketaflow.custody.items import Details, Form
from ketaflow.custody.movements import PlaceKind
from ketaflow.custody.profiles import Terms
from ketaflow.custody.setting import actions as setting
from ketaflow.custody.setting.actions import Delivered, Supplier
from ketaflow.custody.witness import Witness
from ketaflow.protocol.library import Drug

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from ketaflow.cli.fictional.chair import Chair

VIAL = Details(
    Drug.KETAMINE, Form.VIAL, Decimal(50), Decimal(10), "CIII", gtin="00312345678906"
)  # fmt: skip
SPRAY = Details(Drug.ESKETAMINE, Form.NASAL_DEVICE, Decimal(28), Decimal(1), "CIII")
# A year of deliveries, one a month: how many days ago, vials, devices, and how long they last
# from then. The first runs out unused; the sessions that are told draw from the later ones.
DELIVERIES = (
    (360, 3, 2, 200),
    *((days, 2, 1, 700) for days in range(330, 80, -30)),
    (74, 150, 90, 700),
)
COUNT_EVERY_DAYS = 7
EXPIRED_FOUND = 155
# A count at which a vial is missing: it broke, and nobody wrote it down.
BROKEN = 196


def stock(team: Team) -> None:
    """Sign the terms, set up places and items, and tell a year of deliveries and counts."""
    keeper, begun = team.staff["custodian"].author, team.at(-365, 9)
    setting.sign_terms(
        terms=Terms("us-federal", Decimal(1), 24, 0), seen=0,
        by=team.staff["director"].author, at=begun,
    )  # fmt: skip
    places = {
        kind: setting.add_place(name=kind.label.capitalize(), kind=kind, by=keeper, at=begun)
        for kind in PlaceKind
    }
    items = [setting.add_item(details=one, by=keeper, at=begun) for one in (VIAL, SPRAY)]
    _inventory(team, begun)
    for day in range(-365, 0):
        for delivery in DELIVERIES:
            if delivery[0] == -day:
                _deliver(team, places, items, delivery)
        if day == -EXPIRED_FOUND:
            _clear_out(team, places[PlaceKind.QUARANTINE], day)
        if day % COUNT_EVERY_DAYS == 0 and day < -DELIVERIES[-1][0]:
            _count(team, places[PlaceKind.VAULT], day)


def count_today(team: Team) -> None:
    """This morning's count, once every session that drew from the vault is told."""
    for one in queries.places(clinic=team.clinic.id):
        if one.kind == PlaceKind.VAULT:
            by = team.staff["nurse2"].author
            counting.count(sheet=_sheet(team, one.id), by=by, at=team.now)


def _count(team: Team, vault: UUID, day: int) -> None:
    by, at, sheet = team.staff["nurse2"].author, team.at(day, 17), _sheet(team, vault)
    if day == -BROKEN:
        _one_is_missing(team, sheet, day)
        sheet, at = _sheet(team, vault), team.at(day + 1, 17)
    counting.count(sheet=sheet, by=by, at=at)


def _one_is_missing(team: Team, sheet: counting.Sheet, day: int) -> None:
    """A count one vial short; the next day the custodian finds why, and writes it down."""
    keeper, at = team.staff["custodian"].author, team.at(day + 1, 9)
    vial = next(one for one in queries.held(clinic=team.clinic.id) if one.item.form == Form.VIAL)
    line = f"{vial.item_id}/{vial.lot}"
    counted = sheet.found[line]
    assert counted.found is not None
    short = {**sheet.found, line: Found(counted.found - 1, counted.mark)}
    counting.count(
        sheet=counting.Sheet(sheet.place, short), by=team.staff["nurse2"].author,
        at=team.at(day, 17),
    )  # fmt: skip
    (found,) = queries.incidents(clinic=team.clinic.id)
    sworn = Sworn("Broken when the shelf was cleaned", Witness(team.staff["nurse"].author, at))
    actions.lose(
        on=On(vial.id, vial.ordinal), draw=None, quantity=vial.held, sworn=sworn, by=keeper, at=at
    )
    counting.judge(
        incident=found.id, significant=False,
        reason="One vial, broken; two people saw the glass", seen=found.ordinal, by=keeper, at=at,
    )  # fmt: skip
    counting.close(
        finding="It broke the day before and nobody wrote it down; written down now",
        incident=found.id, seen=found.ordinal + 1, by=keeper, at=at,
    )  # fmt: skip


def _clear_out(team: Team, quarantine: UUID, day: int) -> None:
    """What ran out goes into quarantine, and is destroyed before a witness."""
    by, at = team.staff["custodian"].author, team.at(day, 16)
    for one in queries.expired(clinic=team.clinic.id, on=at.date()):
        actions.quarantine(on=On(one.id, one.ordinal), place=quarantine, reason="", by=by, at=at)
        sworn = Sworn("expired", Witness(team.staff["nurse"].author, at))
        actions.destroy(
            on=On(one.id, one.ordinal + 1), reference="Form 41, made up", sworn=sworn, by=by, at=at
        )


def _deliver(team: Team, places: Any, items: list[UUID], delivery: tuple[int, ...]) -> None:
    days, vials, devices, lasting = delivery
    lines = tuple(
        Delivered(item, f"{letter}{days}", team.today + timedelta(days=lasting - days), count)
        for item, letter, count in zip(items, "KE", (vials, devices), strict=True)
    )
    supplier = Supplier(
        "Springfield Medical Supply", "9 Depot Road, Springfield", "RS0000000", f"2026-{days}"
    )
    setting.receive(
        supplier=supplier, lines=lines, place=places[PlaceKind.VAULT],
        by=team.staff["custodian"].author, at=team.at(-days, 10),
    )  # fmt: skip


def _sheet(team: Team, place: UUID | None) -> counting.Sheet:
    lines = sheets.sheet(clinic=team.clinic.id, place=place)
    return counting.Sheet(place, {one.key: Found(one.expected, one.mark) for one in lines})


def _inventory(team: Team, at: datetime) -> None:
    """The first inventory is taken even when nothing is there."""
    counting.take_inventory(
        sheet=_sheet(team, None),
        taken=counting.Taken(Moment.OPENING, Method.EXACT),
        witness=Witness(team.staff["nurse"].author, at),
        by=team.staff["custodian"].author,
        at=at,
    )


def draw(chair: Chair) -> tuple[str, ...]:
    """Draw what the order asks for, from containers of its own; the rest of a vial is wasted.

    Each patient has a vial of their own, as sessions are told one patient after the other.

    Returns:
        The lots.
    """
    assert chair.session is not None
    clinic, session = chair.by.clinic, chair.session.id
    account = queries.account(clinic=clinic, session=session)
    if account is None:
        return ()
    device = account.form == Form.NASAL_DEVICE.value
    many = int(account.quantity or 1) if device else 1
    found = [
        one for one in queries.for_session(clinic=clinic, session=session)
        if one.status == "SEALED" and one.received_at < chair.at
    ][:many]  # fmt: skip
    for one in found:
        quantity = Decimal(1) if device else account.quantity or account.dose_mg / VIAL.strength_mg
        actions.draw(
            on=On(one.id, one.ordinal), session=session, quantity=quantity, by=chair.by,
            at=chair.at,
        )  # fmt: skip
        if not device:
            _waste_rest(chair, one.id, one.held - quantity, one.ordinal + 2)
    return tuple(one.lot for one in found)


def _waste_rest(chair: Chair, container: UUID, quantity: Decimal, seen: int) -> None:
    second = chair.team.staff["custodian"].author
    actions.waste(
        on=On(container, seen), draw=None, quantity=quantity,
        sworn=Sworn("Vial for one patient; the rest is not kept", Witness(second, chair.at)),
        by=chair.by, at=chair.at,
    )  # fmt: skip
