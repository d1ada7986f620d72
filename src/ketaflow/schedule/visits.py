"""How long a visit is: preparation, treatment, and the time until the patient may leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from ketaflow.protocol.figures import rule
from ketaflow.protocol.library import Protocol, Route
from ketaflow.protocol.limits import Policy, PolicyNotReady
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import Span
from ketaflow.schedule.slots import rounded_up_min

MINUTES_A_DAY = 24 * 60


class NoLength(Refused):
    """What was ordered or set does not say how long the visit takes."""


@dataclass(frozen=True)
class Visit:
    """The three parts of a visit, in minutes."""

    prepare_min: int
    treat_min: int
    recover_min: int

    @property
    def length_min(self) -> int:
        """The whole visit in full quarter hours; what is rounded up is waited at the end."""
        return rounded_up_min(self.prepare_min + self.treat_min + self.recover_min)

    def span(self, starts_at: datetime) -> Span:
        """When a visit that begins at `starts_at` is over."""
        return Span(starts_at, starts_at + timedelta(minutes=self.length_min))


def visit(
    *,
    protocol: Protocol,
    order: Mapping[str, Any],
    policy: Policy | None,
    preparation_min: int | None,
) -> Visit:
    """How long a session of `protocol` as ordered occupies a chair and a nurse.

    Args:
        protocol: from the library; its own observation time goes before the clinic's.
        order: what the prescriber ordered; `duration_min` for the pump, `devices` for the spray.
        policy: the clinic's signed policy, for the recovery after an infusion.
        preparation_min: what the clinic plans before each session.

    Raises:
        PolicyNotReady: the clinic has not signed a policy or its recovery time.
        NoLength: the order has no duration, or the clinic has not set its preparation.
    """
    if preparation_min is None:
        raise NoLength(
            "Nothing can be booked until the clinic has set how many minutes preparation takes: "
            "see Schedule, Set up."
        )
    treat_min = _spraying(order) if protocol.route is Route.NASAL else _pumping(order)
    if treat_min >= MINUTES_A_DAY:
        raise NoLength(
            f"{protocol.id} runs for {treat_min} minutes: a stay of a day or more is arranged "
            "with the ward, not on this board."
        )
    return Visit(preparation_min, treat_min, _recovering(protocol, policy))


def watched_at_once(policy: Policy | None) -> int:
    """How many patients one nurse may watch at once.

    Raises:
        PolicyNotReady: the clinic has not signed it.
    """
    return int(_signed(policy).value("patients_per_nurse"))


def _recovering(protocol: Protocol, policy: Policy | None) -> int:
    observed = protocol.monitoring.observe_min if protocol.monitoring else None
    if observed:
        return _minutes(observed.value)
    return _minutes(_signed(policy).value("iv_recovery_booking_min"))


def _signed(policy: Policy | None) -> Policy:
    if policy is None:
        raise PolicyNotReady(
            "Nothing can be booked until the medical director has signed the clinic's policy."
        )
    return policy


def _pumping(order: Mapping[str, Any]) -> int:
    duration = order.get("duration_min")
    if duration is None:
        raise NoLength(
            "The order does not say how long the infusion runs: the prescriber adds its duration."
        )
    return _minutes(Decimal(str(duration)))


def _spraying(order: Mapping[str, Any]) -> int:
    """From the first device to the last: what is in between them is waited."""
    devices = int(order.get("devices") or 1)
    return (devices - 1) * _minutes(rule("ketamine", "minutes_between_devices").value)


def _minutes(amount: Decimal) -> int:
    """Full minutes that hold `amount`."""
    return ceil(amount)
