"""An effect that is built up and lost, its building driven by the concentration.

`R' = kin (1 + Emax C / (EC50 + C)) - kout R` bends with `C` but is linear in `R`, so
`R(t + h) = exp(-kout h) R(t) + kin x integral of exp(-kout (h - s)) (1 + ...) ds` with `C` exact.
The integral is Boole's rule over panels that are short after each push and grow from there. What
Simpson's rule with four and with two parts differ by, a fifteenth of it, is the error of Simpson's
and, where panels are short enough, much more than that of Boole's. It is added up; whoever has
more of it than was allowed is reckoned again with finer panels.

Source: Dayneka, Garg and Jusko (1993) for the equation; Hochbruck and Ostermann (2010) for
exponential quadrature.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.pharmacology.exact.compiled import share
from ketaflow.pharmacology.exact.kernels import turnover as kernels
from ketaflow.pharmacology.exact.kernels.eight import PEOPLE
from ketaflow.pharmacology.exact.plans.panels import panels
from ketaflow.pharmacology.exact.system import System, in_order, insist_on_numbers, room
from ketaflow.pharmacology.exact.wiring import IntArray, desk
from ketaflow.pharmacology.kinetics import Grid, Push
from ketaflow.pharmacology.population import FloatArray
from ketaflow.refusals import OutsideEnvelope

FINEST = 4
LEAST = 64


class NotResolved(OutsideEnvelope):
    """The error that was allowed cannot be kept to."""


class NoTurnover(OutsideEnvelope):
    """A rate is negative, or a drug would hold back more than everything."""


@dataclass(frozen=True)
class Turnover:
    """Of each person, or of all: `kin` and `kout` per hour, `emax`, `ec50` in the curve's unit.

    `emax` above 0 speeds the building up, from -1 to 0 it holds it back; `start` is R at 0 h.
    """

    kin: FloatArray | float
    kout: FloatArray | float
    emax: FloatArray | float
    ec50: FloatArray | float
    start: FloatArray | float

    def rows(self, people: int) -> FloatArray:
        """Shape `(5, n)`.

        Raises:
            NotANumber: something is not finite.
            NoTurnover: nothing is built up or lost like that.
        """
        numbers = (self.kin, self.kout, self.emax, self.ec50, self.start)
        rows = np.empty((len(numbers), people))
        for place, number in enumerate(numbers):
            rows[place] = number
        insist_on_numbers(rows)
        kin, kout, emax, ec50, _ = rows
        if (kin < 0).any() or (kout <= 0).any() or (emax < -1).any() or (ec50 <= 0).any():
            raise NoTurnover(
                "An effect needs kin of 0 or more, kout and EC50 above 0 and Emax of -1 or more. "
                "Correct the parameters."
            )
        return rows


def respond(
    system: System,
    pushes: Sequence[Push],
    grid: Grid,
    turnover: Turnover,
    *,
    allowed: float = 1e-6,
    out: FloatArray | None = None,
) -> FloatArray:
    """The driving curve and the effect at every time.

    Args:
        system: with one curve, the one that drives.
        pushes: what is added when; one after the end of the grid has no effect.
        grid: the times.
        turnover: how the effect is built up and lost.
        allowed: the most error of R, as a share of each person's largest R.
        out: array to write into.

    Returns:
        Shape `(2, n, times)`: the driving curve, then the effect.

    Raises:
        NotResolved: even the finest panels err by more.
        NotANumber: a rate or an amount is not finite.
        NoTurnover: nothing is built up or lost like that.
    """
    out = room(out, (2, system.people, grid.count))
    rows = turnover.rows(system.people)
    error, finer = _run(system, pushes, grid, rows, 0, out), 0
    while (left := np.flatnonzero(~(error <= allowed))).size:
        finer += 1
        if finer > FINEST:
            raise NotResolved(
                f"The effect cannot be integrated to within {allowed:g} of its peak "
                f"({error.max():.1e} is left). Allow more, or ask for a finer grid."
            )
        again = np.empty((2, left.size, grid.count))
        those = [_of(one, left) for one in pushes]
        error[left] = _run(_some(system, left), those, grid, rows[:, left], finer, again)
        out[:, left] = again
    return out


def _some(system: System, which: IntArray) -> System:
    return replace(
        system,
        rates=np.ascontiguousarray(system.rates[:, which]),
        weights=np.ascontiguousarray(system.weights[:, which]),
    )


def _of(one: Push, which: IntArray) -> Push:
    return replace(one, amount=np.asarray(one.amount)[which]) if np.ndim(one.amount) else one


def _run(
    system: System,
    pushes: Sequence[Push],
    grid: Grid,
    rows: FloatArray,
    finer: int,
    out: FloatArray,
) -> FloatArray:
    """Fill `out`; the error of each person, as a share of the largest R."""
    moments, into, amount = in_order(pushes, system.people)
    legs, steps = panels(moments, grid, finer=finer)
    at, lists = system.wiring
    places = desk(at, len(steps), free=kernels.EFFECT + len(steps) * (1 + PEOPLE * at.states))
    rows, error = np.ascontiguousarray(rows), np.empty(system.people)
    told = (at, lists, places, system.rates, system.weights, into, amount, steps, legs)
    share(
        kernels.respond,
        -(-system.people // PEOPLE),
        *told,
        rows,
        error,
        out.reshape(-1),
        least=LEAST // PEOPLE,
    )
    return error
