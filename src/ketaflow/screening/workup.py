"""The work-up before treatment: what this patient needs, what is there, what is too old."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence.sources import cite
from ketaflow.people.chart import ChartItem, Kind
from ketaflow.screening.facts import Facts
from ketaflow.screening.mentions import pattern
from ketaflow.screening.rules import ProtocolNeeds

MEASURED = (Kind.VITAL, Kind.LABORATORY, Kind.SCORE)


class Need(StrEnum):
    """How firmly an item is asked for."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"


class State(StrEnum):
    """Whether an item of the work-up is there."""

    PRESENT = "present"
    MISSING = "missing"
    STALE = "stale"


@dataclass(frozen=True)
class Part:
    """One measurement of an item, found on a chart by LOINC code or by words."""

    key: str
    name: str
    codes: frozenset[str]
    words: tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class When:
    """For whom an item is asked; with nothing set, for everybody."""

    always: bool
    recurrent: bool
    could_be_pregnant: bool
    found: frozenset[str]
    indication: re.Pattern[str] | None


@dataclass(frozen=True)
class Item:
    """One item of the work-up. `holds` says that nobody is eligible without it."""

    id: str
    name: str
    need: Need
    holds: bool
    because: str
    when: When
    parts: tuple[Part, ...]
    answer: tuple[str, str] | None
    max_age_key: str
    source: tuple[str, ...]
    version: str
    confidence: str
    laboratory: tuple[Part, ...]


@dataclass(frozen=True)
class ItemFound:
    """An item this patient needs: its state, and the day it was last complete."""

    item: Item
    state: State
    done_on: date | None
    because: str


@cache
def items() -> Mapping[str, Item]:
    """Every item of the work-up by id."""
    read = tables.read("ketaflow.screening", "rules/workup")
    found = (_item(table) for _, table in read)
    return MappingProxyType({item.id: item for item in found})


def assess_workup(
    facts: Facts,
    *,
    needs: ProtocolNeeds,
    found: frozenset[str],
    on: date,
    policy: Mapping[str, Decimal],
) -> tuple[ItemFound, ...]:
    """What of the work-up this patient needs for this protocol, and its state on a day.

    Args:
        facts: what is known of the patient.
        needs: the protocol.
        found: ids of the rules that were found, since some items follow a risk.
        on: the day of the question.
        policy: the clinic's limits on age, in days, by the key an item names.

    Source:
        Each item's own file names it.
    """
    pregnant = facts.could_be_pregnant(policy)
    return tuple(
        _state(item, facts, on=on, policy=policy)
        for item in items().values()
        if _needed(item.when, needs=needs, found=found, could_be_pregnant=pregnant)
    )


def _needed(
    when: When, *, needs: ProtocolNeeds, found: frozenset[str], could_be_pregnant: bool
) -> bool:
    several = needs.sessions is None or needs.sessions > 1
    return (
        when.always
        or (when.recurrent and several)
        or (when.could_be_pregnant and could_be_pregnant)
        or bool(when.found & found)
        or bool(when.indication and when.indication.search(needs.indication))
    )


def _state(item: Item, facts: Facts, *, on: date, policy: Mapping[str, Decimal]) -> ItemFound:
    absent = [part.name for part in item.parts if not _readings(part, facts)]
    told = item.answer is not None and facts.answer(item.answer[0]) == item.answer[1]
    if item.id not in facts.done and not told and (absent or not item.parts):
        what = f" ({', '.join(absent)})" if absent else ""
        return ItemFound(item, State.MISSING, None, f"Not on record: {item.name}{what}.")
    done_on = facts.done.get(item.id) or _complete_on(item, facts)
    if done_on is None:
        return ItemFound(item, State.PRESENT, None, f"On record without a date: {item.name}.")
    limit = policy.get(item.max_age_key)
    days = (on - done_on).days
    if limit is not None and days > limit:
        because = f"{item.name}: of {done_on}, {days} days old; the clinic allows {limit}."
        return ItemFound(item, State.STALE, done_on, because)
    judged = "" if limit is not None else " The clinic has not set how old it may be."
    return ItemFound(item, State.PRESENT, done_on, f"{item.name}: of {done_on}.{judged}")


def _complete_on(item: Item, facts: Facts) -> date | None:
    """The day of the oldest part, each taken at its newest; None when one has no date."""
    days = [
        max(
            (one.started_at.date() for one in _readings(part, facts) if one.started_at),
            default=None,
        )
        for part in item.parts
    ]
    known = [day for day in days if day is not None]
    return min(known) if known and len(known) == len(days) else None


def _readings(part: Part, facts: Facts) -> list[ChartItem]:
    return [
        one
        for one in facts.of_kind(*MEASURED)
        if any(coding.code in part.codes for coding in one.codings)
        or any(words.search(one.text) for words in part.words)
    ]


def _item(table: Mapping[str, Any]) -> Item:
    cite(table["source"])
    parts = tuple(_part(key, row) for key, row in table.get("parts", {}).items())
    answer = table.get("answer")
    return Item(
        id=table["id"],
        name=table["name"],
        need=Need(table["need"]),
        holds=table.get("holds", False),
        because=table["because"],
        when=_when(table.get("when")),
        parts=parts,
        answer=(answer["key"], answer["is"]) if answer else None,
        max_age_key=table.get("max_age_policy", ""),
        source=tuple(table["source"]),
        version=str(table["version"]),
        confidence=table["confidence"],
        laboratory=parts if table.get("laboratory", False) else (),
    )


def _when(table: Mapping[str, Any] | None) -> When:
    said = table or {}
    words: Iterable[str] = said.get("indication", ())
    return When(
        always=table is None,
        recurrent=said.get("recurrent", False),
        could_be_pregnant=said.get("could_be_pregnant", False),
        found=frozenset(said.get("found", ())),
        indication=re.compile("|".join(words), re.IGNORECASE) if words else None,
    )


def _part(key: str, row: Mapping[str, Any]) -> Part:
    return Part(
        key=key,
        name=row["name"],
        codes=frozenset(row.get("codes", ())),
        words=tuple(pattern(text) for text in row.get("text", ())),
    )
