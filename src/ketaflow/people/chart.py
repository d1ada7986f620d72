"""A patient's chart as another clinic sent it, in plain values that no format leaks into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


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


@dataclass(frozen=True)
class ReceivedChart:
    """What one bundle said: the person, the facts used, and how many resources were not used."""

    person: Person
    items: tuple[ChartItem, ...]
    not_used: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
