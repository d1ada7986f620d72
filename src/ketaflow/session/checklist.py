"""Before the drug: the checklist, the second person's check, and what still stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.protocol import limits
from ketaflow.protocol.figures import keys, show
from ketaflow.protocol.library import Caps, Route
from ketaflow.protocol.limits import Policy, PolicyNotReady
from ketaflow.refusals import Refused
from ketaflow.session import administration, vitals
from ketaflow.session.events import DoseCheck, NotReadable, Order, Tick
from ketaflow.session.vitals import Vitals

PRESSURE_HIGH = "pressure-high"


class CannotStart(Refused):
    """Something that must be there before the drug is not."""


class SamePerson(Refused):
    """Nobody checks what they prepared themselves."""


@dataclass(frozen=True)
class Item:
    """One line of the checklist; `only_when` names the circumstance in which it is asked."""

    key: str
    text: str
    routes: tuple[Route, ...]
    note: str
    only_when: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Preparation:
    """What is on record about this session before the drug."""

    order: Order
    checklist: Mapping[str, Tick]
    baseline: Vitals | None
    dose_check: DoseCheck | None


@dataclass(frozen=True)
class StartFacts:
    """What the rest of the record knows about this patient now.

    `findings` are the absolute findings nobody has overridden, each in words. `policy` is the
    clinic's, None when it has none; `published` are the protocol's own caps.
    """

    findings: tuple[str, ...]
    consented: bool
    policy: Policy | None
    published: Caps
    given_today_mg: Decimal = Decimal(0)


@cache
def items() -> Mapping[str, Item]:
    """Every line of the checklist by key, in order."""
    table = dict(tables.read("ketaflow.session", "library"))["checklist"]
    return {row["key"]: _item(row) for row in table["item"]}


def asked(order: Order, *, today: frozenset[str] = frozenset()) -> tuple[Item, ...]:
    """The lines that this order asks for; `today` are the `circumstances`."""
    return tuple(
        item
        for item in items().values()
        if (not item.routes or order.route in item.routes)
        and (not item.only_when or item.only_when in today)
    )


def known(item: str) -> Item:
    """The line called `item`, or `NotReadable` when the checklist has none."""
    if item not in items():
        raise NotReadable(f"The checklist has no item {item!r}; it has {', '.join(items())}.")
    return items()[item]


def open_items(prepared: Preparation, *, today: frozenset[str] = frozenset()) -> tuple[Item, ...]:
    """The lines that are not ticked yet."""
    return tuple(
        item
        for item in asked(prepared.order, today=today)
        if item.key not in prepared.checklist or not prepared.checklist[item.key].done
    )


def complete(prepared: Preparation) -> bool:
    """Whether all is there that the session's own record can show: ticks, baseline, dose check."""
    return not _own_obstacles(prepared)


def verify_dose(order: Order, check: DoseCheck) -> None:
    """Accept the second person's check of the drug.

    Raises:
        SamePerson: who prepared it checks it.
        Slip: the decimal point slipped.
        NotAsOrdered: dose, rate or number of devices is not what was ordered.
    """
    if check.checked_by == check.prepared_by:
        raise SamePerson(
            f"{check.checked_by_name} prepared this dose and cannot check it too. "
            "Ask a second person to check it and sign in."
        )
    compare = administration.check_against_order
    compare("dose", "mg", ordered=order.dose_mg, entered=check.dose_mg)
    compare("rate", "mg/min", ordered=order.rate_mg_min, entered=check.rate_mg_min)
    compare("number", "devices", ordered=Decimal(order.devices), entered=Decimal(check.devices))


def obstacles(prepared: Preparation, facts: StartFacts) -> tuple[str, ...]:
    """Everything that keeps the drug from being given now, each in a few words."""
    found = [
        f"{finding} is an absolute finding that nobody has overridden" for finding in facts.findings
    ]
    if not facts.consented:
        found.append("there is no signed consent for this course")
    try:
        policy = limits.check(facts.policy)
    except PolicyNotReady as unready:
        return (*found, str(unready).rstrip("."), *_own_obstacles(prepared))
    found += _above_ceilings(prepared.order, facts, policy)
    found += _own_obstacles(prepared)
    found += _pressure_obstacles(prepared, policy)
    return tuple(found)


def circumstances(prepared: Preparation, policy: Policy) -> frozenset[str]:
    """What makes the checklist ask more of this patient today."""
    high = prepared.baseline and vitals.beyond(prepared.baseline, policy, vitals.BEFORE)
    return frozenset({PRESSURE_HIGH}) if high else frozenset()


def may_start(prepared: Preparation, facts: StartFacts) -> None:
    """Let the drug be given.

    Raises:
        CannotStart: one sentence with everything that stands in the way.
    """
    if in_the_way := obstacles(prepared, facts):
        raise CannotStart(f"This session cannot start: {'; '.join(in_the_way)}.")


def may_run(prepared: Preparation, facts: StartFacts, *, rate_mg_min: Decimal) -> None:
    """Let the pump be started at `rate_mg_min`.

    Raises:
        CannotStart: as `may_start`.
        Slip: the rate is a power of ten from the ordered one.
        NotAsOrdered: any other rate than the ordered one.
    """
    may_start(prepared, facts)
    administration.check_against_order(
        "rate", "mg/min", ordered=prepared.order.rate_mg_min, entered=rate_mg_min
    )


def _own_obstacles(prepared: Preparation) -> list[str]:
    found = [f"{item.text}: not ticked" for item in open_items(prepared)]
    if prepared.baseline is None:
        found.append("baseline vital signs are missing")
    elif lacking := vitals.missing_from_baseline(prepared.baseline):
        found.append(f"the baseline lacks {', '.join(lacking).lower()}")
    if prepared.dose_check is None:
        found.append("no second person has checked the dose")
    return found


def _above_ceilings(order: Order, facts: StartFacts, policy: Policy) -> list[str]:
    ceilings = administration.ceilings_for(
        order.drug, policy, facts.published, given_today_mg=facts.given_today_mg
    )
    found = []
    dose_mg, rate_mg_h = order.dose_mg or Decimal(0), (order.rate_mg_min or Decimal(0)) * 60
    if ceilings.session_mg is not None and dose_mg > ceilings.session_mg:
        found.append(
            f"the dose of {show(dose_mg)} mg is above the cap of {show(ceilings.session_mg)} mg"
        )
    if ceilings.rate_mg_h is not None and rate_mg_h > ceilings.rate_mg_h:
        found.append(
            f"the rate of {show(rate_mg_h)} mg/h is above the cap of "
            f"{show(ceilings.rate_mg_h)} mg/h"
        )
    if order.route is Route.NASAL and order.devices == 0:
        found.append("the order names no nasal devices")
    return found


def _pressure_obstacles(prepared: Preparation, policy: Policy) -> list[str]:
    asked_now = open_items(prepared, today=circumstances(prepared, policy))
    beyond = vitals.beyond(prepared.baseline or Vitals(), policy, vitals.BEFORE)
    said = " and ".join(one.rstrip(".") for one in beyond)
    return [f"{said}, and '{item.text}' is not ticked" for item in asked_now if item.only_when]


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        key=row["key"],
        text=row["text"],
        routes=tuple(Route(route) for route in row["routes"]),
        note=row.get("note", ""),
        only_when=row.get("only_when", ""),
        sources=keys(row, f"checklist {row['key']}", local_too=True),
    )
