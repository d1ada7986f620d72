"""A session in words: its flowsheet and its record."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ketaflow.instruments.library import instrument
from ketaflow.protocol.figures import show
from ketaflow.protocol.library import Route
from ketaflow.session import checklist, events, vitals
from ketaflow.session.corrections import CORRECTABLE, Line
from ketaflow.session.events import Kind
from ketaflow.session.fold import SCALES, SessionState
from ketaflow.session.queries import Room
from ketaflow.session.vitals import Vitals
from ketaflow.web import session_holds, session_phases

MINUTE = timedelta(minutes=1)
PHASES, COLOURS = session_phases.PHASES, session_phases.COLOURS
Moments = Mapping[datetime, Sequence[Line]]
SHORT = {"heart_rate": "pulse", "spo2": "SpO2", "respiratory_rate": "breaths"}
MEASURED = (Kind.BASELINE, Kind.READING, Kind.CONFIRMED)


@dataclass(frozen=True)
class FlowRow:
    """One moment on the flowsheet."""

    at: datetime
    minute: str
    name: str
    pressure: str
    cells: tuple[str, ...]
    scores: tuple[str, ...]
    rate: str
    given: str
    changes: str
    beyond: tuple[str, ...]
    by: str
    corrected: bool
    # The same as `changes` and `beyond`, so short that a row stays one line.
    signed: str
    passed: str
    # The row of a monitor that no nurse has confirmed yet; None for all others.
    unconfirmed: UUID | None = None


@dataclass(frozen=True)
class Said:
    """One line of the record; `was` is what it said before, with who changed it and why."""

    ordinal: int
    at: datetime
    what: str
    by: str
    struck: bool
    was: tuple[str, ...]
    correctable: bool


def moments(room: Room) -> Mapping[datetime, Sequence[Line]]:
    """Every moment at which something was measured, with what was."""
    found: dict[datetime, list[Line]] = {}
    for line in room.state.lines:
        if (line.kind in MEASURED or line.kind in SCALES) and not line.struck:
            found.setdefault(line.at, []).append(line)
    return found


def flow(room: Room, of: Moments) -> list[FlowRow]:
    """The flowsheet: the baseline first, then the moments given."""
    rows = [_row(room, at, lines) for at, lines in sorted(of.items())]
    return sorted(rows, key=lambda row: row.name != "Baseline")


def _row(room: Room, at: datetime, lines: Sequence[Line]) -> FlowRow:
    state = room.state
    reading = next((one for one in lines if one.kind in MEASURED), None)
    found = vitals.read(reading.payload) if reading else Vitals()
    is_baseline = bool(
        state.baseline and reading and reading.ordinal == state.baseline.line.ordinal
    )
    totals = {one.kind: str(one.payload["total"]) for one in lines if one.kind in SCALES}
    started = state.started_at is not None and at >= state.started_at
    signs = [name for name in vitals.signs() if name not in ("systolic", "diastolic")]
    return FlowRow(
        at=at,
        minute=since(state, at),
        name="Baseline" if is_baseline else "",
        pressure=pressure(found),
        cells=tuple(_value(found, name) for name in signs),
        scores=tuple(totals.get(kind, "") for kind in SCALES),
        rate=show(state.rate_mg_min(at)) if started and state.programme else "",
        given=show(round(state.given_mg(at), 1)) if started else "",
        changes="" if is_baseline else changes(state, found),
        beyond=beyond(room, found, before=is_baseline),
        by=_by(lines[0]),
        corrected=any(one.corrected for one in lines),
        signed="" if is_baseline else signed(state, found),
        passed=passed(beyond(room, found, before=is_baseline)),
    )


def _by(line: Line) -> str:
    origin = events.origin(line.payload)
    return f"{line.by_name}, from monitor {origin.sender}" if origin else line.by_name


def since(state: SessionState, at: datetime) -> str:
    """Minutes since the drug began; nothing before it."""
    if state.started_at is None or at < state.started_at:
        return ""
    return str((at - state.started_at) // MINUTE)


def pressure(found: Vitals) -> str:
    """Blood pressure as it is said."""
    if found.systolic is None and found.diastolic is None:
        return ""
    return f"{_value(found, 'systolic') or '–'}/{_value(found, 'diastolic') or '–'}"


def _value(found: Vitals, name: str) -> str:
    value = found.measured.get(name)
    return "" if value is None else show(value)


def summary(found: Vitals) -> str:
    """The last vital signs in one line."""
    said = [f"{pressure(found)} mmHg"] if pressure(found) else []
    short = {"heart_rate": "pulse {}", "spo2": "SpO2 {} %", "respiratory_rate": "breathing {}"}
    said += [short[name].format(_value(found, name)) for name in short if _value(found, name)]
    return ", ".join(said)


def changes(state: SessionState, found: Vitals) -> str:
    """What differs from the baseline, in words."""
    return changed(found, state.baseline.vitals if state.baseline else None)


def changed(found: Vitals, baseline: Vitals | None) -> str:
    """What differs from `baseline`, in words; the pressure first."""
    if baseline is None or not found.measured:
        return ""
    differ = {
        name: said
        for name, said in vitals.against(found, baseline).items()
        if said not in ("as at baseline", "no baseline") and name != "temperature"
    }
    if not differ:
        return "as at baseline"
    names = vitals.signs()
    said = [
        f"{names[name].label.removesuffix(' pressure').lower()} {words.removesuffix(' baseline')}"
        for name, words in differ.items()
    ]
    return ", ".join(said).replace("spo2", "SpO2")


def signed(state: SessionState, found: Vitals) -> str:
    """What differs from the baseline, as signed numbers: BP +16/+8, SpO2 -1."""
    before = state.baseline.vitals.measured if state.baseline else {}
    differ = {name: value - before[name] for name, value in found.measured.items()
              if name in before and name != "temperature"}  # fmt: skip
    if not differ:
        return ""
    pair = [f"{differ[one]:+}" if one in differ else "–" for one in ("systolic", "diastolic")]
    said = [] if not {*pair} - {"+0", "–"} else [f"BP {'/'.join(pair)}"]
    said += [f"{label} {differ[one]:+}" for one, label in SHORT.items() if differ.get(one)]
    return ", ".join(said) or "as at baseline"


def passed(beyond: Sequence[str]) -> str:
    """Which signs are beyond a limit; each sentence begins with its sign and value."""
    names = (re.split(r" \d", one)[0].lower().removesuffix(" pressure") for one in beyond)
    signs = dict.fromkeys(names)
    return f"beyond: {', '.join(signs)}".replace("spo2", "SpO2") if signs else ""


def beyond(room: Room, found: Vitals, *, before: bool = False) -> tuple[str, ...]:
    """What lies beyond the clinic's own limits."""
    if room.policy is None:
        return ()
    baseline = room.state.baseline.vitals if room.state.baseline else None
    limits = vitals.BEFORE if before else vitals.DURING
    return vitals.beyond(found, room.policy, limits, baseline=None if before else baseline)


def record(state: SessionState) -> list[Said]:
    """Everything that was written, as it stands and as it stood."""
    return [
        Said(
            ordinal=line.ordinal,
            at=line.at,
            what=told(line.kind, line.payload),
            by=line.by_name,
            struck=line.struck,
            was=tuple(_was(line)),
            correctable=line.kind in CORRECTABLE and not line.struck,
        )
        for line in state.lines
    ]


def _was(line: Line) -> Iterator[str]:
    for before, after in zip(line.versions, line.versions[1:], strict=False):
        became = "struck out" if after.payload is None else told(line.kind, after.payload)
        first = told(line.kind, before.payload or line.payload)
        yield f"{after.by_name} corrected “{first}” to “{became}”: {after.reason}"


def told(kind: Kind, payload: Mapping[str, Any]) -> str:
    """One entry in words."""
    return WORDS[kind](payload)


def _measured(payload: Mapping[str, Any]) -> str:
    found = vitals.read(payload)
    heat = _value(found, "temperature")
    return summary(found) + (f", {heat} °C" if heat else "")


def _dose(payload: Mapping[str, Any]) -> str:
    parts = (("dose_mg", "mg"), ("rate_mg_min", "mg/min"), ("devices", "devices"))
    read = ", ".join(f"{payload[key]} {unit}" for key, unit in parts if payload.get(key))
    return f"Dose checked: {read}; prepared by {payload.get('prepared_by_name', '')}"


def _tick(payload: Mapping[str, Any]) -> str:
    text = checklist.known(payload["item"]).text
    note = f" ({payload['note']})" if payload.get("note") else ""
    return f"{text}{note}" if payload.get("done") else f"Tick taken away: {text}"


def _effect(payload: Mapping[str, Any]) -> str:
    label = events.side_effects()[payload["effect"]].label
    note = f": {payload['note']}" if payload.get("note") else ""
    return f"Side effect: {label}, {payload.get('severity', 1)} of 5{note}"


def _score(payload: Mapping[str, Any]) -> str:
    answers = [one for one in payload["answers"] if one is not None]
    return f"{instrument(payload['instrument']).short} {sum(answers)} of 10"


def _home(payload: Mapping[str, Any]) -> str:
    short = payload.get("override")
    why = f"; observation shortened by {short['by_name']}: {short['reason']}" if short else ""
    return f"Went home with {payload.get('escort', 'nobody named')}{why}"


WORDS: Mapping[Kind, Callable[[Mapping[str, Any]], str]] = {
    Kind.CHECKED_IN: lambda told: f"Checked in, {told.get('chair', '')}",
    Kind.CHECKLIST_ITEM: _tick,
    Kind.BASELINE: lambda told: f"Baseline: {_measured(told)}",
    Kind.DOSE_CHECKED: _dose,
    Kind.STARTED: lambda told: f"Pump started at {told['rate_mg_min']} mg/min",
    Kind.RATE_CHANGED: lambda told: f"Rate {told['rate_mg_min']} mg/min: {told.get('reason', '')}",
    Kind.PAUSED: lambda told: f"Paused: {told.get('reason', '')}",
    Kind.RESUMED: lambda told: (
        f"Resumed at {told['rate_mg_min']} mg/min" if told.get("rate_mg_min") else "Resumed"
    ),
    Kind.STOPPED: lambda told: f"Drug ended: {told.get('reason', '')}",
    Kind.DEVICE_GIVEN: lambda told: f"Nasal device given, lot {told.get('lot', '')}",
    Kind.READING: _measured,
    Kind.SEDATION: lambda told: f"MOAA/S {told['total']}",
    Kind.DISSOCIATION: lambda told: f"CADSS-6 {told['total']}",
    Kind.PAIN: lambda told: f"Pain {told['total']} of 10",
    Kind.SIDE_EFFECT: _effect,
    Kind.RESCUE: lambda told: (
        f"Rescue medicine: {told['medicine']} {told['dose']}, {told['route']}: {told['reason']}"
    ),
    Kind.NOTE: lambda told: f"Note: {told['text']}",
    Kind.DISCHARGE_SCORED: _score,
    Kind.DISCHARGED: _home,
    Kind.TRANSFERRED: lambda told: f"Transferred to {told.get('to', '')}: {told['reason']}",
    Kind.CANCELLED: lambda told: f"Cancelled: {told['reason']}",
    **session_holds.WORDS,
    Kind.CONFIRMED: lambda told: f"{_measured(told)}, from monitor {told['monitor']['sender']}",
}


def is_nasal(room: Room) -> bool:
    """Whether this session is by nasal spray."""
    return room.protocol.route is Route.NASAL
