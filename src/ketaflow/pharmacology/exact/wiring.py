"""Which entries of a system's matrices can be other than zero, worked out once for each model.

Drug flows along few of all possible ways, so most entries of a rate matrix, and many of its
exponential, are zero for everybody. The kernels walk lists of what is left.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Wiring(NamedTuple):
    """Lists that the kernels walk. A slot is a place in the list of entries that may not be zero.

    `row` and `col` are of the exponential's slots, row by row from `row_start`. The product of two
    exponentials has in slot `e` the sum of `left x right` from `square_start[e]` to
    `square_start[e + 1]`; that of the rate matrix and an exponential likewise from `rate_start`.
    """

    row_start: IntArray
    col: IntArray
    diagonal: IntArray
    square_start: IntArray
    square_left: IntArray
    square_right: IntArray
    rate_start: IntArray
    rate_left: IntArray
    rate_right: IntArray
    rate_diagonal: IntArray


@lru_cache(maxsize=64)
def wiring(size: int, flows: tuple[tuple[int, int], ...]) -> Wiring:
    """Lists for a rate matrix whose entries are `flows`, the whole diagonal among them.

    Args:
        size: how many states there are.
        flows: (row, column) of each entry, in the order in which rates are given.
    """
    rates = {pair: slot for slot, pair in enumerate(flows)}
    reach = np.eye(size, dtype=bool)
    reach[tuple(np.array(flows).T)] = True
    for _ in range(size):
        reach = reach @ reach
    slots = {(int(i), int(j)): slot for slot, (i, j) in enumerate(np.argwhere(reach))}
    square = products(slots, slots, size)
    rate = products(rates, slots, size)
    return Wiring(
        whole(np.concatenate([[0], np.cumsum(reach.sum(axis=1))])),
        whole([j for _, j in slots]),
        whole([slots[state, state] for state in range(size)]),
        *square,
        *rate,
        whole([rates[state, state] for state in range(size)]),
    )


def products(
    left: dict[tuple[int, int], int], right: dict[tuple[int, int], int], size: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Where each slot's terms start, and the slots of the two factors of every term."""
    terms = [
        [(left[i, k], right[k, j]) for k in range(size) if (i, k) in left and (k, j) in right]
        for i, j in right
    ]
    pairs = [pair for one in terms for pair in one]
    starts = np.cumsum([0, *(len(one) for one in terms)])
    return whole(starts), whole([one for one, _ in pairs]), whole([two for _, two in pairs])


def whole(numbers: object) -> IntArray:
    """As the kernels take them."""
    return np.ascontiguousarray(numbers, dtype=np.int64)
