"""What this patient's earlier sessions teach about the one in the room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ketaflow.pharmacology.forecast import Series, forecast
from ketaflow.pharmacology.learning.errors import errors
from ketaflow.pharmacology.learning.learned import learn
from ketaflow.pharmacology.learning.readings import LATEST_MIN, Earlier, Reading
from ketaflow.refusals import Refused
from ketaflow.session import queries
from ketaflow.session.fold import SessionState
from ketaflow.session.queries import Ended, Room
from ketaflow.web.session_programme import minute_of, programme

# The sign whose rise is learned from. Diastolic pressure and heart rate follow it in the model,
# and CADSS-6 is another scale than the forecast's.
LEARNED = "systolic"
KEPT = 64


@dataclass(frozen=True)
class Lesson:
    """What was learned in words, and the rise in pressure to draw; no rise where nothing was."""

    words: str = ""
    rise: Series | None = None
    assumed: tuple[str, ...] = ()


NOTHING = Lesson()


def of_earlier(room: Room, asked: dict[str, Any]) -> Lesson:
    """What the patient's ended sessions of the same drug by the same route teach about this one.

    Args:
        room: the session to forecast.
        asked: how the population's forecast of it is asked for.
    """
    row = room.session
    # To a thousandth of a minute, so that the same programme is found again when the page is.
    doses = tuple(replace(one, at_min=round(one.at_min, 3)) for one in asked["doses"])
    try:
        told = tuple(_read(queries.earlier(clinic=row.clinic_id, session=row)))
        return _taught(told, **{**asked, "doses": doses}) if told else NOTHING
    except Refused as refusal:
        return Lesson(f"Nothing was learned from earlier sessions. {refusal}")


@lru_cache(maxsize=KEPT)
def _taught(told: tuple[Earlier, ...], **asked: Any) -> Lesson:
    """The same readings teach the same; the page is opened many times during a session."""
    who = {key: asked[key] for key in ("drug", "route", "subject")}
    found = learn(told, **who)
    if found.weights is None:
        return Lesson(found.words)
    seen = forecast(**{**asked, **found.asked})
    (rise,) = (one for one in seen.series if one.name == errors()[LEARNED].name)
    return Lesson(found.words, rise, found.assumed)


def _read(ended: Sequence[Ended]) -> Iterator[Earlier]:
    """Each session that has a baseline and readings after it, as the engine takes it."""
    for one in ended:
        readings = tuple(_readings(one.state))
        before = one.state.baseline.vitals.measured.get(LEARNED) if one.state.baseline else None
        if readings and before is not None and one.state.ended_at:
            yield Earlier(
                doses=programme(one.state, one.state.ended_at),
                readings=readings,
                before=(Reading(LEARNED, 0.0, float(before)),),
                session_number=one.number,
            )


def _readings(state: SessionState) -> Iterator[Reading]:
    if state.started_at is None:
        return
    for one in state.readings:
        value, at_min = one.vitals.measured.get(LEARNED), minute_of(one.at, state.started_at)
        if value is not None and 0 <= at_min <= LATEST_MIN:
            yield Reading(LEARNED, at_min, float(value))
