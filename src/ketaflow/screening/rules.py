"""Screening rules as data: what to look for, how grave it is by route, why, and who says so."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence.sources import cite
from ketaflow.people.chart import Kind
from ketaflow.refusals import BadFile
from ketaflow.screening.mentions import pattern

FOLDERS = ("rules/contraindications", "rules/interactions")
ROUTES = ("iv", "nasal")


class Severity(StrEnum):
    """How grave a finding is, mildest first."""

    INFORM = "inform"
    CAUTION = "caution"
    RELATIVE = "relative"
    ABSOLUTE = "absolute"

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class ProtocolNeeds:
    """What screening must know of a protocol, as plain values: `route` is "iv" or "nasal"."""

    id: str
    indication: str
    route: str
    sessions: int | None = None


@dataclass(frozen=True)
class Quantity:
    """A number, its unit and who says so."""

    value: Decimal
    unit: str
    source: tuple[str, ...]


@dataclass(frozen=True)
class OnChart:
    """What of a chart shows the finding: words or codes on items of `kinds`."""

    kinds: frozenset[Kind]
    words: tuple[re.Pattern[str], ...]
    codes: frozenset[tuple[str, str]]
    ever: bool
    within: Quantity | None
    absent: bool


@dataclass(frozen=True)
class Answered:
    """Which answer shows the finding: one of `values`, or a number above the limit."""

    key: str
    values: frozenset[str]
    above: Quantity | None
    policy: str


@dataclass(frozen=True)
class Reading:
    """A vital sign above a limit that is given here or set by the clinic under `policy`."""

    vital: str
    above: Quantity | None
    policy: str


@dataclass(frozen=True)
class Grade:
    """One way in which a rule can apply, with its severity by route. A route left out is silent."""

    name: str
    because: str
    severity: Mapping[str, Severity]
    chart: OnChart | None
    answer: Answered | None
    readings: tuple[Reading, ...]
    age_below: Quantity | None
    source: tuple[str, ...]
    match: tuple[Mapping[str, Any], ...]
    no_match: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Rule:
    """One finding: its grades, what to do, its sources, and whose judgement the class was."""

    id: str
    finding: str
    action: str
    source: tuple[str, ...]
    version: str
    confidence: str
    local: str
    indication: re.Pattern[str] | None
    grades: tuple[Grade, ...]


class NotARule(BadFile):
    """A rule file does not say what a rule must say."""


@cache
def rules() -> Mapping[str, Rule]:
    """Every screening rule by id, in the order of their files."""
    found: dict[str, Rule] = {}
    for folder in FOLDERS:
        for name, table in tables.read("ketaflow.screening", folder):
            rule = read_rule(name, table)
            if rule.id in found:
                raise NotARule(f"Rule {rule.id} is written twice (again in {name}.toml).")
            found[rule.id] = rule
    return MappingProxyType(found)


def read_rule(name: str, table: Mapping[str, Any]) -> Rule:
    """A rule from its TOML table.

    Raises:
        NotARule: something is missing, unknown or not a pattern; the message names the file.
        UnknownSource: a source is not registered.
    """
    try:
        _only(table, RULE_KEYS)
        source = _sources(table["source"])
        return Rule(
            id=table["id"],
            finding=table["finding"],
            action=table["action"],
            source=source,
            version=str(table["version"]),
            confidence=table["confidence"],
            local=table.get("local", ""),
            indication=_indication(table.get("indication")),
            grades=tuple(_grade(grade, source) for grade in table["grade"]),
        )
    except (KeyError, ValueError, TypeError, re.error) as wrong:
        raise NotARule(f"Screening rule {name}.toml cannot be used: {wrong}.") from None


RULE_KEYS = frozenset(
    {"id", "finding", "action", "source", "version", "confidence", "local", "indication", "grade"}
)
GRADE_KEYS = frozenset(
    {"name", "because", "severity", "chart", "answer", "reading", "age_below", "source", "examples"}
)
CHART_KEYS = frozenset({"on", "text", "codes", "ever", "within", "absent"})


def _only(table: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for key in table:
        if key not in allowed:
            raise ValueError(f"it says {key!r}, which is none of {', '.join(sorted(allowed))}")


def _sources(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(source.key for source in cite(keys))


def _indication(words: Iterable[str] | None) -> re.Pattern[str] | None:
    return re.compile("|".join(words), re.IGNORECASE) if words else None


def _grade(table: Mapping[str, Any], source: tuple[str, ...]) -> Grade:
    _only(table, GRADE_KEYS)
    examples = table.get("examples", {})
    return Grade(
        name=table["name"],
        because=table["because"],
        severity=_severity(table["severity"]),
        chart=_on_chart(table["chart"]) if "chart" in table else None,
        answer=_answered(table["answer"]) if "answer" in table else None,
        readings=tuple(_reading(reading) for reading in table.get("reading", ())),
        age_below=_quantity(table.get("age_below")),
        source=_sources(table["source"]) if "source" in table else source,
        match=tuple(examples.get("match", ())),
        no_match=tuple(examples.get("no_match", ())),
    )


def _severity(table: Mapping[str, str]) -> Mapping[str, Severity]:
    _only(table, frozenset(ROUTES))
    return MappingProxyType({route: Severity(word) for route, word in table.items()})


def _on_chart(table: Mapping[str, Any]) -> OnChart:
    _only(table, CHART_KEYS)
    codes = (code.split(":", 1) for code in table.get("codes", ()))
    return OnChart(
        kinds=frozenset(Kind(kind) for kind in table["on"]),
        words=tuple(pattern(text) for text in table.get("text", ())),
        codes=frozenset((system, code) for system, code in codes),
        ever=table.get("ever", False),
        within=_quantity(table.get("within")),
        absent=table.get("absent", False),
    )


def _answered(table: Mapping[str, Any]) -> Answered:
    return Answered(
        key=table["key"],
        values=frozenset(table.get("is", ())),
        above=_quantity(table.get("above")),
        policy=table.get("policy", ""),
    )


def _reading(table: Mapping[str, Any]) -> Reading:
    above = _quantity(table.get("above"))
    policy = table.get("policy", "")
    if (above is None) is (not policy):
        raise ValueError("a reading needs either a sourced limit or the name of a clinic policy")
    return Reading(table["vital"], above, policy)


def _quantity(table: Mapping[str, Any] | None) -> Quantity | None:
    if table is None:
        return None
    if not table["unit"]:
        raise ValueError("a number has no unit")
    return Quantity(Decimal(table["value"]), table["unit"], _sources(table["source"]))
