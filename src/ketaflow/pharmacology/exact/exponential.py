"""The exponential of a rate matrix in eight persons at once, to rounding.

A rate matrix `A` has nothing below zero but on its diagonal. With `m` the fastest way out of any
state, `A = B - m I` where `B` has nothing below zero at all, so `exp(A t) = exp(-m t) exp(B t)`
adds and multiplies positive numbers alone: no digits cancel, whether or not two rates coincide (as
the equal stages of a transit chain do, for which there are not enough eigenvectors).

Here `w` is one thread's working space, in slots of eight numbers; `at` and `lists` are the wiring.

Source: Higham, Functions of Matrices (2008), chapter 10; Sidje and Stewart (1999) for the shift.
"""

import math

from ketaflow.pharmacology.exact.compiled import inside
from ketaflow.pharmacology.exact.eight import PEOPLE, load, more, plus, same, store, times

# A polynomial of this degree is exact to 1e-16 where the shifted rates times the time are below it.
DEGREE = 14
SMALL = 0.5


@inside
def square(w, at, lists, one, out):
    """The square of the exponential in slots from `one` on, into those from `out` on."""
    for slot in range(at.slots):
        total = same(0.0)
        for term in range(lists[at.square + slot], lists[at.square + slot + 1]):
            left, right = lists[at.square_left + term], lists[at.square_right + term]
            total = more(total, load(w, one + left), load(w, one + right))
        store(w, out + slot, total)


@inside
def rated(w, at, lists, rates, one, out):
    """The rate matrix `B` in slots from `rates` on times an exponential."""
    for slot in range(at.slots):
        total = same(0.0)
        for term in range(lists[at.rate + slot], lists[at.rate + slot + 1]):
            left, right = lists[at.rate_left + term], lists[at.rate_right + term]
            total = more(total, load(w, rates + left), load(w, one + right))
        store(w, out + slot, total)


@inside
def polynomial(w, at, lists, desk, out):
    """`out = exp(B t)` by its first terms, innermost bracket first; `t` in the lanes of `desk`."""
    lasting = load(w, desk.lanes)
    for slot in range(at.slots):
        store(w, out + slot, same(0.0))
    for state in range(at.states):
        store(w, out + lists[at.diagonal + state], same(1.0))
    for order in range(DEGREE, 0, -1):
        rated(w, at, lists, desk.rates, out, desk.spare)
        part = times(lasting, same(1.0 / order))
        for slot in range(at.slots):
            store(w, out + slot, times(load(w, desk.spare + slot), part))
        for state in range(at.states):
            slot = out + lists[at.diagonal + state]
            store(w, slot, plus(load(w, slot), same(1.0)))


@inside
def exponential(w, at, lists, desk, lasting_h, out):
    """`out = exp(A lasting_h)`.

    Each person's time is halved as often as that person needs, and squared back as often, so that
    nobody's numbers depend on the neighbours.
    """
    most = 0
    for lane in range(PEOPLE):
        part, halvings = lasting_h, 0
        while part * w[desk.shift * PEOPLE + lane] > SMALL:
            part *= 0.5
            halvings += 1
        w[desk.lanes * PEOPLE + lane] = part
        w[desk.halvings * PEOPLE + lane] = halvings
        most = max(most, halvings)
    polynomial(w, at, lists, desk, out)
    for lane in range(PEOPLE):
        shift = w[desk.shift * PEOPLE + lane]
        w[desk.lanes * PEOPLE + lane] = math.exp(-shift * w[desk.lanes * PEOPLE + lane])
    back = load(w, desk.lanes)
    for slot in range(out, out + at.slots):
        store(w, slot, times(load(w, slot), back))
    for done in range(most):
        square(w, at, lists, out, desk.spare)
        mix(w, at, desk, done, out)


@inside
def mix(w, at, desk, done, out):
    """Take the square for those who still need one, and leave the others as they are."""
    for lane in range(PEOPLE):
        needed = done < w[desk.halvings * PEOPLE + lane]
        w[desk.lanes * PEOPLE + lane] = 1.0 if needed else 0.0
    taken = load(w, desk.lanes)
    kept = plus(same(1.0), times(taken, same(-1.0)))
    for slot in range(at.slots):
        left = times(kept, load(w, out + slot))
        store(w, out + slot, more(left, taken, load(w, desk.spare + slot)))
