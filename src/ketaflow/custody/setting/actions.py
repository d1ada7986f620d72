"""Every write about how custody is kept: the signed terms, items, places, and what is received."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.custody.amounts import plain
from ketaflow.custody.barcode import NotABox
from ketaflow.custody.container import Impossible
from ketaflow.custody.items import Details, Form
from ketaflow.custody.movements import Kind, PlaceKind
from ketaflow.custody.profiles import Terms as Signed
from ketaflow.custody.setting.delivery import Delivered, Supplier
from ketaflow.custody.setting.models import Item, Place, Receipt, Terms
from ketaflow.journal.actions import SomeoneElseMoved, record, record_once
from ketaflow.journal.author import Author
from ketaflow.journal.projecting import row_id
from ketaflow.people.actions import AlreadyThere
from ketaflow.people.models import Clinic
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import day_of

MOST_AT_ONCE = 500

__all__ = [
    "MOST_AT_ONCE", "Delivered", "NotHere", "Supplier", "add_item", "add_place", "receive",
    "sign_terms",
]  # fmt: skip


class NotHere(Refused):
    """Nothing of this clinic is known by that identifier."""


def sign_terms(*, terms: Signed, seen: int, by: Author, at: datetime) -> None:
    """Sign how custody is kept; from now on every session has an account that must add up.

    Raises:
        NotSigned: a number nobody can mean.
        SomeoneElseMoved: a newer version was signed since `seen`.
    """
    require(by, Duty.SIGN_POLICY)
    terms.check()
    newest = Terms.objects.filter(clinic_id=by.clinic).order_by("-version").first()
    version = newest.version if newest else 0
    if version != seen:
        raise SomeoneElseMoved("Newer terms were signed a moment ago: read those first.")
    payload = {
        "version": seen + 1,
        "jurisdiction": terms.jurisdiction,
        "agreement_mg": plain(terms.agreement_mg),
        "count_every_h": terms.count_every_h,
        "open_vial_days": terms.open_vial_days,
        "limits": {name: plain(limit) for name, limit in terms.limits.items()},
    }
    try:
        with transaction.atomic():
            record(stream=_ours(by), kind="custody.terms_signed", by=by, at=at, payload=payload)
    except IntegrityError:
        raise SomeoneElseMoved("Newer terms were signed a moment ago: read those first.") from None


def _ours(by: Author) -> str:
    return f"custody/{by.clinic}"


def add_item(*, details: Details, by: Author, at: datetime) -> UUID:
    """Say that the clinic keeps this drug in this form, strength and size.

    Raises:
        AlreadyThere: it is kept already, or its GTIN is that of another item.
        NotAnItem, NotAnAmount, Slip: it cannot be.
    """
    require(by, Duty.KEEP_DRUGS)
    details.check()
    item = uuid4()
    payload = {"item": str(item), "name": details.name, **details.as_payload()}
    try:
        with transaction.atomic():
            record(stream=_ours(by), kind="custody.item_added", by=by, at=at, payload=payload)
    except IntegrityError:
        raise AlreadyThere(f"{details.name}, or its GTIN, is on the list already.") from None
    return item


def add_place(*, name: str, kind: PlaceKind, by: Author, at: datetime) -> UUID:
    """Say where containers can be.

    Raises:
        AlreadyThere: a place has that name.
    """
    require(by, Duty.KEEP_DRUGS)
    place = uuid4()
    payload = {
        "place": str(place),
        "name": said(name, "the place's name")[:60],
        "kind": kind.value,
    }
    try:
        with transaction.atomic():
            record(stream=_ours(by), kind="custody.place_added", by=by, at=at, payload=payload)
    except IntegrityError:
        raise AlreadyThere(f"There is a place called {payload['name']} already.") from None
    return place


def receive(
    *, supplier: Supplier, lines: tuple[Delivered, ...], place: UUID, by: Author, at: datetime
) -> Receipt:
    """Take in what came with an invoice: one container each, all of them or none.

    Raises:
        AlreadyThere: the invoice was taken in before, or a serial number is known.
        Impossible: a lot has expired, or the numbers do not fit.
    """
    require(by, Duty.KEEP_DRUGS)
    to = Place.objects.filter(clinic_id=by.clinic, id=place).first()
    if to is None or to.kind != PlaceKind.VAULT:
        raise NotHere("Choose the vault that the delivery was locked into.")
    today = day_of(at, Clinic.objects.get(id=by.clinic).zone)
    items = {line.item: _item(by, line, today) for line in lines}
    payload = {
        "supplier": said(supplier.name, "who sent it")[:200],
        "address": said(supplier.address, "the supplier's address")[:300],
        "registration": said(supplier.registration, "the supplier's registration number")[:40],
        "invoice": said(supplier.invoice, "the number of the invoice")[:60],
        "containers": sum(line.containers for line in lines),
    }
    if not 0 < sum(line.containers for line in lines) <= MOST_AT_ONCE:
        raise Impossible(f"A delivery has 1 to {MOST_AT_ONCE} containers; enter what came.")
    try:
        with transaction.atomic():
            came = record_once(
                stream=f"supply/{by.clinic}", kind="custody.receipt", by=by, at=at, payload=payload
            )
            receipt, number = row_id(came), 0
            for line in lines:
                for which in range(line.containers):
                    number += 1
                    label = f"{came.ordinal}-{number}"
                    one = _container(line, which, items[line.item], to)
                    one |= {"receipt": str(receipt), "number": label}
                    record(
                        stream=f"container/{row_id(came, label)}", kind=Kind.RECEIVED.value,
                        by=by, at=at, payload=one,
                    )  # fmt: skip
    except IntegrityError:
        raise AlreadyThere(
            f"Invoice {payload['invoice']} of {payload['supplier']}, or one of its serial "
            "numbers, was taken in already. Nothing was saved twice."
        ) from None
    return Receipt.objects.get(id=receipt)


def _item(by: Author, line: Delivered, today: date) -> Item:
    found = Item.objects.filter(clinic_id=by.clinic, id=line.item).first()
    if found is None:
        raise NotABox("This clinic keeps no such item. Add it to the list of items first.")
    said(line.lot, "the lot number")
    if line.expires_on < today:
        raise Impossible(
            f"Lot {line.lot} expired on {line.expires_on}: do not take it in, send it back."
        )
    if line.containers < 1 or (line.serials and len(set(line.serials)) != line.containers):
        raise Impossible(
            f"Lot {line.lot} says {line.containers} containers and {len(set(line.serials))} serial "
            "numbers. Count again."
        )
    return found


def _container(line: Delivered, which: int, item: Item, place: Place) -> dict[str, object]:
    return {
        "item": str(item.id),
        "device": item.form == Form.NASAL_DEVICE.value,
        "capacity": plain(Decimal(item.each)),
        "lot": line.lot.strip()[:40],
        "expires_on": line.expires_on.isoformat(),
        "serial": line.serials[which][:40] if line.serials else "",
        "place": str(place.id),
        "place_kind": place.kind,
    }
