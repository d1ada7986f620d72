"""What else there is: every option for a condition, told in the same four answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from markdown_it.token import Token

from ketaflow import tables
from ketaflow.portal.information import text
from ketaflow.portal.information.marks import Cited
from ketaflow.refusals import BadFile

# The same questions of each, so that two can stand side by side; the third may never be empty.
ASKED = {
    "what": "What is it?",
    "found": "What did studies find?",
    "against": "What speaks against it?",
    "asks": "What does it ask of you?",
}


@dataclass(frozen=True)
class Option:
    """One way of treating, or of not treating."""

    id: str
    name: str
    answers: Mapping[str, tuple[Token, ...]]

    def shown(self, cited: Cited) -> Mapping[str, str]:
        """Each answer as HTML."""
        return {key: text.render(tokens, cited) for key, tokens in self.answers.items()}


@dataclass(frozen=True)
class Group:
    """The options for one condition."""

    id: str
    title: str
    lead: str
    reviewed_on: date
    options: tuple[Option, ...]

    def chosen(self, wanted: Sequence[str]) -> tuple[Option, ...]:
        """The options whose ids are `wanted`, in their own order; strangers are left out."""
        return tuple(option for option in self.options if option.id in wanted)


@cache
def groups() -> Mapping[str, Group]:
    """Every group of options by its id."""
    found = tables.read("ketaflow.portal", "library/options")
    return MappingProxyType({name: parse(name, table) for name, table in found})


def parse(name: str, table: Mapping[str, Any]) -> Group:
    """One group from its TOML table.

    Raises:
        BadFile: something is missing; no option loads without what speaks against it.
        NoSource: a sentence has no source.
    """
    try:
        return Group(
            id=name,
            title=table["title"],
            lead=table["lead"],
            reviewed_on=table["reviewed"],
            options=tuple(_option(key, row, name) for key, row in table["option"].items()),
        )
    except KeyError as missing:
        raise BadFile(f"Options {name}.toml lacks {missing}.") from None


def _option(key: str, row: Mapping[str, Any], group: str) -> Option:
    where = f"options/{group}.toml, {key}"
    if any(not row[asked].strip() for asked in ASKED):
        raise BadFile(f"{where}: an answer is empty.")
    answers = {asked: text.read(row[asked], where) for asked in ASKED}
    return Option(key, row["name"], MappingProxyType(answers))
