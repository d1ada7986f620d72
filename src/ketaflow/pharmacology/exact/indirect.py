"""An effect that is built up and lost, its building driven by the concentration.

`R' = kin (1 + Emax C / (EC50 + C)) - kout R` bends with `C` but is linear in `R`, so
`R(t + h) = exp(-kout h) R(t) + kin x integral of exp(-kout (h - s)) (1 + ...) ds` with `C` exact.
The integral is Boole's rule over panels that are short after each push and grow from there. The
difference of Simpson's rule with four and with two parts, far larger than the error of Boole's,
is added up as the error; whoever has more of it than was allowed is reckoned again with finer
panels.

Source: Dayneka, Garg and Jusko (1993) for the equation; Hochbruck and Ostermann (2010) for
exponential quadrature.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.pharmacology.exact.compiled import compiled, inside, share
from ketaflow.pharmacology.exact.desk import desk, go, prepare, push, seat, see, working_space
from ketaflow.pharmacology.exact.eight import (
    PEOPLE,
    divided,
    eight_slots,
    item,
    larger,
    load,
    more,
    plus,
    same,
    store,
    times,
    turned,
)
from ketaflow.pharmacology.exact.panels import QUARTERS, panels
from ketaflow.pharmacology.exact.system import System, in_order, insist_on_numbers
from ketaflow.pharmacology.kinetics import Grid, Push
from ketaflow.pharmacology.population import FloatArray
from ketaflow.refusals import OutsideEnvelope

FINEST = 4
LEAST = 64


class NotResolved(OutsideEnvelope):
    """The error that was allowed cannot be kept to."""


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
        """
        numbers = (self.kin, self.kout, self.emax, self.ec50, self.start)
        rows = np.empty((len(numbers), people))
        for place, number in enumerate(numbers):
            rows[place] = number
        insist_on_numbers(rows)
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
    """
    if out is None:
        out = np.empty((2, system.people, grid.count))
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


def _some(system: System, which: np.ndarray) -> System:
    return replace(
        system,
        rates=np.ascontiguousarray(system.rates[:, which]),
        weights=np.ascontiguousarray(system.weights[:, which]),
    )


def _of(one: Push, which: np.ndarray) -> Push:
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
    room = desk(at, len(steps), free=EFFECT + len(steps) * (1 + PEOPLE * at.states))
    rows, error = np.ascontiguousarray(rows), np.empty(system.people)
    told = (at, lists, room, system.rates, system.weights, into, amount, steps, legs)
    share(
        _respond,
        -(-system.people // PEOPLE),
        *told,
        rows,
        error,
        out.reshape(-1),
        least=LEAST // PEOPLE,
    )
    return error


# What lies in the free part of the desk: four numbers of a turnover, R, its error now, the worst
# there was, the largest R, the curve and the drive now, and eight times of curve and effect that
# are not yet written; then how much is kept over each quarter, and the rows.
KIN, KOUT, EMAX, EC50, EFFECT_NOW, ERROR, WORST, LARGEST, CURVE, DRIVE, KEPT = range(11)
EFFECT = KEPT + 2 * PEOPLE


@inside
def _settle(w, at, lists, desk, steps, rows, person):
    """Lay out the turnover of eight persons, and for each length of quarter what it needs."""
    last = rows.shape[1] - 1
    for number in range(rows.shape[0]):
        for lane in range(PEOPLE):
            w[(desk.free + number) * PEOPLE + lane] = rows[number, min(person + lane, last)]
    store(w, desk.free + ERROR, same(0.0))
    store(w, desk.free + WORST, same(0.0))
    store(w, desk.free + LARGEST, load(w, desk.free + EFFECT_NOW))
    count = steps.shape[0]
    for place in range(count):
        for lane in range(PEOPLE):
            kout = w[(desk.free + KOUT) * PEOPLE + lane]
            kept = np.exp(-kout * steps[place, 0])
            w[(desk.free + EFFECT + place) * PEOPLE + lane] = kept
        base = desk.free + EFFECT + count + place * PEOPLE * at.states
        _quarter_rows(w, at, lists, desk, desk.steps + place * at.slots, base)


@inside
def _quarter_rows(w, at, lists, desk, one, base):
    """What the curve at the ends of eight quarters takes from the state at their start."""
    for slot in range(base, base + PEOPLE * at.states):
        store(w, slot, same(0.0))
    for term in range(item(lists, at.curve), item(lists, at.curve + 1)):
        row = item(lists, at.term + term)
        weight = load(w, desk.weights + term)
        for slot in range(item(lists, at.row + row), item(lists, at.row + row + 1)):
            to = base + PEOPLE * item(lists, at.col + slot)
            store(w, to, more(load(w, to), weight, load(w, one + slot)))
    for time in range(1, PEOPLE):
        for row in range(at.states):
            weight = load(w, base + time - 1 + PEOPLE * row)
            for slot in range(item(lists, at.row + row), item(lists, at.row + row + 1)):
                to = base + time + PEOPLE * item(lists, at.col + slot)
                store(w, to, more(load(w, to), weight, load(w, one + slot)))


@inside
def _driven(w, desk, curve):
    """`1 + Emax C / (EC50 + C)`."""
    emax, ec50 = load(w, desk.free + EMAX), load(w, desk.free + EC50)
    return plus(same(1.0), divided(times(emax, curve), plus(ec50, curve)))


@inside
def _panel(w, desk, kept, quarter_h, curves):
    """The effect over one panel, from the curve at the ends of its quarters."""
    free = desk.free
    e1 = kept
    e2 = times(e1, e1)
    e4 = times(e2, e2)
    first = times(e4, load(w, free + DRIVE))
    last = _driven(w, desk, curves[3])
    ends = plus(first, last)
    middle = times(e2, _driven(w, desk, curves[1]))
    odd = times(e1, more(_driven(w, desk, curves[2]), e2, _driven(w, desk, curves[0])))
    fine = more(more(ends, same(2.0), middle), same(4.0), odd)
    coarse = times(same(2.0), more(ends, same(4.0), middle))
    third = times(load(w, free + KIN), same(quarter_h / 3.0))
    off = times(times(third, same(1.0 / 15.0)), more(fine, same(-1.0), coarse))
    effect = more(more(off, third, fine), e4, load(w, free + EFFECT_NOW))
    size = larger(off, times(off, same(-1.0)))
    store(w, free + EFFECT_NOW, effect)
    error = more(size, e4, load(w, free + ERROR))
    store(w, free + ERROR, error)
    store(w, free + WORST, larger(error, load(w, free + WORST)))
    store(w, free + LARGEST, larger(effect, load(w, free + LARGEST)))
    store(w, free + CURVE, curves[3])
    store(w, free + DRIVE, last)


@inside
def _eight_quarters(w, at, rows, state):
    """The curve at the ends of eight quarters."""
    a = b = c = d = e = f = g = h = same(0.0)
    for place in range(at.states):
        amount = load(w, state + place)
        row = rows + PEOPLE * place
        a = more(a, load(w, row), amount)
        b = more(b, load(w, row + 1), amount)
        c = more(c, load(w, row + 2), amount)
        d = more(d, load(w, row + 3), amount)
        e = more(e, load(w, row + 4), amount)
        f = more(f, load(w, row + 5), amount)
        g = more(g, load(w, row + 6), amount)
        h = more(h, load(w, row + 7), amount)
    return (a, b, c, d), (e, f, g, h)


@inside
def _note(w, desk, person, people, time, count, out):
    """Keep curve and effect of eight persons at one time; every eighth time, write them down."""
    if time < 0:
        return
    place = time % PEOPLE
    store(w, desk.free + KEPT + place, load(w, desk.free + CURVE))
    store(w, desk.free + KEPT + PEOPLE + place, load(w, desk.free + EFFECT_NOW))
    if place == PEOPLE - 1 or time == count - 1:
        for which in range(2):
            first = (which * people + person) * count + time - place
            kept = desk.free + KEPT + which * PEOPLE
            _write(w, kept, min(PEOPLE, people - person), place + 1, out, first, count)


@inside
def _write(w, kept, lanes, times, out, first, apart):
    """What was kept, to a row of `out` for each person, `apart` from the last."""
    if lanes == PEOPLE and times == PEOPLE:
        turned(eight_slots(w, kept), out, first, apart)
        return
    for lane in range(lanes):
        for place in range(times):
            out[first + lane * apart + place] = w[(kept + place) * PEOPLE + lane]


@inside
def _afresh(w, at, lists, desk, state):
    """The curve and its drive right after a push."""
    curve = see(w, at, lists, desk, state, 0)
    store(w, desk.free + CURVE, curve)
    store(w, desk.free + DRIVE, _driven(w, desk, curve))


@compiled
def _respond(
    first, last, at, lists, desk, rates, weights, into, amount, steps, legs, turnover, error, out
):
    w, people = working_space(desk), error.size
    count = out.size // (2 * people)
    for group in range(first, last):
        person, state = group * PEOPLE, desk.state
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        _settle(w, at, lists, desk, steps, turnover, person)
        _afresh(w, at, lists, desk, state)
        _note(w, desk, person, people, 0, count, out)
        for leg in range(legs.shape[0]):
            level, number, push_first, push_last, one, other = legs[leg]
            if push_last > push_first:
                push(w, state, into, amount, push_first, push_last, person)
                _afresh(w, at, lists, desk, state)
            rows = desk.free + EFFECT + steps.shape[0] + level * PEOPLE * at.states
            kept = load(w, desk.free + EFFECT + level)
            near, far = _eight_quarters(w, at, rows, state)
            _panel(w, desk, kept, steps[level, 0], near)
            _note(w, desk, person, people, one, count, out)
            if number == 2:
                _panel(w, desk, kept, steps[level, 0], far)
                _note(w, desk, person, people, other, count, out)
            state = go(w, at, lists, desk, level + QUARTERS - 1 + number, state)
        for lane in range(min(PEOPLE, people - person)):
            largest = w[(desk.free + LARGEST) * PEOPLE + lane]
            error[person + lane] = w[(desk.free + WORST) * PEOPLE + lane] / largest
