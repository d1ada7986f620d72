"""From an answer about suicide to the right person in time; no answer is never a no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from ketaflow import tables
from ketaflow.instruments.library import instrument
from ketaflow.instruments.scoring import level, match, missing
from ketaflow.protocol.figures import Figure, figure, keys, show
from ketaflow.protocol.limits import Policy

COLUMBIA = "c-ssrs-screener"


class Risk(StrEnum):
    """What the Columbia screener comes to. FOLLOW_UP: questions are open and none says high."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    NONE_REPORTED = "none reported"
    FOLLOW_UP = "follow-up"


class Next(StrEnum):
    """What an answer asks for."""

    SCREEN = "ask the Columbia screener in this encounter"
    FOLLOW_UP = "ask the unanswered question in person"


@dataclass(frozen=True)
class Trigger:
    """One answer that asks for more; `call_clinician` when the clinic's limit is reached too."""

    next: Next
    because: str
    call_clinician: bool
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Triage:
    """What the screener says; `open_items` are the questions nobody answered."""

    risk: Risk
    because: str
    open_items: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """What must happen, by whom, and by when; `by_at` where the clinic set a time."""

    what: str
    who: str
    when: str
    by_at: datetime | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Pathway:
    """Everything that follows from a triage."""

    risk: Risk
    steps: tuple[Step, ...]
    prescriber_decides: bool


@dataclass(frozen=True)
class _Rule:
    instrument: str
    item: str
    asks_from: Figure | None
    asks_limit: str
    call_limit: str


def triggers(
    instrument_id: str, answers: Mapping[str, int | None], policy: Policy | None
) -> tuple[Trigger, ...]:
    """What the answers to a questionnaire about mood ask for.

    Args:
        instrument_id: for example "phq-9".
        answers: by item key, None for one that was asked and not answered.
        policy: the clinic's, for the answers at which it calls a clinician.

    Source:
        Each trigger names its own. Where the clinic has set no limit, any answer above 0 asks.
    """
    found = []
    for rule in _rules():
        if rule.instrument == instrument_id and rule.item in answers:
            answer = answers[rule.item]
            one = _unanswered(rule) if answer is None else _answered(rule, answer, policy)
            found += [one] if one else []
    return tuple(found)


def mentions(text: str) -> Trigger | None:
    """Whether free text speaks of suicide; it finds words, and never proves their absence."""
    row = _table()["free_text"]
    said = " ".join(text.lower().split())
    hit = next((word for word in row["words"] if word in said), None)
    if hit is None:
        return None
    because = f"The text contains {hit!r}."
    return Trigger(Next.SCREEN, because, False, keys(row, "free text"))


def triage(answers: Sequence[int | None]) -> Triage:
    """The risk on the Columbia screener.

    High as soon as one answer says so, whatever is still open; otherwise an open question makes it
    FOLLOW_UP, because it may hide the worst answer.

    Args:
        answers: in the order of the screener's items; yes is 1, no is 0.

    Raises:
        WrongNumberOfAnswers, AnswerOutOfRange: as the scorer does.

    Source:
        Columbia Lighthouse Project triage (S54); moderate and low from memory (UNVERIFIED).
    """
    screener = instrument(COLUMBIA)
    given = match(COLUMBIA, answers)
    open_items = tuple(item.key for item in missing(screener, given))
    found = Risk(level(screener, given))
    yes = [key for key, answer in given.items() if answer]
    because = f"Yes to {', '.join(yes)}." if yes else "No question was answered yes."
    if open_items and found is not Risk.HIGH:
        because = f"{because} Not answered: {', '.join(open_items)}."
        found = Risk.FOLLOW_UP
    reached = [keyed.source for keyed in screener.levels if keyed.name == found]
    return Triage(found, because, open_items, reached[0] if reached else screener.source)


def pathway(
    found: Triage, *, at: datetime, policy: Policy | None, from_home: bool = False
) -> Pathway:
    """What must happen after `found`, by whom and by when.

    Args:
        found: the triage.
        at: when it was known.
        policy: the clinic's; its minutes to acknowledge an alert from home are a deadline.
        from_home: the answers came over the portal and nobody is beside the patient.

    Source:
        Triage S54; the workflow is a design from memory (UNVERIFIED); the time is the clinic's.
    """
    steps = [
        Step(row["what"], row["who"], row["when"], None, keys(row, f"step {row['what']}"))
        for row in _table()["step"]
        if row["risk"] == found.risk
    ]
    if from_home and steps:
        steps.insert(0, _acknowledge(at, policy))
    return Pathway(found.risk, tuple(steps), found.risk is Risk.HIGH)


def crisis_text(crisis_line: str, *, watched: bool) -> str:
    """What a patient reads before sending answers from home.

    Args:
        crisis_line: the clinic's number for a crisis, empty when it has not set one.
        watched: somebody reads the answers as they come in.
    """
    line = f"call {crisis_line}, or " if crisis_line.strip() else ""
    sentences = [
        f"If you might act on thoughts of suicide, do not wait: {line}call your local emergency "
        "number, or go to the nearest emergency department.",
        "The clinic is told at once when these answers worry us."
        if watched
        else "Nobody at the clinic is watching right now.",
    ]
    return " ".join(sentences)


def _unanswered(rule: _Rule) -> Trigger:
    because = (
        f"{instrument(rule.instrument).short} item {rule.item} was not answered; that is not a no."
    )
    return Trigger(Next.FOLLOW_UP, because, False, ("DERIVED", "S47"))


def _answered(rule: _Rule, answer: int, policy: Policy | None) -> Trigger | None:
    limits = policy.values if policy else {}
    asks_from = rule.asks_from.value if rule.asks_from else limits.get(rule.asks_limit, Decimal(1))
    if answer < asks_from:
        return None
    calls_from = limits.get(rule.call_limit)
    because = (
        f"{instrument(rule.instrument).short} item {rule.item} was answered {answer}; "
        f"from {show(asks_from)} on, the Columbia screener is asked."
    )
    sources = rule.asks_from.sources if rule.asks_from else ("LOCAL",)
    return Trigger(Next.SCREEN, because, calls_from is not None and answer >= calls_from, sources)


def _acknowledge(at: datetime, policy: Policy | None) -> Step:
    minutes = policy.values.get("alert_acknowledge_min") if policy else None
    by_at = None if minutes is None else at + timedelta(minutes=float(minutes))
    when = (
        "now; the clinic must set its time limit"
        if minutes is None
        else f"within {show(minutes)} minutes"
    )
    return Step("Acknowledge this alert by name", "Clinician on call", when, by_at, ("LOCAL",))


@cache
def _table() -> Mapping[str, Any]:
    return dict(tables.read("ketaflow.outcomes", "rules"))["suicidality"]


@cache
def _rules() -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            instrument=row["instrument"],
            item=row["item"],
            asks_from=figure(row["asks_from"], f"{row['instrument']} trigger", units=("points",))
            if "asks_from" in row
            else None,
            asks_limit=row.get("asks_limit", ""),
            call_limit=row.get("call_limit", ""),
        )
        for row in _table()["trigger"]
    )
