"""The exponential of a rate matrix in eight persons at once, to rounding.

A rate matrix `A` has nothing below zero but on its diagonal. With `m` the fastest way out of any
state, `A = B - m I` where `B` has nothing below zero at all, so `exp(A t) = exp(-m t) exp(B t)`
adds and multiplies positive numbers alone: no digits cancel, whether or not two rates coincide (as
the equal stages of a transit chain do, for which there are not enough eigenvectors).

Here `w` is one thread's working space, in slots of eight numbers; `at` and `lists` are the wiring.

Source: Higham, Functions of Matrices (2008), chapter 10; Sidje and Stewart (1999) for the shift.
"""

from ketaflow.pharmacology.exact.compiled import inside
from ketaflow.pharmacology.exact.kernels.eight import (
    PEOPLE,
    item,
    load,
    more,
    plus,
    same,
    store,
    times,
)

# A polynomial of this degree, which is even, is exact to rounding where shifted rates times time
# are below this.
DEGREE = 10
SMALL = 1.0 / 8.0


@inside
def square(w, at, lists, one, out):
    """The square of the exponential in slots from `one` on, into those from `out` on."""
    begin = item(lists, at.square)
    for slot in range(at.slots):
        end = item(lists, at.square + slot + 1)
        total = same(0.0)
        for term in range(begin, end):
            left, right = item(lists, at.square_left + term), item(lists, at.square_right + term)
            total = more(total, load(w, one + left), load(w, one + right))
        store(w, out + slot, total)
        begin = end


@inside
def bracket(w, at, lists, rates, part, one, out):
    """`out = I + part B x one`, with `B` in slots from `rates` on."""
    begin = item(lists, at.rate)
    for slot in range(at.slots):
        end = item(lists, at.rate + slot + 1)
        total = same(0.0)
        for term in range(begin, end):
            left, right = item(lists, at.rate_left + term), item(lists, at.rate_right + term)
            total = more(total, load(w, rates + left), load(w, one + right))
        store(w, out + slot, times(total, part))
        begin = end
    for state in range(at.states):
        slot = out + item(lists, at.diagonal + state)
        store(w, slot, plus(load(w, slot), same(1.0)))


@inside
def polynomial(w, at, lists, desk, out):
    """`out = exp(B t)` by its first terms, innermost bracket first; `t` in the lanes of `desk`."""
    lasting = load(w, desk.lanes)
    for slot in range(at.slots):
        store(w, out + slot, same(0.0))
    for state in range(at.states):
        store(w, out + item(lists, at.diagonal + state), same(1.0))
    for order in range(DEGREE, 0, -2):
        wider = times(lasting, same(1.0 / order))
        bracket(w, at, lists, desk.rates, wider, out, desk.spare)
        closer = times(lasting, same(1.0 / (order - 1)))
        bracket(w, at, lists, desk.rates, closer, desk.spare, out)


@inside
def halve(w, desk, lasting_h):
    """Halve the time of each person until it is short; the least and the most halvings of any."""
    least, most = 1 << 30, 0
    for lane in range(PEOPLE):
        part, halvings = lasting_h, 0
        while part * w[desk.shift * PEOPLE + lane] > SMALL:
            part *= 0.5
            halvings += 1
        w[desk.lanes * PEOPLE + lane] = part
        w[desk.halvings * PEOPLE + lane] = halvings
        least, most = min(least, halvings), max(most, halvings)
    return least, most


@inside
def exponential(w, at, lists, desk, lasting_h, out):
    """`out = exp(A lasting_h)`.

    Each person's time is halved as often as that person needs, and squared back as often, so that
    nobody's numbers depend on the neighbours.
    """
    least, most = halve(w, desk, lasting_h)
    polynomial(w, at, lists, desk, out)
    away = times(load(w, desk.shift), times(load(w, desk.lanes), same(-1.0)))
    back = same(1.0)
    for order in range(DEGREE, 0, -1):
        back = more(same(1.0), times(away, same(1.0 / order)), back)
    for slot in range(out, out + at.slots):
        store(w, slot, times(load(w, slot), back))
    # To the bit: a pump that is off must not run on by a rounding error.
    for state in range(at.stills):
        store(w, out + item(lists, at.still + state), same(1.0))
    one, other = out, desk.spare
    for done in range(most):
        square(w, at, lists, one, other)
        if done >= least:
            leave(w, at, desk, done, one, other)
        one, other = other, one
    if one != out:
        for slot in range(at.slots):
            store(w, out + slot, load(w, one + slot))


@inside
def leave(w, at, desk, done, one, squared):
    """Put those who need no more squares back to what they had."""
    for lane in range(PEOPLE):
        needed = done < w[desk.halvings * PEOPLE + lane]
        w[desk.lanes * PEOPLE + lane] = 1.0 if needed else 0.0
    taken = load(w, desk.lanes)
    kept = plus(same(1.0), times(taken, same(-1.0)))
    for slot in range(at.slots):
        left = times(kept, load(w, one + slot))
        store(w, squared + slot, more(left, taken, load(w, squared + slot)))
