"""The reports an inspector asks for: what each holds, its columns, how a file carries a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from ketaflow.refusals import Refused

Line = tuple[str, ...]
# What a spreadsheet would run, or would take for the begin of a cell of its own.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
FIRST_YEAR, LAST_YEAR = 1970, 9998


class NoPeriod(Refused):
    """A period ends before it begins."""


@dataclass(frozen=True)
class Column:
    """One column: its name in a file, its heading, its width on paper, whether it holds numbers."""

    key: str
    title: str
    width: str = "auto"
    number: bool = False


@dataclass(frozen=True)
class Report:
    """One report: what it is called, what it holds in a sentence, and its columns."""

    title: str
    about: str
    columns: tuple[Column, ...]
    # Columns that a file carries and paper has no room for.
    file_only: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns as a file names them."""
        return tuple(one.key for one in self.columns)


class Name(StrEnum):
    """Which report."""

    DISPENSING = "dispensing"
    WASTE = "waste"
    INVENTORY = "inventory"
    DISCREPANCIES = "discrepancies"


@dataclass(frozen=True)
class Asked:
    """Which days, drug ("": all) and person ("": all; their full name as it was written)."""

    first: date
    last: date
    drug: str = ""
    person: str = ""

    def check(self) -> None:
        """Refuse days the wrong way round, or that no clinic had.

        Raises:
            NoPeriod: says which.
        """
        if not self.first.year >= FIRST_YEAR or not self.last.year <= LAST_YEAR:
            raise NoPeriod(f"Choose days from the years {FIRST_YEAR} to {LAST_YEAR}.")
        if self.last < self.first:
            raise NoPeriod(
                f"{self.first} to {self.last} ends before it begins. Change the two days over."
            )

    @property
    def words(self) -> str:
        """What was asked for, in words.

        >>> Asked(date(2026, 1, 1), date(2026, 1, 31), drug="ketamine").words
        '1 Jan 2026 to 31 Jan 2026, ketamine, everybody'
        """
        days = f"{self.first:%-d %b %Y} to {self.last:%-d %b %Y}"
        return f"{days}, {self.drug or 'every drug'}, {self.person or 'everybody'}"


WHEN = (Column("date", "Date"), Column("time", "Time"))
WHAT = (
    Column("drug", "Drug", "2"), Column("lot", "Lot", "0.8"), Column("container", "No.", "0.7"),
    Column("what", "What", "1.2"), Column("quantity", "Amount", number=True),
    Column("unit", "Unit"), Column("mg", "mg", number=True),
)  # fmt: skip
WHO = (
    Column("drawn_by", "Drawn by", "1.3"), Column("recorded_by", "Recorded by", "1.3"),
    Column("witness", "Witness", "1.3"), Column("reason", "Why", "1.6"),
)  # fmt: skip
PATIENT = (Column("patient", "Patient", "1.4"), Column("address", "Address", "1.8"))

REPORTS: Mapping[Name, Report] = MappingProxyType(
    {
        Name.DISPENSING: Report(
            "Dispensing record",
            "Everything that left custody: what was given, to whom, by whom; and what was wasted, "
            "lost, destroyed or sent back. What was taken back is left out; it stays on the "
            "container's page.",
            (*WHEN, *WHAT, *PATIENT, *WHO),
            frozenset({"container"}),
        ),
        Name.WASTE: Report(
            "Waste record",
            "What left custody without being given, how, who did it and who stood by.",
            (*WHEN, *WHAT, Column("patient", "Drawn for", "1.4"), *WHO),
        ),
        Name.INVENTORY: Report(
            "Inventory record",
            "Every inventory that was signed: of which moment of the day, how open containers were "
            "counted, what was found, and who signed.",
            (
                *WHEN, Column("moment", "Of the", "1.2"), Column("method", "Open ones", "0.9"),
                Column("item", "Item", "2.2"), Column("lot", "Lot", "0.8"),
                Column("expected", "Expected", number=True),
                Column("found", "Found", number=True),
                Column("difference", "Difference", number=True), Column("unit", "Unit"),
                Column("counted_by", "Counted by", "1.3"), Column("witness", "Witness", "1.3"),
            ),
        ),
        Name.DISCREPANCIES: Report(
            "Discrepancy record",
            "Every discrepancy that was found: how much, what was decided, whom the clinic told "
            "and when, and what was found in the end.",
            (
                Column("incident", "No.", number=True), *WHEN, Column("item", "Item", "1.8"),
                Column("place", "Place", "1"), Column("difference_mg", "mg", number=True),
                Column("what", "What does not agree", "2"),
                Column("opened_by", "Found by", "1.2"),
                Column("significant", "Significant", "0.9"),
                Column("notice", "Notice", "0.9"), Column("form", "Form", "0.9"),
                Column("closed", "Closed", "0.9"), Column("closed_by", "Closed by", "1.2"),
                Column("finding", "Finding", "2"),
            ),
        ),
    }
)  # fmt: skip


def said(value: object) -> str:
    """A value in words; an amount without needless zeros.

    >>> said(Decimal("0.80"))
    '0.8'
    """
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def cell(words: str) -> str:
    """A cell as a file carries it: what a spreadsheet would take for a formula is words.

    A number that is below zero stays a number.

    >>> cell("=1+1"), cell("-500"), cell("-500+A1")
    ("'=1+1", '-500', "'-500+A1")
    """
    if not words.startswith(FORMULA) or _number(words):
        return words
    return f"'{words}"


def _number(words: str) -> bool:
    whole = words.removeprefix("-").replace(".", "", 1)
    return whole.isascii() and whole.isdecimal()


def on_paper(report: Report, line: Line) -> Line:
    """What of a line goes onto paper."""
    pairs = zip(report.columns, line, strict=True)
    return tuple(words for column, words in pairs if column.key not in report.file_only)


@dataclass(frozen=True)
class Total:
    """How much of one drug went one way, and how often."""

    drug: str
    what: str
    times: int
    mg: Decimal
