"""The protocols as published: what is given, how often, and the evidence for and against."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import BadFigure, Figure, Statement, figure, keys, number, statement
from ketaflow.refusals import BadFile, OutsideEnvelope


class Drug(StrEnum):
    """What is given."""

    KETAMINE = "ketamine"
    ESKETAMINE = "esketamine"


class Route(StrEnum):
    """How it is given."""

    IV = "iv"
    NASAL = "nasal"
    IM = "im"


class Status(StrEnum):
    """How the use stands. Everything but `LABELLED` is outside the product label."""

    LABELLED = "labelled"  # licensed for this use
    OFF_LABEL = "off-label"  # not licensed; a guideline speaks about it
    PUBLISHED = "published"  # not licensed; the schedule of a published trial
    INVESTIGATIONAL = "investigational"  # small, single or negative trials only
    NOT_AVAILABLE = "not available"  # listed, but no sourced dose this system may propose


@dataclass(frozen=True)
class Dose:
    """How much: `figure` is proposed; the prescriber may choose within `low` to `high` or `steps`.

    The unit tells the kind: mg/kg in all, mg/kg/h or mg/h while the pump runs, mg by nasal device.
    """

    figure: Figure
    low: Decimal
    high: Decimal
    steps: tuple[Decimal, ...] = ()
    titrated: bool = False

    def allows(self, amount: Decimal) -> bool:
        """Whether the sources saw `amount`."""
        return amount in self.steps if self.steps else self.low <= amount <= self.high


@dataclass(frozen=True)
class Duration:
    """How long the pump runs: `figure` where it is fixed, else chosen between low and high."""

    figure: Figure | None
    low_min: Decimal
    high_min: Decimal | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Spacing:
    """How sessions lie in the calendar; what is None the sources do not say."""

    text: str
    sources: tuple[str, ...]
    min_days: Figure | None = None
    max_days: Figure | None = None
    per_week: Figure | None = None
    span_days: Figure | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of weeks with its own rhythm; `to_week` is None when it is open."""

    name: str
    from_week: int
    to_week: int | None
    sessions: Figure | None
    spacing: Spacing


@dataclass(frozen=True)
class Caps:
    """Ceilings that are published; the clinic's own come from its signed policy."""

    session_mg: Figure | None = None
    rate_mg_h: Figure | None = None
    rate_mg_kg_h: Figure | None = None


@dataclass(frozen=True)
class Monitoring:
    """When vital signs are due. An interval that is None is the clinic's to set."""

    id: str
    text: Statement
    during_every_min: Figure | None
    after_every_min: Figure | None
    due_at_min: tuple[int, ...]
    observe_min: Figure | None


@dataclass(frozen=True)
class Sessions:
    """How many sessions a course has; None where the clinic decides."""

    least: int | None
    most: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """One dated row of the library."""

    id: str
    name: str
    indication: str
    drug: Drug
    route: Route
    status: Status
    version: date
    sources: tuple[str, ...]
    evidence_for: tuple[Statement, ...]
    evidence_against: tuple[Statement, ...]
    requires: tuple[Statement, ...]
    notes: tuple[Statement, ...]
    sessions: Sessions
    spacing: Spacing
    maintenance: Statement
    monitoring: Monitoring | None
    dose: Dose | None
    first_dose: Dose | None
    why_no_dose: Statement | None
    duration: Duration | None
    caps: Caps
    phases: tuple[Phase, ...]
    reviews_after: tuple[int, ...]
    age_from: int
    formulation: str = ""

    @property
    def available(self) -> bool:
        """Whether this system may plan a course of it."""
        return self.status is not Status.NOT_AVAILABLE

    @property
    def off_label(self) -> bool:
        """Whether the patient must be told that no authority licensed this use."""
        return self.status is not Status.LABELLED

    def dose_at(self, session_number: int) -> Dose | None:
        """The dose of that session, counted from 1; a first session may have its own."""
        return self.first_dose if session_number == 1 and self.first_dose else self.dose


class UnknownProtocol(OutsideEnvelope):
    """No protocol has this name."""


@cache
def protocols() -> Mapping[str, Protocol]:
    """All protocols by id, in alphabetical order of the library.

    Raises:
        BadFile: a file lacks something, a unit or a registered source; nothing loads then.
    """
    found: dict[str, Protocol] = {}
    for name, table in tables.read("ketaflow.protocol", "library"):
        protocol_read = read(table, name)
        found[protocol_read.id] = protocol_read
    return MappingProxyType(found)


def protocol(id: str) -> Protocol:
    """The protocol called `id`, whatever its case.

    Raises:
        UnknownProtocol: there is none; the message names those that come near.
    """
    known = protocols()
    wanted = id.strip().upper()
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
    raise UnknownProtocol(f"There is no protocol {id!r}. {hint}")


@cache
def monitoring() -> Mapping[str, Monitoring]:
    """The sets of observations by id."""
    return MappingProxyType(
        {
            name: _monitoring(row, name)
            for name, row in tables.read("ketaflow.protocol", "monitoring")
        }
    )


def read(table: Mapping[str, Any], name: str) -> Protocol:
    """One protocol from its table; `name` is the file's.

    Raises:
        BadFile: what is missing or wrong, and where.
    """
    try:
        found = _protocol(table, name)
    except (KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise BadFile(f"Protocol {name}: {type(wrong).__name__} {wrong}.") from None
    if found.id != name:
        raise BadFile(f"Protocol {name} calls itself {found.id}: file and id must agree.")
    if not found.evidence_against or not (found.evidence_for or not found.available):
        raise BadFile(
            f"Protocol {name} needs evidence for and evidence against, each with a source."
        )
    if (found.dose is None) == (found.why_no_dose is None):
        raise BadFile(f"Protocol {name} needs either a dose or the reason why it has none.")
    if found.available and found.monitoring is None:
        raise BadFile(f"Protocol {name} is offered but says nothing about monitoring.")
    return found


def _protocol(table: Mapping[str, Any], name: str) -> Protocol:
    said = {
        part: tuple(statement(row, f"{name} {part}") for row in table.get(part, ()))
        for part in ("evidence_for", "evidence_against", "requires", "notes")
    }
    watch = table.get("monitoring")
    return Protocol(
        id=table["id"],
        name=table["name"],
        indication=table["indication"],
        drug=Drug(table["drug"]),
        route=Route(table["route"]),
        status=Status(table["status"]),
        version=date.fromisoformat(table["version"]),
        sources=_every_source(table),
        sessions=_sessions(table.get("sessions", {}), name),
        spacing=_spacing(table["spacing"], f"{name} spacing"),
        maintenance=statement(table["maintenance"], f"{name} maintenance"),
        monitoring=monitoring()[watch] if watch else None,
        dose=_dose(table.get("dose"), f"{name} dose"),
        first_dose=_dose(table.get("first_dose"), f"{name} first dose"),
        why_no_dose=_why(table.get("why_no_dose"), name),
        duration=_duration(table.get("duration"), f"{name} duration"),
        caps=_caps(table.get("caps", {}), name),
        phases=tuple(_phase(row, name) for row in table.get("phases", ())),
        reviews_after=_reviews(table.get("reviews"), name),
        age_from=int(table["age_from"]["value"]),
        formulation=table.get("formulation", ""),
        **said,
    )


def _why(row: Mapping[str, Any] | None, name: str) -> Statement | None:
    return None if row is None else statement(row, f"{name} why_no_dose")


def _dose(row: Mapping[str, Any] | None, where: str) -> Dose | None:
    if row is None:
        return None
    found = figure(row, where, units=("mg/kg", "mg/kg/h", "mg/h", "mg"))
    steps = tuple(number(step, where) for step in row.get("steps", ()))
    dose = Dose(
        figure=found,
        low=number(row.get("low", found.value), where),
        high=number(row.get("high", found.value), where),
        steps=steps,
        titrated=bool(row.get("titrated", False)),
    )
    if found.value <= 0 or not dose.allows(found.value):
        raise BadFigure(f"{where} proposes {found.value} {found.unit}, outside its own range.")
    return dose


def _duration(row: Mapping[str, Any] | None, where: str) -> Duration | None:
    if row is None:
        return None
    if "value" in row:
        found = figure(row, where, units=("min",))
        return Duration(found, found.value, found.value, found.sources)
    low = figure({**row, "value": row.get("low")}, where, units=("min",))
    high = number(row["high"], where) if "high" in row else None
    return Duration(None, low.value, high, low.sources)


def _spacing(row: Mapping[str, Any], where: str) -> Spacing:
    said = statement(row, where)
    units = {"min_days": "d", "max_days": "d", "per_week": "sessions/week", "span_days": "d"}
    figures = {
        part: figure(row[part], f"{where} {part}", units=(unit,))
        for part, unit in units.items()
        if part in row
    }
    return Spacing(text=said.text, sources=said.sources, **figures)


def _sessions(row: Mapping[str, Any], name: str) -> Sessions:
    if not row:
        return Sessions(None, None, ("LOCAL",))
    least = figure({**row, "value": row.get("least")}, f"{name} sessions", units=("sessions",))
    return Sessions(int(least.value), int(row.get("most", least.value)), least.sources)


def _phase(row: Mapping[str, Any], name: str) -> Phase:
    where = f"{name} phase {row['name']}"
    return Phase(
        name=row["name"],
        from_week=int(row["from_week"]),
        to_week=int(row["to_week"]) if "to_week" in row else None,
        sessions=figure(row["sessions"], where, units=("sessions",)) if "sessions" in row else None,
        spacing=_spacing(row["spacing"], where),
    )


def _reviews(row: Mapping[str, Any] | None, name: str) -> tuple[int, ...]:
    if row is None:
        return ()
    keys(row, f"{name} reviews")
    return tuple(row["after_sessions"])


def _caps(row: Mapping[str, Any], name: str) -> Caps:
    units = {"session_mg": "mg", "rate_mg_h": "mg/h", "rate_mg_kg_h": "mg/kg/h"}
    return Caps(
        **{
            part: figure(row[part], f"{name} cap {part}", units=(unit,))
            for part, unit in units.items()
            if part in row
        }
    )


def _monitoring(row: Mapping[str, Any], name: str) -> Monitoring:
    minutes = {
        part: figure(row[part], f"{name} {part}", units=("min",)) if part in row else None
        for part in ("during_every_min", "after_every_min", "observe_min")
    }
    due = tuple(int(minute) for minute in row.get("due_at_min", ()))
    return Monitoring(id=name, text=statement(row, name), due_at_min=due, **minutes)


def _every_source(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Each key cited anywhere in the table, once, in order of appearance."""
    found: dict[str, None] = {}

    def walk(part: object) -> None:
        if isinstance(part, Mapping):
            cited = part.get("source", ())
            found.update(dict.fromkeys((cited,) if isinstance(cited, str) else cited))
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(table)
    return tuple(found)
