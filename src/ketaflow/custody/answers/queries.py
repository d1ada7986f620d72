"""What an inspector asks: the dispensing record, and what became of everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.custody.models import Movement
from ketaflow.custody.movements import Kind
from ketaflow.people.models import Clinic
from ketaflow.schedule.hours import day_of, whole_day

DISPOSED = (
    Kind.ADMINISTERED,
    Kind.WASTED,
    Kind.LOST,
    Kind.MISSED,
    Kind.DESTROYED,
    Kind.SENT_BACK,
)
COLUMNS = (
    "date", "drug", "lot", "container", "what", "quantity", "unit", "mg", "patient", "address",
    "drawn_by", "recorded_by", "witness", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Disposal:
    """One line of the dispensing record: what left custody, how, for whom and by whom."""

    at: datetime
    date: date
    drug: str
    lot: str
    container: str
    what: str
    quantity: Decimal
    unit: str
    mg: Decimal
    patient: str
    address: str
    drawn_by: str
    recorded_by: str
    witness: str
    reason: str

    def row(self) -> dict[str, str]:
        """The line as a file carries it."""
        return {name: _said(getattr(self, name)) for name in COLUMNS}


def _said(value: object) -> str:
    """A value as a file carries it; what a spreadsheet would take for a formula is words."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    said = str(value)
    return f"'{said}" if said.startswith(FORMULA) else said


FORMULA = ("=", "+", "-", "@")


def dispensing(
    *, clinic: UUID, first: date, last: date, drug: str = "", person: str = ""
) -> Sequence[Disposal]:
    """The dispensing record of a period, in order of time; what was taken back is left out."""
    zone = Clinic.objects.get(id=clinic).zone
    rows = Movement.objects.filter(
        clinic_id=clinic,
        at__gte=whole_day(first, zone).starts_at,
        at__lt=whole_day(last, zone).ends_at,
        kind__in=[kind.value for kind in DISPOSED],
        reversed=False,
    )
    rows = rows.filter(item__drug=drug) if drug else rows
    named = rows.filter(by_name=person) | rows.filter(drawn_by_name=person)
    found = (named if person else rows).order_by("at", "container_id", "ordinal")
    return [_disposal(row, zone) for row in found.values_list(*FIELDS)]


FIELDS = (
    "at", "item__name", "item__form", "container__lot", "container__number", "kind", "quantity",
    "mg", "patient__given", "patient__family", "patient__address", "drawn_by_name", "by_name",
    "witness_name", "reason",
)  # fmt: skip


def _disposal(row: tuple[Any, ...], zone: Any) -> Disposal:
    at, name, form, lot, number, kind, quantity, mg, given, family, address, *people = row
    drawn_by, by, witness, reason = people
    return Disposal(
        at=at,
        date=day_of(at, zone),
        drug=name,
        lot=lot,
        container=number,
        what=Kind(kind).label,
        quantity=quantity,
        unit="device" if form == "NASAL_DEVICE" else "mL",
        mg=mg,
        patient=f"{given} {family}" if family else "",
        address=address or "",
        drawn_by=drawn_by,
        recorded_by=by,
        witness=witness,
        reason=reason,
    )
