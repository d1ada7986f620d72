"""A forecast as a picture a clinician reads: what is given, levels and effects with their bands."""

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ketaflow.pharmacology.doses import Dose, Infusion, amount_of
from ketaflow.pharmacology.forecast import Forecast, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by all; each curve has its own line style too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (6, 2)))
METABOLITE = "nor"
WIDE = 150
SPRAY_MIN = 1.0


def draw(seen: Forecast, doses: Sequence[Dose], *, kind: str) -> bytes:
    """The picture of `seen` as PNG or SVG; the same forecast gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = grouped(seen.series)
    with mpl.rc_context({"svg.hashsalt": "ketaflow", "font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(9, 2.2 + 2.1 * len(panels)), layout="constrained")
        FigureCanvasAgg(figure)
        heights = [0.6, *(2.0 for _ in panels)]
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        bar(axes[0], doses, seen.time_min[-1])
        for panel, (title, series) in zip(axes[1:], panels.items(), strict=True):
            curves(panel, title, series, seen.time_min)
        axes[-1].set_xlabel("minutes since the start")
        axes[-1].set_xlim(0, seen.time_min[-1])
        figure.suptitle(heading(seen), fontsize=11)
        figure.supxlabel(textwrap.fill(source_line(seen), WIDE), fontsize=7, x=0.01, ha="left")
        picture = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(picture, format=kind, dpi=130, metadata=metadata)
    return picture.getvalue()


def grouped(series: Sequence[Series]) -> dict[str, list[Series]]:
    """One panel for the drug, one for its metabolite, one for each kind of effect."""
    panels: dict[str, list[Series]] = {}
    for one in series:
        if one.quantity == "concentration":
            title = "Metabolite" if METABOLITE in one.name else "Drug"
            title += f" ({one.unit})"
        else:
            title = "Dissociation (CADSS points above baseline)"
            if one.unit != "points":
                title = "Change from baseline (mmHg; heart rate per minute)"
        panels.setdefault(title, []).append(one)
    return panels


def bar(panel: "Axes", doses: Sequence[Dose], until_min: float) -> None:
    """What is given, as a bar whose height is the pump rate, or a mark for each spray."""
    at = [dose.at_min for dose in doses]
    amounts = [amount_of(dose)[0] for dose in doses]
    if isinstance(doses[0], Infusion):
        panel.fill_between([*at, until_min], [*amounts, amounts[-1]], step="post", color="#56B4E9")
        panel.set_ylabel("mg/min")
        panel.set_ylim(0, 1.15 * max(amounts))
    else:
        panel.bar(at, amounts, width=SPRAY_MIN, align="edge", color="#56B4E9")
        panel.set_ylabel("mg")
        panel.set_ylim(0, 1.3 * max(amounts))
    panel.set_title("Given", loc="left")


def curves(panel: "Axes", title: str, series: Sequence[Series], times: Sequence[float]) -> None:
    """Medians as lines, 5-95 % bands behind them."""
    for one, colour, style in zip(series, COLOURS, STYLES, strict=False):
        if one.p05 is not None and one.p95 is not None:
            panel.fill_between(times, one.p05, one.p95, color=colour, alpha=0.13, linewidth=0)
        label = f"{one.name}, {one.site}" if one.quantity == "concentration" else one.name
        panel.plot(times, one.median, color=colour, linestyle=style, label=f"{label} [{one.grade}]")
    panel.set_title(title, loc="left")
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)
    panel.legend(loc="upper right", frameon=False, fontsize=8)


def heading(seen: Forecast) -> str:
    """What the picture shows."""
    banded = any(one.p05 is not None for one in seen.series)
    said = "median and 5-95 % of people alike" if banded else "typical patient, no spread"
    said += ", weighted by this patient's earlier readings" if seen.weighted else ""
    mark = "EXTRAPOLATED. " if seen.extrapolated else ""
    return f"{mark}Session forecast: {said}"


def source_line(seen: Forecast) -> str:
    """Model, sources, and what the picture is not."""
    return (
        f"Model {', '.join(seen.models)}. Sources: {', '.join(seen.sources)}. "
        "Letters in brackets: evidence grade (H, M, L). Effects are calibrated to published means. "
        "A forecast, not a measurement; the clinician decides."
    )
