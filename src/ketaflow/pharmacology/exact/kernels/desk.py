"""What one thread has before it while it reckons eight persons, and the steps all kernels share.

`w` is its working space, in slots of eight numbers; `desk` says where things lie in it.
"""

import numpy as np

from ketaflow.pharmacology.exact.compiled import inside
from ketaflow.pharmacology.exact.kernels.eight import PEOPLE, item, load, more, same, store, times
from ketaflow.pharmacology.exact.kernels.exponential import exponential, square


@inside
def working_space(desk):
    """An empty desk; it starts where a line of the cache starts."""
    raw = np.zeros((desk.size + 1) * PEOPLE)
    off = (64 - raw.ctypes.data % 64) % 64 // 8
    return raw[off : off + desk.size * PEOPLE]


@inside
def seat(w, at, lists, desk, rates, weights, person):
    """Lay out the rates of eight persons from `person` on; their bodies are empty.

    Beyond the last person the last is repeated.
    """
    last = rates.shape[1] - 1
    for slot in range(at.entries):
        for lane in range(PEOPLE):
            w[(desk.rates + slot) * PEOPLE + lane] = rates[slot, min(person + lane, last)]
    for term in range(at.terms):
        for lane in range(PEOPLE):
            w[(desk.weights + term) * PEOPLE + lane] = weights[term, min(person + lane, last)]
    shift(w, at, lists, desk)
    for state in range(at.states):
        store(w, desk.state + state, same(0.0))


@inside
def shift(w, at, lists, desk):
    """From the rates `A` to `B`, which has nothing below 0, and `m` of each person."""
    for lane in range(PEOPLE):
        fastest = 0.0
        for state in range(at.states):
            slot = desk.rates + item(lists, at.rate_diagonal + state)
            fastest = max(fastest, -w[slot * PEOPLE + lane])
        w[desk.shift * PEOPLE + lane] = fastest
        for state in range(at.states):
            slot = desk.rates + item(lists, at.rate_diagonal + state)
            w[slot * PEOPLE + lane] += fastest


@inside
def prepare(w, at, lists, desk, steps):
    """Every exponential that is needed on the way.

    Rows of `steps` are `(hours, square_of)`; where the second is not below 0, the exponential is
    the square of that earlier one.
    """
    for place in range(steps.shape[0]):
        here, earlier = desk.steps + place * at.slots, int(steps[place, 1])
        if earlier >= 0:
            square(w, at, lists, desk.steps + earlier * at.slots, here)
        else:
            exponential(w, at, lists, desk, steps[place, 0], here)


@inside
def push(w, state, into, amount, first, last, person):
    """Add pushes from `first` up to `last` to the state."""
    most = amount.shape[1] - 1
    for one in range(first, last):
        place = (state + into[one]) * PEOPLE
        for lane in range(PEOPLE):
            w[place + lane] += amount[one, min(person + lane, most)]


@inside
def go(w, at, lists, desk, number, state):
    """Take the state one step further in time, to where it returns; below 0 it stays."""
    if number < 0:
        return state
    one = desk.steps + number * at.slots
    out = 2 * desk.state + at.states - state
    begin = item(lists, at.row)
    for row in range(at.states):
        end = item(lists, at.row + row + 1)
        total = same(0.0)
        for slot in range(begin, end):
            total = more(total, load(w, one + slot), load(w, state + item(lists, at.col + slot)))
        store(w, out + row, total)
        begin = end
    return out


@inside
def flow(w, at, lists, desk, state, out):
    """`out = A state`: how fast everything changes."""
    down = times(load(w, desk.shift), same(-1.0))
    for row in range(at.states):
        total = times(down, load(w, state + row))
        for slot in range(item(lists, at.rate_row + row), item(lists, at.rate_row + row + 1)):
            place = state + item(lists, at.rate_col + slot)
            total = more(total, load(w, desk.rates + slot), load(w, place))
        store(w, out + row, total)


@inside
def see(w, at, lists, desk, state, curve):
    """One curve of `state`."""
    total = same(0.0)
    for term in range(item(lists, at.curve + curve), item(lists, at.curve + curve + 1)):
        total = more(
            total, load(w, desk.weights + term), load(w, state + item(lists, at.term + term))
        )
    return total
