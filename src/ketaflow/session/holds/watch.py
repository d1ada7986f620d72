"""Which rules of the clinic's policy the latest entries meet: one hold for a rule and an episode.

An episode is an unbroken row of readings that cross the rule's number. It raises one hold, however
long it lasts and however often it is looked at; a reading back within the number ends it, and the
next crossing is another episode. A released hold is not raised again in the same episode: what gets
worse meets the next, graver rule.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import merge
from typing import Any

from ketaflow.protocol.holds.rules import EFFECT, OPERATORS, Rule
from ketaflow.protocol.limits import Policy
from ketaflow.session.fold import SCALES, SessionState
from ketaflow.session.holds import standing
from ketaflow.session.holds.standing import Seen

INSTRUMENTS = {kind.label.lower(): instrument for kind, instrument in SCALES.items()}

# What a monitor charted of one sign and nobody has confirmed yet, the newest first.
Charted = Callable[[str], Iterable[Seen]]


def nothing(sign: str) -> Iterable[Seen]:
    """What a monitor charted of `sign` where no monitor stands."""
    return ()


def raised(
    state: SessionState, policy: Policy | None, *, since: datetime, charted: Charted = nothing
) -> tuple[dict[str, Any], ...]:
    """The holds that what is known since then raises, as payloads for the journal.

    A reading counts whoever took it: what a monitor charted and nobody has confirmed yet stands in
    the same row as what the nurse measured, by its time. What raised its hold raises none again,
    also when the reading is confirmed later.

    Args:
        state: the session with its newest entries in it.
        policy: the one in force; without one, or without rules, nothing is raised.
        since: the first moment at which anything is new, of whatever kind: a round, a side effect,
            a correction, a monitor's reading.
        charted: what a monitor measured of a sign and nobody has confirmed, the newest first.
    """
    if policy is None or state.phase.over:
        return ()
    return tuple(
        standing.payload(rule, _evidence(rule, run))
        for rule in policy.holds
        if _gate_open(rule, state)
        for run in _new_runs(rule, state, since, charted)
    )


def touched(state: SessionState, *, first: int) -> datetime:
    """The first moment that the entries from the ordinal `first` on say anything about."""
    return min(line.at for line in state.lines if line.versions[-1].ordinal >= first)


def may_cross(
    rules: Iterable[Rule], baseline: Mapping[str, Decimal], measured: Mapping[str, Decimal]
) -> tuple[Rule, ...]:
    """The rules whose number these readings cross, whatever else the rule asks for."""
    return tuple(
        rule
        for rule in rules
        if rule.what in measured
        and (number := against(rule, baseline)) is not None
        and OPERATORS[rule.op](measured[rule.what], number)
    )


def against(rule: Rule, baseline: Mapping[str, Decimal]) -> Decimal | None:
    """The value that a reading is compared with; None where the rule needs a baseline and has none.

    >>> from ketaflow.protocol.holds.rules import Advice
    >>> rule = Rule("rise", "Rise", "systolic", ">", Decimal(40), "mmHg", True, 1, Decimal(0),
    ...             (), (), Advice.ASK, ("S37",))
    >>> against(rule, {"systolic": Decimal(120)})
    Decimal('160')
    """
    if not rule.change:
        return rule.value
    before = baseline.get(rule.what)
    return None if before is None else before + rule.value


def _new_runs(
    rule: Rule, state: SessionState, since: datetime, charted: Charted
) -> Iterator[tuple[Seen, ...]]:
    """The episodes since then that are long enough and have raised no hold yet."""
    covered = {one.source for hold in state.holds if hold.rule.key == rule.key for one in hold.seen}
    series = rule.effects if rule.what == EFFECT else ("",)
    for effect in series:
        for run in _runs(rule, _newest_first(rule, state, effect, charted), since):
            if _sustained(rule, run) and not covered.intersection(one.source for one in run):
                yield run


def _runs(rule: Rule, points: Iterable[Seen], since: datetime) -> Iterator[tuple[Seen, ...]]:
    """The unbroken rows of points that cross the rule, back to the one that `since` lies in."""
    run: list[Seen] = []
    for point in points:
        if rule.crossed(point.value):
            run.append(point)
            continue
        if run:
            yield tuple(reversed(run))
            run = []
        if point.at < since:
            return
    if run:
        yield tuple(reversed(run))


def _newest_first(rule: Rule, state: SessionState, effect: str, charted: Charted) -> Iterator[Seen]:
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
        # Whoever measured it, by time: the newest first on both sides.
        newest = (_signs(rule, state), _charted(rule, state, charted))
        yield from merge(*newest, key=lambda seen: seen.at, reverse=True)


def _signs(rule: Rule, state: SessionState) -> Iterator[Seen]:
    before = _before(rule, state)
    for reading in reversed(state.readings):
        measured = reading.vitals.measured.get(rule.what)
        if measured is not None and before is not None:
            line = reading.line
            value = measured - before
            yield Seen(line.ordinal, reading.at, value, measured, origin=reading.origin)


def _charted(rule: Rule, state: SessionState, charted: Charted) -> Iterator[Seen]:
    before = _before(rule, state)
    if before is not None:
        yield from (replace(one, value=one.measured - before) for one in charted(rule.what))


def _before(rule: Rule, state: SessionState) -> Decimal | None:
    """What is taken away from a reading before it is compared; None where it is not known."""
    if not rule.change:
        return Decimal(0)
    return state.baseline.vitals.measured.get(rule.what) if state.baseline else None


def _sustained(rule: Rule, run: tuple[Seen, ...]) -> bool:
    lasting = run[-1].at - run[0].at
    return len(run) >= rule.readings and lasting >= timedelta(minutes=float(rule.lasting_min))


def _gate_open(rule: Rule, state: SessionState) -> bool:
    return not rule.symptoms or any(one.effect in rule.symptoms for one in state.side_effects)


def _evidence(rule: Rule, run: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """The first reading and the last ones, as many as the rule asks for: a row may be long."""
    return run if len(run) <= rule.readings else (run[0], *run[1:][-rule.readings :])
