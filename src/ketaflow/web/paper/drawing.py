"""A chart drawn for paper: a small SVG, the same bytes for the same numbers, readable in grey."""

from collections.abc import Iterator
from math import floor, log10
from xml.sax.saxutils import escape

from ketaflow.web.charts import Chart, Line

WIDE, HIGH = 680.0, 230.0
LEFT, RIGHT, TOP, FOOT = 46.0, 118.0, 22.0, 34.0
# Told apart without colour: the line's dashes and the shape of its points.
STYLES = (("", "circle"), ("7 3", "square"), ("2 3", "diamond"), ("8 3 2 3", "triangle"))
FONT = 'font-family="Libertinus Serif" font-size="11"'


class Axis:
    """Where a value lies between two ends of a line; `whole` ends it at round numbers."""

    def __init__(
        self, low: float, high: float, *, start: float, end: float, whole: bool = False
    ) -> None:
        self.step = _step(high - low)
        self.low, self.high = low, max(high, low + 1e-6)
        if whole:
            self.low = floor(low / self.step) * self.step
            self.high = max(-floor(-high / self.step) * self.step, self.low + self.step)
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        """The place of `value`."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[float]:
        """The values that are written beside the line."""
        first, last = -floor(-self.low / self.step), floor(self.high / self.step)
        yield from (n * self.step for n in range(first, last + 1))


def draw(chart: Chart) -> str:
    """The chart as an SVG document."""
    drawn = [some for line in chart.lines for some in (line.values, line.low, line.high)]
    values = [one for some in drawn for one in some if one is not None]
    low = min([*values, *([] if chart.y_min is None else [chart.y_min])], default=0.0)
    high = max([*values, *([] if chart.y_max is None else [chart.y_max])], default=1.0)
    ends = [*chart.x, *(mark.at for mark in chart.marks), *(one.end for one in chart.giving)]
    across = Axis(min([*ends, 0.0]), max([*ends, 1.0]), start=LEFT, end=WIDE - RIGHT)
    up = Axis(low, high, start=HIGH - FOOT, end=TOP, whole=True)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:g} {HIGH:g}">',
        _said(LEFT, TOP - 10, chart.y_label),
        *(_band(chart.x, line, across, up) for line in chart.lines if line.low),
        *_frame(across, up, chart.x_label),
        *_giving(chart, across),
        *_marks(chart, across),
    ]
    for n, line in enumerate(chart.lines):
        parts += _line(chart.x, line, across, up, STYLES[n % len(STYLES)])
        parts += _legend(line, n)
    return "\n".join([*parts, "</svg>"])


def _step(span: float) -> float:
    """A round step that gives five to ten ticks over `span`."""
    rough = max(span, 1e-6) / 9
    power: float = 10.0 ** floor(log10(rough))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= rough)


def _frame(across: Axis, up: Axis, label: str) -> Iterator[str]:
    for value in up.ticks():
        y = up.at(value)
        yield f'<path d="M{LEFT:.1f} {y:.1f}H{across.end:.1f}" stroke="#ccc" stroke-width="0.6"/>'
        yield _said(LEFT - 5, y + 4, f"{value:g}", anchor="end")
    for value in across.ticks():
        x = across.at(value)
        yield f'<path d="M{x:.1f} {up.start:.1f}v4" stroke="#555555" stroke-width="0.8"/>'
        yield _said(x, up.start + 15, f"{value:g}", anchor="middle")
    yield f'<path d="M{LEFT:.1f} {up.start:.1f}H{across.end:.1f}" stroke="#555555"/>'
    yield _said(across.end, HIGH - 4, label, anchor="end")


def _band(x: tuple[float, ...], line: Line, across: Axis, up: Axis) -> str:
    """The range around a line, as one grey shape that lies under everything else."""
    edges = (
        [f"{across.at(when):.1f},{up.at(value):.1f}" for when, value in zip(x, edge, strict=True)
         if value is not None]
        for edge in (line.low, line.high)
    )  # fmt: skip
    low, high = edges
    return f'<polygon points="{" ".join([*low, *reversed(high)])}" fill="#dddddd"/>'


def _giving(chart: Chart, across: Axis) -> Iterator[str]:
    for one in chart.giving:
        start, end = across.at(one.start), across.at(one.end)
        yield (
            f'<rect x="{start:.1f}" y="{HIGH - FOOT - 5:.1f}" width="{max(end - start, 1):.1f}" '
            'height="5" fill="#999999"/>'
        )


def _marks(chart: Chart, across: Axis) -> Iterator[str]:
    # Words that would lie on each other stand on lines of their own.
    ends: list[float] = []
    for mark in sorted(chart.marks, key=lambda one: one.at):
        x = across.at(mark.at)
        row = next((n for n, end in enumerate(ends) if end < x), len(ends))
        ends[row : row + 1] = [x + 8 + 6 * len(mark.label)]
        yield (
            f'<path d="M{x:.1f} {TOP:.1f}V{HIGH - FOOT:.1f}" stroke="#777777" '
            'stroke-width="0.8" stroke-dasharray="1 2"/>'
        )
        yield _said(x + 2, TOP + 9 + 11 * row, mark.label)


def _line(
    x: tuple[float, ...], line: Line, across: Axis, up: Axis, style: tuple[str, str]
) -> Iterator[str]:
    dashes, shape = style
    points = [
        (across.at(when), up.at(value))
        for when, value in zip(x, line.values, strict=True)
        if value is not None
    ]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    yield (
        f'<polyline points="{path}" fill="none" stroke="#111111" stroke-width="1.2" '
        f'stroke-dasharray="{dashes or "none"}"/>'
    )
    if line.dots:
        yield from (_point(a, b, shape) for a, b in points)


def _point(x: float, y: float, shape: str) -> str:
    drawn = {
        "circle": f"M{x - 2.5:.1f} {y:.1f}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0",
        "square": f"M{x - 2.3:.1f} {y - 2.3:.1f}h4.6v4.6h-4.6z",
        "diamond": f"M{x:.1f} {y - 3:.1f}l3 3l-3 3l-3 -3z",
        "triangle": f"M{x:.1f} {y - 3:.1f}l3 5.2h-6z",
    }[shape]
    return f'<path d="{drawn}" fill="#ffffff" stroke="#111111" stroke-width="1"/>'


def _legend(line: Line, n: int) -> Iterator[str]:
    x, y = WIDE - RIGHT + 10, TOP + 8 + n * 18
    dashes, shape = STYLES[n % len(STYLES)]
    yield (
        f'<path d="M{x:.1f} {y:.1f}h22" stroke="#111111" stroke-width="1.2" '
        f'stroke-dasharray="{dashes or "none"}"/>'
    )
    if line.dots:
        yield _point(x + 11, y, shape)
    yield _said(x + 27, y + 4, line.label)


def _said(x: float, y: float, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}>{escape(words)}</text>'
