"""What is often said, and what is right, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from markdown_it.token import Token

from ketaflow import tables
from ketaflow.portal.information import text
from ketaflow.portal.information.marks import Cited
from ketaflow.refusals import BadFile


@dataclass(frozen=True)
class Claim:
    """One thing that is said, and what is so."""

    said: str
    right: tuple[Token, ...]

    def shown(self, cited: Cited) -> tuple[str, str]:
        """The claim, and its correction as HTML."""
        return self.said, text.render(self.right, cited)


@dataclass(frozen=True)
class Claims:
    """All of them, and when they were last checked."""

    reviewed_on: date
    every: tuple[Claim, ...]


@cache
def claims() -> Claims:
    """The claims of the library."""
    return parse(dict(tables.read("ketaflow.portal", "library"))["claims"])


def parse(table: Mapping[str, Any]) -> Claims:
    """The claims from their TOML table.

    Raises:
        BadFile: something is missing.
        NoSource: a correction has no source.
    """
    try:
        every = tuple(
            Claim(row["said"], text.read(row["right"], f"claims.toml, “{row['said']}”"))
            for row in table["claim"]
        )
        return Claims(table["reviewed"], every)
    except KeyError as missing:
        raise BadFile(f"claims.toml lacks {missing}.") from None
