"""Which rows follow from counts and incidents."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.custody.models import Count, Incident
from ketaflow.journal.projecting import row_id


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _counted(entry: Any) -> None:
    told = entry.payload
    witness = told.get("witness") or {}
    Count.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        place_id=UUID(told["place"]) if told["place"] else None,
        lines=told["lines"],
        agrees=told["agrees"],
        counted_at=entry.at,
        counted_by_name=entry.by_name,
        witness_name=witness.get("name", ""),
        moment=told.get("moment", ""),
        method=told.get("method", ""),
    )


def _opened(entry: Any) -> None:
    told = entry.payload
    Incident.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        number=told["number"],
        place_id=_id(told["place"]),
        container_id=_id(told["container"]),
        account=_id(told["account"]),
        count=_id(told["count"]),
        item_name=told["item_name"],
        difference_mg=Decimal(told["difference_mg"]),
        reason=told["reason"][:1000],
        opened_at=entry.at,
        opened_by_name=entry.by_name,
        notice_on=_day(told["notice_on"]),
        form_on=_day(told["form_on"]),
        ordinal=entry.ordinal,
    )


def _id(said: str | None) -> UUID | None:
    return UUID(said) if said else None


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None


def _update(entry: Any, **changed: Any) -> None:
    Incident.objects.filter(id=_about(entry)).update(ordinal=entry.ordinal, **changed)


def _judged(entry: Any) -> None:
    _update(entry, significant=entry.payload["significant"])


def _notified(entry: Any) -> None:
    key = {"notice": "notified_at", "form": "form_at"}[entry.payload["what"]]
    _update(entry, **{key: entry.at})


def _closed(entry: Any) -> None:
    _update(
        entry, closed_at=entry.at, closed_by_name=entry.by_name,
        finding=entry.payload["finding"][:1000],
    )  # fmt: skip


COUNTING = {
    "custody.counted": _counted,
    "custody.incident_opened": _opened,
    "custody.incident_judged": _judged,
    "custody.incident_reported": _notified,
    "custody.incident_closed": _closed,
}
