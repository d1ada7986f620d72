"""What a place asks of those who keep controlled drugs; and what the clinic signs itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.custody.answers.signals import SIGNALS
from ketaflow.protocol.figures import Figure, Statement, figure, statement
from ketaflow.refusals import Refused


class NotSigned(Refused):
    """Custody is not kept by this clinic, or a number only it can choose is missing."""


@dataclass(frozen=True)
class Profile:
    """The rules of one place; None where it names none.

    `inventory_on` is the month and the day of the year on which the inventory is taken.
    """

    id: str
    name: str
    inventory_days: Figure | None
    inventory_on: tuple[int, int] | None
    retention_years: Figure
    notice_business_days: Figure | None
    form_days: Figure | None
    exact: bool
    rules: tuple[Statement, ...]


@dataclass(frozen=True)
class Terms:
    """How this clinic keeps custody, signed by its medical director.

    `agreement_mg`: how far what custody says left and what a session says was given may lie apart.
    `count_every_h`: how often each place is counted. `open_vial_days`: how long an opened vial is
    used, 0 for the day it is opened. `limits`: from which percentage on a signal of diversion is
    marked, by signal; what is left out is shown and never marked.
    """

    jurisdiction: str
    agreement_mg: Decimal
    count_every_h: int
    open_vial_days: int
    limits: Mapping[str, Decimal] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse numbers that nobody can mean.

        Raises:
            NotSigned: says which.
        """
        profile(self.jurisdiction)
        if not 0 <= self.agreement_mg <= 10 or self.agreement_mg != round(self.agreement_mg, 2):
            raise NotSigned(
                "Drawn and given may lie 0 to 10 mg apart, with two decimals "
                f"(got {self.agreement_mg})."
            )
        if not 1 <= self.count_every_h <= 24 * 31 or not 0 <= self.open_vial_days <= 28:
            raise NotSigned(
                "Count every 1 to 744 hours, and use an opened vial for 0 to 28 days more."
            )
        for name, limit in self.limits.items():
            if name not in SIGNALS or not 0 <= limit <= 100 or limit != round(limit, 1):
                raise NotSigned(
                    f"A signal is marked above 0 to 100 %, one decimal (got {limit} for {name})."
                )

    def use_by(self, opened_on: date) -> date:
        """The last day on which a vial that was opened on a day is used."""
        return opened_on + timedelta(days=self.open_vial_days)


@cache
def profiles() -> Mapping[str, Profile]:
    """All profiles by id.

    Raises:
        BadFile: a file lacks a number, a unit or a registered source.
    """
    found = tables.read("ketaflow.custody", "profiles")
    return MappingProxyType({name: _profile(name, table) for name, table in found})


def profile(id: str) -> Profile:
    """The profile of a place.

    Raises:
        NotSigned: there is none of that name.
    """
    if id not in profiles():
        known = ", ".join(sorted(profiles()))
        raise NotSigned(f"There is no profile {id}; choose one of {known}.")
    return profiles()[id]


def inventory_due(found: Profile, last_on: date | None, today: date) -> date | None:
    """When the next inventory is due: at once when there was none; None where no law names one."""
    if found.inventory_days is None:
        return None
    if last_on is None:
        return today
    if found.inventory_on is None:
        return last_on + timedelta(days=int(found.inventory_days.value))
    this_year = date(last_on.year, *found.inventory_on)
    return this_year if last_on < this_year else date(last_on.year + 1, *found.inventory_on)


def kept_until(found: Profile, day: date) -> date:
    """The last day on which what was written on `day` must still be there to be shown."""
    years = int(found.retention_years.value)
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)


def _profile(id: str, table: Mapping[str, Any]) -> Profile:
    def days(key: str, unit: str) -> Figure | None:
        row = table.get(key)
        return figure(row, f"{id} {key}", units=(unit,)) if row else None

    return Profile(
        id=id,
        name=table["name"],
        inventory_days=days("inventory", "days"),
        inventory_on=(on[0], on[1]) if (on := table.get("inventory_on")) else None,
        retention_years=figure(table["retention"], f"{id} retention", units=("years",)),
        notice_business_days=days("notice", "business days"),
        form_days=days("form", "days"),
        exact=table["exact"],
        rules=tuple(statement(row, f"{id} rules") for row in table["rules"]),
    )
