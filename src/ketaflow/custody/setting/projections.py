"""Which rows follow from what the clinic set up: terms, items, places, receipts."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.custody.setting.models import Item, Place, Receipt, Terms
from ketaflow.journal.projecting import row_id


def _signed(entry: Any) -> None:
    told = entry.payload
    Terms.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        version=told["version"],
        jurisdiction=told["jurisdiction"],
        agreement_mg=Decimal(told["agreement_mg"]),
        count_every_h=told["count_every_h"],
        open_vial_days=told["open_vial_days"],
        limits=told.get("limits", {}),
        signed_by_name=entry.by_name,
        signed_at=entry.at,
    )


def _item(entry: Any) -> None:
    told = entry.payload
    Item.objects.create(
        id=UUID(told["item"]),
        clinic_id=entry.clinic,
        drug=told["drug"],
        form=told["form"],
        strength_mg=Decimal(told["strength_mg"]),
        each=Decimal(told["each"]),
        schedule=told["schedule"],
        ndc=told["ndc"],
        gtin=told["gtin"],
        name=told["name"],
    )


def _place(entry: Any) -> None:
    told = entry.payload
    Place.objects.create(
        id=UUID(told["place"]), clinic_id=entry.clinic, name=told["name"], kind=told["kind"]
    )


def _receipt(entry: Any) -> None:
    told = entry.payload
    Receipt.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        supplier=told["supplier"],
        supplier_address=told["address"],
        supplier_registration=told["registration"],
        invoice=told["invoice"],
        containers=told["containers"],
        received_at=entry.at,
        received_by_name=entry.by_name,
    )


SETTING = {
    "custody.terms_signed": _signed,
    "custody.item_added": _item,
    "custody.place_added": _place,
    "custody.receipt": _receipt,
}
