"""A linear system as the kernels take it: rates, what is pushed in when, and what is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.pharmacology.exact.wiring import IntArray, Lists, Pair, whole, wiring
from ketaflow.pharmacology.kinetics import Push, Rates
from ketaflow.pharmacology.population import FloatArray
from ketaflow.refusals import OutsideEnvelope

# A weighted sum of states: (state, weight) of each term, the weight of all or of each person.
Curve = Sequence[tuple[int, FloatArray | float]]


class NotANumber(OutsideEnvelope):
    """A rate, a volume, an amount or a time is not a number that there can be."""


@dataclass(frozen=True)
class System:
    """`dz/dt = A z` in `n` persons, and curves that are weighted sums of states.

    `flows` are (row, column) of the entries of `A`, the whole diagonal among them, and `rates`
    their values per hour, shape `(entries, n)`; `seen` are the states that each curve weighs and
    `weights` their weights, shape `(terms, n)`. Nothing leaves the states `still`.
    """

    size: int
    flows: tuple[Pair, ...]
    rates: FloatArray
    seen: tuple[tuple[int, ...], ...]
    weights: FloatArray
    still: tuple[int, ...]

    @property
    def wiring(self) -> tuple[Lists, IntArray]:
        """Lists for the kernels; the same for everybody."""
        return wiring(self.size, self.flows, self.seen, self.still)

    @property
    def people(self) -> int:
        """How many persons."""
        return int(self.rates.shape[1])

    @property
    def curves(self) -> int:
        """How many curves."""
        return len(self.seen)


def system(size: int, rates: Rates, curves: Sequence[Curve], *, people: int) -> System:
    """The system with these entries of its rate matrix.

    Args:
        size: how many states.
        rates: entries of `A` per hour by (row, column), each of shape `(n,)`; without one on the
            diagonal, nothing leaves that state.
        curves: what is looked at.
        people: n.

    Raises:
        NotANumber: something is not finite.
    """
    pairs = sorted({*rates, *((state, state) for state in range(size))})
    entries = np.empty((len(pairs), people))
    for slot, pair in enumerate(pairs):
        entries[slot] = rates.get(pair, 0.0)
    terms = [term for curve in curves for term in curve]
    weights = np.empty((len(terms), people))
    for place, (_, weight) in enumerate(terms):
        weights[place] = weight
    insist_on_numbers(entries, weights)
    seen = tuple(tuple(state for state, _ in curve) for curve in curves)
    still = tuple(state for state in range(size) if (state, state) not in rates)
    return System(size, tuple(pairs), entries, seen, weights, still)


def in_order(pushes: Sequence[Push], people: int) -> tuple[list[float], IntArray, FloatArray]:
    """Moments of the pushes in order, the state of each, and its amount in all or in each.

    Raises:
        NotANumber: an amount is not finite, or a time not 0 or later.
    """
    for push in pushes:
        if not 0 <= push.at_h < np.inf:
            raise NotANumber(f"Something is given at {push.at_h:g} h; it must be 0 or later.")
    ordered = sorted(pushes, key=lambda push: push.at_h)
    wide = 1 if all(np.ndim(push.amount) == 0 for push in ordered) else people
    amounts = np.empty((len(ordered), wide))
    for place, push in enumerate(ordered):
        amounts[place] = push.amount
    insist_on_numbers(amounts)
    return [push.at_h for push in ordered], whole([push.into for push in ordered]), amounts


def insist_on_numbers(*arrays: FloatArray) -> None:
    """Refuse what would make every later number worthless.

    Raises:
        NotANumber: something is not finite.
    """
    # A sum is finite only when every number is; it needs no array of its own.
    if not all(np.isfinite(array.sum()) for array in arrays):
        raise NotANumber("A rate, volume or amount is not a finite number. Correct the parameters.")


def room(out: FloatArray | None, shape: tuple[int, ...]) -> FloatArray:
    """`out` if it is there, else new memory.

    Raises:
        ValueError: `out` has another shape, or its numbers do not lie side by side.
    """
    if out is None:
        return np.empty(shape)
    if out.shape != shape or not out.flags.c_contiguous:
        raise ValueError(f"out must be C-contiguous and of shape {shape}, not {out.shape}.")
    return out
