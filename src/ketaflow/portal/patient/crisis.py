"""Whom to call now, and whether anybody at the clinic is watching: on every page of the patient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ketaflow.outcomes.suicidality import crisis_text
from ketaflow.schedule import queries as schedule
from ketaflow.schedule.hours import WEEKDAYS, Hours, Span, open_spans


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
        words=crisis_text(clinic.crisis_line, watched=watched),
        line=clinic.crisis_line,
        phone=clinic.phone,
        watched=watched,
        hours=opening_lines(week),
    )


def opening_lines(week: Mapping[int, Hours]) -> tuple[str, ...]:
    """The opening hours as a patient reads them, Monday first."""
    return tuple(
        f"{WEEKDAYS[day]}: {week[day].opens:%H:%M} to {week[day].closes:%H:%M}"
        for day in sorted(week)
    )
