"""The forecast of a session for paper, as the population alone gives it at the last entry.

What earlier sessions teach is left out: it changes when those are corrected, and this record is
made from its own entries.
"""

from datetime import datetime

from ketaflow.paper.sheet import Picture, Section
from ketaflow.session.queries import Room
from ketaflow.web import session_forecast
from ketaflow.web.paper.drawing import draw

TITLE = "What a model forecast"


def section(room: Room, at: datetime) -> Section:
    """Concentration and effects with the band of 5 to 95 % of people, and what they rest on."""
    if room.state.started_at is None:
        return Section(TITLE, empty="None: no drug was given.")
    found = session_forecast.draw(room, at=at, alone=True)
    if found.refusal:
        return Section(TITLE, empty=found.refusal)
    graded = "; ".join(f"{name}: confidence {grade}, {status}"
                       for name, grade, status in found.evidence)  # fmt: skip
    said = (
        f"Computed from what was given, for {session_forecast.PEOPLE} people like this patient: "
        "the line is their middle, the grey band holds 5 to 95 % of them. It is no measurement "
        "and decided nothing.",
        f"Models: {', '.join(found.models)}. {graded}.",
        *found.notes,
        "Sources: " + "; ".join(f"[{one.key}] {one.citation}" for one in found.sources),
    )
    pictures = tuple(Picture(draw(one), f"{one.title}. {one.words}") for one in found.charts)
    return Section(TITLE, words=said, pictures=pictures)
