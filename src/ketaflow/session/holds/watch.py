"""Which rules of the clinic's policy the latest entries meet: one hold for a rule and an episode.

An episode is an unbroken row of readings that cross the rule's number. It raises one hold, however
long it lasts and however often it is looked at; a reading back within the number ends it, and the
next crossing is another episode. A released hold is not raised again in the same episode: what gets
worse meets the next, graver rule.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ketaflow.protocol.holds.rules import EFFECT, Rule
from ketaflow.protocol.limits import Policy
from ketaflow.session.fold import SCALES, SessionState
from ketaflow.session.holds import standing
from ketaflow.session.holds.standing import Seen

INSTRUMENTS = {kind.label.lower(): instrument for kind, instrument in SCALES.items()}


def raised(state: SessionState, policy: Policy | None, *, first: int) -> tuple[dict[str, Any], ...]:
    """The holds that the entries from `first` on raise, as payloads for the journal.

    Args:
        state: the session with those entries in it.
        policy: the one in force; without one, or without rules, nothing is raised.
        first: the ordinal of the first entry that was written just now, of whatever kind: a round,
            a side effect, a correction. What raised its hold already raises none again.
    """
    if policy is None or state.phase.over:
        return ()
    touched = [line.at for line in state.lines if line.versions[-1].ordinal >= first]
    since = min(touched)
    return tuple(
        standing.payload(rule, _evidence(rule, run))
        for rule in policy.holds
        if _gate_open(rule, state)
        for run in _new_runs(rule, state, since)
    )


def _new_runs(rule: Rule, state: SessionState, since: datetime) -> Iterator[tuple[Seen, ...]]:
    """The episodes since then that are long enough and have raised no hold yet."""
    covered = {
        one.ordinal for hold in state.holds if hold.rule.key == rule.key for one in hold.seen
    }
    series = rule.effects if rule.what == EFFECT else ("",)
    for effect in series:
        for run in _runs(rule, _newest_first(rule, state, effect), since):
            if _sustained(rule, run) and not covered.intersection(one.ordinal for one in run):
                yield run


def _runs(rule: Rule, points: Iterable[Seen], since: datetime) -> Iterator[tuple[Seen, ...]]:
    """The unbroken rows of points that cross the rule, back to the one that `since` lies in."""
    run: list[Seen] = []
    for point in points:
        if rule.crossed(point.value):
            run.insert(0, point)
            continue
        if run:
            yield tuple(run)
            run = []
        if point.at < since:
            return
    if run:
        yield tuple(run)


def _newest_first(rule: Rule, state: SessionState, effect: str) -> Iterator[Seen]:
    if effect:
        taken = sorted(state.side_effects, key=lambda one: one.line.at, reverse=True)
        for noted in taken:
            if noted.effect == effect:
                severity = Decimal(noted.severity)
                yield Seen(noted.line.ordinal, noted.line.at, severity, severity, effect)
    elif instrument := INSTRUMENTS.get(rule.what):
        for one in sorted(state.scores, key=lambda one: one.line.at, reverse=True):
            if one.instrument == instrument and one.total is not None:
                total = Decimal(one.total)
                yield Seen(one.line.ordinal, one.line.at, total, total)
    else:
        yield from _signs(rule, state)


def _signs(rule: Rule, state: SessionState) -> Iterator[Seen]:
    before = state.baseline.vitals.measured.get(rule.what) if state.baseline else None
    for reading in reversed(state.readings):
        measured = reading.vitals.measured.get(rule.what)
        if measured is None or (rule.change and before is None):
            continue
        value = measured - before if rule.change and before is not None else measured
        yield Seen(reading.line.ordinal, reading.at, value, measured)


def _sustained(rule: Rule, run: tuple[Seen, ...]) -> bool:
    lasting = run[-1].at - run[0].at
    return len(run) >= rule.readings and lasting >= timedelta(minutes=float(rule.lasting_min))


def _gate_open(rule: Rule, state: SessionState) -> bool:
    return not rule.symptoms or any(one.effect in rule.symptoms for one in state.side_effects)


def _evidence(rule: Rule, run: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """The first reading and the last ones, as many as the rule asks for: a row may be long."""
    return run if len(run) <= rule.readings else (run[0], *run[1:][-rule.readings :])
