"""Filling the monitoring form in, and recording that somebody has submitted it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from ketaflow.journal.author import Author
from ketaflow.people.registration import said
from ketaflow.session.actions import add
from ketaflow.session.events import Kind
from ketaflow.session.wishes import Saw, Wish


def fill(*, session: UUID, answers: Mapping[str, str], seen: Saw, by: Author, at: datetime) -> None:
    """Save the answers that the record does not hold; the last ones saved stand.

    Raises:
        NotReadable: names what is missing.
        FormNotReady: the form was submitted already.
    """
    wish = Wish(Kind.FORM_FILLED, {"answers": dict(answers)})
    add(session=session, wish=wish, seen=seen, by=by, at=at)


def submit(*, session: UUID, how: str, reference: str, seen: Saw, by: Author, at: datetime) -> None:
    """Record that the form was submitted, and under which reference. Nothing is sent from here.

    Raises:
        FormNotReady: nobody has filled it in, or it was submitted already.
    """
    payload = {"how": how, "reference": said(reference, "the reference, or why none is needed")}
    add(session=session, wish=Wish(Kind.FORM_SUBMITTED, payload), seen=seen, by=by, at=at)
