"""How a course is cut into panels over which an effect is integrated, finer after each push."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology.exact.plans.timetable import FRESH, STAY
from ketaflow.pharmacology.exact.wiring import IntArray, whole
from ketaflow.pharmacology.kinetics import SAME_H, Grid
from ketaflow.pharmacology.population import FloatArray

# A grid step is this many times halved to make the smallest panel; the largest is the whole step.
HALVINGS = 6
# The time since the last push is at least so many times the next panel.
FINENESS = 4
# A panel is cut into quarters; two panels are gone through at a stroke.
QUARTERS = 2


class Panels(NamedTuple):
    """Panels in order, and the exponentials for their quarters.

    A row of `legs`: the exponential of a quarter (that of a whole panel is two further on, of two
    panels three), how many panels (1 or 2), the first push at their start and the one after the
    last, and the index of the grid time at the end of the first and of the second (`STAY`: none).
    Rows of `steps` are `(hours, square_of)`.
    """

    legs: IntArray
    steps: FloatArray


def panels(moments: Sequence[float], grid: Grid, *, finer: int = 0) -> Panels:
    """The panels of a grid whose system is pushed at `moments`.

    Args:
        moments: hours of each push, in order.
        grid: times at which results are wanted.
        finer: how often every panel is halved beyond the usual.
    """
    plan = _Cutter(grid, finer)
    pushed = [at_h for at_h in moments if at_h < grid.step_h * (grid.count - 1) - SAME_H]
    push = 0
    while push < len(pushed):
        after = push
        while after < len(pushed) and pushed[after] - pushed[push] <= SAME_H:
            after += 1
        plan.reach(pushed[push])
        plan.pushes = (push, after)
        plan.since = 0
        push = after
    plan.reach(grid.step_h * (grid.count - 1))
    return plan.done()


class _Cutter:
    """Cuts from one push to the next."""

    def __init__(self, grid: Grid, finer: int) -> None:
        self.halvings = HALVINGS + finer
        self.unit_h = grid.step_h / 2**self.halvings
        self.fineness = FINENESS * 2**finer
        self.at = 0
        self.beyond_h = 0.0
        self.since = 0
        self.pushes = (0, 0)
        self.legs: list[list[int]] = []
        self.odd: dict[float, int] = {}

    def reach(self, at_h: float) -> None:
        """Go on to `at_h`, which may lie between two whole units."""
        units = int((at_h + SAME_H) / self.unit_h)
        rest_h = max(0.0, at_h - units * self.unit_h)
        if self.beyond_h and (units > self.at or rest_h < SAME_H):
            self._odd(self.unit_h - self.beyond_h)
            self.at, self.beyond_h = self.at + 1, 0.0
            self.legs[-1][4] = self._shown()
        for power in self._powers(units):
            self._add(power)
        if rest_h - self.beyond_h > SAME_H:
            self._odd(rest_h - self.beyond_h)
            self.beyond_h = rest_h

    def _powers(self, until: int) -> Iterator[int]:
        while self.at < until:
            wide = min(max(1, self.since // self.fineness), until - self.at, 2**HALVINGS)
            aligned = self.at & -self.at or wide
            power = min(wide, aligned).bit_length() - 1
            self.at += 1 << power
            self.since += 1 << power
            yield power

    def _add(self, level: int) -> None:
        noted = self._shown()
        last = self.legs[-1] if self.legs else None
        if last and last[:2] == [level, 1] and not self.pushes[1]:
            last[1], last[5] = 2, noted
        else:
            self.legs.append([level, 1, *self.pushes, noted, STAY])
        self.pushes = (0, 0)

    def _shown(self) -> int:
        whole_step = self.at % 2**self.halvings == 0
        return self.at >> self.halvings if whole_step else STAY

    def _odd(self, lasting_h: float) -> None:
        number = self.odd.setdefault(round(lasting_h, 12), len(self.odd))
        self.legs.append([-2 - number, 1, *self.pushes, STAY, STAY])
        self.pushes = (0, 0)

    def done(self) -> Panels:
        """All legs; quarters of odd lengths come after those of the units and their doublings."""
        count = self.halvings + QUARTERS + 2
        quarter_h = self.unit_h / 2**QUARTERS
        steps = [(quarter_h * 2**place, place - 1.0) for place in range(count)]
        for lasting_h in self.odd:
            first = len(steps)
            steps += [(lasting_h / 4, FRESH), (lasting_h / 2, first), (lasting_h, first + 1.0)]
        legs = whole(self.legs).reshape(-1, 6)
        odd = legs[:, 0] < STAY
        legs[odd, 0] = count + 3 * (-2 - legs[odd, 0])
        return Panels(legs, np.array(steps))
