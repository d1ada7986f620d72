"""One score over time in the patient's own language: a picture, and what it shows."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from ketaflow.outcomes.picture import svg
from ketaflow.outcomes.trend import Trend
from ketaflow.protocol.figures import show


@dataclass(frozen=True)
class Picture:
    """The drawing, and the same in words; the words are empty while there is no score."""

    svg: SafeString
    words: str


def picture(trend: Trend) -> Picture:
    """The picture of one trend, without the levels that are written for clinicians."""
    words = _words(trend) if trend.points else ""
    drawn = svg(replace(trend, levels=()), zone=get_current_timezone(), words=words, day=_day)
    return Picture(mark_safe(drawn), words)


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
