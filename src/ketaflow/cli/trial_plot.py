"""A trial as a picture a clinician reads: arms, bands, units, sources, and what it cannot say."""

import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ketaflow.insights.trial.intervals import Estimate
from ketaflow.insights.trial.report import ArmFound, Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by all; each arm has its own line style too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00")
STYLES = ("-", "--", "-.", ":", (0, (6, 2)), (0, (1, 1)))
WIDE = 165
SMALL = 7.5


def draw(found: Findings, *, kind: str) -> bytes:
    """The picture of `found` as PNG or SVG; the same findings give the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    words = beneath(found)
    with mpl.rc_context({"svg.hashsalt": "ketaflow", "font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(10, 8.2 + 0.13 * words.count("\n")), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplot_mosaic(
            [["score", "score"], ["response", "remission"], ["free", "sessions"]],
            height_ratios=[2, 1.5, 1.5],
        )
        score(panels["score"], found)
        shares(panels["response"], found, "Response (MADRS down by half or more), % of people")
        shares(
            panels["remission"],
            found,
            f"Remission (MADRS {found.model.judged.remission:g} or less), % of people",
        )
        free(panels["free"], found)
        sessions(panels["sessions"], found)
        figure.suptitle(heading(found), fontsize=11)
        figure.supxlabel(words, fontsize=SMALL, x=0.01, ha="left")
        picture = io.BytesIO()
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(picture, format=kind, dpi=130, metadata=metadata)
    return picture.getvalue()


def looks(place: int) -> dict[str, Any]:
    """Colour and line of one arm."""
    return {"color": COLOURS[place % len(COLOURS)], "linestyle": STYLES[place % len(STYLES)]}


def score(panel: "Axes", found: Findings) -> None:
    """Median score of each arm, the middle half behind it, 5-95 % of people as thin lines."""
    for place, one in enumerate(found.arms):
        days, colour = range(len(one.mean)), looks(place)["color"]
        panel.fill_between(
            days, one.quantiles[0.25], one.quantiles[0.75], color=colour, alpha=0.15, lw=0
        )
        for edge in (0.05, 0.95):
            panel.plot(days, one.quantiles[edge], color=colour, lw=0.7, alpha=0.6)
        panel.plot(days, one.quantiles[0.5], label=one.arm.name, lw=2, **looks(place))
    panel.set_title(
        "MADRS, points: median; shaded, the middle half of people; thin lines, 5 and 95 %",
        loc="left",
    )
    panel.set_ylim(0, None)
    panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    finish(panel, found)


def shares(panel: "Axes", found: Findings, title: str) -> None:
    """A share of people by day with its 95 % interval."""
    for place, one in enumerate(found.arms):
        curve = one.response if title.startswith("Response") else one.remission
        band(panel, range(len(curve)), curve, place)
    panel.set_title(title, loc="left", fontsize=9)
    panel.set_ylim(0, 100)
    finish(panel, found)


def band(panel: "Axes", days: Sequence[float], curve: Sequence[Estimate], place: int) -> None:
    """One curve of shares with its interval, in per cent."""
    known = [(day, one) for day, one in zip(days, curve, strict=True) if one.value is not None]
    at = [day for day, _ in known]
    low, middle, high = (
        [100.0 * (getattr(one, part) or 0.0) for _, one in known]
        for part in ("low", "value", "high")
    )
    panel.fill_between(at, low, high, color=looks(place)["color"], alpha=0.2, lw=0)
    panel.plot(at, middle, **looks(place))


def free(panel: "Axes", found: Findings) -> None:
    """Responders without relapse, by days since the course was judged."""
    for place, one in enumerate(found.arms):
        if one.relapse.responders:
            sure = Estimate(1.0, 1.0, 1.0)
            band(panel, (0.0, *one.relapse.visit_days), (sure, *one.relapse.free), place)
    relapse = found.model.judged.relapse
    panel.set_title(
        f"Responders without relapse (MADRS {relapse:g} or more twice), %", loc="left", fontsize=9
    )
    panel.set_ylim(0, 100)
    panel.set_xlim(0, None)
    panel.grid(alpha=0.3)
    panel.set_xlabel("days since the course was judged")


def sessions(panel: "Axes", found: Findings) -> None:
    """When each arm has its sessions, and when it is judged."""
    for place, one in enumerate(found.arms):
        colour = looks(place)["color"]
        panel.plot(
            one.arm.sessions_d, [place] * len(one.arm.sessions_d), "|", color=colour, ms=12, mew=2
        )
        panel.plot([one.arm.judged_d], [place], "D", color=colour, ms=5, mfc="none")
    panel.set_yticks(range(len(found.arms)), [shortened(one) for one in found.arms])
    panel.set_ylim(len(found.arms) - 0.5, -0.5)
    panel.set_title("Sessions (|) and day judged (◇)", loc="left", fontsize=9)
    finish(panel, found)


def shortened(one: ArmFound) -> str:
    """The arm's name, cut where it would push the panel away."""
    return textwrap.shorten(one.arm.name, 24, placeholder="…")


def finish(panel: "Axes", found: Findings) -> None:
    """Days below, lines behind."""
    panel.set_xlim(-found.trial.asked.days / 100, found.trial.asked.days)
    panel.set_xlabel("days since the first session")
    panel.grid(alpha=0.3)


def heading(found: Findings) -> str:
    """What the picture shows."""
    trial = found.trial
    mark = "EXTRAPOLATED. " if found.extrapolated else ""
    size = f"{trial.subjects:,} virtual people in each arm, {trial.setting.kind}"
    return f"{mark}Virtual trial: {trial.title} ({size})"


def beneath(found: Findings) -> str:
    """Model, sources, and every caveat: a picture is passed on without its table."""
    model = found.model
    said = [
        f"Model: {model.name}, {model.version}, grade {model.grade}; {model.status}. "
        f"A simulation, not a trial of patients.",
        *found.caveats,
        f"Sources: {', '.join(found.sources)}.",
    ]
    return "\n".join(textwrap.fill(sentence, WIDE) for sentence in said)
