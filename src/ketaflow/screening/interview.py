"""The structured interview: what a chart cannot show by its silence must be asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.refusals import BadFile

Answer = str | Decimal | date
UNKNOWN = "unknown"
YES_NO = ("yes", "no")


class Kind(StrEnum):
    """What sort of answer a question takes; every one may also be answered "unknown"."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True)
class Question:
    """One question. `choices` are `(value, words)`; `feeds` names the rules it serves.

    An answer in `settles_nothing` leaves the fact missing.
    It is asked only when it bears on this patient: `only_if_could_be_pregnant`, only for protocols
    whose indication matches `indication`, only when one of the `after` rules was found.
    """

    key: str
    text: str
    kind: Kind
    feeds: tuple[str, ...]
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    settles_nothing: tuple[str, ...] = ()
    only_if_could_be_pregnant: bool = False
    indication: re.Pattern[str] | None = None
    after: tuple[str, ...] = ()

    def asked(
        self, *, indication: str, could_be_pregnant: bool, found: frozenset[str] = frozenset()
    ) -> bool:
        """Whether the question bears on this patient and protocol."""
        if self.only_if_could_be_pregnant and not could_be_pregnant:
            return False
        if self.indication is not None and not self.indication.search(indication):
            return False
        return not self.after or bool(found.intersection(self.after))


class NoSuchQuestion(BadFile):
    """An answer is given to a question the interview does not have."""


class NotAnAnswer(BadFile):
    """A question does not take this answer."""


@cache
def questions() -> Mapping[str, Question]:
    """The interview by question key, in the order it is asked."""
    table = dict(tables.read("ketaflow.screening", "interview"))["questions"]
    return MappingProxyType({key: _question(key, row) for key, row in table.items()})


def read_answers(given: Mapping[str, object]) -> Mapping[str, Answer]:
    """Answers by question key, without those that are unknown.

    Raises:
        NoSuchQuestion: a key the interview does not have; the message names the nearest.
        NotAnAnswer: a value the question does not take.
    """
    answers: dict[str, Answer] = {}
    for key, value in given.items():
        if key not in questions():
            near = get_close_matches(key, questions(), n=1, cutoff=0)[0]
            raise NoSuchQuestion(f"No question is called {key!r}. Nearest: {near!r}.")
        answer = read_answer(questions()[key], value)
        if answer is not None:
            answers[key] = answer
    return MappingProxyType(answers)


def read_answer(question: Question, value: object) -> Answer | None:
    """`value` as an answer to `question`; None when it is unknown.

    Raises:
        NotAnAnswer: names what the question takes.
    """
    if value is None or value in ("", UNKNOWN):
        return None
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = str(value).strip()
    if question.kind is Kind.NUMBER:
        return _number(question, text)
    if question.kind is Kind.DATE:
        return _day(question, text)
    allowed = [key for key, _ in question.choices]
    if text not in allowed:
        raise NotAnAnswer(f"{question.key} takes {', '.join(allowed)} or unknown (got {text!r}).")
    return text


def _number(question: Question, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise NotAnAnswer(
            f"{question.key} takes a number of 0 or more in {question.unit} (got {text!r})."
        )
    return number


def _day(question: Question, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotAnAnswer(
            f"{question.key} takes a date such as 2026-01-31 (got {text!r})."
        ) from None


def _question(key: str, row: Mapping[str, Any]) -> Question:
    kind = Kind(row["kind"])
    choices = {answer: answer.capitalize() for answer in YES_NO}
    if kind is not Kind.YES_NO:
        choices = row.get("choices", {})
    words = row.get("indication")
    return Question(
        key=key,
        text=row["text"],
        kind=kind,
        feeds=tuple(row["feeds"]),
        choices=tuple(choices.items()),
        unit=row.get("unit", ""),
        settles_nothing=tuple(row.get("settles_nothing", ())),
        only_if_could_be_pregnant=row.get("only_if_could_be_pregnant", False),
        indication=re.compile("|".join(words), re.IGNORECASE) if words else None,
        after=tuple(row.get("after", ())),
    )
