"""Write docs/reference from what the program knows, so that the pages cannot say anything else.

Usage: .venv/bin/python scripts/reference.py
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from ketaflow.cli.main import group
from ketaflow.evidence import sources
from ketaflow.evidence.sources import Read, Source
from ketaflow.protocol import library
from ketaflow.protocol.figures import Figure, Statement, show
from ketaflow.protocol.library import Protocol

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
MADE = "*Made by `scripts/reference.py`; a test fails when it is out of date. Do not edit by hand.*"
READ = {
    Read.FULLER_SECTION: "a fuller section",
    Read.TABLE: "a table or form",
    Read.ABSTRACT: "the abstract",
    Read.OPENING: "the opening only",
    Read.SECONDARY: "a secondary page about it",
}
SPECIAL = (sources.LOCAL, sources.UNVERIFIED, sources.DERIVED)


def sources_page() -> str:
    """Every citation by key, with where it stands and how much of it was read."""
    known = sources.register()
    lines = [
        "# Sources",
        "",
        "Every clinical number and sentence in Ketaflow names at least one of these keys. A key",
        "that is not registered here does not load. “Read” says how much of the source was read.",
        "",
        MADE,
        "",
        "## Three keys that are no publication",
        "",
        *table(("key", "means"), ([one.key, one.citation] for one in SPECIAL)),
        "",
        "## Publications, labels and regulations",
        "",
        *table(
            ("key", "source", "read"),
            (
                [one.key, _where(one), ", ".join(READ[how] for how in one.read)]
                for one in known.values()
                if one not in SPECIAL
            ),
        ),
    ]
    return "\n".join(lines) + "\n"


def _where(one: Source) -> str:
    links = [f"[page]({one.url})"] if one.url else []
    links += [f"[doi:{one.doi}](https://doi.org/{one.doi})"] if one.doi else []
    return " ".join([one.citation, *links])


def protocols_page() -> str:
    """Every protocol with the evidence for it and against it, each sentence with its sources."""
    known = library.protocols()
    lines = [
        "# Protocols",
        "",
        "What the library holds, with the evidence for *and against* each. Only “labelled”",
        "uses are licensed; all others are outside the label, and the patient is told so. Keys in",
        "brackets are in [sources](sources.md). What no source settles has no value here: the",
        "clinic's medical director sets and signs it.",
        "",
        MADE,
        "",
        *table(
            ("protocol", "name", "drug and route", "status"),
            (
                [f"[{one.id}](#{one.id.lower()})", one.name, f"{one.drug}, {one.route}", one.status]
                for one in known.values()
            ),
        ),
    ]
    for one in known.values():
        lines += ["", *_protocol(one)]
    return "\n".join(lines) + "\n"


def _protocol(one: Protocol) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    stands = f"Status: {one.status}. Version {one.version}. From {one.age_from} years."
    yield f"**{one.name}.** {one.indication}. {stands}"
    yield ""
    rows = [["dose", _dose(one)], ["pump", _duration(one)], ["sessions", _sessions(one)]]
    rows += [["rhythm", _cited(one.spacing.text, one.spacing.sources)]]
    rows += [["afterwards", _said(one.maintenance)]]
    if one.monitoring:
        rows.append(["watched", _said(one.monitoring.text)])
    yield from table(("", ""), (row for row in rows if row[1]))
    parts = (
        ("Evidence for", one.evidence_for),
        ("Evidence against", one.evidence_against),
        ("Requires", one.requires),
        ("Notes", one.notes),
    )
    for title, said in parts:
        if said:
            yield from ("", f"**{title}**", "")
            yield from (f"- {_said(each)}" for each in said)


def _dose(one: Protocol) -> str:
    if one.dose is None:
        return f"not available: {_said(one.why_no_dose)}" if one.why_no_dose else ""
    first = f"first session {_figure(one.first_dose.figure)}; then " if one.first_dose else ""
    dose = one.dose
    steps = (
        " or ".join(show(step) for step in dose.steps) or f"{show(dose.low)} to {show(dose.high)}"
    )
    choice = (
        "" if dose.low == dose.high and not dose.steps else f"; allowed {steps} {dose.figure.unit}"
    )
    titrated = "; titrated" if dose.titrated else ""
    return f"{first}{_figure(dose.figure)}{choice}{titrated}"


def _duration(one: Protocol) -> str:
    if one.duration is None:
        return ""
    if one.duration.figure:
        return _figure(one.duration.figure)
    low, high = show(one.duration.low_min), one.duration.high_min
    reach = f"{low} to {show(high)} min" if high else f"{low} min or longer"
    return _cited(f"{reach}, chosen by the prescriber", one.duration.sources)


def _sessions(one: Protocol) -> str:
    least, most = one.sessions.least, one.sessions.most
    if least is None:
        return "as the clinic decides"
    return _cited(str(least) if least == most else f"{least} to {most}", one.sessions.sources)


def _figure(one: Figure) -> str:
    return _cited(f"{show(one.value)} {one.unit}", one.sources)


def _said(one: Statement) -> str:
    return _cited(one.text, one.sources)


def _cited(words: str, keys: Iterable[str]) -> str:
    return f"{words} [{', '.join(keys)}]"


def commands_page() -> str:
    """What `--help` says, command by command."""
    lines = [
        "# Commands",
        "",
        "One command, `ketaflow`. Data goes to stdout, words to stderr; `--json` prints one JSON",
        "document in which decimals are strings. `dose`, `forecast`, `models`, `protocols`,",
        "`score`, `screen` and `trial` need no database.",
        "",
        "| exit code | means |",
        "|---|---|",
        "| 0 | done |",
        "| 2 | the command line is wrong |",
        "| 10 | a file cannot be read or is not what it should be |",
        "| 11 | outside the envelope of a model, protocol or instrument |",
        "| 12 | a clinical rule forbids it |",
        "| 13 | the record does not verify |",
        "",
        MADE,
    ]
    for name, help_text in _help(group, "ketaflow", None):
        lines += ["", f"## {name}", "", "```text", help_text, "```"]
    return "\n".join(lines) + "\n"


def _help(
    command: click.Command, name: str, parent: click.Context | None
) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=80,
        max_content_width=80,
        help_option_names=["-h", "--help"],
    )
    said = command.get_help(context)
    yield context.command_path, "\n".join(line.rstrip() for line in said.splitlines())
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _help(found, below, context)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown; a bar inside a cell is kept as text."""
    columns = list(head)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        cells = (cell.replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


PAGES: dict[str, Callable[[], str]] = {
    "sources.md": sources_page,
    "protocols.md": protocols_page,
    "commands.md": commands_page,
}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
