"""How far a message has come, and what follows from what the mail server said."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Who sends again when a server was away: soon at first, then rarely. An outage of a night is
# outlived; after the last try a person must look.
BACK_OFF = tuple(timedelta(minutes=one) for one in (1, 5, 15, 60, 240, 720))
# A sender that died between handing over and writing it down holds a message for this long.
LEASE = timedelta(minutes=10)
PERMANENT = 500


class Channel(StrEnum):
    """By what a message goes."""

    EMAIL = "EMAIL"
    TEXT = "TEXT"

    @property
    def label(self) -> str:
        """The channel in words."""
        return CHANNELS[self]


CHANNELS = {Channel.EMAIL: "E-mail", Channel.TEXT: "Text message"}


class State(StrEnum):
    """Where a message is; HANDED_OVER means that a server took it, and no more."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    HANDED_OVER = "HANDED_OVER"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    GIVEN_UP = "GIVEN_UP"

    @property
    def label(self) -> str:
        """The state in words."""
        return LABELS[self]


LABELS = {
    State.QUEUED: "Waiting to be sent",
    State.SENDING: "Being handed over",
    State.HANDED_OVER: "Taken by the mail server",
    State.BOUNCED: "The address was refused",
    State.FAILED: "The server refused it",
    State.GIVEN_UP: "Given up",
}
# Nobody sends these again; somebody must reach the patient in another way.
NOT_REACHED = frozenset({State.BOUNCED, State.FAILED, State.GIVEN_UP})


@dataclass(frozen=True)
class Refusal:
    """What went wrong on the way; `code` is None where no server answered.

    `about_us` marks what concerns our own sign-in or connection and not this message; `final` what
    a server that is no mail server said once and for all.
    """

    words: str
    code: int | None = None
    about_address: bool = False
    about_us: bool = False
    final: bool = False


@dataclass(frozen=True)
class Outcome:
    """The state that follows; `try_at` is when to try again, if ever."""

    state: State
    words: str
    try_at: datetime | None = None


def after(refusal: Refusal | None, *, tries: int, at: datetime, until: datetime) -> Outcome:
    """What becomes of a message after a try.

    Args:
        refusal: None when the server took the message.
        tries: how often it was tried, this one included.
        at: when.
        until: after this moment the message would be of no use.

    Source:
        RFC 5321, 4.2.1: a reply of 500 or more is permanent, one of 400 to 499 is not.
    """
    if refusal is None:
        return Outcome(State.HANDED_OVER, "The server took it.")
    permanent = refusal.code is not None and refusal.code >= PERMANENT
    if not refusal.about_us and (refusal.final or permanent):
        state = State.BOUNCED if refusal.about_address else State.FAILED
        return Outcome(state, refusal.words)
    if tries > len(BACK_OFF):
        return Outcome(State.GIVEN_UP, f"Tried {tries} times. {refusal.words}")
    try_at = at + BACK_OFF[tries - 1]
    if try_at >= until:
        return Outcome(State.GIVEN_UP, f"The link runs out first. {refusal.words}")
    return Outcome(State.QUEUED, refusal.words, try_at)


def may_be_taken(
    state: State, *, try_at: datetime | None, taken_at: datetime | None, at: datetime
) -> bool:
    """Whether a sender may take a message in hand now.

    One that another sender took and left is taken again when the lease has run out: the server may
    have it already, and nobody can know. It then goes out a second time under the same Message-ID.
    """
    if state is State.QUEUED:
        return try_at is None or try_at <= at
    return state is State.SENDING and taken_at is not None and taken_at + LEASE <= at
