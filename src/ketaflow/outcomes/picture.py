"""One questionnaire over time as an SVG: a picture that needs no script and no other file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from html import escape

from ketaflow.outcomes.trend import Trend
from ketaflow.protocol.figures import show

WIDE, HIGH = 480, 220
LEFT, RIGHT, ABOVE, BELOW = 40, 12, 20, 26
FEWEST_POINTS = 2
STEPS = 4
# Beside each other, more marks than these would run into one another: then only some say which.
NAMED_MARKS = 12
LINE = 14


@dataclass(frozen=True)
class _Frame:
    """Where a moment and a total lie on the picture."""

    since: datetime
    until: datetime
    low: int
    high: int

    def x(self, at: datetime) -> str:
        share = (at - self.since) / (self.until - self.since)
        return f"{LEFT + share * (WIDE - LEFT - RIGHT):.1f}"

    def y(self, total: Decimal) -> str:
        share = (total - self.low) / (self.high - self.low)
        return f"{HIGH - BELOW - float(share) * (HIGH - ABOVE - BELOW):.1f}"


def english_day(at: datetime) -> str:
    """A day in figures and letters: 3 Nov 2026."""
    return f"{at.day} {at:%b %Y}"


def svg(
    trend: Trend, *, zone: tzinfo, words: str = "", day: Callable[[datetime], str] = english_day
) -> str:
    """The picture of a trend, safe to be put into a page; empty when there is nothing to draw.

    Args:
        trend: totals, the sessions between them, and the levels that mean something.
        zone: whose days stand below it.
        words: what the picture says to somebody who does not see it; else the trend's sentence.
        day: how a day is written, for a moment in `zone`.

    Returns:
        An `svg` element without style, script or identifier: colours are the page's text colour,
        and its classes begin with `trend`. Its title is escaped.
    """
    moments = [at for at, _ in trend.points]
    if len(moments) < FEWEST_POINTS or moments[0] == moments[-1]:
        return ""
    every = [*moments, *(mark.at for mark in trend.marks)]
    frame = _Frame(min(every), max(every), trend.low, trend.high)
    parts = [*_scale(frame), *_marks(trend, frame), *_levels(trend, frame), *_totals(trend, frame)]
    parts += _days(frame, zone, day)
    name = escape(words or trend.summary)
    return (
        f'<svg class="trend" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{name}" '
        f'font-size="12" fill="currentColor">{"".join(parts)}</svg>'
    )


def _scale(frame: _Frame) -> Iterator[str]:
    for place in range(STEPS + 1):
        total = frame.low + Decimal(frame.high - frame.low) * place / STEPS
        y = frame.y(total)
        yield _across("trend__grid", y, 'stroke="currentColor" stroke-opacity="0.15"')
        yield _text(f'x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end"', show(total))


def _marks(trend: Trend, frame: _Frame) -> Iterator[str]:
    every = -(-len(trend.marks) // NAMED_MARKS)
    for place, mark in enumerate(trend.marks):
        x = frame.x(mark.at)
        yield (
            f'<path class="trend__session" d="M{x} {ABOVE}V{HIGH - BELOW}" '
            'stroke="currentColor" stroke-opacity="0.35" stroke-dasharray="1 3"/>'
        )
        if place % every == 0:
            number = mark.label.split()[-1]
            yield _text(f'x="{x}" y="{ABOVE - 7}" text-anchor="middle"', number)


def _levels(trend: Trend, frame: _Frame) -> Iterator[str]:
    for level in trend.levels:
        y = frame.y(level.total)
        yield _across("trend__level", y, 'stroke="currentColor" stroke-dasharray="6 4"')
        yield _text(f'x="{WIDE - RIGHT}" y="{y}" dy="-4" text-anchor="end"', level.label)


def _totals(trend: Trend, frame: _Frame) -> Iterator[str]:
    places = [(frame.x(at), frame.y(total)) for at, total in trend.points]
    line = "L".join(f"{x} {y}" for x, y in places)
    yield (
        f'<path class="trend__line" d="M{line}" fill="none" stroke="currentColor" '
        'stroke-width="2"/>'
    )
    for x, y in places:
        yield f'<circle class="trend__point" cx="{x}" cy="{y}" r="4"/>'


def _days(frame: _Frame, zone: tzinfo, day: Callable[[datetime], str]) -> Iterator[str]:
    ends = ((frame.since, LEFT, "start"), (frame.until, WIDE - RIGHT, "end"))
    for at, x, anchor in ends:
        said = day(at.astimezone(zone))
        yield _text(f'x="{x}" y="{HIGH - BELOW + LINE}" text-anchor="{anchor}"', said)


def _across(name: str, y: str, stroke: str) -> str:
    return f'<path class="{name}" d="M{LEFT} {y}H{WIDE - RIGHT}" {stroke}/>'


def _text(where: str, said: str) -> str:
    return f"<text {where}>{escape(said)}</text>"
