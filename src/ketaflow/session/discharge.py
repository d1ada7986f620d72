"""Going home: the clock, the score, and what must always be ticked first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.people.roles import Role
from ketaflow.protocol.figures import Figure, figure, keys, show
from ketaflow.protocol.library import Monitoring, Route
from ketaflow.protocol.limits import Policy
from ketaflow.refusals import Refused
from ketaflow.session.fold import SessionState
from ketaflow.session.folds.values import Scored
from ketaflow.session.holds import standing
from ketaflow.session.monitoring_form.measured import marks_min, pressure_from
from ketaflow.session.phases import Phase

MINUTE = timedelta(minutes=1)


class NotYet(Refused):
    """The patient cannot go home yet."""


@dataclass(frozen=True)
class Always:
    """Something without which nobody goes home."""

    key: str
    text: str
    routes: tuple[Route, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Criteria:
    """The discharge score and the list of what is always done."""

    score: Figure
    instruments: tuple[str, ...]
    always: tuple[Always, ...]


@dataclass(frozen=True)
class Gate:
    """A clock that must run out."""

    what: str
    opens_at: datetime
    sources: tuple[str, ...]

    def open(self, at: datetime) -> bool:
        """Whether it has run out by `at`."""
        return at >= self.opens_at


@dataclass(frozen=True)
class Override:
    """The medical director's word that somebody may leave before the clock has run out."""

    by_name: str
    roles: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Leaving:
    """What is known when somebody is to be discharged; `done` are the keys ticked."""

    at: datetime
    done: frozenset[str]
    monitoring: Monitoring
    policy: Policy
    override: Override | None = None


@cache
def criteria() -> Criteria:
    """The discharge criteria from the library."""
    table = dict(tables.read("ketaflow.session", "library"))["discharge"]
    return Criteria(
        score=figure(table["score"], "discharge score", units=("points of 10",)),
        instruments=tuple(table["score"]["instruments"]),
        always=tuple(_always(row) for row in table["always"]),
    )


def always_for(route: Route) -> tuple[Always, ...]:
    """What must be ticked before somebody treated by `route` goes home."""
    return tuple(one for one in criteria().always if not one.routes or route in one.routes)


def gate(state: SessionState, leaving: Leaving) -> Gate:
    """The clock of this session: esketamine from the first spray, an infusion from its end.

    Args:
        state: a session whose drug has been given.
        leaving: holds the protocol's schedule and the clinic's policy.

    Raises:
        NotYet: nothing has been given.
        PolicyNotReady: the clinic has not set its least observation after an infusion.

    Source:
        Esketamine: the monitoring's own (S25, S28). Infusion: the clinic's policy.
    """
    if state.order is None or state.started_at is None or state.stopped_at is None:
        raise NotYet("Nothing has been given, or it is still being given. Stop it first.")
    fixed = leaving.monitoring.observe_min
    if state.order.route is Route.NASAL and fixed:
        opens_at = state.started_at + MINUTE * float(fixed.value)
        return Gate(f"{show(fixed.value)} minutes from the first spray", opens_at, fixed.sources)
    least_min = leaving.policy.value("iv_observation_min")
    opens_at = state.stopped_at + MINUTE * float(least_min)
    return Gate(f"{show(least_min)} minutes from the end of the infusion", opens_at, ("LOCAL",))


def needed_score(policy: Policy) -> Decimal:
    """The score to go home: the published one, or the clinic's where that asks for more."""
    published = criteria().score.value
    return max(published, policy.values.get("discharge_aldrete_min", published))


def last_score(state: SessionState) -> Scored | None:
    """The last discharge score taken."""
    counted = [one for one in state.discharge_scores if one.instrument in criteria().instruments]
    return counted[-1] if counted else None


def still_to_do(state: SessionState, leaving: Leaving) -> tuple[str, ...]:
    """Everything but the clock that keeps the patient here, each in a few words."""
    route = state.preparation.order.route
    found = [f"{one.text}: not ticked" for one in always_for(route) if one.key not in leaving.done]
    needed, last = show(needed_score(leaving.policy)), last_score(state)
    if last is None:
        found.append(f"no discharge score has been taken; {needed} of 10 is needed")
    elif last.total is None:
        found.append("the last discharge score is incomplete")
    elif last.total < needed_score(leaving.policy):
        found.append(f"the last discharge score is {last.total} of 10; {needed} is needed")
    found += [*_pressure(state, leaving.policy), *standing.unanswered(state.holds)]
    return (*found, *(_marks(state, leaving.monitoring) if route is Route.NASAL else ()))


def may_leave(state: SessionState, leaving: Leaving) -> None:
    """Let the patient go home.

    Raises:
        NotYet: one sentence with everything that is missing; the time only the medical director can
            shorten, with a reason.
    """
    if state.phase is not Phase.OBSERVING:
        raise NotYet(
            f"This session is {state.phase.label}; only an observed one ends in discharge."
        )
    missing = list(still_to_do(state, leaving))
    clock = gate(state, leaving)
    if not clock.open(leaving.at) and not _overridden(leaving.override):
        missing.insert(0, _closed(clock, leaving.at))
    if missing:
        raise NotYet(f"Not yet: {'; '.join(missing)}.")


def _overridden(override: Override | None) -> bool:
    if override is None:
        return False
    if Role.MEDICAL_DIRECTOR not in override.roles or not override.reason.strip():
        raise NotYet(
            "Only the medical director can shorten the observation, and writes a reason. "
            "Wait, or ask the medical director."
        )
    return True


def _pressure(state: SessionState, policy: Policy) -> tuple[str, ...]:
    # Systolic, as the Aldrete item reads it.
    share = policy.values.get("discharge_pressure_within_pct")
    before = state.baseline.vitals.systolic if state.baseline else None
    if share is None or before is None:
        return ()
    taken = [
        one.vitals.systolic for one in state.readings if one.at >= (state.stopped_at or one.at)
    ]
    after = [value for value in taken if value is not None]
    if not after:
        return ("no blood pressure has been taken since the drug ended",)
    if abs(after[-1] - before) * 100 > share * before:
        return (
            f"systolic pressure is {show(after[-1])} mmHg, not within {show(share)} % of the "
            f"{show(before)} at baseline",
        )
    return ()


def _marks(state: SessionState, monitoring: Monitoring) -> list[str]:
    """The pressures that the label asks for at fixed minutes and that nobody has taken since."""
    return [
        f"no blood pressure has been taken at {mark} minutes from the first spray or later"
        for mark in marks_min(monitoring)
        if pressure_from(state, mark) is None
    ]


def _closed(clock: Gate, at: datetime) -> str:
    left = -((at - clock.opens_at) // MINUTE)
    return f"{clock.what} are not over, {left} more to wait"


def _always(row: Mapping[str, Any]) -> Always:
    return Always(
        key=row["key"],
        text=row["text"],
        routes=tuple(Route(route) for route in row["routes"]),
        sources=keys(row, f"discharge {row['key']}"),
    )
