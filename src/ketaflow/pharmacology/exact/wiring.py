"""Which entries of a system's matrices can be other than zero, worked out once for each model.

Drug flows along few of all possible ways, so most entries of a rate matrix, and many of its
exponential, are zero for everybody. The kernels walk lists of what is left.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Pair = tuple[int, int]


class Lists(NamedTuple):
    """How long the kernels' lists are, and where each begins in the one array that holds them all.

    A slot is a place in the list of entries that may not be zero: `slots` of an exponential, and
    `entries` of the rate matrix, both row by row. An exponential's rows begin at `row`, its
    columns are at `col`; column by column, they begin at `column`, with their slots and rows at
    `column_slot` and `column_row`. The product of two exponentials has in slot `e` the sum of the
    terms from `square[e]` to `square[e + 1]`; its factors are at `square_left` and
    `square_right`. That of the rate matrix and an exponential likewise. Curve `r` has the terms
    from `curve[r]` on, and `term` says which state each weighs. At `still` are the diagonal slots
    of states that never change by themselves, as a pump's rate does.
    """

    states: int
    entries: int
    slots: int
    curves: int
    terms: int
    stills: int
    row: int
    col: int
    column: int
    column_slot: int
    column_row: int
    diagonal: int
    square: int
    square_left: int
    square_right: int
    rate: int
    rate_left: int
    rate_right: int
    rate_row: int
    rate_col: int
    rate_diagonal: int
    curve: int
    term: int
    still: int


@lru_cache(maxsize=64)
def wiring(
    states: int,
    flows: tuple[Pair, ...],
    curves: tuple[tuple[int, ...], ...],
    still: tuple[int, ...],
) -> tuple[Lists, IntArray]:
    """The lists of a system.

    Args:
        states: how many there are.
        flows: (row, column) of each entry of the rate matrix, row by row, the diagonal among them.
        curves: which states each curve weighs.
        still: states that nothing leaves; what they hold goes on as it is.
    """
    rates = {pair: slot for slot, pair in enumerate(flows)}
    reach = np.eye(states, dtype=bool)
    reach[tuple(np.array(flows).T)] = True
    for _ in range(states):
        reach = reach @ reach
    slots = {(int(i), int(j)): slot for slot, (i, j) in enumerate(np.argwhere(reach))}
    down = sorted(slots, key=lambda pair: (pair[1], pair[0]))
    parts: list[list[int]] = [
        rows(slots, states),
        [column for _, column in slots],
        [sum(column < state for _, column in slots) for state in range(states + 1)],
        [slots[pair] for pair in down],
        [row for row, _ in down],
        [slots[state, state] for state in range(states)],
        *products(slots, slots, states),
        *products(rates, slots, states),
        rows(rates, states),
        [column for _, column in rates],
        [rates[state, state] for state in range(states)],
        np.cumsum([0, *(len(curve) for curve in curves)]).tolist(),
        [state for curve in curves for state in curve],
        [slots[state, state] for state in still],
    ]
    begins = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    sizes = (states, len(rates), len(slots), len(curves), len(parts[-2]), len(still))
    return Lists(*sizes, *begins[:-1]), whole([one for part in parts for one in part])


def rows(slots: dict[Pair, int], states: int) -> list[int]:
    """Where each row begins, and last where the last one ends."""
    return [sum(row < state for row, _ in slots) for state in range(states + 1)]


def products(
    left: dict[Pair, int], right: dict[Pair, int], states: int
) -> tuple[list[int], list[int], list[int]]:
    """Where each slot's terms begin, and the slots of the two factors of every term."""
    terms = [
        [(left[i, k], right[k, j]) for k in range(states) if (i, k) in left and (k, j) in right]
        for i, j in right
    ]
    pairs = [pair for one in terms for pair in one]
    begins: list[int] = np.cumsum([0, *(len(one) for one in terms)]).tolist()
    return begins, [one for one, _ in pairs], [two for _, two in pairs]


class Desk(NamedTuple):
    """Where things lie: of the eight persons at hand `m`, `B`, all exponentials and the state.

    There are two places for the state, and it moves from one to the other at each step. From `free`
    on a kernel has `size - free` slots for itself.
    """

    lanes: int
    halvings: int
    shift: int
    rates: int
    weights: int
    state: int
    spare: int
    steps: int
    free: int
    size: int


def desk(at: Lists, steps: int, *, free: int) -> Desk:
    """Room for a system with so many exponentials, and `free` slots beside."""
    sizes = (1, 1, 1, at.entries, at.terms, 2 * at.states, at.slots, at.slots * steps, free)
    begins: list[int] = np.cumsum([0, *sizes]).tolist()
    return Desk(*begins)


def whole(numbers: object) -> IntArray:
    """As the kernels take them."""
    return np.ascontiguousarray(numbers, dtype=np.int64)
