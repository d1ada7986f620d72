"""The exponential of a rate matrix in eight persons at once, to rounding.

A rate matrix `A` has nothing below zero but on its diagonal. With `m` the fastest way out of any
state, `A = B - m I` where `B` has nothing below zero at all, so `exp(A t) = exp(-m t) exp(B t)`
adds and multiplies positive numbers alone: no digits cancel, whether or not two rates coincide (as
the equal stages of a transit chain do, for which there are not enough eigenvectors).

Source: Higham, Functions of Matrices (2008), chapter 10; Sidje and Stewart (1999) for the shift.
"""

import math

import numpy as np

from ketaflow.pharmacology.exact.compiled import inside
from ketaflow.pharmacology.exact.eight import PEOPLE, load, more, plus, same, store, times

# A polynomial of this degree is exact to 1e-16 where the shifted rates times the time are below it.
DEGREE = 14
SMALL = 0.5


@inside
def room(slots):
    """Space for `slots` times eight numbers, starting where a line of the cache starts."""
    raw = np.empty((slots + 1) * PEOPLE)
    off = (64 - raw.ctypes.data % 64) % 64 // 8
    return raw[off : off + slots * PEOPLE]


@inside
def shifted(wiring, rates, first, shift, out):
    """Write `B` of eight persons from `first` on into `out`, and `m` of each into `shift`.

    Beyond the last person the last is repeated.
    """
    last = rates.shape[1] - 1
    for slot in range(rates.shape[0]):
        for lane in range(PEOPLE):
            out[slot * PEOPLE + lane] = rates[slot, min(first + lane, last)]
    for lane in range(PEOPLE):
        fastest = 0.0
        for slot in wiring.rate_diagonal:
            fastest = max(fastest, -out[slot * PEOPLE + lane])
        shift[lane] = fastest
        for slot in wiring.rate_diagonal:
            out[slot * PEOPLE + lane] += fastest


@inside
def product(start, left, right, one, other, out):
    """`out = one x other`, slot by slot."""
    for slot in range(start.size - 1):
        total = same(0.0)
        for term in range(start[slot], start[slot + 1]):
            total = more(total, load(one, left[term]), load(other, right[term]))
        store(out, slot, total)


@inside
def square(wiring, one, out):
    """`out = one x one`."""
    product(wiring.square_start, wiring.square_left, wiring.square_right, one, one, out)


@inside
def exponential(wiring, rates, shift, lasting_h, spare, out):
    """`out = exp(A lasting_h)` from `B` and `m`; `spare` is as large as `out`, and one line more.

    Each person's time is halved as often as that person needs, and squared back as often, so that
    nobody's numbers depend on the neighbours.
    """
    slots = wiring.col.size
    lanes = spare[slots * PEOPLE :]
    halvings = np.zeros(PEOPLE, dtype=np.int64)
    most = 0
    for lane in range(PEOPLE):
        part = lasting_h
        while part * shift[lane] > SMALL:
            part *= 0.5
            halvings[lane] += 1
        most = max(most, halvings[lane])
        lanes[lane] = part
    part = load(lanes, 0)
    for slot in range(slots):
        store(out, slot, same(0.0))
    for slot in wiring.diagonal:
        store(out, slot, same(1.0))
    for order in range(DEGREE, 0, -1):
        product(wiring.rate_start, wiring.rate_left, wiring.rate_right, rates, out, spare)
        step = times(part, same(1.0 / order))
        for slot in range(slots):
            store(out, slot, times(load(spare, slot), step))
        for slot in wiring.diagonal:
            store(out, slot, plus(load(out, slot), same(1.0)))
    for lane in range(PEOPLE):
        lanes[lane] = math.exp(-shift[lane] * lanes[lane])
    back = load(lanes, 0)
    for slot in range(slots):
        store(out, slot, times(load(out, slot), back))
    for done in range(most):
        square(wiring, out, spare)
        for lane in range(PEOPLE):
            lanes[lane] = 1.0 if done < halvings[lane] else 0.0
        squared = load(lanes, 0)
        kept = plus(same(1.0), times(squared, same(-1.0)))
        for slot in range(slots):
            mixed = more(times(kept, load(out, slot)), squared, load(spare, slot))
            store(out, slot, mixed)


@inside
def ladder(wiring, rates, shift, steps, spare, out):
    """Every exponential that a timetable needs, one after the other in `out`.

    Args:
        wiring: of the model.
        rates: `B` of eight persons.
        shift: `m` of each.
        steps: `(hours, square_of)` of each exponential; where the second is not below 0, it is the
            square of that earlier one.
        spare: as large as one exponential, and one line more.
        out: room for all.
    """
    wide = wiring.col.size * PEOPLE
    for place in range(steps.shape[0]):
        here = out[place * wide : (place + 1) * wide]
        earlier = int(steps[place, 1])
        if earlier >= 0:
            square(wiring, out[earlier * wide : (earlier + 1) * wide], here)
        else:
            exponential(wiring, rates, shift, steps[place, 0], spare, here)


@inside
def advance(wiring, one, state, spare):
    """`state = one x state`; `spare` is as large as the state."""
    size = wiring.row_start.size - 1
    for row in range(size):
        total = same(0.0)
        for slot in range(wiring.row_start[row], wiring.row_start[row + 1]):
            total = more(total, load(one, slot), load(state, wiring.col[slot]))
        store(spare, row, total)
    for row in range(size):
        store(state, row, load(spare, row))
