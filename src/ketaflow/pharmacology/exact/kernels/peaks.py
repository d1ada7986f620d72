"""Goes along an itinerary and keeps the peak and area of each curve, and levels."""

from ketaflow.pharmacology.exact.compiled import compiled, inside
from ketaflow.pharmacology.exact.kernels.desk import (
    flow,
    go,
    prepare,
    push,
    seat,
    see,
    working_space,
)
from ketaflow.pharmacology.exact.kernels.eight import (
    PEOPLE,
    fell,
    item,
    larger,
    load,
    more,
    same,
    store,
    times,
)

NEWTON = 6


@inside
def between(h, left, right):
    """The highest point of the quintic between two looks, each (value, slope, bend).

    It rises at the left and falls at the right, so there is one.
    """
    rise = right[0] - left[0] - h * left[1] - 0.5 * h * h * left[2]
    turn = h * (right[1] - left[1]) - h * h * left[2]
    bend = h * h * (right[2] - left[2])
    third = 10.0 * rise - 4.0 * turn + 0.5 * bend
    fourth = -15.0 * rise + 7.0 * turn - bend
    fifth = 6.0 * rise - 3.0 * turn + 0.5 * bend
    first, second = h * left[1], 0.5 * h * h * left[2]
    at = left[1] / (left[1] - right[1])
    for _ in range(NEWTON):
        slope = first + at * (
            2.0 * second + at * (3.0 * third + at * (4.0 * fourth + at * 5.0 * fifth))
        )
        curving = 2.0 * second + at * (6.0 * third + at * (12.0 * fourth + at * 20.0 * fifth))
        if curving < 0.0:
            at = min(1.0, max(0.0, at - slope / curving))
    return left[0] + at * (first + at * (second + at * (third + at * (fourth + at * fifth))))


@inside
def slope(w, at, lists, desk, state, curve):
    """How fast one curve rises at `state`."""
    down, total = times(load(w, desk.shift), same(-1.0)), same(0.0)
    for term in range(item(lists, at.curve + curve), item(lists, at.curve + curve + 1)):
        row = item(lists, at.term + term)
        change = times(down, load(w, state + row))
        for slot in range(item(lists, at.rate_row + row), item(lists, at.rate_row + row + 1)):
            place = state + item(lists, at.rate_col + slot)
            change = more(change, load(w, desk.rates + slot), load(w, place))
        total = more(total, load(w, desk.weights + term), change)
    return total


@inside
def look(w, at, lists, desk, views, now, state):
    """Value and slope of every curve, and the best so far."""
    for curve in range(at.curves // 2):
        value = see(w, at, lists, desk, state, curve)
        store(w, now.value + curve, value)
        store(w, now.slope + curve, slope(w, at, lists, desk, state, curve))
        store(w, views.best + curve, larger(value, load(w, views.best + curve)))


@inside
def bend(w, at, lists, desk, views, state, out):
    """Second derivative of every curve at `state`."""
    flow(w, at, lists, desk, state, views.flow)
    flow(w, at, lists, desk, views.flow, views.flow + at.states)
    for curve in range(at.curves // 2):
        store(w, out + curve, see(w, at, lists, desk, views.flow + at.states, curve))


@inside
def anybody(w, at, before, now):
    """Whether any curve of any person rose at the last look and falls at this one."""
    found = 0
    for curve in range(at.curves // 2):
        found |= fell(load(w, before.slope + curve), load(w, now.slope + curve))
    return found != 0


@inside
def seen(w, view, place):
    """Value, slope and bend of a curve of a person."""
    return (
        w[view.value * PEOPLE + place],
        w[view.slope * PEOPLE + place],
        w[view.bend * PEOPLE + place],
    )


@inside
def lift(w, at, lists, desk, views, before, now, earlier, state, lasting_h):
    """The peak of each curve that rose at the last look and falls at this one."""
    if not anybody(w, at, before, now):
        return
    bend(w, at, lists, desk, views, earlier, before.bend)
    bend(w, at, lists, desk, views, state, now.bend)
    for place in range(at.curves // 2 * PEOPLE):
        left, right = seen(w, before, place), seen(w, now, place)
        if left[1] > 0.0 >= right[1]:
            best = views.best * PEOPLE + place
            w[best] = max(w[best], between(lasting_h, left, right))


@inside
def close_window(w, at, lists, desk, views, state, window, person, peak, area):
    """Write down peak and area of the window that ends, for eight persons."""
    curves = at.curves // 2
    for curve in range(curves):
        store(w, views.flow, see(w, at, lists, desk, state, curves + curve))
        for lane in range(min(PEOPLE, peak.shape[1] - person)):
            peak[curve, person + lane, window] = w[(views.best + curve) * PEOPLE + lane]
            area[curve, person + lane, window] = w[views.flow * PEOPLE + lane]


@inside
def open_window(w, at, lists, views, now, state):
    """A window begins: no area yet, and the best so far is what is there."""
    curves = at.curves // 2
    for term in range(item(lists, at.curve + curves), item(lists, at.curve + 2 * curves)):
        store(w, state + item(lists, at.term + term), same(0.0))
    for curve in range(curves):
        store(w, views.best + curve, load(w, now.value + curve))


@inside
def note(w, at, now, person, noted, level):
    """Write down the levels of eight persons."""
    for curve in range(at.curves // 2):
        for lane in range(min(PEOPLE, level.shape[1] - person)):
            level[curve, person + lane, noted] = w[(now.value + curve) * PEOPLE + lane]


@compiled
def follow(first, last, at, lists, desk, views, rates, weights, into, amount, legs, steps, found):
    peak, area, level = found
    w = working_space(desk)
    for group in range(first, last):
        person, window, state = group * PEOPLE, -1, desk.state
        before, now = views.one, views.other
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        look(w, at, lists, desk, views, now, state)
        for leg in range(legs.shape[0]):
            number, push_first, push_last, begins, noted = legs[leg]
            if number >= 0:
                earlier, before, now = state, now, before
                state = go(w, at, lists, desk, number, state)
                look(w, at, lists, desk, views, now, state)
                lift(w, at, lists, desk, views, before, now, earlier, state, steps[number, 0])
            if begins >= 0:
                if window >= 0:
                    close_window(w, at, lists, desk, views, state, window, person, peak, area)
                open_window(w, at, lists, views, now, state)
                window = begins
            if push_last > push_first:
                push(w, state, into, amount, push_first, push_last, person)
                look(w, at, lists, desk, views, now, state)
            if noted >= 0:
                note(w, at, now, person, noted, level)
