"""What was measured and given, drawn for paper from the same readings as the flowsheet."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from ketaflow.paper.sheet import Picture, Section
from ketaflow.session.events import Kind
from ketaflow.session.fold import SessionState
from ketaflow.session.folds.values import Reading
from ketaflow.session.queries import Room
from ketaflow.web.charts import Chart, Giving, Line, Mark
from ketaflow.web.paper.drawing import draw

MINUTE = timedelta(minutes=1)
SIGNS = (
    ("Blood pressure", "mmHg", 40.0, (("Systolic", "systolic"), ("Diastolic", "diastolic"))),
    ("Pulse and breathing", "per minute", 0.0,
     (("Pulse", "heart_rate"), ("Breathing", "respiratory_rate"))),
    ("Oxygen saturation", "%", 80.0, (("SpO2", "spo2"),)),
)  # fmt: skip
MARKED = {
    Kind.RATE_CHANGED: "rate", Kind.PAUSED: "pause", Kind.RESUMED: "on", Kind.HOLD: "hold",
    Kind.SIDE_EFFECT: "effect",
    Kind.RESCUE: "rescue",
}  # fmt: skip


def section(room: Room, at: datetime) -> Section:
    """The charts of one session."""
    state = room.state
    since = state.started_at or state.checked_in_at or at
    pictures = tuple(Picture(draw(one), one.words) for one in _charts(state, since, at))
    return Section("Charts", pictures=pictures, empty="Nothing was measured.")


def _charts(state: SessionState, since: datetime, at: datetime) -> Iterator[Chart]:
    # Two sets of one moment are one point of the chart: the one written last.
    readings = {one.at: one for one in state.readings}
    taken = [readings[when] for when in sorted(readings)]
    marks, giving = _marks(state, since), _giving(state, since, at)
    for title, unit, floor, lines in SIGNS if taken else ():
        yield Chart(
            title=title,
            x=tuple((one.at - since) / MINUTE for one in taken),
            lines=tuple(_line(taken, *one) for one in lines),
            words=f"{title} in {unit} over minutes since the drug began: {len(taken)} readings. "
            "The bar at the foot is the time in which the drug ran.",
            y_label=f"{title}, {unit}",
            y_min=floor,
            y_max=100 if unit == "%" else None,
            marks=marks,
            giving=giving,
        )
    if len(state.programme) > 1 or state.devices:
        yield _amount(state, since, at)


def _line(taken: list[Reading], label: str, sign: str) -> Line:
    found = (one.vitals.measured.get(sign) for one in taken)
    return Line(label, tuple(None if one is None else float(one) for one in found), dots=True)


def _marks(state: SessionState, since: datetime) -> tuple[Mark, ...]:
    return tuple(
        Mark((line.at - since) / MINUTE, MARKED[line.kind])
        for line in state.lines
        if line.kind in MARKED and not line.struck
    )


def _giving(state: SessionState, since: datetime, at: datetime) -> tuple[Giving, ...]:
    ends = [*(step.at for step in state.programme[1:]), state.stopped_at or at]
    return tuple(
        Giving((step.at - since) / MINUTE, (end - since) / MINUTE, "drug running")
        for step, end in zip(state.programme, ends, strict=False)
        if step.rate_mg_min
    )


def _amount(state: SessionState, since: datetime, at: datetime) -> Chart:
    """What had been given by each moment: a slope while the pump runs, a step at each device."""
    moments = [step.at for step in state.programme] + [one.at for one in state.devices]
    times = sorted({since, *moments, state.stopped_at or at, max(at, *moments)})
    points: dict[float, float] = {}
    for before, after in pairwise(times):
        points[(before - since) / MINUTE] = float(state.given_mg(before))
        if state.devices:
            # Just before the next device nothing more is in.
            points[(after - since) / MINUTE - 0.01] = float(state.given_mg(before))
    points[(times[-1] - since) / MINUTE] = float(state.given_mg(times[-1]))
    x = tuple(sorted(points))
    return Chart(
        title="Given",
        x=x,
        lines=(Line("Given, mg", tuple(points[one] for one in x)),),
        words=f"Milligrams given over minutes since the drug began; {points[x[-1]]:g} mg in all.",
        y_label="Given, mg",
        giving=_giving(state, since, at),
    )
