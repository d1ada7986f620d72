"""Where a booking stands, and from where to where it can go."""

from enum import StrEnum

from ketaflow.refusals import Refused


class Standing(StrEnum):
    """Where a booking stands."""

    BOOKED = "BOOKED"
    CHECKED_IN = "CHECKED_IN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    MISSED = "MISSED"

    @property
    def label(self) -> str:
        """In words."""
        return LABELS[self]


LABELS = {
    Standing.BOOKED: "Booked",
    Standing.CHECKED_IN: "Checked in",
    Standing.DONE: "Done",
    Standing.CANCELLED: "Cancelled",
    Standing.MISSED: "Missed",
}

NEXT = {
    Standing.BOOKED: frozenset({Standing.CHECKED_IN, Standing.CANCELLED, Standing.MISSED}),
    Standing.CHECKED_IN: frozenset({Standing.DONE, Standing.CANCELLED}),
    Standing.DONE: frozenset[Standing](),
    Standing.CANCELLED: frozenset[Standing](),
    Standing.MISSED: frozenset[Standing](),
}

# These keep their chair, their nurse and their place in the course.
STANDING = (Standing.BOOKED, Standing.CHECKED_IN, Standing.DONE)
MOVABLE = Standing.BOOKED


class NotFromHere(Refused):
    """A booking cannot go where it was sent from where it stands."""


def change(now: Standing, to: Standing) -> Standing:
    """`to`, if a booking that is `now` can become it.

    Raises:
        NotFromHere: it cannot; says what it is.
    """
    if to not in NEXT[now]:
        raise NotFromHere(
            f"This visit is {now.label.lower()}, so it cannot become {to.label.lower()}."
        )
    return to


def require_movable(now: Standing) -> None:
    """Refuse to move a visit that has begun or will not be.

    Raises:
        NotFromHere: says what the visit is.
    """
    if now is not MOVABLE:
        raise NotFromHere(
            f"This visit is {now.label.lower()}, so it cannot be moved; book another."
        )
