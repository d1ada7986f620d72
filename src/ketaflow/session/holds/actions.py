"""Answering a hold: seen, and, where it keeps the drug back, released."""

from datetime import datetime
from uuid import UUID

from ketaflow.journal.author import Author
from ketaflow.session import wishes
from ketaflow.session.actions import add
from ketaflow.session.wishes import Saw


def acknowledge(
    *, session: UUID, hold: int, words: str, seen: Saw, by: Author, at: datetime
) -> None:
    """Record that somebody has seen a hold, and what they did, if they say so.

    Raises:
        AlreadyAnswered: somebody acknowledged it a moment ago.
    """
    add(session=session, wish=wishes.hold_acknowledged(hold, words), seen=seen, by=by, at=at)


def release(*, session: UUID, hold: int, reason: str, seen: Saw, by: Author, at: datetime) -> None:
    """Record that the drug may go on after a hold, and why.

    Raises:
        AlreadyAnswered: somebody released it a moment ago.
    """
    add(session=session, wish=wishes.hold_released(hold, reason), seen=seen, by=by, at=at)
