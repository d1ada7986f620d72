"""The esketamine monitoring form: what it asks of a person, when it is due, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import BadFigure, Figure, figure, keys
from ketaflow.refusals import Refused
from ketaflow.session import events
from ketaflow.session.corrections import Line
from ketaflow.session.events import Kind, NotReadable

# How an answer is given: yes or no, a number of minutes, some words, or words that may be left out.
YES_NO, NUMBER, TEXT, WORDS = "yes-no", "number", "text", "words"
HOW = MappingProxyType(
    {
        "portal": "In the REMS portal",
        "fax": "By fax",
        "not-required": "Not required here (say why)",
    }
)


class FormNotReady(Refused):
    """The form cannot be submitted yet, or was submitted already."""


@dataclass(frozen=True)
class Question:
    """Something that the form asks and the record does not know."""

    key: str
    group: str
    text: str
    answer: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """How far the form of one session is; `answers` are the last that were saved."""

    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    filled: Line | None = None
    submitted: Line | None = None

    def after(self, line: Line) -> "Form":
        """The form after one more entry.

        Raises:
            FormNotReady: it was submitted already, or nobody has filled it in.
            NotReadable: an answer is missing.
        """
        if self.submitted:
            raise FormNotReady(
                f"{self.submitted.by_name} recorded this form as submitted on "
                f"{self.submitted.at:%d %b %Y}. Write a note to add to it."
            )
        if line.kind is Kind.FORM_FILLED:
            return replace(self, answers=answers(line.payload), filled=line)
        if events.words(line.payload, "how") not in HOW:
            raise NotReadable(f"A form is submitted in one of these ways: {', '.join(HOW)}.")
        events.words(line.payload, "reference")
        if self.filled is None and line.payload["how"] != "not-required":
            raise FormNotReady("Nobody has filled the form in: save its answers first.")
        return replace(self, submitted=line)


UNTOUCHED = Form()


@cache
def questions() -> Mapping[str, Question]:
    """What the form asks, by key, in its order."""
    table = dict(tables.read("ketaflow.session", "library"))["monitoring_form"]
    return MappingProxyType({row["key"]: _question(row) for row in table["question"]})


@cache
def deadline() -> Figure:
    """Within how many calendar days of the session the form is due."""
    table = dict(tables.read("ketaflow.session", "library"))["monitoring_form"]
    return figure(table["deadline"], "monitoring form deadline", units=("d",))


def due_on(treated_on: date) -> date:
    """The last day on which the form of a session may be submitted.

    >>> due_on(date(2026, 3, 2))
    datetime.date(2026, 3, 9)
    """
    return treated_on + timedelta(days=int(deadline().value))


def standing(treated_on: date, *, today: date) -> str:
    """How the deadline stands, in words.

    >>> standing(date(2026, 3, 2), today=date(2026, 3, 11))
    '2 days overdue'
    """
    left = (due_on(treated_on) - today).days
    if left == 0:
        return "due today"
    days = f"{abs(left)} day{'s' if abs(left) != 1 else ''}"
    return f"{days} left" if left > 0 else f"{days} overdue"


def answers(payload: Mapping[str, Any]) -> Mapping[str, str]:
    """The answers in an entry, each one that must be given.

    Raises:
        NotReadable: names what is missing, or what is no answer.
    """
    told = payload.get("answers")
    if not isinstance(told, Mapping):
        raise NotReadable("A monitoring form carries its answers; enter them.")
    found = {key: str(told.get(key) or "").strip() for key in questions()}
    missing = [
        one.text for key, one in questions().items() if not found[key] and one.answer != WORDS
    ]
    if missing:
        raise NotReadable(f"The form still lacks: {'; '.join(missing)}.")
    for key, one in questions().items():
        if one.answer == YES_NO and found[key] not in ("yes", "no"):
            raise NotReadable(f"{one.text} is answered with yes or no (got {found[key][:40]}).")
        if one.answer == NUMBER:
            events.whole(found, key)
    return MappingProxyType(found)


def _question(row: Mapping[str, Any]) -> Question:
    if row["answer"] not in (YES_NO, NUMBER, TEXT, WORDS):
        raise BadFigure(f"Question {row['key']} of the form has no such answer: {row['answer']}.")
    sources = keys(row, f"monitoring form {row['key']}")
    return Question(row["key"], row["group"], row["text"], row["answer"], sources)
