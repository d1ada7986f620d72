"""A report of custody on paper: who did it, who stood by, and the seal of what it was made from."""

from collections.abc import Sequence
from typing import Any

from ketaflow.custody.answers.queries import Sealed
from ketaflow.custody.answers.reports import Asked, Line, Report, Total, on_paper, said
from ketaflow.paper.sheet import Column, Section, Sheet, grid

TOTALS = (
    Column("Drug", "1"), Column("What became of it", "2"), Column("Times", number=True),
    Column("mg", number=True),
)  # fmt: skip
SIGNED = (
    "This report is read from the record; it adds nothing and leaves nothing out of the days, drug "
    "and person named above.",
    "Checked by (name, signature, date): ______________________________________________",
    "Witness (name, signature, date): _________________________________________________",
)


def sheet(
    *,
    clinic: Any,
    report: Report,
    asked: Asked,
    lines: Sequence[Line],
    totals: Sequence[Total],
    sealed: Sealed,
) -> Sheet:
    """The report as a document; dated by the last entry of custody, not by a clock."""
    columns = [
        Column(one.title, one.width, one.number)
        for one in report.columns
        if one.key not in report.file_only
    ]
    summed = [(one.drug, one.what, str(one.times), said(one.mg)) for one in totals]
    sections = [
        Section(
            "1 line" if len(lines) == 1 else f"{len(lines)} lines", words=(report.about,),
            grid=grid(columns, [on_paper(report, one) for one in lines]),
        ),
        Section("Signatures", words=SIGNED),
    ]  # fmt: skip
    if summed:
        sections.insert(1, Section("Totals", grid=grid(TOTALS, summed)))
    if not lines:
        sections[0] = Section("0 lines", words=(report.about, "Nothing in these days."))
    as_of = sealed.last_at.astimezone(clinic.zone)
    return Sheet(
        title=report.title,
        subtitle=asked.words,
        clinic=", ".join(filter(None, (clinic.name, clinic.address))),
        who=f"{report.title}, {asked.words}",
        seal=(
            f"Custody as of {as_of:%-d %b %Y, %H:%M}, {sealed.streams} streams, head {sealed.head}"
        ),
        banner="Fictional clinic and patients: made up for a demonstration." * clinic.fictional,
        sections=tuple(sections),
        dated=sealed.last_at,
        wide=True,
    )
