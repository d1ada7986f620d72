"""The marks a sentence ends with: `[@S12]` for its source, `{not-known}` where there is none."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from ketaflow.evidence import sources
from ketaflow.evidence.sources import SPECIAL, Source

CITATION = re.compile(r"\[@([\w-]+(?:;\s*@[\w-]+)*)\]")
NOT_KNOWN = "{not-known}"
MARK = "mark"
# What is no publication is said in a word beside the sentence.
TAGS = {
    "UNVERIFIED": ("orange", "Unverified"),
    "LOCAL": ("blue", "Each clinic decides"),
    "DERIVED": ("blue", "Worked out here"),
    "NOT-KNOWN": ("grey", "Not known"),
}
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=\S)")
SIGN = "\N{SYMBOL FOR NULL}"


class Cited:
    """The sources a page has named so far, numbered in the order in which they appear."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def number(self, key: str) -> int:
        """The number of a source on this page."""
        if key not in self.keys:
            self.keys.append(key)
        return self.keys.index(key) + 1

    def sources(self) -> tuple[Source, ...]:
        """What was cited, in order; none at all is an empty list."""
        return sources.cite(self.keys) if self.keys else ()


def marks(parser: MarkdownIt) -> None:
    """Teach `parser` the marks."""
    parser.inline.ruler.before("link", MARK, _read)
    parser.add_render_rule(MARK, _render)


def html(keys: Sequence[str], cited: Cited) -> str:
    """The marks of `keys` as a page shows them."""
    special = {one.key for one in SPECIAL} | {"NOT-KNOWN"}
    return " ".join(_tag(key) if key in special else _link(key, cited) for key in keys)


def unsourced(tokens: Sequence[Token]) -> Iterator[str]:
    """Every sentence that carries no mark; of a table, every row.

    A heading and the head of a table are no sentences.
    """
    row: str | None = None
    opened = ""
    for token in tokens:
        if token.type in {"tr_open", "tr_close"}:
            if row and SIGN not in row:
                yield row
            row = "" if token.type == "tr_open" else None
        elif token.type.endswith("_open"):
            opened = token.type
        elif token.type == "inline" and row is not None:
            row += "" if opened == "th_open" else _said(token)
        elif token.type == "inline" and opened != "heading_open":
            yield from (one for one in SENTENCE_END.split(_said(token)) if SIGN not in one)


def plain(tokens: Sequence[Token]) -> Iterator[str]:
    """The words of paragraphs, lists and table cells, without marks; for judging how they read."""
    opened = ""
    for token in tokens:
        if token.type.endswith("_open"):
            opened = token.type
        elif token.type == "inline" and opened not in {"heading_open", "th_open"}:
            yield _said(token).replace(f" {SIGN}", "").strip()


def _said(token: Token) -> str:
    said = {MARK: SIGN, "softbreak": " ", "hardbreak": " "}
    return "".join(said.get(one.type, one.content) for one in token.children or ())


def _read(state: StateInline, silent: bool) -> bool:
    found = CITATION.match(state.src, state.pos)
    if found:
        keys, end = [key.strip(" @") for key in found[1].split(";")], found.end()
        sources.cite(keys)
    elif state.src.startswith(NOT_KNOWN, state.pos):
        keys, end = ["NOT-KNOWN"], state.pos + len(NOT_KNOWN)
    else:
        return False
    if not silent:
        state.push(MARK, "", 0).meta = {"keys": keys}
    state.pos = end
    return True


def _render(
    self: RendererProtocol,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: Any,
) -> str:
    return html(tokens[place].meta["keys"], env["cited"])


def _tag(key: str) -> str:
    colour, word = TAGS[key]
    return f'<strong class="govuk-tag govuk-tag--{colour} mark">{escape(word)}</strong>'


def _link(key: str, cited: Cited) -> str:
    number = cited.number(key)
    return f'<a class="cite" href="#source-{number}" aria-label="Source {number}">[{number}]</a>'
