"""One score over time, drawn on the server: a picture that needs no script, and what it shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ketaflow.outcomes.trend import Trend
from ketaflow.protocol.figures import show

WIDE, HIGH = 320, 190
LEFT, RIGHT, TOP, FOOT = 30, 308, 12, 164


@dataclass(frozen=True)
class Picture:
    """The drawing, and the same in words; both empty while there is no score."""

    svg: SafeString
    words: str


def picture(trend: Trend) -> Picture:
    """The picture of one trend: the scale upwards, time to the right, a line for each session."""
    if not trend.points:
        return Picture(mark_safe(""), "")
    words = _words(trend)
    parts = [
        f'<svg class="score-picture" viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{escape(words)}">',
        *_scale(trend),
        *_marks(trend),
        *_line(trend),
        "</svg>",
    ]
    return Picture(mark_safe("".join(parts)), words)


def _words(trend: Trend) -> str:
    (first_at, first), (last_at, last) = trend.points[0], trend.points[-1]
    if len(trend.points) == 1:
        return _("%(scale)s: one score, %(score)s on %(day)s.") % {
            "scale": trend.label,
            "score": show(first),
            "day": _day(first_at),
        }
    return _("%(scale)s: from %(first)s on %(start)s to %(last)s on %(end)s.") % {
        "scale": trend.label,
        "first": show(first),
        "start": _day(first_at),
        "last": show(last),
        "end": _day(last_at),
    }


def _day(at: datetime) -> str:
    return date_format(localtime(at), _("j M Y"))


def _scale(trend: Trend) -> Iterator[str]:
    for value in (trend.low, (trend.low + trend.high) / 2, trend.high):
        y = _up(trend, value)
        yield f'<path class="score-picture__grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield f'<text x="{LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    for at, anchor in ((trend.points[0][0], "start"), (trend.points[-1][0], "end")):
        if anchor == "start" or len(trend.points) > 1:
            x = _across(trend, at)
            yield f'<text x="{x:.1f}" y="{HIGH - 8}" text-anchor="{anchor}">{_day(at)}</text>'


def _marks(trend: Trend) -> Iterator[str]:
    begin, end = _ends(trend)
    for mark in trend.marks:
        if begin <= mark.at <= end:
            x = _across(trend, mark.at)
            yield f'<path class="score-picture__session" d="M{x:.1f} {TOP}V{FOOT}"/>'


def _line(trend: Trend) -> Iterator[str]:
    places = [(_across(trend, at), _up(trend, float(score))) for at, score in trend.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="score-picture__line" points="{path}"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places)


def _ends(trend: Trend) -> tuple[datetime, datetime]:
    return trend.points[0][0], trend.points[-1][0]


def _across(trend: Trend, at: datetime) -> float:
    begin, end = _ends(trend)
    share = (at - begin) / (end - begin) if end > begin else 0.0
    return LEFT + 8 + share * (RIGHT - LEFT - 16)


def _up(trend: Trend, value: float) -> float:
    return FOOT - (value - trend.low) / (trend.high - trend.low) * (FOOT - TOP)
