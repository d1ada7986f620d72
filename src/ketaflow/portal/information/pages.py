"""The pages of the library: Markdown whose front matter says what, in which part, seen when."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType

from markdown_it.token import Token

from ketaflow.evidence.sources import Source
from ketaflow.portal.information import text
from ketaflow.portal.information.marks import Cited
from ketaflow.refusals import BadFile

PARTS = ("The medicine", "Benefits and harms", "Conditions")


@dataclass(frozen=True)
class Page:
    """One page; `lead` is the question it answers, `reviewed_on` the day it was last checked.

    A question claims nothing, so it needs no source; a lead that is none does not load.
    """

    slug: str
    title: str
    lead: str
    part: str
    place: int
    reviewed_on: date
    tokens: tuple[Token, ...]

    def shown(self) -> tuple[str, tuple[Source, ...]]:
        """The page as HTML, and the sources it names in the order of their numbers."""
        cited = Cited()
        return text.render(self.tokens, cited), cited.sources()


@cache
def pages() -> Mapping[str, Page]:
    """Every page by its slug, in the order of the contents."""
    folder = resources.files("ketaflow.portal") / "library"
    found = [
        parse(entry.name.removesuffix(".md"), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".md")
    ]
    found.sort(key=lambda one: (PARTS.index(one.part), one.place))
    return MappingProxyType({one.slug: one for one in found})


def parts() -> Sequence[tuple[str, tuple[Page, ...]]]:
    """The contents: each part with its pages."""
    every = pages().values()
    return [(part, tuple(one for one in every if one.part == part)) for part in PARTS]


def parse(slug: str, content: str) -> Page:
    """One page from its file.

    Raises:
        BadFile: front matter is missing or misstated.
        NoSource: a sentence has no source.
    """
    tokens = text.read(content, f"{slug}.md")
    if not tokens or tokens[0].type != "front_matter":
        raise BadFile(f"{slug}.md does not begin with its front matter.")
    try:
        head = tomllib.loads(tokens[0].content)
        page = Page(
            slug=slug,
            title=head["title"],
            lead=head["lead"],
            part=head["part"],
            place=head["place"],
            reviewed_on=head["reviewed"],
            tokens=tokens[1:],
        )
    except (tomllib.TOMLDecodeError, KeyError) as wrong:
        raise BadFile(f"{slug}.md: its front matter lacks or misstates {wrong}.") from None
    if not page.lead.endswith("?"):
        raise BadFile(f"{slug}.md: its lead must be a question, since it names no source.")
    if page.part not in PARTS or not isinstance(page.reviewed_on, date):
        raise BadFile(f"{slug}.md: part {page.part!r} or its review date is none.")
    return page
