"""Markdown with marks: what the library says, read once and refused where it has a hole."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.front_matter import front_matter_plugin

from ketaflow.portal.information.icons import figure
from ketaflow.portal.information.marks import Cited, marks, unsourced
from ketaflow.refusals import BadFile


class NoSource(BadFile):
    """A sentence of the library neither names a source nor says that nobody knows."""


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables, front matter, marks and icon arrays; HTML is shown as it is typed."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.use(front_matter_plugin).use(marks)
    for name, style in STYLES.items():
        made.add_render_rule(f"{name}_open", _styled(style))
    made.add_render_rule("fence", _fence)
    return made


def read(text: str, where: str) -> tuple[Token, ...]:
    """The tokens of `text`.

    Raises:
        NoSource: names the sentence; `where` says in which file.
        UnknownSource: a mark names a source that is not registered.
    """
    tokens = tuple(parser().parse(text, {"cited": Cited()}))
    for sentence in unsourced(tokens):
        raise NoSource(f"{where}: no source and no {{not-known}} in “{sentence}”.")
    return tokens


def render(tokens: Sequence[Token], cited: Cited) -> str:
    """The tokens as HTML; sources are numbered on in `cited`."""
    return str(parser().renderer.render(tokens, parser().options, {"cited": cited}))


STYLES = {
    "heading": "govuk-heading-m",
    "paragraph": "govuk-body",
    "bullet_list": "govuk-list govuk-list--bullet",
    "ordered_list": "govuk-list govuk-list--number",
    "table": "govuk-table",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
}


def _styled(style: str) -> Any:
    def draw(self: Any, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any) -> str:
        tokens[place].attrSet("class", style)
        return str(self.renderToken(tokens, place, options, env))

    return draw


def _fence(
    self: RendererProtocol, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any
) -> str:
    names = tokens[place].content.split()
    drawn = "".join(figure(name).html(env["cited"]) for name in names)
    return f'<div class="icons-row">{drawn}</div>'
