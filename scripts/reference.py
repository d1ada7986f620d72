"""Write docs/reference from what the program knows, so that the pages cannot say anything else.

Usage: .venv/bin/python scripts/reference.py
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from ketaflow.cli.main import group
from ketaflow.evidence import sources
from ketaflow.evidence.sources import READ_AS, Source
from ketaflow.pharmacology import library as pharmacology
from ketaflow.pharmacology.effects import EQUATIONS
from ketaflow.pharmacology.envelope import described
from ketaflow.pharmacology.structure import Effect, KineticModel, Limit, Parameter
from ketaflow.protocol import library
from ketaflow.protocol.figures import Figure, Statement, show
from ketaflow.protocol.library import Protocol

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
MADE = "*Made by `scripts/reference.py`; a test fails when it is out of date. Do not edit by hand.*"


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
        *table(("key", "means"), ([one.key, one.citation] for one in sources.SPECIAL)),
        "",
        "## Publications, labels and regulations",
        "",
        *table(
            ("key", "source", "read"),
            (
                [one.key, _where(one), ", ".join(READ_AS[how] for how in one.read)]
                for one in known.values()
                if one not in sources.SPECIAL
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


def models_page() -> str:
    """Every kinetic model and effect: values, spread, limits, and what is not known."""
    known, effects = pharmacology.models(), pharmacology.effects()
    lines = [
        "# Models and effects",
        "",
        "Every published parameter set that Ketaflow carries. Values are for a person of 70 kg,",
        "in mg, L and h; SD is that of the random effect, on the scale named. Keys in brackets",
        "are in [sources](sources.md); how well the models do is in [validation](validation.md).",
        "A covariate is off unless a forecast asks for it. Outside its limits a model refuses, or",
        "writes “extrapolated” on every curve when told to go on.",
        "",
        MADE,
        "",
        *table(
            ("model", "drug and route", "site", "grade", "used for"),
            (
                [
                    f"[{one.id}](#{one.id})",
                    f"{one.drug}, {' or '.join(one.inputs)}",
                    one.site,
                    one.grade,
                    ", ".join([*one.marks, *(f"{one.drug} {way}" for way in one.default_for)]),
                ]
                for one in known.values()
            ),
        ),
    ]
    for one in known.values():
        lines += ["", *_model(one)]
    lines += ["", "## Effects", ""]
    lines += [
        "Driven by S-ketamine in the model's plasma, through an effect site that lags behind it."
    ]
    for effect in effects.values():
        lines += ["", *_effect(effect)]
    return "\n".join(lines) + "\n"


def _model(one: KineticModel) -> Iterator[str]:
    yield f"## {one.id}"
    yield ""
    marks = f" **{', '.join(one.marks).capitalize()}.**" if one.marks else ""
    yield f"**{one.name}.**{marks} Version {one.version}. {one.read} [{', '.join(one.sources)}]"
    yield ""
    limits = (
        [f"{limit.of}{f' ({limit.route})' if limit.route else ''}", limited(limit)]
        for limit in one.envelope
    )
    yield from table(("", ""), [["population", one.population], ["site", one.site], *limits])
    yield ""
    yield from table(
        ("parameter", "value", "varies", "sources"),
        (
            [
                name,
                _with_unit(row.typical.value, row.typical.unit),
                _spread(row),
                ", ".join(row.typical.source),
            ]
            for name, row in one.parameters.items()
        ),
    )
    yield ""
    for name, copy in one.copies.items():
        for key, factor in copy.factors.items():
            yield f"- {name}: {key} × {factor:g}"
    for name, error in one.residuals.items():
        added = f" and {error.additive_nmol_ml:g} nmol/mL" if error.additive_nmol_ml else ""
        yield f"- Residual error of {name}: SD {error.sd:g}, {error.scale}{added}"
    yield f"- Residual error: {one.residual_said}"
    for name, covariate in one.covariates.items():
        yield f"- Covariate `{name}`: {covariate.said} [{', '.join(covariate.sources)}]"
    yield from (f"- {note}" for note in one.notes)


def limited(limit: Limit) -> str:
    if limit.low is None and limit.high is None:
        return limit.said
    never = "; never extrapolated" if limit.firm else ""
    return f"{described(limit)} ({limit.said}){never}"


def _spread(row: Parameter) -> str:
    return f"SD {row.varies.sd:.3g}, {row.varies.scale}" if row.varies else ""


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.4g}" if unit == "1" else f"{value:.4g} {unit}"


def _effect(one: Effect) -> Iterator[str]:
    yield f"### {one.id}"
    yield ""
    status = f"{_first_large(one.status)}. [{', '.join(one.sources)}]"
    yield f"**{_first_large(one.name)}**, {one.unit}; grade {one.grade}. {status}"
    yield ""
    law = EQUATIONS[one.equation].__doc__ if one.equation in EQUATIONS else None
    said = f": {law.splitlines()[0]}" if law else ""
    yield f"- {one.equation.capitalize()} {one.of}".rstrip() + said
    if one.half_life_h:
        yield f"- Half-life of the effect site: {_with_unit(one.half_life_h, 'h')}"
    for name, value in one.parameters.items():
        yield f"- {name}: {_with_unit(value, one.units[name])}"
    if one.varies:
        yield f"- Between people: SD {one.varies.sd:.3g}, {one.varies.scale}"
    if one.tolerance:
        yield f"- Each session × {one.tolerance[0]:g}, down to × {one.tolerance[1]:g}"
    if one.responders is not None:
        yield f"- Responders: {100 * one.responders:g} %"
    yield from (f"- {_first_large(said)}" for said in one.modifiers)


def _first_large(words: str) -> str:
    return words[0].upper() + words[1:]


def commands_page() -> str:
    """What `--help` says, command by command."""
    lines = [
        "# Commands",
        "",
        "One command, `ketaflow`. Data goes to stdout, words to stderr; `--json` prints one JSON",
        "document in which decimals are strings. `cite`, `dose`, `forecast`, `models`,",
        "`protocols`, `score`, `screen` and `trial` need no database.",
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
    "models.md": models_page,
    "commands.md": commands_page,
}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
