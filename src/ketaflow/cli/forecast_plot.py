"""A forecast as a picture a clinician reads: what is given, levels and effects with their bands."""

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ketaflow.pharmacology.doses import Dose, Infusion, amount_of, total_mg
from ketaflow.pharmacology.forecast import Forecast, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by all; each curve has its own line style too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (6, 2)))
GIVEN = "#56B4E9"
METABOLITE = "nor"
RESEARCH = "research"
WIDE = 150
SPRAY_SHARE = 1 / 180
DIGITS = 5
# From how many minutes on the axis counts hours, and from how many days.
HOURS_FROM, DAYS_FROM = 720.0, 5760.0
CLOCKS = ((DAYS_FROM, 1440.0, "days"), (HOURS_FROM, 60.0, "hours"), (0.0, 1.0, "minutes"))
PANELS = {
    "points": "Dissociation (CADSS points above baseline)",
    "mmHg": "Blood pressure (mmHg above baseline)",
    "/min": "Heart rate (beats a minute above baseline)",
    "% of full relief": "Pain relief (% of full relief)",
}


def draw(seen: Forecast, doses: Sequence[Dose], of_whom: str, *, kind: str) -> bytes:
    """The picture of `seen` as PNG or SVG; the same forecast gives the same bytes.

    Args:
        seen: the forecast.
        doses: what was given for it.
        of_whom: drug, route and patient, in words for the heading.
        kind: "png" or "svg".
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = grouped(seen.series)
    per, unit = clock(seen.time_min[-1])
    with mpl.rc_context({"svg.hashsalt": "ketaflow", "font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(9, 2.4 + 2.0 * len(panels)), layout="constrained")
        FigureCanvasAgg(figure)
        heights = [0.6, *(2.0 for _ in panels)]
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        bar(axes[0], doses, seen.time_min[-1], per)
        for panel, (title, series) in zip(axes[1:], panels.items(), strict=True):
            curves(panel, title, series, [minute / per for minute in seen.time_min])
        axes[-1].set_xlabel(f"{unit} since the start")
        axes[-1].set_xlim(0, seen.time_min[-1] / per)
        colour = COLOURS[1] if seen.extrapolated else "black"
        figure.suptitle(f"{of_whom}\n{heading(seen)}", fontsize=11, color=colour)
        figure.supxlabel(textwrap.fill(source_line(seen), WIDE), fontsize=7, x=0.01, ha="left")
        picture = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(picture, format=kind, dpi=130, metadata=metadata)
    return picture.getvalue()


def clock(until_min: float) -> tuple[float, str]:
    """How many minutes the axis counts as one, and what it calls that."""
    return next((per, unit) for least, per, unit in CLOCKS if until_min >= least)


def grouped(series: Sequence[Series]) -> dict[str, list[Series]]:
    """One panel for the drug, one for its metabolite, one for each kind of effect."""
    panels: dict[str, list[Series]] = {}
    for one in series:
        if one.quantity == "concentration":
            title = "Metabolite" if METABOLITE in one.name else "Drug"
            title += f" ({one.unit})"
        else:
            title = PANELS[one.unit]
        panels.setdefault(title, []).append(one)
    return panels


def bar(panel: "Axes", doses: Sequence[Dose], until_min: float, per: float) -> None:
    """What is given, as a bar whose height is the pump rate, or a mark for each single dose."""
    at = [dose.at_min / per for dose in doses]
    amounts = [amount_of(dose)[0] for dose in doses]
    if isinstance(doses[0], Infusion):
        ends = [*at, max(until_min / per, at[-1])]
        panel.fill_between(ends, [*amounts, amounts[-1]], step="post", color=GIVEN)
        panel.set_ylabel("mg/min")
    else:
        panel.bar(at, amounts, width=until_min / per * SPRAY_SHARE, align="edge", color=GIVEN)
        panel.set_ylabel("mg")
    panel.set_ylim(0, 1.3 * max(amounts))
    panel.set_title(f"Given: {total_mg(doses):.4g} mg in all", loc="left")
    panel.grid(alpha=0.3, axis="x")


def curves(panel: "Axes", title: str, series: Sequence[Series], times: Sequence[float]) -> None:
    """Medians as lines, 5-95 % bands behind them with a fine edge."""
    for one, colour, style in zip(series, COLOURS, STYLES, strict=False):
        if one.p05 is not None and one.p95 is not None:
            low, high = drawn(one.p05), drawn(one.p95)
            panel.fill_between(times, low, high, color=colour, alpha=0.12, linewidth=0)
            for edge in (low, high):
                panel.plot(times, edge, color=colour, linestyle=style, linewidth=0.5, alpha=0.6)
        label = f"{called(one)} [{one.grade}]"
        panel.plot(times, drawn(one.median), color=colour, linestyle=style, label=label)
    panel.set_title(title, loc="left")
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)
    panel.legend(loc="upper right", frameon=False, fontsize=8)


def called(one: Series) -> str:
    """A curve's name, where a level was sampled, and the word on what is for research alone."""
    words = [one.name, one.site] if one.quantity == "concentration" else [one.name]
    return ", ".join([*words, RESEARCH] if RESEARCH in one.status else words)


def drawn(curve: Sequence[float]) -> list[float]:
    """What can be seen of a curve, so that a rounding error of the machine is not."""
    return [float(f"{value:.{DIGITS}g}") for value in curve]


def heading(seen: Forecast) -> str:
    """What the picture shows."""
    banded = any(one.p05 is not None for one in seen.series)
    said = "median and 5-95 % of people alike" if banded else "typical patient, no spread"
    said += ", weighted by this patient's earlier readings" if seen.weighted else ""
    mark = "EXTRAPOLATED beyond the model's envelope. " if seen.extrapolated else ""
    return f"{mark}Forecast: {said}"


def source_line(seen: Forecast) -> str:
    """Model, sources, and what the picture is not."""
    return (
        f"Model {', '.join(seen.models)}. Sources: {', '.join(seen.sources)}. "
        "Letters in brackets: evidence grade (H, M, L). Effects are calibrated to published means. "
        "A forecast, not a measurement; the clinician decides."
    )
