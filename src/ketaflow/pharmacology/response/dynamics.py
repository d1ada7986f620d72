"""The two states of response between sessions, solved exactly: no step size, no solver.

    A' = -a A                               fast component; a session adds D (1 - A)
    P' = kon A (1 - P) - koff P             plasticity index

Given A, which is an exponential, the second is linear in P. With `Q = 1 - P` and `c = kon A / a`,

    Q(h) = Q(0) exp(-koff h - c (1 - E)) + koff exp(c E) sum_n (-c)^n / n! (E^n - g) / (koff - n a)

where `E = exp(-a h)` and `g = exp(-koff h)`. The series ends where its terms vanish in float64.
Its error is rounding, amplified by at most `exp(2 c)`; `c` stays below `MOST_C`, so it is below
1e-10.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ketaflow.pharmacology.exact.compiled import compiled, inside
from ketaflow.pharmacology.population import FloatArray
from ketaflow.refusals import OutsideEnvelope

MOST_C = 5.0
SMALLEST_TERM = 1e-18
# Where the difference of two exponentials over the difference of their rates loses its digits.
NEARLY_EQUAL = 1e-3


class TooStiff(OutsideEnvelope):
    """Consolidation so quick against the fast component that the series would lose digits."""


@dataclass(frozen=True)
class Timeline:
    """Moments in order: how long after the one before, whether a session acts, which day is read.

    `read` is the place in the output, or -1 where nothing is read.
    """

    gaps_d: FloatArray
    acts: NDArray[np.bool_]
    read: NDArray[np.int64]


@inside
def one_step(unmade: float, c: float, a: float, koff: float, h: float) -> float:
    """`Q` after `h` days without a session; see the law above."""
    fading = np.exp(-a * h)
    g = np.exp(-koff * h)
    total, term, power, n = 0.0, 1.0, 1.0, 0
    while abs(term) > SMALLEST_TERM:
        rate = koff - n * a
        x = rate * h
        if abs(x) < NEARLY_EQUAL:
            part = g * h * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0)))
        else:
            part = (power - g) / rate
        total += term * part
        n += 1
        term *= -c / n
        power *= fading
    left: float = unmade * g * np.exp(-c * (1.0 - fading)) + koff * np.exp(c * fading) * total
    return left


@compiled
def follow(
    rates: tuple[float, float],
    people: tuple[FloatArray, FloatArray],
    gaps: FloatArray,
    acts: NDArray[np.bool_],
    read: NDArray[np.int64],
    out: FloatArray,
) -> None:
    """Fill `out`, shape `(n, days, 2)`, with `A` and `P` of each person at each day read.

    `rates` are kon and a, `people` hold koff and the strength of a session.
    """
    on, a = rates
    koff, strength = people
    for person in range(koff.shape[0]):
        fast, unmade = 0.0, 1.0
        for moment in range(gaps.shape[0]):
            if gaps[moment] > 0.0:
                unmade = one_step(unmade, on * fast / a, a, koff[person], gaps[moment])
                fast *= np.exp(-a * gaps[moment])
            if acts[moment]:
                fast += strength[person] * (1.0 - fast)
            if read[moment] >= 0:
                out[person, read[moment], 0] = fast
                out[person, read[moment], 1] = 1.0 - unmade


def timeline(sessions_d: Sequence[float], read_d: Sequence[float], onset_d: float) -> Timeline:
    """Sessions and days of reading as one line of moments.

    A day that is read at the moment of a session is read before it.

    >>> timeline([0.0], [0.0, 1.0], onset_d=0.25).gaps_d.tolist()
    [0.0, 0.25, 0.75]
    """
    moments = sorted(
        [(day, 0, place) for place, day in enumerate(read_d)]
        + [(day + onset_d, 1, -1) for day in sessions_d]
    )
    at = np.array([moment[0] for moment in moments])
    return Timeline(
        gaps_d=np.diff(at, prepend=0.0),
        acts=np.array([bool(moment[1]) for moment in moments]),
        read=np.array([moment[2] for moment in moments], dtype=np.int64),
    )


def states(
    line: Timeline, *, on_per_d: float, off_per_d: float, koff: FloatArray, strength: FloatArray
) -> FloatArray:
    """Fast component and plasticity index of every person on every day that is read.

    Args:
        line: sessions and days.
        on_per_d: consolidation per day and unit of the fast component.
        off_per_d: rate at which the fast component goes, per day, above 0.
        koff: rate at which the index goes, per day, above 0, shape `(n,)`.
        strength: what one session adds, 0 to 1, shape `(n,)`.

    Returns:
        Shape `(n, days, 2)`: `A` and `P`, each from 0 to 1.

    Raises:
        TooStiff: `on_per_d / off_per_d` above `MOST_C`.

    Source:
        Two-state response of the evidence, solved with the integrating factor.

    Example:
        With no session nothing is made.

        >>> line = timeline([], [5.0], onset_d=0.0)
        >>> one = np.ones(1)
        >>> states(line, on_per_d=0.2, off_per_d=0.3, koff=one, strength=one)[0, 0].tolist()
        [0.0, 0.0]
    """
    if on_per_d / off_per_d > MOST_C:
        raise TooStiff(
            f"Consolidation at {on_per_d:g}/d against a fast component that goes at "
            f"{off_per_d:g}/d is beyond what the solution is exact for (a ratio of {MOST_C:g})."
        )
    days = int(line.read.max()) + 1
    out = np.empty((koff.shape[0], days, 2))
    rates, people = (on_per_d, off_per_d), (koff, strength)
    follow(rates, people, line.gaps_d, line.acts, line.read, out)
    return out
