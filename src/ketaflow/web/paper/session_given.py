"""What was given, for paper: the pump programme step by step, or the devices with their lots."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ketaflow.paper.sheet import Column, Grid, Section, grid
from ketaflow.protocol.figures import show
from ketaflow.session.fold import SessionState
from ketaflow.session.queries import Room
from ketaflow.web.session_page import is_nasal

Clock = Callable[[datetime | None], str]
MINUTE = timedelta(minutes=1)


def section(room: Room, at: datetime, clock: Clock) -> Section:
    """The pump programme, or the nasal devices."""
    if is_nasal(room):
        drawn = _devices(room.state, clock)
        return Section("Nasal devices", grid=drawn, empty="No device was given.")
    drawn = _programme(room.state, at, clock)
    return Section("Pump programme", grid=drawn, empty="The pump was not started.")


def _programme(state: SessionState, at: datetime, clock: Clock) -> Grid | None:
    said = {line.ordinal: (line.payload.get("reason", ""), line.by_name) for line in state.lines}
    ends = [*(step.at for step in state.programme[1:]), None]
    rows = []
    for step, end in zip(state.programme, ends, strict=False):
        if step.rate_mg_min == 0 and end is None:
            continue
        reason, by = said[step.ordinal]
        until = end or at
        lasted = f"{(until - step.at) / MINUTE:.1f}"
        rate = show(step.rate_mg_min) if step.rate_mg_min else "paused"
        by_then = show(round(state.given_mg(until), 2))
        rows.append((clock(step.at), clock(end), lasted, rate, by_then, reason, by))
    columns = (
        Column("From"), Column("To"), Column("Minutes", number=True),
        Column("mg/min", number=True), Column("Given by then, mg", number=True),
        Column("Why", "1"), Column("By"),
    )  # fmt: skip
    return grid(columns, rows)


def _devices(state: SessionState, clock: Clock) -> Grid | None:
    by = {line.ordinal: line.by_name for line in state.lines}
    rows = [
        (str(n), clock(one.at), show(one.dose_mg), one.lot, by[one.ordinal])
        for n, one in enumerate(state.devices, 1)
    ]
    columns = (
        Column("Device", number=True), Column("Time"), Column("mg", number=True),
        Column("Lot", "1"), Column("By"),
    )  # fmt: skip
    return grid(columns, rows)
