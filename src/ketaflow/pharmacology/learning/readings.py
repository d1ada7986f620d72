"""What was read at this patient in earlier sessions, checked before anything is learned from it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ketaflow.pharmacology import envelope
from ketaflow.pharmacology.doses import Dose
from ketaflow.pharmacology.learning.errors import Error, errors
from ketaflow.refusals import OutsideEnvelope

MMHG_PER_KPA = 7.50062
MOST_SESSIONS = 24
MOST_READINGS = 500
LATEST_MIN = 12 * 60.0


class NotAReading(OutsideEnvelope):
    """A reading nobody means: a slip of the unit or of the decimal point, or out of its time."""


@dataclass(frozen=True)
class Reading:
    """One value at one moment, in minutes since the drug began.

    `kind` is "systolic" (mmHg), "dissociation" (CADSS total) or "level" (ng/mL); a level names
    the forecast's curve that it is a measurement of.
    """

    kind: str
    at_min: float
    value: float
    curve: str = ""


@dataclass(frozen=True)
class Earlier:
    """One session that has been: what was given, what was read before the drug and after."""

    doses: tuple[Dose, ...]
    readings: tuple[Reading, ...]
    before: tuple[Reading, ...] = ()
    session_number: int = 1

    def baseline(self, kind: str) -> float:
        """What was read before the drug.

        Raises:
            NotAReading: nothing of that kind was, or it was read twice.
        """
        found = [one.value for one in self.before if one.kind == kind]
        if len(found) != 1:
            name = errors()[kind].name
            raise NotAReading(
                f"Session {self.session_number} has {len(found)} baselines of {name}: a change "
                "needs one to be counted from."
            )
        return found[0]


def check(earlier: Sequence[Earlier]) -> None:
    """Refuse readings that are too many, out of their time, or not what anybody means.

    Raises:
        NotAReading: naming the reading, and what it may have been meant for.
    """
    if len(earlier) > MOST_SESSIONS:
        raise NotAReading(
            f"A forecast learns from at most {MOST_SESSIONS} sessions (got {len(earlier)}). "
            "Give the latest."
        )
    for session in earlier:
        if len(session.readings) > MOST_READINGS:
            raise NotAReading(
                f"Session {session.session_number} has {len(session.readings)} readings; "
                f"at most {MOST_READINGS} can be weighed."
            )
        for one in session.readings:
            in_time(one)
        for one in (*session.before, *session.readings):
            plausible(one)


def in_time(one: Reading) -> None:
    """Refuse a reading before the drug, or so late that a session is long over.

    Raises:
        NotAReading: with its time.
    """
    first = math.nextafter(0.0, 1.0) if one.kind == "level" else 0.0
    if not first <= one.at_min <= LATEST_MIN:
        when = "after" if first else "at or after"
        raise NotAReading(
            f"A reading of {errors()[one.kind].name} at {one.at_min:g} min teaches nothing: it "
            f"must lie {when} the start of the drug and within {LATEST_MIN:g} min of it."
        )


def plausible(one: Reading) -> None:
    """Refuse a value that no person has, naming the unit or the slip it may come from.

    Raises:
        NotAReading: with the bounds.
    """
    error = errors()[one.kind]
    bounds = error.plausible
    if not math.isfinite(one.value):
        raise NotAReading(f"A reading of {error.name} must be a number (got {one.value:g}).")
    if not envelope.inside(bounds, one.value):
        raise NotAReading(
            f"A reading of {error.name} is {envelope.described(bounds)}, not {one.value:g} "
            f"{bounds.unit}.{''.join(meant(error, one.value))} Correct it."
        )


def meant(error: Error, value: float) -> Iterator[str]:
    """What an impossible value may stand for, each as a question."""
    bounds = error.plausible
    if bounds.unit == "mmHg" and envelope.inside(bounds, value * MMHG_PER_KPA):
        yield f" Read in kPa ({value:g} kPa is {value * MMHG_PER_KPA:.0f} mmHg)?"
    if not error.effect and envelope.inside(bounds, value * 1000.0):
        yield f" Written in mg/L ({value:g} mg/L is {value * 1000.0:g} ng/mL)?"
    yield envelope.slip(bounds, value)
