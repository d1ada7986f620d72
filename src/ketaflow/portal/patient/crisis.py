"""Whom to call now, and whether anybody at the clinic is watching: on every page of the patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from ketaflow.schedule import queries as schedule
from ketaflow.schedule.hours import Hours, Span, open_spans


@dataclass(frozen=True)
class Help:
    """What a patient in danger reads; `hours` says when the clinic is open, in lines."""

    words: str
    line: str
    phone: str
    watched: bool
    hours: tuple[str, ...]


def help_now(*, clinic: Any, at: datetime) -> Help:
    """The help that `clinic` offers at a moment."""
    week = schedule.week_hours(clinic=clinic.id)
    day = at.astimezone(clinic.zone).date()
    spans = open_spans(week, day, day, clinic.zone)
    watched = any(span.holds(Span(at, at)) for span in spans)
    return Help(
        words=_words(clinic.crisis_line.strip(), watched),
        line=clinic.crisis_line,
        phone=clinic.phone,
        watched=watched,
        hours=opening_lines(week),
    )


def _words(line: str, watched: bool) -> str:
    # The same as `outcomes.suicidality.crisis_text` says; a test holds the two together.
    call = (
        _(
            "If you might act on thoughts of suicide, do not wait: call %(line)s, or call your "
            "local emergency number, or go to the nearest emergency department."
        )
        % {"line": line}
        if line
        else _(
            "If you might act on thoughts of suicide, do not wait: call your local emergency "
            "number, or go to the nearest emergency department."
        )
    )
    told = (
        _("The clinic is told at once when these answers worry us.")
        if watched
        else _("Nobody at the clinic is watching right now.")
    )
    return f"{call} {told}"


def opening_lines(week: Mapping[int, Hours]) -> tuple[str, ...]:
    """The opening hours as a patient reads them, Monday first."""
    return tuple(
        _("%(day)s: %(opens)s to %(closes)s")
        % {
            "day": WEEKDAYS[day],
            "opens": f"{week[day].opens:%H:%M}",
            "closes": f"{week[day].closes:%H:%M}",
        }
        for day in sorted(week)
    )
