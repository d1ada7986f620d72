"""Every read about counting: the sheet to fill in, what is due, how a discrepancy came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from django.db.models import Max, Q

from ketaflow.custody import queries
from ketaflow.custody.container import Status
from ketaflow.custody.counts import Line
from ketaflow.custody.models import Container, Count, Incident, Movement, Place
from ketaflow.custody.profiles import inventory_due, profile
from ketaflow.people.models import Clinic
from ketaflow.schedule.hours import day_of


@dataclass(frozen=True)
class Due:
    """A place that must be counted, and since when."""

    place: Place
    last_at: datetime | None
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True)
class Reconstruction:
    """Everything that happened between the last count that agreed and the next one."""

    since: Count | None
    until: Count | None
    movements: tuple[Movement, ...]
    truncated: bool


MOST = 400


def sheet(*, clinic: UUID, place: UUID | None) -> Sequence[Line]:
    """The lines to count: sealed containers by lot, open ones alone. No page shows `expected`."""
    lines: dict[str, list[Container]] = {}
    rows = Container.objects.filter(clinic_id=clinic, held__gt=0).select_related("item")
    rows = rows.filter(place_id=place) if place else rows
    for one in rows.order_by("item__name", "lot", "number"):
        sealed = one.status == Status.SEALED.value
        key = f"{one.item_id}/{one.lot}" if sealed else str(one.id)
        lines.setdefault(key, []).append(one)
    return [_line(key, found) for key, found in lines.items()]


def _line(key: str, found: list[Container]) -> Line:
    first = found[0]
    opened = first.status == Status.OPEN.value
    return Line(
        key=key,
        item=str(first.item_id),
        name=f"{first.item.name}, no. {first.number}" if opened else first.item.name,
        lot=first.lot,
        open=opened,
        unit=first.item.unit if opened else "containers",
        expected=first.held if opened else Decimal(len(found)),
        mark=sum(one.ordinal for one in found),
        strength_mg=first.item.strength_mg * (1 if opened else first.item.each),
    )


def count_of(*, clinic: UUID, stream: str, ordinal: int) -> UUID:
    """The row that an entry about a count makes."""
    return uuid5(clinic, f"{stream}/{ordinal}")


def count(*, clinic: UUID, id: UUID) -> Count | None:
    """One count."""
    return Count.objects.filter(clinic_id=clinic, id=id).select_related("place").first()


def counts(*, clinic: UUID, place: UUID | None = None) -> Sequence[Count]:
    """Counts, newest first."""
    rows = Count.objects.filter(clinic_id=clinic)
    rows = rows.filter(place_id=place) if place else rows
    return list(rows.select_related("place").order_by("-counted_at")[:100])


def next_number(*, clinic: UUID) -> int:
    """The number of the next incident."""
    last = Incident.objects.filter(clinic_id=clinic).order_by("-number").first()
    return last.number + 1 if last else 1


def due(*, clinic: UUID, at: datetime) -> Sequence[Due]:
    """When each place that holds something must be counted again, overdue ones first."""
    every = timedelta(hours=queries.signed(clinic=clinic).count_every_h)
    held = Container.objects.filter(clinic_id=clinic, held__gt=0).values("place_id")
    rows = Place.objects.filter(clinic_id=clinic, id__in=held).annotate(
        last=Max("counts__counted_at")
    )
    found = [
        Due(row, row.last, row.last + every if row.last else None, _over(row.last, every, at))
        for row in rows.order_by("name")
    ]
    return sorted(found, key=lambda one: not one.overdue)


def _over(last: datetime | None, every: timedelta, at: datetime) -> bool:
    return last is None or at >= last + every


def inventory_on(*, clinic: UUID, at: datetime) -> date | None:
    """When the next inventory is due; None where no law of the place names one."""
    zone = Clinic.objects.get(id=clinic).zone
    last = last_inventory(clinic=clinic)
    last_on = day_of(last.counted_at, zone) if last else None
    found = profile(queries.signed(clinic=clinic).jurisdiction)
    return inventory_due(found, last_on, day_of(at, zone))


def last_inventory(*, clinic: UUID) -> Count | None:
    """The last inventory that was taken."""
    rows = Count.objects.filter(clinic_id=clinic, moment__gt="")
    return rows.order_by("-counted_at").first()


def reconstruction(*, clinic: UUID, incident: Incident) -> Reconstruction:
    """Every movement from the last count that agreed to the next that does, or to now.

    Of the incident's place, container or session, whichever it names.
    """
    if incident.account:
        rows = Movement.objects.filter(clinic_id=clinic, account=incident.account)
        return _whole(rows, None, None)
    # An inventory that agreed is a count of every place.
    here = Q(place=incident.place) | Q(place=None)
    counts_ = Count.objects.filter(here, clinic_id=clinic, agrees=True)
    since = counts_.filter(counted_at__lt=incident.opened_at).order_by("-counted_at").first()
    until = counts_.filter(counted_at__gt=incident.opened_at).order_by("counted_at").first()
    rows = Movement.objects.filter(clinic_id=clinic)
    rows = rows.filter(at__gt=since.counted_at) if since else rows
    rows = rows.filter(at__lte=until.counted_at if until else incident.opened_at)
    if incident.container_id:
        rows = rows.filter(container_id=incident.container_id)
    elif incident.place_id:
        moved = rows.filter(place_id=incident.place_id).values("container_id")
        there = Container.objects.filter(clinic_id=clinic, place_id=incident.place_id)
        touched = rows.filter(container_id__in=moved) | rows.filter(
            container_id__in=there.values("id")
        )
        rows = touched
    return _whole(rows, since, until)


def _whole(rows: object, since: Count | None, until: Count | None) -> Reconstruction:
    ordered = rows.select_related("container", "item", "place", "patient")  # type: ignore[attr-defined]
    found = list(ordered.order_by("at", "container_id", "ordinal")[: MOST + 1])
    return Reconstruction(since, until, tuple(found[:MOST]), len(found) > MOST)
