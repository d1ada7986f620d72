"""A session is the fold of its entries: the page, the printout and the forecast all read this."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from ketaflow.instruments.library import instrument
from ketaflow.instruments.scoring import score
from ketaflow.protocol.library import Route
from ketaflow.session import checklist, events, phases, vitals
from ketaflow.session.administration import (
    DeviceGiven,
    OutOfOrder,
    PumpStep,
    infused_mg,
    spray,
    sprayed_mg,
)
from ketaflow.session.checklist import Preparation
from ketaflow.session.corrections import Line, lines_of
from ketaflow.session.events import DoseCheck, Kind, NotReadable, Order, Recorded, Tick
from ketaflow.session.folds.values import AlreadyConfirmed, Reading, Scored, SideEffect
from ketaflow.session.holds import standing
from ketaflow.session.monitoring_form.form import UNTOUCHED, Form
from ketaflow.session.phases import Phase

STILL = Decimal(0)
SCALES = {Kind.SEDATION: "moaa-s", Kind.DISSOCIATION: "cadss-6", Kind.PAIN: "nrs-pain"}


# Two states are the same only if they are one: whoever works something out of a state may keep it.
@dataclass(frozen=True, eq=False)
class SessionState:
    """All that is known of a session from its journal stream, and nothing else."""

    phase: Phase = Phase.BOOKED
    last_ordinal: int = 0
    order: Order | None = None
    checked_in_at: datetime | None = None
    checklist: Mapping[str, Tick] = field(default_factory=lambda: MappingProxyType({}))
    baseline: Reading | None = None
    dose_check: DoseCheck | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    ended_at: datetime | None = None
    programme: tuple[PumpStep, ...] = ()
    devices: tuple[DeviceGiven, ...] = ()
    readings: tuple[Reading, ...] = ()
    scores: tuple[Scored, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()
    notes: tuple[Line, ...] = ()
    discharge_scores: tuple[Scored, ...] = ()
    holds: tuple[standing.Hold, ...] = ()
    form: Form = UNTOUCHED
    lines: tuple[Line, ...] = ()

    @property
    def preparation(self) -> Preparation:
        """What is on record before the drug.

        Raises:
            NotReadable: nobody has checked in.
        """
        if self.order is None:
            raise NotReadable("Nobody has checked in for this session yet; check the patient in.")
        baseline = self.baseline.vitals if self.baseline else None
        return Preparation(self.order, self.checklist, baseline, self.dose_check)

    def given_mg(self, at: datetime) -> Decimal:
        """Milligrams given by `at`, by pump and by spray."""
        return infused_mg(self.programme, until=at) + sprayed_mg(self.devices, until=at)

    def rate_mg_min(self, at: datetime) -> Decimal:
        """What the pump was set to at `at`."""
        run = [step.rate_mg_min for step in self.programme if step.at <= at]
        return run[-1] if run else STILL

    def latest(self, instrument_id: str) -> Scored | None:
        """The last time that scale was taken."""
        every = [one for one in self.scores if one.instrument == instrument_id]
        return every[-1] if every else None


def fold(entries: Iterable[Recorded]) -> SessionState:
    """The state of a session from its entries, in the order they were written.

    Args:
        entries: the whole stream, by ordinal. A correction replaces what it names and keeps both.

    Raises:
        NotReadable: an entry is not what its kind should be.
        NotNow, IllegalMove: the entries could not have happened in this order.
        NotCorrectable: a correction names what cannot be corrected.
        Implausible: a reading that cannot be.
    """
    return folded(entries).state


def folded(entries: Iterable[Recorded]) -> "Folded":
    """`fold`, and what it takes to go on from there."""
    return Folded((), SessionState(), _Folding()).after(entries)


@dataclass(frozen=True)
class Folded:
    """A stream as far as it was read: its entries, the state they give, and where to go on."""

    entries: tuple[Recorded, ...]
    state: SessionState
    _folding: "_Folding"

    def after(self, entries: Iterable[Recorded]) -> "Folded":
        """The same with more entries: what was folded before is not folded again.

        But for a correction, which may change everything since what it names.

        Raises:
            NotReadable, NotNow, IllegalMove, NotCorrectable, Implausible: as `fold`.
        """
        more = tuple(entries)
        written = (*self.entries, *more)
        anew = any(entry.kind == Kind.CORRECTED for entry in more)
        folding = _Folding() if anew else self._folding.copy()
        fresh = lines_of(written if anew else more)
        for line in fresh:
            if not line.struck:
                folding.take(line)
        lines = fresh if anew else (*self.state.lines, *fresh)
        last = written[-1].ordinal if written else 0
        return Folded(written, replace(folding.state(), lines=lines, last_ordinal=last), folding)


@dataclass
class _Folding:
    """The state while it is being folded; `SessionState` when it is done."""

    phase: Phase = Phase.BOOKED
    order: Order | None = None
    checked_in_at: datetime | None = None
    checklist: dict[str, Tick] = field(default_factory=dict)
    baseline: Reading | None = None
    dose_check: DoseCheck | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    ended_at: datetime | None = None
    programme: list[PumpStep] = field(default_factory=list)
    devices: list[DeviceGiven] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    scores: list[Scored] = field(default_factory=list)
    side_effects: list[SideEffect] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    discharge_scores: list[Scored] = field(default_factory=list)
    holds: dict[int, standing.Hold] = field(default_factory=dict)
    form: Form = UNTOUCHED

    def copy(self) -> "_Folding":
        """Another that goes its own way from here."""
        other = replace(self)
        for one in fields(self):
            if isinstance(held := getattr(self, one.name), list | dict):
                setattr(other, one.name, copy(held))
        return other

    def take(self, line: Line) -> None:
        phases.admit(self.phase, line.kind)
        TAKES[line.kind](self, line)
        if self.phase in phases.PREPARING and self.order:
            baseline = self.baseline.vitals if self.baseline else None
            done = checklist.complete(
                Preparation(self.order, self.checklist, baseline, self.dose_check)
            )
            self.go(Phase.READY if done else Phase.CHECKED_IN)

    def go(self, to: Phase) -> None:
        if self.phase is not to:
            self.phase = phases.move(self.phase, to)

    def pump(self, line: Line, rate_mg_min: Decimal) -> None:
        if self.programme and line.at < self.programme[-1].at:
            raise OutOfOrder(
                f"{line.kind.label} is timed before the pump's last change. Correct the time."
            )
        self.programme.append(PumpStep(line.at, rate_mg_min, line.ordinal))

    def finish(self, line: Line) -> None:
        if self.programme:
            self.pump(line, STILL)
        self.stopped_at = self.stopped_at or line.at

    def given_by(self, route: Route, line: Line) -> None:
        if self.order is None or (self.order.route is Route.NASAL) != (route is Route.NASAL):
            raise NotReadable(
                f"{line.kind.label} does not belong to this order. Record what was ordered."
            )

    def state(self) -> SessionState:
        return SessionState(
            phase=self.phase,
            order=self.order,
            checked_in_at=self.checked_in_at,
            checklist=MappingProxyType(dict(self.checklist)),
            baseline=self.baseline,
            dose_check=self.dose_check,
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            ended_at=self.ended_at,
            programme=tuple(self.programme),
            devices=tuple(self.devices),
            readings=tuple(sorted(self.readings, key=lambda reading: reading.at)),
            scores=tuple(self.scores),
            side_effects=tuple(self.side_effects),
            notes=tuple(self.notes),
            discharge_scores=tuple(self.discharge_scores),
            holds=tuple(self.holds.values()),
            form=self.form,
        )


def _checked_in(so_far: _Folding, line: Line) -> None:
    so_far.order = events.order(line.payload)
    so_far.checked_in_at = line.at
    so_far.go(Phase.CHECKED_IN)


def _checklist_item(so_far: _Folding, line: Line) -> None:
    tick = events.tick(line)
    so_far.checklist[checklist.known(tick.item).key] = tick


def _baseline(so_far: _Folding, line: Line) -> None:
    so_far.baseline = Reading(line, vitals.read(line.payload))
    so_far.readings.append(so_far.baseline)


def _dose_checked(so_far: _Folding, line: Line) -> None:
    so_far.dose_check = events.dose_check(line)


def _started(so_far: _Folding, line: Line) -> None:
    so_far.given_by(Route.IV, line)
    so_far.started_at = line.at
    so_far.pump(line, events.amount(line.payload, "rate_mg_min"))
    so_far.go(Phase.RUNNING)


def _rate_changed(so_far: _Folding, line: Line) -> None:
    so_far.given_by(Route.IV, line)
    so_far.pump(line, events.amount(line.payload, "rate_mg_min"))


def _paused(so_far: _Folding, line: Line) -> None:
    if so_far.programme:
        so_far.pump(line, STILL)
    so_far.go(Phase.PAUSED)


def _resumed(so_far: _Folding, line: Line) -> None:
    if so_far.programme:
        before = [step.rate_mg_min for step in so_far.programme if step.rate_mg_min > 0]
        so_far.pump(line, events.number(line.payload, "rate_mg_min") or before[-1])
    so_far.go(Phase.RUNNING)


def _stopped(so_far: _Folding, line: Line) -> None:
    so_far.finish(line)
    so_far.go(Phase.OBSERVING)


def _device_given(so_far: _Folding, line: Line) -> None:
    so_far.given_by(Route.NASAL, line)
    so_far.started_at = so_far.started_at or line.at
    so_far.go(Phase.RUNNING)
    lot = str(line.payload.get("lot", ""))
    so_far.devices.append(DeviceGiven(line.at, spray().device_mg.value, lot, line.ordinal))
    if so_far.order and len(so_far.devices) == so_far.order.devices:
        _stopped(so_far, line)


def _reading(so_far: _Folding, line: Line) -> None:
    so_far.readings.append(Reading(line, vitals.read(line.payload)))


def _confirmed(so_far: _Folding, line: Line) -> None:
    found = Reading(line, vitals.read(line.payload))
    if found.origin is None:
        raise NotReadable("A confirmed reading names the monitor it comes from; confirm its row.")
    for one in so_far.readings:
        if one.origin == found.origin and one.vitals == found.vitals:
            raise AlreadyConfirmed(
                f"{one.line.by_name} confirmed this row already. Nothing was recorded twice."
            )
    so_far.readings.append(found)


def _scale(so_far: _Folding, line: Line) -> None:
    scale = instrument(SCALES[line.kind])
    total = events.count(line.payload, "total")
    low, high = scale.lowest, scale.highest
    if not low <= total <= high:
        raise NotReadable(f"{scale.short} runs from {low} to {high} (got {total}).")
    so_far.scores.append(Scored(line, scale.id, total))


def _side_effect(so_far: _Folding, line: Line) -> None:
    effect = events.words(line.payload, "effect")
    severity = events.whole(line.payload, "severity") or 1
    note = str(line.payload.get("note", "")).strip()
    if effect not in events.side_effects():
        raise NotReadable(f"The list has no side effect {effect!r}; pick one, or 'other'.")
    if severity > 5 or (effect == "other" and not note):
        raise NotReadable("Severity runs from 1 to 5, and 'other' says in its note what it was.")
    so_far.side_effects.append(SideEffect(line, effect, severity, note))


def _rescue(so_far: _Folding, line: Line) -> None:
    events.rescue(line.payload)  # stands among the lines


def _note(so_far: _Folding, line: Line) -> None:
    events.words(line.payload, "text")
    so_far.notes.append(line)


def _discharge_scored(so_far: _Folding, line: Line) -> None:
    answers = line.payload.get("answers")
    if not isinstance(answers, list):
        raise NotReadable("A discharge score lists its answers; enter each item.")
    result = score(events.words(line.payload, "instrument"), [_answer(one) for one in answers])
    total = None if result.total is None else int(result.total)
    so_far.discharge_scores.append(Scored(line, result.instrument, total))


def _answer(told: object) -> int | None:
    return None if told is None else events.count({"answer": told}, "answer")


def _discharged(so_far: _Folding, line: Line) -> None:
    so_far.ended_at = line.at
    so_far.go(Phase.DISCHARGED)


def _transferred(so_far: _Folding, line: Line) -> None:
    events.words(line.payload, "reason")
    if so_far.phase in phases.GIVING:
        so_far.finish(line)
    so_far.ended_at = line.at
    so_far.go(Phase.TRANSFERRED)


def _cancelled(so_far: _Folding, line: Line) -> None:
    events.words(line.payload, "reason")
    so_far.ended_at = line.at
    so_far.go(Phase.CANCELLED)


def _hold(so_far: _Folding, line: Line) -> None:
    found = standing.after(so_far.holds, line)
    so_far.holds[found.ordinal] = found


def _form(so_far: _Folding, line: Line) -> None:
    so_far.form = so_far.form.after(line)


TAKES: Mapping[Kind, Callable[[_Folding, Line], None]] = MappingProxyType(
    {
        Kind.CHECKED_IN: _checked_in,
        Kind.CHECKLIST_ITEM: _checklist_item,
        Kind.BASELINE: _baseline,
        Kind.DOSE_CHECKED: _dose_checked,
        Kind.STARTED: _started,
        Kind.RATE_CHANGED: _rate_changed,
        Kind.PAUSED: _paused,
        Kind.RESUMED: _resumed,
        Kind.STOPPED: _stopped,
        Kind.DEVICE_GIVEN: _device_given,
        Kind.READING: _reading,
        Kind.CONFIRMED: _confirmed,
        Kind.SEDATION: _scale,
        Kind.DISSOCIATION: _scale,
        Kind.PAIN: _scale,
        Kind.SIDE_EFFECT: _side_effect,
        Kind.RESCUE: _rescue,
        Kind.NOTE: _note,
        Kind.DISCHARGE_SCORED: _discharge_scored,
        Kind.DISCHARGED: _discharged,
        Kind.TRANSFERRED: _transferred,
        Kind.CANCELLED: _cancelled,
        **dict.fromkeys((Kind.FORM_FILLED, Kind.FORM_SUBMITTED), _form),
        **dict.fromkeys((Kind.HOLD, Kind.HOLD_ACKNOWLEDGED, Kind.HOLD_RELEASED), _hold),
    }
)
