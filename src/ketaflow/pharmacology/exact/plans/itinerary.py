"""Where everybody is looked at over a course, so that no peak is missed however long it lasts.

After each push a curve bends fast at first and then ever more slowly, so the looks are close
together at first and then ever farther apart, in steps of a power of two of one small unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology.exact.plans.timetable import FRESH, STAY
from ketaflow.pharmacology.exact.wiring import IntArray, whole
from ketaflow.pharmacology.kinetics import SAME_H
from ketaflow.pharmacology.population import FloatArray

# An eighth of a minute: whole minutes are whole numbers of it.
UNIT_H = 1.0 / 480.0
# The time since the last push is at least this many times the step to the next look.
FINENESS = 8


@dataclass
class Stop:
    """A moment at which something happens: pushes, a new window, a level that is wanted."""

    pushes: tuple[int, int] = (0, 0)
    window: int = STAY
    level: int = STAY


class Itinerary(NamedTuple):
    """Steps and what is done after each.

    A row of `legs`: the exponential that leads there (`STAY`: none), the first push there and the
    one after the last, the window that begins there and the level that is noted (`STAY`: none).
    Rows of `steps` are `(hours, square_of)` as in a timetable.
    """

    legs: IntArray
    steps: FloatArray


def itinerary(
    moments: Sequence[float], windows: Sequence[float], levels: Sequence[float]
) -> Itinerary:
    """The looks of a course.

    Args:
        moments: hours of each push, in order.
        windows: hours at which windows begin, and last the hour at which the last one ends.
        levels: hours at which levels are wanted, in order, none after that end.
    """
    plan = _Planner()
    for at_h, stop in sorted(_stops(moments, windows, levels).items()):
        plan.go(at_h, stop)
    return plan.done()


def _stops(
    moments: Sequence[float], windows: Sequence[float], levels: Sequence[float]
) -> dict[float, Stop]:
    """Everything that happens, by its time; times that are the same but for rounding are one."""
    stops: dict[float, Stop] = {}
    known: list[float] = []

    def at(at_h: float) -> Stop:
        near = np.searchsorted(known, [at_h - SAME_H, at_h + SAME_H])
        if near[0] == near[1]:
            known.insert(int(near[0]), at_h)
            stops[at_h] = Stop()
        return stops[known[int(near[0])]]

    for place, at_h in enumerate(windows):
        at(at_h).window = place
    for place, at_h in enumerate(moments):
        if at_h < windows[-1] - SAME_H:
            stop = at(at_h)
            stop.pushes = (min(stop.pushes[0], place) if stop.pushes[1] else place, place + 1)
    for place, at_h in enumerate(levels):
        at(at_h).level = place
    return stops


class _Planner:
    """Goes from stop to stop."""

    def __init__(self) -> None:
        self.at_h = 0.0
        self.since = 0
        self.highest = 0
        self.legs: list[tuple[int, int, int, int, int]] = []
        self.odd: dict[float, int] = {}

    def go(self, at_h: float, stop: Stop) -> None:
        """Look on the way to `at_h` and do there what `stop` says."""
        away_h = at_h - self.at_h
        units = int((away_h + SAME_H) / UNIT_H)
        steps = list(self._units(units))
        rest_h = away_h - units * UNIT_H
        if rest_h > SAME_H:
            steps.append(-2 - self.odd.setdefault(round(rest_h, 12), len(self.odd)))
        for step in steps[:-1]:
            self.legs.append((step, 0, 0, STAY, STAY))
        last = steps[-1] if steps else STAY
        self.legs.append((last, *stop.pushes, stop.window, stop.level))
        self.at_h = at_h
        if stop.pushes[1]:
            self.since = 0

    def _units(self, units: int):  # type: ignore[no-untyped-def]
        while units:
            fine = max(1, self.since // FINENESS)
            power = min(fine.bit_length(), units.bit_length()) - 1
            self.highest = max(self.highest, power)
            self.since += 1 << power
            units -= 1 << power
            yield power

    def done(self) -> Itinerary:
        """The whole way; odd remainders of a unit come after its doublings."""
        count = self.highest + 1
        steps = [(UNIT_H * 2**place, place - 1.0) for place in range(count)]
        steps += [(rest_h, FRESH) for rest_h in self.odd]
        legs = whole(self.legs)
        legs[:, 0] = np.where(legs[:, 0] < STAY, count - 2 - legs[:, 0], legs[:, 0])
        return Itinerary(legs, np.array(steps))
