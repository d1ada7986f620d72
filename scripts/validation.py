"""Write docs/reference/validation.md and its pictures from the papers of tests/literature.

The page shows the very rows that the tests judge, so the two cannot disagree. It needs the test
tools. Usage: .venv/bin/python scripts/validation.py
"""

import hashlib
import importlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.literature.comparison import Comparison, Judged, Panel, Paper  # noqa: E402

FOLDER = ROOT / "docs" / "reference"
PICTURES = FOLDER / "validation"
MADE = (
    "*Made by `scripts/validation.py`; a test fails when it is out of date. Do not edit by hand.*"
)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
ACROSS = 2
ALL_AT_ONCE = (
    "By how much each computed value misses the published one; the dashed lines are 20 % off.",
    "",
    "![Error of the computed values](validation/errors.svg)",
)
NOT_TESTED = (
    (
        "noresketamine's area under the curve after the spray",
        "Perez-Ruixo's Table 3 does not give the paper's own Table 4: 1.4 to 1.6 times too high, "
        "while peak and parent agree. Others met the same.",
    ),
    (
        "hydroxynorketamine levels",
        "Published levels disagree; the chain is for research and nothing is claimed of it.",
    ),
    (
        "terminal half-lives",
        "They depend on how long a study sampled: 2 to 11 hours for the same drug.",
    ),
    (
        "levels at the edges of Kamp's infusion steps",
        "A curve read off a picture is not to be trusted where it jumps.",
    ),
    (
        "blood pressure an hour and a half after the spray",
        "Predicted +7 against +2 to +5 on the label (from memory): known to fall too slowly.",
    ),
    (
        "Herd & Anderson, Flint, Hijazi, Hornik",
        "No published curve or table was read to hold them against; laws of kinetics are tested.",
    ),
    (
        "pain relief within hours",
        "Potency and delay are published, a time course to reproduce was not read.",
    ),
    (
        "how far people differ in dissociation and pain relief",
        "Not published; their bands carry kinetics alone.",
    ),
)


def papers() -> list[Paper]:
    """Every paper of tests/literature, in the order of the file names."""
    files = sorted((ROOT / "tests" / "literature").glob("test_*.py"))
    modules = [importlib.import_module(f"tests.literature.{path.stem}") for path in files]
    return [module.PAPER for module in modules if hasattr(module, "PAPER")]


def validation_page() -> str:
    """Published against computed, paper by paper, and what is not tested."""
    known = papers()
    rows = [row for paper in known for row in paper.rows]
    agreeing = sum(row.agrees() for row in rows)
    lines = [
        "# Validation",
        "",
        "What papers printed beside what this engine computes, for the typical adult of 70 kg",
        "unless said otherwise. Keys in brackets are in [sources](sources.md); most papers were",
        "read through a transcription or an abstract, and that page says which. “Derived” figures",
        "were worked out once before from published parameters, by another program. The error is",
        "the worst of a row, or the median where that is what is allowed.",
        "",
        MADE,
        "",
        f"**{agreeing} of {len(rows)} comparisons are within their tolerance.** Each is a test in",
        "`tests/literature`. So are laws of kinetics: dose linearity, superposition and time shift",
        "for every model in `tests/laws/test_pharmacology_every_model.py`, mass balance,",
        "allometry and agreement with other solvers in `tests/laws/test_pharmacology_kinetics.py`.",
    ]
    for paper in known:
        lines += ["", f"## {paper.name}", "", f"[{', '.join(paper.sources)}]", ""]
        lines += table(paper.rows)
        if paper.panels():
            lines += ["", f"![{paper.name}](validation/{file_name(paper)})"]
    lines += [
        "",
        "## All figures at once",
        "",
        *ALL_AT_ONCE,
        "",
        "## What is not tested, and why",
    ]
    lines += ["", *(f"- **{what}**: {why}" for what, why in NOT_TESTED)]
    return "\n".join(lines) + "\n"


def table(rows: Iterable[Comparison]) -> Iterator[str]:
    """One row a comparison, in Markdown."""
    yield "| what | unit | published | computed | error | allowed | within |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        cells = [
            row.what,
            row.unit,
            published(row),
            figures(row.found()),
            error(row),
            row.allowed(),
        ]
        yield f"| {' | '.join([*cells, 'yes' if row.agrees() else '**no**'])} |"


def published(row: Comparison) -> str:
    if row.judged is Judged.BETWEEN:
        return f"{row.published[0]:g} to {row.published[1]:g}"
    return ", ".join(f"{one:g}" for one in row.published)


def error(row: Comparison) -> str:
    """Worst or median error in per cent; a zero has no sign."""
    if row.judged is Judged.BETWEEN:
        return "–"
    said = f"{100 * row.error():+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")
    return f"{said} %" if row.judged is Judged.EACH else f"{said.lstrip('+')} %"


def figures(values: Iterable[float]) -> str:
    """Three figures of each, so that no machine's rounding shows."""
    return ", ".join(f"{float(f'{value:.3g}'):g}" for value in values)


def file_name(paper: Paper) -> str:
    word = "".join(sign if sign.isalnum() else "-" for sign in paper.name.partition(":")[0].lower())
    return f"{'-'.join(part for part in word.split('-') if part)}.svg"


def rounded(panel: Panel) -> Panel:
    """What can be seen of a panel: four figures."""

    def seen(curves):
        return {
            name: tuple([float(f"{value:.4g}") for value in axis] for axis in curve)
            for name, curve in curves.items()
        }

    return replace(
        panel, lines=seen(panel.lines), points=seen(panel.points), spans=seen(panel.spans)
    )


def fingerprint(panels: Sequence[Panel]) -> str:
    """Of what a picture shows, to know whether it is up to date; of no drawing program's making."""
    shown = json.dumps([vars(panel) for panel in panels])
    return hashlib.sha256(shown.encode()).hexdigest()


def errors() -> Panel:
    """By how much the computed value misses the published one, for all that are not a range."""
    points = {}
    for paper in papers():
        rows = [row for row in paper.rows if row.judged is not Judged.BETWEEN]
        if rows:
            points[paper.name.partition(":")[0]] = (
                [value for row in rows for value in row.published],
                [
                    100 * (found / value - 1)
                    for row in rows
                    for found, value in zip(row.found(), row.published, strict=True)
                ],
            )
    return Panel(
        "Error", "published value, in its own unit", "error of the computed, %", {}, points
    )


def pictures() -> dict[str, list[Panel]]:
    """The panels of each picture by its file's name."""
    own = {file_name(one): [rounded(panel) for panel in one.panels()] for one in papers()}
    return {
        **{name: panels for name, panels in own.items() if panels},
        "errors.svg": [rounded(errors())],
    }


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Small multiples of `panels`, with their fingerprint in the file."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    down = -(-len(panels) // ACROSS)
    alone = len(panels) == 1
    with mpl.rc_context({"svg.hashsalt": "ketaflow", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(
            figsize=(6 if alone else 10, 4.2 if alone else 3.4 * down), layout="constrained"
        )
        FigureCanvasSVG(figure)
        axes = figure.subplots(down, 1 if alone else ACROSS, squeeze=False).ravel()
        for panel, place in zip(panels, axes, strict=False):
            (scatter if path.stem == "errors" else plot)(place, panel)
        for place in axes[len(panels) :]:
            place.set_visible(False)
        figure.savefig(path, metadata={"Date": None, "Description": fingerprint(panels)})


def plot(place, panel: Panel) -> None:
    """Computed as lines, published as points of the same colour."""
    for number, (name, (x, y)) in enumerate(panel.lines.items()):
        place.plot(x, y, color=COLOURS[number % len(COLOURS)], linewidth=1.4, label=name)
    for number, (name, (x, y)) in enumerate(panel.points.items()):
        label = None if name in panel.lines else name
        colour = COLOURS[number % len(COLOURS)]
        place.plot(x, y, "o", color=colour, markersize=4.5, markerfacecolor="white", label=label)
    for number, (name, (x, low, high)) in enumerate(panel.spans.items()):
        told = name in panel.lines or name in panel.points
        colour = COLOURS[number % len(COLOURS)]
        place.vlines(
            x, low, high, color=colour, linewidth=4, alpha=0.35, label=None if told else name
        )
    place.set_title(panel.title, loc="left", fontsize=9)
    place.set_xlabel(panel.x)
    place.set_ylabel(panel.y)
    if panel.logarithmic:
        place.set_yscale("log")
        place.set_ylim(bottom=5)
    else:
        place.set_ylim(bottom=0)
    place.grid(alpha=0.3)
    place.legend(frameon=False, fontsize=7.5)


def scatter(place, panel: Panel) -> None:
    """Errors in per cent over the size of the value, with lines at 0 and 20 % to each side."""
    for number, (name, (x, y)) in enumerate(panel.points.items()):
        marker = "os^vDPX*"[number % 8]
        colour = COLOURS[number % len(COLOURS)]
        place.plot(x, y, marker, color=colour, markersize=4, alpha=0.75, linewidth=0, label=name)
    for level, style in ((0, "-"), (-20, "--"), (20, "--")):
        place.axhline(level, linestyle=style, color="#777777", linewidth=0.8, zorder=0)
    place.set_xscale("log")
    place.set_xlabel(panel.x)
    place.set_ylabel(panel.y)
    place.grid(alpha=0.3)
    place.legend(frameon=False, fontsize=6.5)


def main() -> None:
    """Write the page and draw every picture anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    for name, panels in pictures().items():
        draw(panels, PICTURES / name)
    (FOLDER / "validation.md").write_text(validation_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
