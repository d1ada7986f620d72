"""Curves of everybody on an even grid of times, solved exactly, never stepped.

Between two pushes the state at any later time is a matrix exponential times the state, so the
only error is rounding.
"""

from collections.abc import Callable, Sequence

from ketaflow.pharmacology.exact.compiled import share
from ketaflow.pharmacology.exact.kernels import curves as kernels
from ketaflow.pharmacology.exact.kernels.eight import PEOPLE
from ketaflow.pharmacology.exact.plans.timetable import STROKE, timetable
from ketaflow.pharmacology.exact.system import System, in_order, room
from ketaflow.pharmacology.exact.wiring import desk
from ketaflow.pharmacology.kinetics import Grid, Push
from ketaflow.pharmacology.population import FloatArray

# Fewer people than this and a second thread costs more than it brings.
LEAST = 256


def by_time(
    system: System, pushes: Sequence[Push], grid: Grid, *, out: FloatArray | None = None
) -> FloatArray:
    """Every curve at every time, people side by side: shape `(curves, times, n)`.

    Args:
        system: rates and curves of each person.
        pushes: what is added when; one after the end of the grid has no effect.
        grid: the times; a push at a grid time is already in at that time.
        out: C-contiguous array to write into, so that it can be used again.

    Raises:
        NotANumber: an amount is not finite, or a time not 0 or later.
    """
    out = room(out, (system.curves, grid.count, system.people))
    _run(kernels.by_time, system, pushes, grid, out, free=1)
    return out


def by_person(
    system: System, pushes: Sequence[Push], grid: Grid, *, out: FloatArray | None = None
) -> FloatArray:
    """Every curve at every time, times side by side: shape `(curves, n, times)`.

    As `by_time`; quicker where there are few curves and many times.
    """
    out = room(out, (system.curves, system.people, grid.count))
    free = STROKE * (1 + system.curves * system.size)
    _run(kernels.by_person, system, pushes, grid, out.reshape(-1), free=free)
    return out


def _run(
    kernel: Callable[..., None],
    system: System,
    pushes: Sequence[Push],
    grid: Grid,
    out: FloatArray,
    *,
    free: int,
) -> None:
    moments, into, amount = in_order(pushes, system.people)
    segments, steps = timetable(tuple(moments), grid)
    at, lists = system.wiring
    places = desk(at, len(steps), free=free)
    told = (at, lists, places, system.rates, system.weights, into, amount, steps, segments, out)
    share(kernel, -(-system.people // PEOPLE), *told, least=LEAST // PEOPLE)
