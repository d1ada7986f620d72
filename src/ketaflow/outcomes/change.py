"""Did it help? Response, remission, worsening and relapse, as published, from totals over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import Figure, figure, show
from ketaflow.refusals import OutsideEnvelope

DAY = timedelta(days=1)


class NoRule(OutsideEnvelope):
    """Nothing is published here about change on that instrument."""


@dataclass(frozen=True)
class Relapse:
    """Scores at `at_least` or more, `in_a_row` times, each so many days after the other."""

    at_least: Figure
    in_a_row: int
    apart_least_days: int
    apart_most_days: int


@dataclass(frozen=True)
class Rule:
    """What change means on one instrument; what is None nobody has defined.

    `important` is the smallest difference that matters to a patient, `reliable` the smallest that
    is more than the noise of the questionnaire.
    """

    instrument: str
    label: str
    low: int
    high: int
    more_is_better: bool
    response: Figure | None
    remission: Figure | None
    remission_at_most: bool
    worsening: Figure | None
    important: Figure | None
    reliable: Figure | None
    relapse: Relapse | None


@dataclass(frozen=True)
class Measurement:
    """One total; None when the questionnaire was not complete."""

    at: datetime
    total: Decimal | None


@dataclass(frozen=True)
class History:
    """One instrument over time, in order of time.

    `treated_at` is the first session: the last complete total until then is the baseline. Without
    it the first complete total is. `events` are admissions, suicide attempts and the like.
    """

    instrument: str
    measurements: tuple[Measurement, ...]
    treated_at: datetime | None = None
    events: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Change:
    """What became of one instrument; None where it cannot be said.

    `fall_points` is how much better it is: a fall, or a rise where more is better.
    """

    instrument: str
    baseline: Measurement | None
    latest: Measurement | None
    best: Measurement | None
    fall_points: Decimal | None
    fall_percent: Decimal | None
    response: bool | None
    remission: bool | None
    worsened: bool | None
    lost_response: bool | None
    improved: bool | None
    reliable: bool | None
    was_better: bool | None
    relapse: bool
    sources: tuple[str, ...]


@cache
def rules() -> Mapping[str, Rule]:
    """What change means, by instrument."""
    table = dict(tables.read("ketaflow.outcomes", "rules"))["change"]
    return MappingProxyType({name: _rule(name, row) for name, row in table.items()})


def rule(instrument: str) -> Rule:
    """The rule of `instrument`, or `NoRule` naming those there are."""
    if instrument not in rules():
        raise NoRule(
            f"No rule of change for {instrument!r}; there is one for {', '.join(rules())}."
        )
    return rules()[instrument]


def assess(history: History) -> Change:
    """What became of the patient on one instrument.

    Args:
        history: all totals of this course, in order of time.

    Returns:
        The change from baseline to the latest complete total. Worsening is counted from the best
        total since baseline, so that a slow slide is seen. Relapse by its rule or by an event.

    Raises:
        NoRule: the instrument has none.

    Source:
        The rules' own, listed in `sources`.
    """
    ruled = rule(history.instrument)
    baseline, since = _split(history)
    latest, best = since[-1] if since else None, _best(ruled, baseline, since)
    fall = _fall(ruled, baseline, latest)
    responded = [response for one in since if (response := _responds(ruled, baseline, one))]
    response = _responds(ruled, baseline, latest)
    relapsed_at = baseline.at if baseline else None
    return Change(
        instrument=history.instrument,
        baseline=baseline,
        latest=latest,
        best=best,
        fall_points=fall,
        fall_percent=_percent(baseline, fall),
        response=response,
        remission=_in_remission(ruled, latest),
        worsened=_worsened(ruled, best, latest),
        lost_response=None if response is None else bool(responded) and not response,
        improved=_reaches(ruled.important, fall),
        reliable=_reaches(ruled.reliable, fall),
        was_better=_was_better(ruled, baseline, best, bool(responded)),
        relapse=(ruled.relapse is not None and in_a_row(ruled.relapse, since))
        or any(relapsed_at is not None and event > relapsed_at for event in history.events),
        sources=_sources(ruled),
    )


def in_a_row(relapse: Relapse, totals: Sequence[Measurement]) -> bool:
    """Whether complete `totals`, in order of time, meet a rule of relapse."""
    run: list[Measurement] = []
    for one in totals:
        if (one.total or Decimal(0)) < relapse.at_least.value:
            run = []
        elif run and not _apart(relapse, run[-1], one):
            run = [one]
        else:
            run.append(one)
        if len(run) >= relapse.in_a_row:
            return True
    return False


def describe(history: History) -> str:
    """The change in one sentence of plain words."""
    ruled, change = rule(history.instrument), assess(history)
    if change.baseline is None and change.latest is None:
        return f"{ruled.label} has not been completed yet."
    if change.baseline is None:
        return f"{ruled.label} has no total from before the first session to compare with."
    start = show(change.baseline.total or Decimal(0))
    if change.latest is None:
        return f"{ruled.label} was {start} at baseline; none has been completed since."
    days = (change.latest.at - change.baseline.at) // DAY
    lasting = f"in {days} day{'' if days == 1 else 's'}" if days else "on the same day"
    return f"{ruled.label} {_moved(change, start)} {lasting}: {_verdict(ruled, change)}."


def _moved(change: Change, start: str) -> str:
    end = show(change.latest.total or Decimal(0)) if change.latest else ""
    if not change.fall_points:
        return f"stayed at {start}"
    percent = "" if change.fall_percent is None else f" ({round(abs(change.fall_percent))} %)"
    down = (change.fall_points > 0) != rule(change.instrument).more_is_better
    return f"{'fell' if down else 'rose'} from {start} to {end}{percent}"


def _verdict(ruled: Rule, change: Change) -> str:
    said = []
    if change.remission:
        said.append("remission")
    elif change.response is not None:
        said.append("response" if change.response else "no response")
        if change.response and change.remission is False:
            said.append("not remission")
    elif ruled.response is None and change.improved is not None:
        said.append(f"{'' if change.improved else 'not '}better by an amount that matters")
    if change.relapse:
        said.append("relapse")
    elif change.lost_response:
        said.append("the earlier response is lost")
    if change.worsened and ruled.worsening:
        said.append(f"worse than the best by {show(ruled.worsening.value)} points or more")
    return ", ".join(said) or "nothing to compare"


def _split(history: History) -> tuple[Measurement | None, tuple[Measurement, ...]]:
    known = tuple(one for one in history.measurements if one.total is not None)
    first = 0
    if history.treated_at is not None:
        before = [place for place, one in enumerate(known) if one.at <= history.treated_at]
        if not before:
            return None, known
        first = before[-1]
    return (known[first], known[first + 1 :]) if known else (None, ())


def _best(
    ruled: Rule, baseline: Measurement | None, since: tuple[Measurement, ...]
) -> Measurement | None:
    every = ([baseline] if baseline else []) + list(since)
    best = max if ruled.more_is_better else min
    return best(every, key=lambda one: one.total or Decimal(0), default=None)


def _fall(ruled: Rule, baseline: Measurement | None, latest: Measurement | None) -> Decimal | None:
    if baseline is None or latest is None or baseline.total is None or latest.total is None:
        return None
    fall = baseline.total - latest.total
    return -fall if ruled.more_is_better else fall


def _percent(baseline: Measurement | None, fall: Decimal | None) -> Decimal | None:
    if fall is None or baseline is None or not baseline.total:
        return None
    return fall * 100 / baseline.total


def _reaches(figure: Figure | None, fall: Decimal | None) -> bool | None:
    return None if figure is None or fall is None else fall >= figure.value


def _was_better(
    ruled: Rule, baseline: Measurement | None, best: Measurement | None, responded: bool
) -> bool | None:
    """Whether at its best it had responded, or was better by an amount that matters."""
    fall = _fall(ruled, baseline, best)
    return None if fall is None else responded or bool(_reaches(ruled.important, fall))


def _responds(ruled: Rule, baseline: Measurement | None, latest: Measurement | None) -> bool | None:
    if ruled.response is None:
        return None
    fall = _fall(ruled, baseline, latest)
    if ruled.response.unit == "% fall":
        fall = _percent(baseline, fall)
    return None if fall is None else fall >= ruled.response.value


def _in_remission(ruled: Rule, latest: Measurement | None) -> bool | None:
    if ruled.remission is None or latest is None or latest.total is None:
        return None
    if ruled.remission_at_most:
        return latest.total <= ruled.remission.value
    return latest.total < ruled.remission.value


def _worsened(ruled: Rule, best: Measurement | None, latest: Measurement | None) -> bool | None:
    fall = _fall(ruled, best, latest)
    if ruled.worsening is None or fall is None:
        return None
    return -fall >= ruled.worsening.value


def _apart(relapse: Relapse, before: Measurement, after: Measurement) -> bool:
    return relapse.apart_least_days * DAY <= after.at - before.at <= relapse.apart_most_days * DAY


def _sources(ruled: Rule) -> tuple[str, ...]:
    figures = [ruled.response, ruled.remission, ruled.worsening, ruled.important, ruled.reliable]
    figures += [ruled.relapse.at_least] if ruled.relapse else []
    return tuple(dict.fromkeys(key for one in figures if one for key in one.sources))


def _rule(name: str, row: Mapping[str, Any]) -> Rule:
    def part(key: str, *units: str) -> Figure | None:
        return figure(row[key], f"{name} {key}", units=units) if key in row else None

    def edge(which: str) -> int:
        found = {**row["range"], "value": row["range"][which]}
        return int(figure(found, f"{name} range", units=("points",)).value)

    return Rule(
        instrument=name,
        label=row["label"],
        low=edge("low"),
        high=edge("high"),
        more_is_better=row.get("more_is_better", False),
        response=part("response", "% fall", "points fall"),
        remission=part("remission", "points"),
        remission_at_most=row.get("remission", {}).get("bound") == "at most",
        worsening=part("worsening", "points"),
        important=part("important", "points"),
        reliable=part("reliable", "points"),
        relapse=_relapse(name, row["relapse"]) if "relapse" in row else None,
    )


def _relapse(name: str, row: Mapping[str, Any]) -> Relapse:
    return Relapse(
        at_least=figure(row, f"{name} relapse", units=("points",)),
        in_a_row=row["in_a_row"],
        apart_least_days=row["apart_least_days"],
        apart_most_days=row["apart_most_days"],
    )
