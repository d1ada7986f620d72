"""What is given: the pump programme, the nasal devices, and how much has gone in by any moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from ketaflow import tables
from ketaflow.protocol import limits, slips
from ketaflow.protocol.figures import Figure, figure, show
from ketaflow.protocol.library import Caps, Drug
from ketaflow.protocol.limits import Policy
from ketaflow.refusals import Refused
from ketaflow.session.events import Order

MICROSECOND = timedelta(microseconds=1)
MICROSECONDS_PER_MINUTE = 60_000_000


class AboveCap(Refused):
    """More than the clinic's signed policy or the protocol allows."""


class NotAsOrdered(Refused):
    """What was entered is not what was ordered."""


class TooSoon(Refused):
    """The next nasal device would come before the rest is over."""


class OutOfOrder(Refused):
    """A change of the pump is timed before the one it follows."""


@dataclass(frozen=True)
class PumpStep:
    """From `at` the pump runs at `rate_mg_min`; 0 while paused or stopped."""

    at: datetime
    rate_mg_min: Decimal
    ordinal: int


@dataclass(frozen=True)
class DeviceGiven:
    """One nasal device, emptied at `at`."""

    at: datetime
    dose_mg: Decimal
    lot: str
    ordinal: int


@dataclass(frozen=True)
class Ceilings:
    """What this session may come to, the clinic's or the protocol's; None where neither says."""

    session_mg: Decimal | None = None
    rate_mg_h: Decimal | None = None


@dataclass(frozen=True)
class Spray:
    """What the label says about the nasal devices."""

    device_mg: Figure
    rest_min: Figure


def ceilings_for(
    drug: Drug, policy: Policy, published: Caps, *, given_today_mg: Decimal = Decimal(0)
) -> Ceilings:
    """The lowest ceilings in force: the clinic's for ketamine, and the protocol's own.

    Args:
        drug: the clinic's caps are for ketamine; esketamine has its label's.
        policy: the signed one.
        published: the protocol's.
        given_today_mg: what this patient already had today.

    Raises:
        PolicyNotReady: the clinic has not set one of its caps.
    """
    session_mg = [published.session_mg.value] if published.session_mg else []
    rate_mg_h = [published.rate_mg_h.value] if published.rate_mg_h else []
    if drug is Drug.KETAMINE:
        clinic = limits.caps(policy, given_today_mg=given_today_mg)
        left_today_mg = max(clinic.day_mg - clinic.given_today_mg, Decimal(0))
        session_mg += [clinic.session_mg, left_today_mg]
        rate_mg_h += [clinic.rate_mg_h]
    return Ceilings(min(session_mg, default=None), min(rate_mg_h, default=None))


@cache
def spray() -> Spray:
    """The nasal device from the library."""
    table = dict(tables.read("ketaflow.session", "library"))["esketamine"]
    return Spray(
        device_mg=figure(table["device"], "esketamine device", units=("mg",)),
        rest_min=figure(table["rest"], "esketamine rest", units=("min",)),
    )


def infused_mg(programme: Sequence[PumpStep], *, until: datetime) -> Decimal:
    """Milligrams the pump has given by `until`: the sum of rate times time.

    Args:
        programme: the steps in order of time.
        until: any moment, before, during or after.

    Returns:
        mg; exact for what a pump can be set to, as it is divided once, at the end.

    Source:
        Arithmetic.
    """
    ends = [step.at for step in programme[1:]] + [until]
    total = Decimal(0)
    for step, end in zip(programme, ends, strict=False):
        lasting = max(min(end, until) - step.at, timedelta(0)) // MICROSECOND
        total += step.rate_mg_min * lasting
    return total / MICROSECONDS_PER_MINUTE


def sprayed_mg(devices: Sequence[DeviceGiven], *, until: datetime) -> Decimal:
    """Milligrams given by nasal devices by `until`."""
    return sum((one.dose_mg for one in devices if one.at <= until), Decimal(0))


def check_against_order(
    name: str, unit: str, *, ordered: Decimal | None, entered: Decimal | None
) -> None:
    """Accept `entered` when it is what was ordered.

    Raises:
        Slip: the decimal point slipped.
        NotAsOrdered: any other difference, or one of them is missing.
    """
    if ordered == entered:
        return
    if ordered and entered:
        slips.beside(entered, ordered, name=name, unit=unit)
    raise NotAsOrdered(
        f"The {name} ordered is {_said(ordered, unit)} and {_said(entered, unit)} was entered. "
        "Enter what was ordered, or ask the prescriber to change the order."
    )


def check_rate(rate_mg_min: Decimal, *, before_mg_min: Decimal, ceilings: Ceilings) -> None:
    """Accept a new pump rate.

    Args:
        rate_mg_min: the rate entered.
        before_mg_min: the rate that ran until now, or the ordered one.
        ceilings: the ceilings in force.

    Raises:
        NotAsOrdered: a rate of 0; that is a pause or a stop.
        Slip: the decimal point slipped upwards. Slowing down is never refused.
        AboveCap: above the ceiling of the rate.
    """
    if rate_mg_min == 0:
        raise NotAsOrdered("A rate of 0 is a pause or a stop: press one of those instead.")
    if rate_mg_min > before_mg_min > 0:
        slips.beside(rate_mg_min, before_mg_min, name="rate", unit="mg/min")
    if ceilings.rate_mg_h is not None and rate_mg_min * 60 > ceilings.rate_mg_h:
        raise AboveCap(
            f"{show(rate_mg_min)} mg/min is {show(rate_mg_min * 60)} mg/h, above the cap of "
            f"{show(ceilings.rate_mg_h)} mg/h. Enter a lower rate."
        )


def check_total(total_mg: Decimal, *, ceilings: Ceilings) -> None:
    """Accept the milligrams that this session will come to, or raise `AboveCap`."""
    if ceilings.session_mg is not None and total_mg > ceilings.session_mg:
        raise AboveCap(
            f"This session would come to {show(round(total_mg, 2))} mg, above the cap of "
            f"{show(ceilings.session_mg)} mg. Lower the rate or the dose."
        )


def check_change(
    order: Order,
    programme: Sequence[PumpStep],
    *,
    at: datetime,
    rate_mg_min: Decimal,
    ceilings: Ceilings,
) -> None:
    """Accept a change of the running or paused pump to `rate_mg_min` at `at`.

    Raises:
        NotAsOrdered, Slip, AboveCap: as `check_rate` and `check_total`.
    """
    running = [step.rate_mg_min for step in programme if step.rate_mg_min > 0]
    check_rate(rate_mg_min, before_mg_min=running[-1], ceilings=ceilings)
    check_total(expected_mg(order, programme, at=at, rate_mg_min=rate_mg_min), ceilings=ceilings)


def expected_mg(
    order: Order, programme: Sequence[PumpStep], *, at: datetime, rate_mg_min: Decimal
) -> Decimal:
    """What the session comes to if the pump goes on at `rate_mg_min` from `at`.

    An order with a dose ends when that is in, however fast; a titrated one runs its duration.
    """
    given = infused_mg(programme, until=at)
    if order.dose_mg is not None:
        return max(given, order.dose_mg)
    running_min = infused_mg(
        [PumpStep(step.at, Decimal(step.rate_mg_min > 0), step.ordinal) for step in programme],
        until=at,
    )
    left_min = max((order.duration_min or Decimal(0)) - running_min, Decimal(0))
    return given + rate_mg_min * left_min


def ends_at(order: Order, programme: Sequence[PumpStep], *, at: datetime) -> datetime | None:
    """When the ordered dose will be in at the present rate; None while nothing runs."""
    rate = next((step.rate_mg_min for step in reversed(programme) if step.at <= at), Decimal(0))
    if rate == 0 or order.dose_mg is None:
        return None
    left_min = (order.dose_mg - infused_mg(programme, until=at)) / rate
    return at + timedelta(minutes=float(left_min))


def check_device(order: Order, given: Sequence[DeviceGiven], *, at: datetime) -> None:
    """Accept one more nasal device.

    Raises:
        NotAsOrdered: all ordered devices are given.
        TooSoon: the rest since the last one is not over.
    """
    if len(given) >= order.devices:
        raise NotAsOrdered(f"All {order.devices} devices ordered have been given.")
    if given:
        rest = timedelta(minutes=float(spray().rest_min.value))
        left = given[-1].at + rest - at
        if left > timedelta(0):
            raise TooSoon(
                f"Wait {-(-left // timedelta(seconds=1))} seconds more: the label asks for "
                f"{show(spray().rest_min.value)} minutes between devices."
            )


def _said(value: Decimal | None, unit: str) -> str:
    return "nothing" if value is None else f"{show(value)} {unit}"
