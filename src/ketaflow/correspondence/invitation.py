"""A link that is sent home: what it opens, how long it holds, what may be answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ketaflow.instruments.library import Instrument, Item, instrument
from ketaflow.instruments.scoring import AnswerOutOfRange
from ketaflow.refusals import Refused

# Answered by the person themselves, with a wording that may be shown. The Columbia screener is
# not among them: it is asked in person.
SELF_RATED = ("phq-9", "gad-7", "pcl-5", "nrs-pain")
LINK_HOLDS = timedelta(days=7)
# A date of birth guessed this often closes the link: it is then in the wrong hands.
MOST_WRONG_BIRTHS = 5


class NoSuchQuestion(Refused):
    """The questionnaire has no such question."""


class NotToBeSent(Refused):
    """This cannot be sent to this patient; the message says why."""


class Purpose(StrEnum):
    """What a link opens: one questionnaire, the patient's own pages, or what a helper may see."""

    FORM = "FORM"
    PAGES = "PAGES"
    HELPER = "HELPER"

    @property
    def label(self) -> str:
        """The purpose in words for the clinic."""
        return PURPOSES[self]


PURPOSES = {
    Purpose.FORM: "A questionnaire",
    Purpose.PAGES: "Her or his own pages",
    Purpose.HELPER: "A helper's pages",
}


class Standing(StrEnum):
    """What a link is good for."""

    OPEN = "OPEN"
    USED = "USED"
    WITHDRAWN = "WITHDRAWN"
    LOCKED = "LOCKED"
    EXPIRED = "EXPIRED"

    @property
    def label(self) -> str:
        """The standing in words for the clinic."""
        return LABELS[self]


LABELS = {
    Standing.OPEN: "Not sent in yet",
    Standing.USED: "Answered",
    Standing.WITHDRAWN: "Withdrawn",
    Standing.LOCKED: "Closed after wrong dates of birth",
    Standing.EXPIRED: "Ran out",
}


@dataclass(frozen=True)
class Life:
    """What decides how an invitation stands."""

    expires_at: datetime
    submitted_at: datetime | None
    withdrawn_at: datetime | None
    wrong_births: int


def standing(life: Life, *, at: datetime) -> Standing:
    """How an invitation stands at a moment; what was sent in stays sent in."""
    if life.submitted_at:
        return Standing.USED
    if life.withdrawn_at:
        return Standing.WITHDRAWN
    if life.wrong_births >= MOST_WRONG_BIRTHS:
        return Standing.LOCKED
    return Standing.EXPIRED if life.expires_at <= at else Standing.OPEN


def may_be_sent(name: str) -> Instrument:
    """The questionnaire called `name`, if a patient may answer it alone.

    Raises:
        NotToBeSent: it is asked in person, or its wording may not be shown.
    """
    if name not in SELF_RATED:
        raise NotToBeSent("This questionnaire is not for answering alone at home: give it here.")
    return instrument(name)


def question(asked: Instrument, key: str) -> Item:
    """One question of a questionnaire.

    Raises:
        NoSuchQuestion: there is none of that key.
    """
    for item in asked.items:
        if item.key == key:
            return item
    raise NoSuchQuestion(f"{asked.short} has no question {key}.")


def check_answer(item: Item, answer: int | None) -> None:
    """Refuse an answer that the question does not allow; None is a question left out on purpose.

    Raises:
        AnswerOutOfRange: says what is allowed.
    """
    if answer is not None and not item.low <= answer <= item.high:
        raise AnswerOutOfRange(
            f"This question is answered from {item.low} to {item.high} and {answer} was given."
        )


def next_key(asked: Instrument, given: Mapping[str, int | None], *, after: str = "") -> str:
    """The first question not seen yet, from behind `after` on; empty when all were."""
    keys = [item.key for item in asked.items]
    begin = keys.index(after) + 1 if after in keys else 0
    return next((key for key in keys[begin:] if key not in given), "")


def in_order(asked: Instrument, given: Mapping[str, int | None]) -> tuple[int | None, ...]:
    """The answers in the order of the questions; None where none was given."""
    return tuple(given.get(item.key) for item in asked.items)
