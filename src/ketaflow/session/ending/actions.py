"""What the course and the schedule are told when a session ends, or is corrected afterwards."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ketaflow.journal.author import Author
from ketaflow.protocol import actions as protocol_actions
from ketaflow.schedule import actions as schedule_actions
from ketaflow.session.events import Kind
from ketaflow.session.projections import given
from ketaflow.session.queries import Room


def _hand_back(room: Room, told: Mapping[str, Any], by: Author, at: datetime) -> None:
    """Tell the course and the schedule how the session ended."""
    row, given_mg = room.session, given(room.state, at)
    if given_mg == 0:
        return _give_back(room, told, by, at)
    protocol_actions.note_session(
        course=row.course, session=row.id, number=row.number, given_mg=given_mg, by=by, at=at
    )
    if row.booking_id:
        schedule_actions.note_done(booking=row.booking_id, by=by, at=at)
    return None


def _count_anew(room: Room, told: Mapping[str, Any], by: Author, at: datetime) -> None:
    """Tell the course when a correction changes what an ended session gave."""
    row, now = room.session, given(room.state, at)
    if row.ended_at and now != row.given_mg:
        ended = protocol_actions.Ended(row.id, row.ended_at)
        protocol_actions.correct_session(
            course=row.course, session=ended, was_mg=row.given_mg, given_mg=now, by=by, at=at
        )


def _give_back(room: Room, told: Mapping[str, Any], by: Author, at: datetime) -> None:
    """Free the chair and the nurse of a visit that came to nothing."""
    if visit := room.session.booking:
        schedule_actions.cancel(
            booking=visit.id, reason=told["reason"], seen=visit.ordinal, by=by, at=at
        )


AFTER: Mapping[Kind, Callable[[Room, Mapping[str, Any], Author, datetime], None]] = {
    Kind.DISCHARGED: _hand_back,
    Kind.TRANSFERRED: _hand_back,
    Kind.CANCELLED: _give_back,
    Kind.CORRECTED: _count_anew,
}
