"""What the record itself knows of the form: the pressures before, at 40 minutes and at the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ketaflow.protocol.figures import show
from ketaflow.protocol.library import Monitoring
from ketaflow.session.fold import SessionState
from ketaflow.session.folds.values import Reading

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Measured:
    """Three sets of vital signs; None where the record has none."""

    before: Reading | None
    at_mark: Reading | None
    at_end: Reading | None
    mark_min: int


def marks_min(monitoring: Monitoring) -> tuple[int, ...]:
    """The moments at which the label asks for a pressure, between the dose and the end.

    Source:
        The monitoring's own (S25, S28, S30).
    """
    end = monitoring.observe_min
    return tuple(
        int(one) for one in monitoring.due_at_min if end is not None and 0 < one < end.value
    )


def pressure_from(state: SessionState, mark_min: int) -> Reading | None:
    """The first blood pressure taken at `mark_min` minutes after the first spray, or later."""
    if state.started_at is None:
        return None
    since = state.started_at + MINUTE * mark_min
    return next((one for one in _pressures(state) if one.at >= since), None)


def measured(state: SessionState, monitoring: Monitoring) -> Measured:
    """The three sets that the form asks for.

    The reading at the mark is the first at it or after it, however late: its own time stands beside
    it, so that a reading at 70 minutes is never taken for one at 40.
    """
    mark = marks_min(monitoring)[0]
    given = [one for one in _pressures(state) if _after(one.at, state.stopped_at)]
    return Measured(
        before=state.baseline,
        at_mark=pressure_from(state, mark),
        at_end=given[-1] if given else None,
        mark_min=mark,
    )


def said(reading: Reading | None, state: SessionState) -> str:
    """One set in words, with the minute at which it was really taken."""
    if reading is None:
        return "not on record"
    signs = reading.vitals.measured
    saturation = f", SpO2 {show(signs['spo2'])} %" if "spo2" in signs else ""
    pressure = "/".join(show(signs[one]) for one in ("systolic", "diastolic") if one in signs)
    minute = ""
    if state.started_at and reading.at >= state.started_at:
        minute = f", taken at {(reading.at - state.started_at) // MINUTE} min"
    return f"{pressure} mmHg{saturation}{minute}"


def _pressures(state: SessionState) -> list[Reading]:
    return [one for one in state.readings if one.vitals.systolic is not None]


def _after(at: datetime, since: datetime | None) -> bool:
    return since is not None and at >= since
