"""Consent texts: statements a patient agrees to one by one, each with its source and version."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.evidence.sources import Source, cite
from ketaflow.refusals import OutsideEnvelope, Refused


class NotAgreed(Refused):
    """The patient has not agreed to every statement."""


class UnknownText(OutsideEnvelope):
    """No consent text has this name."""


@dataclass(frozen=True)
class Statement:
    """One thing to be understood and agreed to."""

    key: str
    heading: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class ConsentText:
    """A version of what a patient is asked to agree to."""

    id: str
    title: str
    version: str
    routes: tuple[str, ...]
    statements: tuple[Statement, ...]

    @property
    def sha256(self) -> str:
        """The digest of the very words, so that what was agreed to can be proved."""
        words = [[one.key, one.heading, one.text] for one in self.statements]
        return hashlib.sha256(json.dumps([self.id, self.version, words]).encode()).hexdigest()

    def check_complete(self, agreed: tuple[str, ...]) -> None:
        """Refuse unless every statement is among `agreed`.

        Raises:
            NotAgreed: names the first that is not.
        """
        for statement in self.statements:
            if statement.key not in agreed:
                raise NotAgreed(
                    f"“{statement.heading}” is not ticked. A course starts only when the patient "
                    "has agreed to each statement."
                )


@dataclass(frozen=True)
class Signed:
    """What a patient signs at home: a text, each statement ticked, and the name as typed.

    `sha256` is the digest of the words that were on the page.
    """

    text_id: str
    sha256: str
    statements: tuple[str, ...]
    name: str

    def check(self) -> ConsentText:
        """The text, if it is still the one that was read, and all of it was agreed to.

        Raises:
            NotAgreed: a statement is not ticked, the name is missing, or the text has changed.
        """
        text = consent_text(self.text_id)
        if self.sha256 != text.sha256:
            raise NotAgreed("The text has changed since you opened the page. Please read it again.")
        text.check_complete(self.statements)
        if not self.name.strip():
            raise NotAgreed("Type your name to sign.")
        return text


@cache
def consent_texts() -> Mapping[str, ConsentText]:
    """All consent texts by id."""
    found = (_text(name, table) for name, table in tables.read("ketaflow.people", "texts"))
    return MappingProxyType({text.id: text for text in found})


def consent_text(id: str) -> ConsentText:
    """The consent text `id`.

    Raises:
        UnknownText: there is none; the message lists those there are.
    """
    if id not in consent_texts():
        raise UnknownText(f"There is no consent text {id}; there are {', '.join(consent_texts())}.")
    return consent_texts()[id]


def consent_for(route: str) -> ConsentText:
    """The consent text for treatment by `route` (IV or nasal).

    Raises:
        UnknownText: no text covers the route.
    """
    for text in consent_texts().values():
        if route in text.routes:
            return text
    raise UnknownText(
        f"No consent text covers the {route} route; add one before planning a course."
    )


def _text(name: str, table: Mapping[str, Any]) -> ConsentText:
    return ConsentText(
        id=name,
        title=table["title"],
        version=table["version"],
        routes=tuple(table["routes"]),
        statements=tuple(
            Statement(
                key=key,
                heading=row["heading"],
                text=row["text"],
                sources=cite(row["source"]),
            )
            for key, row in table["statement"].items()
        ),
    )
