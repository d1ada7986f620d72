"""When a course has relapsed, and the proposal to give it again: both wait for a prescriber."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.outcomes.change import Change, Measurement, Relapse, in_a_row
from ketaflow.protocol.figures import Figure, Statement, keys, show, statement
from ketaflow.protocol.limits import Policy, limits


@dataclass(frozen=True)
class Found:
    """Whether it is a relapse and why; `unset` are limits without which one cannot be seen."""

    relapse: bool
    because: str
    sources: tuple[str, ...]
    unset: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReInduction:
    """A proposal to give induction again, what comes first, and the evidence for and against."""

    because: str
    first: tuple[Statement, ...]
    evidence_for: tuple[Statement, ...]
    evidence_against: tuple[Statement, ...]


def find(
    change: Change, totals: Sequence[Measurement], policy: Policy | None, *, event: str = ""
) -> Found:
    """Whether a course has relapsed since induction.

    Args:
        change: on the questionnaire that the course is judged by, with its published rule.
        totals: its complete totals since induction ended, in order of time.
        policy: the clinic's; on the PHQ-9 a relapse begins at the total it signed.
        event: an admission, a suicide attempt or the like, in words; empty when there was none.

    Source:
        The published rule where there is one; for the PHQ-9 the clinic's total (LOCAL) with the
        number and distance of a trial's rule (UNVERIFIED).
    """
    if event:
        return Found(True, f"An event is on record: {event}", ("UNVERIFIED",))
    if change.relapse:
        return Found(True, "The published rule of relapse is met.", change.sources)
    row = _table().get(change.instrument)
    if row is None:
        return Found(False, "", ())
    return _by_policy(row, change.instrument, totals, policy)


def reinduction(found: Found, change: Change) -> ReInduction | None:
    """The proposal to give induction again; None without a relapse or where it never helped.

    Args:
        found: whether it is a relapse.
        change: whether the course had helped at its best.

    Source:
        Each statement names its own.
    """
    if not found.relapse or not change.was_better:
        return None
    said = {
        part: tuple(statement(row, f"relapse {part}") for row in _table()[part])
        for part in ("first", "for", "against")
    }
    because = f"{found.because} The course had helped before."
    return ReInduction(because, said["first"], said["for"], said["against"])


def _by_policy(
    row: Mapping[str, Any], name: str, totals: Sequence[Measurement], policy: Policy | None
) -> Found:
    sources = (*keys(row, f"relapse on {name}"), "LOCAL")
    least = policy.values.get(row["limit"]) if policy else None
    if least is None:
        return Found(False, "", sources, (limits()[row["limit"]].label,))
    rule = Relapse(
        at_least=Figure(least, "points", sources),
        in_a_row=row["in_a_row"],
        apart_least_days=row["apart_least_days"],
        apart_most_days=row["apart_most_days"],
    )
    # Whoever has recovered since is not in relapse now: only the newest totals count.
    if not in_a_row(rule, totals[-rule.in_a_row :]):
        return Found(False, "", sources)
    because = (
        f"{row['in_a_row']} totals in a row of {show(least)} or more, {row['apart_least_days']} to "
        f"{row['apart_most_days']} days apart."
    )
    return Found(True, because, sources)


@cache
def _table() -> Mapping[str, Any]:
    return dict(tables.read("ketaflow.aftercare", "rules"))["relapse"]
