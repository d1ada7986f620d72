"""Which rows follow from the entries of this stage."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ketaflow.journal.projecting import Handler, Projection, leave, row_id
from ketaflow.protocol.library import Route
from ketaflow.session.events import Kind
from ketaflow.session.fold import SessionState, fold
from ketaflow.session.folds import queries as folds
from ketaflow.session.folds.values import Reading
from ketaflow.session.holds.standing import Hold
from ketaflow.session.models import Press, Session
from ketaflow.session.monitors import projections as monitors
from ketaflow.session.wishes import PRESS

CENT = Decimal("0.01")
# These change nothing that a board or a list shows.
ONLY_IN_THE_STREAM = (
    *(Kind.SEDATION, Kind.DISSOCIATION, Kind.PAIN),
    *(Kind.SIDE_EFFECT, Kind.RESCUE, Kind.NOTE),
)


def _about(entry: Any) -> UUID:
    return UUID(entry.stream.partition("/")[2])


def _moment(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None


def _checked_in(entry: Any) -> None:
    said = entry.payload
    Session.objects.create(
        id=_about(entry),
        clinic_id=entry.clinic,
        course_id=UUID(said["course"]),
        patient_id=UUID(said["patient"]),
        booking_id=UUID(said["booking"]) if said["booking"] else None,
        nurse_id=UUID(said["nurse"]),
        chair=said["chair"],
        number=said["number"],
        phase=fold([entry]).phase.value,
        order=said["order"],
        planned_start_at=_moment(said["planned_start_at"]),
        planned_end_at=_moment(said["planned_end_at"]),
        checked_in_at=entry.at,
    )


def _folded(entry: Any) -> None:
    """Bring the row up to what the stream says as of this entry: the fold is the only judge."""
    state = folds.of_stream(clinic=entry.clinic, stream=entry.stream, upto=entry.ordinal).state
    last = state.readings[-1] if state.readings else None
    given_mg = given(state, entry.at)
    Session.objects.filter(id=_about(entry)).update(
        phase=state.phase.value,
        void=state.phase.over and given_mg == 0,
        started_at=state.started_at,
        stopped_at=state.stopped_at,
        ended_at=state.ended_at,
        given_mg=given_mg,
        baseline=_measured(state.baseline),
        last_vitals=_measured(last),
        last_reading_at=last.at if last else None,
        form_owed_since=state.started_at if _form_owed(state) else None,
        holds=[_open_hold(one) for one in state.holds if one.open],
        held=_held(state),
    )


def _form_owed(state: SessionState) -> bool:
    nasal = state.order is not None and state.order.route is Route.NASAL
    return nasal and bool(state.devices) and state.phase.over and state.form.submitted is None


def _open_hold(one: Hold) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "advice": one.rule.advice.label,
        "reading": one.reading,
        "rule": one.rule.words,
        "origin": one.rule.origin,
        "acknowledged_by": one.acknowledged.by_name if one.acknowledged else "",
    }


def _held(state: SessionState) -> dict[str, str]:
    """The last moment that each rule has already raised its hold for."""
    latest: dict[str, datetime] = {}
    for hold in state.holds:
        at = max(one.at for one in hold.seen)
        latest[hold.rule.key] = max(at, latest.get(hold.rule.key, at))
    return {key: at.isoformat() for key, at in latest.items()}


def _confirmed(entry: Any) -> None:
    _folded(entry)
    monitors.confirmed(entry)


def given(state: SessionState, at: datetime) -> Decimal:
    """Milligrams given by `at`, to the hundredth that rows keep."""
    return state.given_mg(max(at, state.stopped_at or at)).quantize(CENT)


def _measured(reading: Reading | None) -> dict[str, str]:
    measured = reading.vitals.measured if reading else {}
    return {name: str(value) for name, value in measured.items()}


def _pressed(entry: Any) -> None:
    if name := entry.payload.get(PRESS, {}).get("name"):
        Press.objects.create(
            id=row_id(entry, PRESS),
            clinic_id=entry.clinic,
            session_id=_about(entry),
            name=UUID(name),
            ordinal=entry.ordinal,
        )


def _and_pressed(handler: Handler) -> Handler:
    """`handler`, and the press that the entry came by."""

    def both(entry: Any) -> None:
        handler(entry)
        _pressed(entry)

    return both


HANDLERS: dict[str, Handler] = {
    **{kind.value: _folded for kind in Kind},
    **{kind.value: leave for kind in ONLY_IN_THE_STREAM},
    Kind.CHECKED_IN.value: _checked_in,
    Kind.CONFIRMED.value: _confirmed,
}
PROJECTION = Projection(
    stage="session",
    tables=(Session, Press, *monitors.TABLES),
    handlers={
        **{kind: _and_pressed(handler) for kind, handler in HANDLERS.items()},
        **monitors.HANDLERS,
    },
    together=monitors.TOGETHER,
)
