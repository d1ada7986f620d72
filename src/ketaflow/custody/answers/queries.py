"""What an inspector asks: each report's lines, read as they are needed, however many there are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count as Number
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from ketaflow.custody.answers.reports import Asked, Line, Name, Total, said
from ketaflow.custody.answers.signals import Discrepancy, Period, Seen
from ketaflow.custody.counts import Moment
from ketaflow.custody.items import Form
from ketaflow.custody.models import Account, Count, Incident, Item, Movement
from ketaflow.custody.movements import Kind
from ketaflow.journal import queries as journal
from ketaflow.people.models import Clinic
from ketaflow.schedule.hours import Span, day_of, whole_day
from ketaflow.schedule.queries import week_hours

# The streams that reports of custody are made of.
STREAMS = ("account", "container", "custody", "incident", "inventory", "place", "supply")
WASTE = (Kind.WASTED, Kind.LOST, Kind.MISSED, Kind.DESTROYED, Kind.SENT_BACK)
DISPOSED = (Kind.ADMINISTERED, *WASTE)
AT_ONCE = 2000


@dataclass(frozen=True)
class Sealed:
    """What a report was made from: one hash over the heads of the clinic's custody streams."""

    head: str
    streams: int
    last_at: datetime


def sealed(*, clinic: UUID) -> Sealed:
    """The seal of everything that custody has written; `ketaflow custody verify` prints it too."""
    head, streams = journal.head_of(clinic=clinic, before_slash=STREAMS)
    last_at = journal.last_at(clinic=clinic, kind="custody.")
    assert last_at is not None, "reports are read where custody is kept"
    return Sealed(head, streams, last_at)


def lines(*, clinic: UUID, report: Name, asked: Asked) -> Iterator[Line]:
    """The lines of a report in order of time, one by one.

    Raises:
        NoPeriod: the period ends before it begins.
    """
    asked.check()
    return READ[report](Clinic.objects.get(id=clinic), asked)


def totals(*, clinic: UUID, report: Name, asked: Asked) -> list[Total]:
    """What a report about movements comes to, by drug and by what became of it."""
    kinds = {Name.DISPENSING: DISPOSED, Name.WASTE: WASTE}.get(report, ())
    if not kinds:
        return []
    rows = _disposed(Clinic.objects.get(id=clinic), asked, kinds).values("item__drug", "kind")
    return [
        Total(row["item__drug"], Kind(row["kind"]).label, row["times"], row["total"])
        for row in rows.annotate(times=Number("id"), total=Sum("mg")).order_by("item__drug", "kind")
    ]


def _in_time(rows: QuerySet[Any], field: str, clinic: Clinic, asked: Asked) -> QuerySet[Any]:
    return rows.filter(
        **{
            "clinic_id": clinic.id,
            f"{field}__gte": whole_day(asked.first, clinic.zone).starts_at,
            f"{field}__lt": whole_day(asked.last, clinic.zone).ends_at,
        }
    )


def _disposed(clinic: Clinic, asked: Asked, kinds: Iterable[Kind]) -> QuerySet[Movement]:
    rows = _in_time(Movement.objects.all(), "at", clinic, asked)
    rows = rows.filter(kind__in=[kind.value for kind in kinds], reversed=False)
    rows = rows.filter(item__drug=asked.drug) if asked.drug else rows
    if asked.person:
        rows = rows.filter(Q(by_name=asked.person) | Q(drawn_by_name=asked.person))
    return rows


FIELDS = (
    "at", "item__name", "item__form", "container__lot", "container__number", "kind", "quantity",
    "mg", "patient__given", "patient__family", "patient__address", "drawn_by_name", "by_name",
    "witness_name", "reason",
)  # fmt: skip


def _dispensing(clinic: Clinic, asked: Asked) -> Iterator[Line]:
    for when, what, (patient, address), who in _movements(clinic, asked, DISPOSED):
        yield (*when, *what, patient, address, *who)


def _waste(clinic: Clinic, asked: Asked) -> Iterator[Line]:
    for when, what, (patient, _), who in _movements(clinic, asked, WASTE):
        yield (*when, *what, patient, *who)


def _movements(clinic: Clinic, asked: Asked, kinds: Iterable[Kind]) -> Iterator[tuple[Line, ...]]:
    """The parts of each line: when, what, for whom, and who."""
    ordered = _disposed(clinic, asked, kinds).order_by("at", "container_id", "ordinal")
    for row in ordered.values_list(*FIELDS).iterator(chunk_size=AT_ONCE):
        at, name, form, lot, number, kind, quantity, mg, given, family, address, *who = row
        unit = Form(form).unit
        what = (name, lot, number, Kind(kind).label, said(quantity), unit, said(mg))
        whom = (f"{given} {family}" if family else "", address or "")
        yield _when(at, clinic.zone), what, whom, tuple(who)


def _when(at: datetime, zone: ZoneInfo) -> Line:
    there = at.astimezone(zone)
    return there.date().isoformat(), f"{there:%H:%M}"


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return _when(at, zone)[0] if at else ""


def _inventory(clinic: Clinic, asked: Asked) -> Iterator[Line]:
    drugs = {str(id): drug for id, drug in _drugs(clinic)}
    rows = _in_time(Count.objects.filter(moment__gt=""), "counted_at", clinic, asked)
    if asked.person:
        rows = rows.filter(Q(counted_by_name=asked.person) | Q(witness_name=asked.person))
    for row in rows.order_by("counted_at", "id").iterator(chunk_size=AT_ONCE):
        begun = (*_when(row.counted_at, clinic.zone), Moment(row.moment).label, row.method.lower())
        signed = (row.counted_by_name, row.witness_name)
        chosen = [one for one in row.lines if asked.drug in ("", drugs.get(one["item"]))]
        if not row.lines:
            yield (*begun, "nothing was there", "", "0", "0", "0", "containers", *signed)
        for one in chosen:
            yield (*begun, *_counted(one), *signed)


def _drugs(clinic: Clinic) -> Iterable[tuple[UUID, str]]:
    return Item.objects.filter(clinic_id=clinic.id).values_list("id", "drug")


def _counted(one: Mapping[str, Any]) -> Line:
    expected, found = Decimal(one["expected"]), Decimal(one["found"])
    figures = (said(expected), said(found), said(found - expected))
    return one["name"], one["lot"], *figures, one["unit"]


def _discrepancies(clinic: Clinic, asked: Asked) -> Iterator[Line]:
    rows = _in_time(Incident.objects.select_related("place"), "opened_at", clinic, asked)
    # An incident names its item, and an item's name begins with its drug.
    rows = rows.filter(item_name__startswith=asked.drug) if asked.drug else rows
    if asked.person:
        rows = rows.filter(Q(opened_by_name=asked.person) | Q(closed_by_name=asked.person))
    for row in rows.order_by("opened_at", "number").iterator(chunk_size=AT_ONCE):
        yield _incident(row, clinic.zone)


def _incident(row: Incident, zone: ZoneInfo) -> Line:
    judged = {None: "not yet judged", True: "yes", False: "no"}[row.significant]
    return (
        str(row.number), *_when(row.opened_at, zone), row.item_name,
        row.place.name if row.place else "", said(row.difference_mg), row.reason,
        row.opened_by_name, judged, _day(row.notified_at, zone), _day(row.form_at, zone),
        _day(row.closed_at, zone), row.closed_by_name, row.finding,
    )  # fmt: skip


MOVED = (
    "at", "kind", "mg", "account", "container_id", "place_id", "by_name", "drawn_by_name",
    "witness_name", "reversed",
)  # fmt: skip


def period(*, clinic: UUID, asked: Asked) -> Period:
    """Everything that signals of some days are reckoned from; seven queries, however many days.

    Raises:
        NoPeriod: the period ends before it begins.
    """
    asked.check()
    ours = Clinic.objects.get(id=clinic)
    open_ = _opening(ours)
    rows = _in_time(Movement.objects.all(), "at", ours, asked)
    rows = rows.filter(item__drug=asked.drug) if asked.drug else rows
    ordered = rows.order_by("at", "container_id", "ordinal").values_list(*MOVED)
    seen = [_seen(row, ours.zone, open_) for row in ordered.iterator(chunk_size=AT_ONCE)]
    accounts = _in_time(Account.objects.all(), "opened_at", ours, asked)
    return Period(
        seen=seen,
        ordered_mg={
            id: (quantity * strength if quantity and strength else dose)
            for id, quantity, strength, dose in accounts.values_list(
                "id", "quantity", "strength_mg", "dose_mg"
            )
        },
        discrepancies=list(_found(ours, asked)),
    )


def _seen(row: tuple[Any, ...], zone: ZoneInfo, open_: Callable[[datetime], bool]) -> Seen:
    at, kind, mg, account, container, place, by, drawn_by, witness, back = row
    return Seen(
        at=at, on=day_of(at, zone), kind=Kind(kind), mg=mg, account=account, container=container,
        place=place, by=by, drawn_by=drawn_by, witness=witness, taken_back=back,
        outside=not open_(at),
    )  # fmt: skip


def _opening(clinic: Clinic) -> Callable[[datetime], bool]:
    """Whether the clinic is open at a moment; always where it has not said when."""
    hours = week_hours(clinic=clinic.id)

    @cache
    def on(day: date) -> Span | None:
        told = hours.get(day.weekday())
        return told.on(day, clinic.zone) if told else None

    def open_(at: datetime) -> bool:
        span = on(day_of(at, clinic.zone))
        return not hours or (span is not None and span.starts_at <= at < span.ends_at)

    return open_


def _found(clinic: Clinic, asked: Asked) -> Iterator[Discrepancy]:
    """The discrepancies of these days, each since the last count of its place that agreed."""
    rows = _in_time(Incident.objects.all(), "opened_at", clinic, asked)
    rows = rows.filter(item_name__startswith=asked.drug) if asked.drug else rows
    agreed = Count.objects.filter(
        Q(place=OuterRef("place")) | Q(place=None),
        clinic_id=clinic.id, agrees=True, counted_at__lt=OuterRef("opened_at"),
    ).order_by("-counted_at")  # fmt: skip
    found = rows.annotate(since=Subquery(agreed.values("counted_at")[:1]))
    for row in found.values_list("place_id", "container_id", "account", "since", "opened_at"):
        yield Discrepancy(*row)


READ: Mapping[Name, Callable[[Clinic, Asked], Iterator[Line]]] = {
    Name.DISPENSING: _dispensing,
    Name.WASTE: _waste,
    Name.INVENTORY: _inventory,
    Name.DISCREPANCIES: _discrepancies,
}
