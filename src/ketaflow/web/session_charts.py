"""What was measured and what the pump did, as charts beside the flowsheet."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from ketaflow.session.events import Kind
from ketaflow.session.fold import SessionState
from ketaflow.web.charts import Chart, Line, Mark

MINUTE = timedelta(minutes=1)
# More points than this no screen shows apart.
MOST_POINTS = 300
SIGNS = {
    "systolic": "Systolic, mmHg",
    "diastolic": "Diastolic, mmHg",
    "heart_rate": "Pulse, /min",
    "spo2": "SpO2, %",
    "respiratory_rate": "Breathing, /min",
}
HAPPENED: Mapping[Kind, str] = {
    Kind.RATE_CHANGED: "{rate_mg_min} mg/min",
    Kind.PAUSED: "paused",
    Kind.RESUMED: "resumed",
    Kind.STOPPED: "drug ended",
    Kind.DEVICE_GIVEN: "device",
    Kind.SIDE_EFFECT: "{effect}",
    Kind.RESCUE: "{medicine}",
}


def draw(state: SessionState, *, at: datetime) -> tuple[Chart, ...]:
    """The vital signs, and the pump as ordered and as it ran; none before the drug."""
    if state.started_at is None:
        return ()
    found = (_vitals(state, state.started_at, at), _pump(state, state.started_at, at))
    return tuple(one for one in found if one)


def thinned(every: list[float], most: int) -> list[float]:
    """At most about `most` of them, evenly, with the first and the last."""
    step = max(1, -(-len(every) // most))
    found = every[::step]
    return found if not every or found[-1] == every[-1] else [*found, every[-1]]


def _vitals(state: SessionState, zero: datetime, at: datetime) -> Chart | None:
    rows = {round((one.at - zero) / MINUTE, 2): one.vitals.measured for one in state.readings}
    minutes = thinned(sorted(rows), MOST_POINTS)
    if not minutes:
        return None
    lines = []
    for name, label in SIGNS.items():
        values = tuple(_float(rows[minute].get(name)) for minute in minutes)
        if any(value is not None for value in values):
            lines.append(Line(label, values))
    last = ", ".join(
        f"{line.label.partition(',')[0].lower()} {line.values[-1]:g}"
        for line in lines
        if line.values[-1] is not None
    )
    return Chart(
        title="Vital signs",
        x=tuple(minutes),
        lines=tuple(lines),
        words=f"{len(rows)} readings. At the last: {last or 'nothing measured'}.".replace(
            "spo2", "SpO2"
        ),
        now=_now(state, zero, at),
        marks=tuple(_marks(state, zero)),
    )


def _pump(state: SessionState, zero: datetime, at: datetime) -> Chart | None:
    order = state.order
    if not state.programme or order is None or order.rate_mg_min is None:
        return None
    planned_min = int(order.duration_min or 0)
    ran_min = int(((state.stopped_at or at) - zero) / MINUTE)
    minutes = range(max(planned_min, ran_min) + 2)
    ordered = tuple(float(order.rate_mg_min) if one < planned_min else 0.0 for one in minutes)
    ran = tuple(
        float(state.rate_mg_min(zero + one * MINUTE)) if one <= ran_min else None for one in minutes
    )
    return Chart(
        title="Pump, as ordered and as it ran",
        x=tuple(float(one) for one in minutes),
        lines=(Line("ordered", ordered), Line("ran", ran)),
        words=f"Ordered: {order.rate_mg_min} mg/min for {planned_min} min. "
        f"The pump was set {len(state.programme)} times; "
        f"{round(state.given_mg(at), 1)} mg given.",
        y_label="mg/min",
        decimals=2,
        now=_now(state, zero, at),
        marks=tuple(one for one in _marks(state, zero) if one.at <= len(minutes)),
        table_every=10,
    )


def _marks(state: SessionState, zero: datetime) -> Iterator[Mark]:
    for line in state.lines:
        if line.kind in HAPPENED and not line.struck and line.at >= zero:
            words = HAPPENED[line.kind].format_map({"rate_mg_min": "", **line.payload})
            yield Mark(round((line.at - zero) / MINUTE, 2), words.replace("-", " "))


def _now(state: SessionState, zero: datetime, at: datetime) -> float | None:
    return None if state.ended_at else round((at - zero) / MINUTE, 2)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
