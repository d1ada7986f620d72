"""Treatment resistance: has the depression outlasted enough adequate antidepressants?

Ketamine is not first line. A trial counts when the dose was adequate, it lasted long enough within
the current episode, and it did not bring response. What nobody recorded is unknown, not a failure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.evidence.sources import cite
from ketaflow.people.chart import ChartItem, Kind
from ketaflow.refusals import BadFile
from ketaflow.screening.mentions import pattern

DAYS_PER_WEEK = 7
WEEKS_KEY = "adequate_trial_weeks"


class Told(StrEnum):
    """Yes, no, or nobody said."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Response(StrEnum):
    """What an antidepressant trial brought."""

    NONE = "none"
    PARTIAL = "partial"
    RESPONSE = "response"
    REMISSION = "remission"
    NOT_TOLERATED = "not tolerated"
    UNKNOWN = "unknown"


INADEQUATE = {Response.NONE, Response.PARTIAL}


@dataclass(frozen=True)
class Trial:
    """One antidepressant trial; `ongoing` says that it is still taken, `source` who said so."""

    drug: str
    dose: str = ""
    started_on: date | None = None
    stopped_on: date | None = None
    ongoing: bool = False
    adequate_dose: Told = Told.UNKNOWN
    outcome: Response = Response.UNKNOWN
    source: str = "interview"


@dataclass(frozen=True)
class Definition:
    """When a depression counts as treatment resistant, and where that is written."""

    trials_needed: int
    adequate_weeks: Decimal
    adequate_weeks_source: tuple[str, ...]
    source: tuple[str, ...]
    because: str
    action: str
    version: str
    confidence: str
    drugs: Mapping[str, re.Pattern[str]]
    asked_for: re.Pattern[str]
    not_asked_for: re.Pattern[str]

    def applies(self, indication: str) -> bool:
        """Whether a course for `indication` needs failed trials first."""
        return bool(self.asked_for.search(indication) and not self.not_asked_for.search(indication))


@dataclass(frozen=True)
class TrialJudged:
    """A trial, whether it counts, and why."""

    trial: Trial
    counts: Told
    weeks: Decimal | None
    because: str


@dataclass(frozen=True)
class Resistance:
    """What the trials on record amount to."""

    established: Told
    adequate: int
    needed: int
    adequate_weeks: Decimal
    adequate_weeks_source: tuple[str, ...]
    judged: tuple[TrialJudged, ...]


@cache
def definition() -> Definition:
    """The definition of treatment resistance that ships with Ketaflow."""
    table = dict(tables.read("ketaflow.screening", "rules/resistance"))["TRD"]
    weeks, needed = table["adequate_duration"], table["trials_needed"]
    for number, unit in ((weeks, "week"), (needed, "trial")):
        if number.get("unit") != unit:
            raise BadFile(f"TRD.toml needs a unit of {unit} (got {number.get('unit')!r}).")
        cite(number["source"])
    cite(table["source"])
    return Definition(
        trials_needed=needed["value"],
        adequate_weeks=Decimal(weeks["value"]),
        adequate_weeks_source=tuple(weeks["source"]),
        source=tuple(table["source"]),
        because=table["because"],
        action=table["action"],
        version=str(table["version"]),
        confidence=table["confidence"],
        drugs={name: pattern(words) for name, words in table["drugs"].items()},
        asked_for=_words(table["asked_for"]),
        not_asked_for=_words(table["not_asked_for"]),
    )


def drug_name(text: str) -> str:
    """The antidepressant that `text` names, or `text` itself in lower case."""
    for name, words in definition().drugs.items():
        if words.search(text):
            return name
    return text.strip().lower()


def trials_on_chart(items: Iterable[ChartItem]) -> tuple[Trial, ...]:
    """Antidepressants on a chart, one a drug, as trials that nobody has judged."""
    found: dict[str, Trial] = {}
    for item in items:
        name = drug_name(item.text)
        if item.kind is not Kind.MEDICATION or name not in definition().drugs:
            continue
        earlier = found.get(name)
        if earlier is None or (item.active and not earlier.ongoing):
            found[name] = Trial(
                drug=name,
                dose=item.text,
                started_on=item.started_at.date() if item.started_at else None,
                stopped_on=item.ended_at.date() if item.ended_at else None,
                ongoing=item.active,
                source=f"chart: {item.text}",
            )
    return tuple(found.values())


def known_trials(recorded: Iterable[Trial] | None, items: Iterable[ChartItem]) -> tuple[Trial, ...]:
    """Trials somebody recorded, and those on the chart that nobody has judged yet."""
    told = tuple(recorded or ())
    names = {drug_name(trial.drug) for trial in told}
    return told + tuple(trial for trial in trials_on_chart(items) if trial.drug not in names)


def judge(
    recorded: Iterable[Trial] | None,
    *,
    items: Iterable[ChartItem],
    episode_began_on: date | None,
    on: date,
    adequate_weeks: Decimal | None = None,
) -> Resistance:
    """Whether enough adequate trials failed in the current episode.

    Args:
        recorded: trials that were asked for and written down; None when nobody asked.
        items: the chart, whose antidepressants are trials not yet judged.
        episode_began_on: first day of the current episode, None when unknown.
        on: the day of the question.
        adequate_weeks: the clinic's own minimum; the shipped default when None.

    Returns:
        `established` is YES with enough counting trials of different drugs, NO when those on record
        cannot be enough even if every open question is answered kindly, else UNKNOWN.

    Source:
        S23, S3, S31 (two trials of adequate dose and duration in the current episode).
    """
    rule = definition()
    weeks = rule.adequate_weeks if adequate_weeks is None else adequate_weeks
    judged = tuple(
        _judge_one(trial, began=episode_began_on, on=on, adequate_weeks=weeks)
        for trial in known_trials(recorded, items)
    )
    certain = _drugs(judged, {Told.YES})
    possible = _drugs(judged, {Told.YES, Told.UNKNOWN})
    if certain >= rule.trials_needed:
        established = Told.YES
    elif recorded is not None and possible < rule.trials_needed:
        established = Told.NO
    else:
        established = Told.UNKNOWN
    source = rule.adequate_weeks_source if adequate_weeks is None else ("LOCAL",)
    return Resistance(established, certain, rule.trials_needed, weeks, source, judged)


def _drugs(judged: Iterable[TrialJudged], counting: set[Told]) -> int:
    return len({drug_name(one.trial.drug) for one in judged if one.counts in counting})


def _judge_one(
    trial: Trial, *, began: date | None, on: date, adequate_weeks: Decimal
) -> TrialJudged:
    weeks = _weeks_in_episode(trial, began=began, on=on)
    against = _against(trial, weeks, adequate_weeks)
    if against:
        return TrialJudged(trial, Told.NO, weeks, f"{trial.drug}: {' and '.join(against)}.")
    unknown = [
        what
        for what, missing in (
            ("whether the dose was adequate", trial.adequate_dose is Told.UNKNOWN),
            ("how long it lasted in the current episode", weeks is None),
            ("what it brought", trial.outcome is Response.UNKNOWN),
        )
        if missing
    ]
    if unknown:
        because = f"{trial.drug}: nobody has recorded {' or '.join(unknown)}."
        return TrialJudged(trial, Told.UNKNOWN, weeks, because)
    return TrialJudged(trial, Told.YES, weeks, f"{trial.drug}: adequate, without response.")


def _against(trial: Trial, weeks: Decimal | None, adequate_weeks: Decimal) -> list[str]:
    against = []
    if trial.adequate_dose is Told.NO:
        against.append("the dose was not adequate")
    if trial.outcome not in INADEQUATE | {Response.UNKNOWN}:
        against.append(f"its outcome was {trial.outcome}")
    if weeks is not None and weeks < adequate_weeks:
        against.append(f"it lasted {weeks:.0f} of {adequate_weeks} weeks in the current episode")
    return against


def _weeks_in_episode(trial: Trial, *, began: date | None, on: date) -> Decimal | None:
    stopped = trial.stopped_on or (on if trial.ongoing else None)
    if stopped is None or trial.started_on is None or began is None:
        return None
    days = (min(stopped, on) - max(trial.started_on, began)).days
    return max(Decimal(0), Decimal(days) / DAYS_PER_WEEK)


def _words(words: Any) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)
