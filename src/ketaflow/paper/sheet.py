"""A document for paper: sections of plain words, and the one place that has them typeset.

The same words give the same bytes: the fonts come with the typesetter, the pictures are our own,
and the document is dated by the record, never by the clock of whoever prints it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources

Pair = tuple[str, str]


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, how wide it is, and whether it holds numbers."""

    title: str
    width: str = "auto"
    number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; every row has a cell for each column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing, and what it shows in words for somebody who does not see it."""

    svg: str
    words: str


@dataclass(frozen=True)
class Section:
    """One heading with what stands under it, in this order; `empty` is said when nothing does."""

    title: str
    words: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    grid: Grid | None = None
    pictures: tuple[Picture, ...] = ()
    empty: str = ""


@dataclass(frozen=True)
class Sheet:
    """A whole document; `who` and `seal` stand on every page."""

    title: str
    subtitle: str
    clinic: str
    who: str
    seal: str
    banner: str
    sections: tuple[Section, ...]
    dated: datetime
    # Whether it is printed across the page, for tables of many columns.
    wide: bool = False


def grid(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Grid | None:
    """A table of `rows`, or nothing when there are none."""
    return Grid(tuple(columns), tuple(tuple(row) for row in rows)) if rows else None


def typeset(sheet: Sheet) -> bytes:
    """The document as a tagged PDF/A-2a, which can be read aloud and kept for long."""
    import typst

    told = {**asdict(sheet), "dated": sheet.dated.isoformat()}
    form = (resources.files("ketaflow.paper") / "sheet.typ").read_bytes()
    made = typst.compile(
        form,
        format="pdf",
        ignore_system_fonts=True,
        # Text goes in as data, so nothing that somebody typed is ever read as markup.
        sys_inputs={"sheet": json.dumps(told)},
        pdf_standards="a-2a",
        timestamp=int(sheet.dated.timestamp()),
    )
    assert isinstance(made, bytes)
    return made
