"""What must hold before an entry is written, by its kind: one table, one function for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ketaflow.journal.author import Author
from ketaflow.protocol import limits
from ketaflow.protocol.library import Protocol
from ketaflow.protocol.limits import Policy, PolicyNotReady
from ketaflow.refusals import Refused
from ketaflow.session import administration, checklist, discharge, events, phases
from ketaflow.session.checklist import CannotStart
from ketaflow.session.discharge import Leaving, Override
from ketaflow.session.events import Entry, Kind
from ketaflow.session.fold import SessionState
from ketaflow.session.wishes import Wish

# Clocks of two machines never agree to the second.
SOON = timedelta(minutes=1)


class NotThen(Refused):
    """It cannot have happened at that time."""


@dataclass(frozen=True)
class Here:
    """The chair as it is when somebody presses; what is costly to know is asked only when needed.

    `obstacles` is everything that keeps the drug from being given now, each in a few words.
    """

    state: SessionState
    protocol: Protocol
    policy: Policy | None
    by: Author
    at: datetime
    obstacles: Callable[[], tuple[str, ...]]
    given_today_mg: Callable[[], Decimal]


def allow(wish: Wish, here: Here) -> None:
    """Let `wish` be written, or raise the refusal that says in a sentence what stands in the way.

    Raises:
        NotNow: the session is not in a phase that takes it.
        CannotStart, Slip, NotAsOrdered, AboveCap, TooSoon, SamePerson, NotYet: by its kind.
    """
    phases.admit(here.state.phase, wish.kind)
    if gate := GATES.get(wish.kind):
        gate(wish.payload, here)


def require_within(state: SessionState, then: datetime, *, at: datetime) -> None:
    """Refuse a time before check-in, after the session's end, or in the future.

    Raises:
        NotThen: says so.
    """
    since, until = state.checked_in_at, state.ended_at or at
    if then > until + SOON or (since and then < since.replace(second=0, microsecond=0)):
        raise NotThen(
            "That time is not within this session: it cannot be before check-in, after the end or "
            "in the future."
        )


def moment(state: SessionState, then: datetime | None, *, at: datetime) -> datetime:
    """When it happened: `then` if that was said and can be, else now.

    Raises:
        NotThen: `then` is not within the session.
    """
    if then is not None:
        require_within(state, then, at=at)
    return then or at


def _corrected(told: Mapping[str, Any], here: Here) -> None:
    if told["at"]:
        require_within(here.state, datetime.fromisoformat(told["at"]), at=here.at)


def _begin(here: Here) -> None:
    if found := here.obstacles():
        raise CannotStart(f"This session cannot start: {'; '.join(found)}.")


def _start(told: Mapping[str, Any], here: Here) -> None:
    _begin(here)
    ordered = here.state.preparation.order.rate_mg_min
    entered = events.amount(told, "rate_mg_min")
    administration.check_against_order("rate", "mg/min", ordered=ordered, entered=entered)


def _rate(told: Mapping[str, Any], here: Here) -> None:
    rate = events.number(told, "rate_mg_min")
    if rate is None or not here.state.programme:
        return
    order = here.state.preparation.order
    ceilings = administration.ceilings_for(
        order.drug,
        limits.check(here.policy),
        here.protocol.caps,
        given_today_mg=here.given_today_mg(),
    )
    administration.check_change(
        order, here.state.programme, at=here.at, rate_mg_min=rate, ceilings=ceilings
    )


def _device(told: Mapping[str, Any], here: Here) -> None:
    if not here.state.devices:
        _begin(here)
    administration.check_device(here.state.preparation.order, here.state.devices, at=here.at)


def _dose(told: Mapping[str, Any], here: Here) -> None:
    entry = Entry(0, Kind.DOSE_CHECKED.value, here.at, here.by.id, here.by.name, told)
    checklist.verify_dose(here.state.preparation.order, events.dose_check(entry))


def _home(told: Mapping[str, Any], here: Here) -> None:
    monitoring, short = here.protocol.monitoring, told["override"]
    if monitoring is None:
        raise PolicyNotReady(
            f"{here.protocol.id} says nothing about monitoring, so nobody can say when it is over. "
            "Transfer the patient instead."
        )
    override = Override(here.by.name, here.by.roles, short["reason"]) if short else None
    leaving = Leaving(
        here.at, frozenset(told["done"]), monitoring, limits.check(here.policy), override
    )
    discharge.may_leave(here.state, leaving)


GATES: Mapping[Kind, Callable[[Mapping[str, Any], Here], None]] = {
    Kind.DOSE_CHECKED: _dose,
    Kind.STARTED: _start,
    Kind.RATE_CHANGED: _rate,
    Kind.RESUMED: _rate,
    Kind.DEVICE_GIVEN: _device,
    Kind.DISCHARGED: _home,
    Kind.CORRECTED: _corrected,
}
