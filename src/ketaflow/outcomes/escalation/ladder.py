"""Who must take a safety task on when nobody has: step by step, at the clinic's times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from ketaflow import tables
from ketaflow.people.roles import Role
from ketaflow.protocol.figures import keys, show
from ketaflow.protocol.limits import Policy

LIMIT = "alert_escalate_min"


@dataclass(frozen=True)
class Step:
    """Who is asked; `role` is None for anybody who may answer."""

    who: str
    role: Role | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Escalated:
    """A task that goes to the next person: which step, by when, and in words why."""

    step: int
    who: str
    must_act_by: datetime
    words: str


@cache
def steps() -> tuple[Step, ...]:
    """Who is asked, first to last."""
    rows = dict(tables.read("ketaflow.outcomes", "rules"))["escalation"]["step"]
    return tuple(
        Step(
            row["who"],
            Role(row["role"]) if "role" in row else None,
            keys(row, f"escalation to {row['who']}"),
        )
        for row in rows
    )


def escalate(
    step: int, must_act_by: datetime, policy: Policy | None, *, at: datetime
) -> Iterator[Escalated]:
    """Every step that a task nobody has taken on should have gone up by now, in order.

    Args:
        step: where it is; 0 is where each begins.
        must_act_by: when that step's time ran out.
        policy: the clinic's. Without its minutes the task goes to the last person at once.
        at: now. Whether this is asked late or often changes nothing but when it is written down.

    Source:
        The order is a design from memory (UNVERIFIED); the minutes are the clinic's (LOCAL).
    """
    minutes = policy.values.get(LIMIT) if policy else None
    last = len(steps()) - 1
    if minutes is None:
        if step < last and must_act_by <= at:
            words = "At once: the clinic has not set when the next person is asked"
            yield Escalated(last, steps()[last].who, at, words)
        return
    within = timedelta(minutes=float(minutes))
    while step < last and must_act_by <= at:
        step, must_act_by = step + 1, must_act_by + within
        words = f"Within {show(minutes)} minutes more, as the clinic's policy says"
        yield Escalated(step, steps()[step].who, must_act_by, words)


def now(step: int, must_act_by: datetime, policy: Policy | None, *, at: datetime) -> Escalated:
    """Whom a task that nobody has taken on is with, whether or not it was written down yet."""
    here = Escalated(step, steps()[step].who, must_act_by, "")
    return [here, *escalate(step, must_act_by, policy, at=at)][-1]
