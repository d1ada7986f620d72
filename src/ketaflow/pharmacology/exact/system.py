"""A linear system as the kernels take it: rates, what is pushed in when, and what is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology.exact.wiring import IntArray, Wiring, whole, wiring
from ketaflow.pharmacology.kinetics import Push, Rates
from ketaflow.pharmacology.population import FloatArray
from ketaflow.refusals import OutsideEnvelope


class NotANumber(OutsideEnvelope):
    """A rate, a volume or an amount is not a finite number."""


class Pushes(NamedTuple):
    """Pushes in order of time: state and amount of each; one column, or one a person."""

    into: IntArray
    amount: FloatArray


class Looks(NamedTuple):
    """Curves as weighted sums of states: terms of curve `r` from `start[r]` on."""

    start: IntArray
    state: IntArray
    weight: FloatArray


@dataclass(frozen=True)
class System:
    """`dz/dt = A z` in `n` persons, and the curves `sum of weight x z`.

    `flows` are (row, column) of the entries of `A`, the whole diagonal among them, `rates` their
    values per hour, shape `(entries, n)`.
    """

    size: int
    flows: tuple[tuple[int, int], ...]
    rates: FloatArray
    looks: Looks

    @property
    def wiring(self) -> Wiring:
        """Lists for the kernels; the same for everybody."""
        return wiring(self.size, self.flows)

    @property
    def people(self) -> int:
        """How many persons."""
        return int(self.rates.shape[1])

    @property
    def curves(self) -> int:
        """How many curves."""
        return int(self.looks.start.size) - 1


def system(
    size: int,
    rates: Rates,
    curves: Sequence[Sequence[tuple[int, FloatArray | float]]],
    *,
    people: int,
) -> System:
    """The system with these entries of its rate matrix.

    Args:
        size: how many states.
        rates: entries of `A` per hour by (row, column), each of shape `(n,)`.
        curves: for each curve its terms (state, weight).
        people: n.

    Raises:
        NotANumber: something is not finite.
    """
    pairs = sorted({*rates, *((state, state) for state in range(size))})
    entries = np.zeros((len(pairs), people))
    for slot, pair in enumerate(pairs):
        if pair in rates:
            entries[slot] = rates[pair]
    terms = [term for curve in curves for term in curve]
    weights = np.empty((len(terms), people))
    for place, (_, weight) in enumerate(terms):
        weights[place] = weight
    insist_on_numbers(entries, weights)
    start = np.cumsum([0, *(len(curve) for curve in curves)])
    looks = Looks(whole(start), whole([state for state, _ in terms]), weights)
    return System(size, tuple(pairs), entries, looks)


def in_order(pushes: Sequence[Push], people: int) -> tuple[list[float], Pushes]:
    """Moments of the pushes, in order, and the pushes as the kernels take them.

    Raises:
        NotANumber: an amount is not finite.
    """
    ordered = sorted(pushes, key=lambda push: push.at_h)
    wide = 1 if all(np.ndim(push.amount) == 0 for push in ordered) else people
    amounts = np.empty((len(ordered), wide))
    for place, push in enumerate(ordered):
        amounts[place] = push.amount
    insist_on_numbers(amounts)
    moments = [push.at_h for push in ordered]
    return moments, Pushes(whole([push.into for push in ordered]), amounts)


def insist_on_numbers(*arrays: FloatArray) -> None:
    """Refuse what would make every later number worthless.

    Raises:
        NotANumber: something is not finite.
    """
    # A sum is finite only when every number is; it needs no array of its own.
    if not all(np.isfinite(array.sum()) for array in arrays):
        raise NotANumber("A rate, volume or amount is not a finite number. Correct the parameters.")
