"""A session's flowsheet with what its monitor charted between the nurse's own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy
from ketaflow.session import vitals
from ketaflow.session.fold import SCALES
from ketaflow.session.monitors import queries
from ketaflow.session.monitors.queries import Unconfirmed
from ketaflow.session.phases import PREPARING
from ketaflow.session.queries import Room
from ketaflow.session.vitals import Vitals
from ketaflow.web import session_page
from ketaflow.web.session_page import FlowRow, Moments

PRESSURE = ("systolic", "diastolic")
UNCONFIRMED = "from monitor, not yet confirmed"


@dataclass(frozen=True)
class Heard:
    """What a monitor said last and nobody has confirmed yet, in words; `beyond` says so itself."""

    at: datetime
    said: str
    changes: str
    beyond: tuple[str, ...]


def heard(room: Room, at: datetime) -> tuple[Heard, ...]:
    """What the monitor of this session said since the last reading of a person, newest first."""
    row, phase = room.session, room.state.phase
    if phase.over:
        return ()
    found = queries.latest(clinic=row.clinic_id, sessions=[row], at=at).get(row.id, ())
    baseline = room.state.baseline.vitals if room.state.baseline else None
    return in_words(found, baseline, room.policy, preparing=phase in PREPARING)


def in_words(
    found: Sequence[Unconfirmed], baseline: Vitals | None, policy: Policy | None, *,
    preparing: bool,
) -> tuple[Heard, ...]:  # fmt: skip
    """The latest rows of a monitor as a board or a strip says them."""
    limits = vitals.BEFORE if preparing else vitals.DURING
    return tuple(
        Heard(
            at=one.at,
            said=session_page.summary(one.vitals),
            changes=session_page.changed(one.vitals, baseline),
            beyond=tuple(
                f"{said.rstrip('.')} ({UNCONFIRMED})."
                for said in vitals.beyond(one.vitals, policy, limits, baseline=baseline)
            )
            if policy
            else (),
        )
        for one in found
    )


def flow(room: Room, moments: Moments) -> list[FlowRow]:
    """The flowsheet, the baseline first; rows of a monitor say that nobody confirmed them yet."""
    row = room.session
    charted = queries.unconfirmed(clinic=row.clinic_id, session=row.id)
    rows = [*session_page.flow(room, moments), *(_row(room, one) for one in charted)]
    return sorted(rows, key=lambda one: (one.name != "Baseline", one.at))


def _row(room: Room, one: Unconfirmed) -> FlowRow:
    state = room.state
    given = state.started_at is not None and one.at >= state.started_at
    found = one.vitals.measured
    signs = [name for name in vitals.signs() if name not in PRESSURE]
    return FlowRow(
        at=one.at,
        minute=session_page.since(state, one.at),
        name="",
        pressure=session_page.pressure(one.vitals),
        cells=tuple(show(found[name]) if name in found else "" for name in signs),
        scores=("",) * len(SCALES),
        rate=show(state.rate_mg_min(one.at)) if given and state.programme else "",
        given=show(round(state.given_mg(one.at), 1)) if given else "",
        changes=session_page.changes(state, one.vitals),
        beyond=session_page.beyond(room, one.vitals),
        by=one.sender,
        corrected=one.corrected,
        signed=session_page.signed(state, one.vitals),
        passed=session_page.passed(session_page.beyond(room, one.vitals)),
        unconfirmed=one.id,
    )
