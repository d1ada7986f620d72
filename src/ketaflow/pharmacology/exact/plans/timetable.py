"""From pushes and an even grid of times to the steps that the kernels take, the same for all."""

from functools import lru_cache
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology.exact.wiring import IntArray, whole
from ketaflow.pharmacology.kinetics import SAME_H, Grid
from ketaflow.pharmacology.population import FloatArray

STAY = -1
FRESH = -1.0
# How many grid times are written at a stroke: 2 to the power of this.
DOUBLINGS = 5
STROKE = 2**DOUBLINGS


class Timetable(NamedTuple):
    """What happens between one push and the next.

    A row of `segments`: the first push and the one after the last, which exponential leads to the
    first grid time (`STAY`: already there), that time's index, how many grid times follow before
    the next push, and which exponential leads from the last of them to it. Rows of `steps` are
    `(hours, square_of)`; the first is one grid step, each next one twice the one before.
    """

    segments: IntArray
    steps: FloatArray


@lru_cache(maxsize=64)
def timetable(moments: tuple[float, ...], grid: Grid) -> Timetable:
    """The steps of a system that is pushed at `moments` and looked at on `grid`.

    Args:
        moments: hours of each push, in order; what comes after the grid's last time is left out.
        grid: the times; a push at a grid time is already in at that time.
    """
    steps = [(grid.step_h, FRESH)] + [
        (grid.step_h * 2**place, float(place - 1)) for place in range(1, DOUBLINGS + 1)
    ]
    known = {grid.step_h: 0}

    def step(lasting_h: float) -> int:
        if lasting_h <= SAME_H:
            return STAY
        if abs(lasting_h - grid.step_h) <= SAME_H:
            return 0
        if lasting_h not in known:
            known[lasting_h] = len(steps)
            steps.append((lasting_h, FRESH))
        return known[lasting_h]

    last_h = grid.step_h * (grid.count - 1) + SAME_H
    pushed = [at_h for at_h in moments if at_h <= last_h]
    edges = [0.0, *sorted({at_h for at_h in pushed if at_h > 0}), np.inf]
    segments, push = [], 0
    for at_h, until_h in pairwise(edges):
        before = push
        while push < len(pushed) and pushed[push] <= at_h:
            push += 1
        first, after = next_time(at_h, grid), next_time(until_h, grid)
        if first == after:
            away = STAY if until_h == np.inf else step(until_h - at_h)
            segments.append((before, push, away, first, 0, STAY))
        else:
            enter = step(first * grid.step_h - at_h)
            end_h = (after - 1) * grid.step_h
            away = STAY if until_h == np.inf else step(until_h - end_h)
            segments.append((before, push, enter, first, after - first, away))
    return Timetable(whole(segments), np.array(steps))


def next_time(at_h: float, grid: Grid) -> int:
    """Index of the first grid time that is not before `at_h`."""
    if at_h == np.inf:
        return grid.count
    return min(grid.count, max(0, ceil((at_h - SAME_H) / grid.step_h)))
