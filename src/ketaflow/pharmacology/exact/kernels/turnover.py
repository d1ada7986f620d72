"""An indirect effect, panel by panel, from the exact curve at the ends of each panel's quarters."""

import math

from ketaflow.pharmacology.exact.compiled import compiled, inside
from ketaflow.pharmacology.exact.kernels.desk import go, prepare, push, seat, see, working_space
from ketaflow.pharmacology.exact.kernels.eight import (
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
from ketaflow.pharmacology.exact.plans.panels import QUARTERS

# What lies in the free part of the desk: four numbers of a turnover, R, its error now, the worst
# there was, the largest R, the curve and the drive now, and eight times of curve and effect that
# are not yet written; then how much is kept over each quarter, and the rows.
KIN, KOUT, EMAX, EC50, EFFECT_NOW, ERROR, WORST, LARGEST, CURVE, DRIVE, KEPT = range(11)
EFFECT = KEPT + 2 * PEOPLE


@inside
def settle(w, at, lists, desk, steps, rows, person):
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
            kept = math.exp(-kout * steps[place, 0])
            w[(desk.free + EFFECT + place) * PEOPLE + lane] = kept
        base = desk.free + EFFECT + count + place * PEOPLE * at.states
        quarter_rows(w, at, lists, desk, desk.steps + place * at.slots, base)


@inside
def quarter_rows(w, at, lists, desk, one, base):
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
def driven(w, desk, curve):
    """`1 + Emax C / (EC50 + C)`."""
    emax, ec50 = load(w, desk.free + EMAX), load(w, desk.free + EC50)
    return plus(same(1.0), divided(times(emax, curve), plus(ec50, curve)))


@inside
def panel(w, desk, kept, quarter_h, curves):
    """The effect over one panel, from the curve at the ends of its quarters."""
    free = desk.free
    e1 = kept
    e2 = times(e1, e1)
    e4 = times(e2, e2)
    first = times(e4, load(w, free + DRIVE))
    last = driven(w, desk, curves[3])
    ends = plus(first, last)
    middle = times(e2, driven(w, desk, curves[1]))
    odd = times(e1, more(driven(w, desk, curves[2]), e2, driven(w, desk, curves[0])))
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
def eight_quarters(w, at, rows, state):
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
def note(w, desk, person, people, time, count, out):
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
            write(w, kept, min(PEOPLE, people - person), place + 1, out, first, count)


@inside
def write(w, kept, lanes, times, out, first, apart):
    """What was kept, to a row of `out` for each person, `apart` from the last."""
    if lanes == PEOPLE and times == PEOPLE:
        turned(eight_slots(w, kept), out, first, apart)
        return
    for lane in range(lanes):
        for place in range(times):
            out[first + lane * apart + place] = w[(kept + place) * PEOPLE + lane]


@inside
def afresh(w, at, lists, desk, state):
    """The curve and its drive right after a push."""
    curve = see(w, at, lists, desk, state, 0)
    store(w, desk.free + CURVE, curve)
    store(w, desk.free + DRIVE, driven(w, desk, curve))


@compiled
def respond(
    first, last, at, lists, desk, rates, weights, into, amount, steps, legs, turnover, error, out
):
    w, people = working_space(desk), error.size
    count = out.size // (2 * people)
    for group in range(first, last):
        person, state = group * PEOPLE, desk.state
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        settle(w, at, lists, desk, steps, turnover, person)
        afresh(w, at, lists, desk, state)
        note(w, desk, person, people, 0, count, out)
        for leg in range(legs.shape[0]):
            level, number, push_first, push_last, one, other = legs[leg]
            if push_last > push_first:
                push(w, state, into, amount, push_first, push_last, person)
                afresh(w, at, lists, desk, state)
            rows = desk.free + EFFECT + steps.shape[0] + level * PEOPLE * at.states
            kept = load(w, desk.free + EFFECT + level)
            near, far = eight_quarters(w, at, rows, state)
            panel(w, desk, kept, steps[level, 0], near)
            note(w, desk, person, people, one, count, out)
            if number == 2:
                panel(w, desk, kept, steps[level, 0], far)
                note(w, desk, person, people, other, count, out)
            state = go(w, at, lists, desk, level + QUARTERS - 1 + number, state)
        for lane in range(min(PEOPLE, people - person)):
            largest = w[(desk.free + LARGEST) * PEOPLE + lane]
            worst = w[(desk.free + WORST) * PEOPLE + lane]
            error[person + lane] = worst / largest if largest > 0.0 else worst
