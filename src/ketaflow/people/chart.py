"""A patient's chart as another clinic sent it, in plain values that no format leaks into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """What a chart item is about."""

    CONDITION = "CONDITION"
    MEDICATION = "MEDICATION"
    ALLERGY = "ALLERGY"
    VITAL = "VITAL"
    LABORATORY = "LABORATORY"
    SCORE = "SCORE"


class Sex(StrEnum):
    """Administrative sex, as FHIR names it."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Coding:
    """One code; `system` is SNOMED, ICD10, RXNORM or LOINC where known, else the system's URI."""

    system: str
    code: str


@dataclass(frozen=True)
class ChartItem:
    """One fact of the chart.

    `reference` is the item's identity at its sender ("Condition/…"). `value` and `unit` (UCUM) hold
    a measured number, `said` a result in words. `active` tells whether it holds today: an active
    condition, a medicine still taken. A panel such as blood pressure comes as one item a component.
    """

    kind: Kind
    reference: str
    text: str
    codings: tuple[Coding, ...] = ()
    active: bool = True
    value: Decimal | None = None
    unit: str = ""
    said: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Person:
    """Who the chart is about."""

    family: str
    given: str
    born_on: date | None
    sex: Sex
    identifiers: tuple[tuple[str, str], ...] = ()
    phone: str = ""
    email: str = ""
    address: str = ""
    deceased: bool = False
    died_at: datetime | None = None


@dataclass(frozen=True)
class ReceivedChart:
    """What one bundle said: the person, the facts used, and how many resources were not used."""

    person: Person
    items: tuple[ChartItem, ...]
    not_used: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def as_payload(chart: ReceivedChart) -> dict[str, object]:
    """The chart as the journal keeps it: plain JSON, numbers as text, times in ISO 8601."""
    person = chart.person
    return {
        "person": {
            "family": person.family,
            "given": person.given,
            "born_on": person.born_on.isoformat() if person.born_on else None,
            "sex": person.sex.value,
            "identifiers": [list(pair) for pair in person.identifiers],
            "phone": person.phone,
            "email": person.email,
            "address": person.address,
            "deceased": person.deceased,
            "died_at": person.died_at.isoformat() if person.died_at else None,
        },
        "items": [item_payload(item) for item in chart.items],
        "not_used": dict(chart.not_used),
    }


def item_payload(item: ChartItem) -> dict[str, object]:
    """One item as the journal keeps it."""
    return {
        "kind": item.kind.value,
        "reference": item.reference,
        "text": item.text,
        "codings": [[one.system, one.code] for one in item.codings],
        "active": item.active,
        "value": None if item.value is None else str(item.value),
        "unit": item.unit,
        "said": item.said,
        "started_at": item.started_at.isoformat() if item.started_at else None,
        "ended_at": item.ended_at.isoformat() if item.ended_at else None,
    }


def from_payload(said: Mapping[str, Any]) -> ReceivedChart:
    """The chart that `as_payload` wrote."""
    person = said["person"]
    return ReceivedChart(
        person=Person(
            family=person["family"],
            given=person["given"],
            born_on=date.fromisoformat(person["born_on"]) if person["born_on"] else None,
            sex=Sex(person["sex"]),
            identifiers=tuple((system, value) for system, value in person["identifiers"]),
            phone=person["phone"],
            email=person["email"],
            address=person["address"],
            deceased=person["deceased"],
            died_at=_moment(person["died_at"]),
        ),
        items=tuple(item_from_payload(item) for item in said["items"]),
        not_used=MappingProxyType(dict(said["not_used"])),
    )


def item_from_payload(said: Mapping[str, Any]) -> ChartItem:
    """The item that `as_payload` wrote."""
    return ChartItem(
        kind=Kind(said["kind"]),
        reference=said["reference"],
        text=said["text"],
        codings=tuple(Coding(system, code) for system, code in said["codings"]),
        active=said["active"],
        value=None if said["value"] is None else Decimal(said["value"]),
        unit=said["unit"],
        said=said["said"],
        started_at=_moment(said["started_at"]),
        ended_at=_moment(said["ended_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
