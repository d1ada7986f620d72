"""The kernel behind exposure: goes along an itinerary and keeps peaks, areas and levels."""

from typing import NamedTuple

import numpy as np

from ketaflow.pharmacology.exact.compiled import compiled, inside, share
from ketaflow.pharmacology.exact.desk import (
    Desk,
    desk,
    flow,
    go,
    prepare,
    push,
    seat,
    see,
    working_space,
)
from ketaflow.pharmacology.exact.eight import PEOPLE, load, same, store
from ketaflow.pharmacology.exact.itinerary import Itinerary
from ketaflow.pharmacology.exact.system import System
from ketaflow.pharmacology.exact.wiring import IntArray, Lists
from ketaflow.pharmacology.population import FloatArray

NEWTON = 6
LEAST = 64


class View(NamedTuple):
    """Where on the desk a look is noted: values, slopes and bends of all curves, and the state."""

    value: int
    slope: int
    bend: int
    state: int


class Views(NamedTuple):
    """The last look and this one, the best value of each curve, and room for a flow."""

    before: View
    now: View
    best: int
    flow: int
    size: int


def views(at: Lists, free: int) -> Views:
    """Their places, from `free` on."""
    curves = at.curves // 2
    sizes = (curves, curves, curves, at.states)
    begins = (free + np.cumsum([0, *sizes, *sizes, curves, at.states])).tolist()
    return Views(View(*begins[:4]), View(*begins[4:8]), *begins[8:])


def run(
    system: System, pushed: tuple[IntArray, FloatArray], plan: Itinerary
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Peak and area of each window, and levels, of the first half of the system's curves.

    Args:
        system: curves, and then for each of them the one that adds up its area.
        pushed: state and amount of each push.
        plan: where to look.

    Returns:
        Shapes `(curves, n, windows)` twice and `(curves, n, levels)`.
    """
    curves, people = system.curves // 2, system.people
    windows, levels = int(plan.legs[:, 3].max()), int(plan.legs[:, 4].max()) + 1
    peak, area = np.empty((2, curves, people, windows))
    level = np.empty((curves, people, levels))
    at, lists = system.wiring
    bare = desk(at, len(plan.steps), free=0)
    view = views(at, bare.free)
    room: Desk = bare._replace(size=view.size)
    told = (at, lists, room, view, system.rates, system.weights, *pushed, *plan)
    share(_follow, -(-people // PEOPLE), *told, (peak, area, level), least=LEAST // PEOPLE)
    return peak, area, level


@inside
def _between(h, left, right):
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
def _look(w, at, lists, desk, view):
    """Value and slope of every curve, and the best so far."""
    now, curves = view.now, at.curves // 2
    flow(w, at, lists, desk, desk.state, view.flow)
    for curve in range(curves):
        store(w, now.value + curve, see(w, at, lists, desk, desk.state, curve))
        store(w, now.slope + curve, see(w, at, lists, desk, view.flow, curve))
    for place in range(curves * PEOPLE):
        best, value = view.best * PEOPLE + place, w[now.value * PEOPLE + place]
        w[best] = max(w[best], value)


@inside
def _copy(w, count, one, to):
    for slot in range(count):
        store(w, to + slot, load(w, one + slot))


@inside
def _remember(w, at, desk, view):
    """This look is the last one from now on."""
    curves = at.curves // 2
    _copy(w, curves, view.now.value, view.before.value)
    _copy(w, curves, view.now.slope, view.before.slope)
    _copy(w, at.states, desk.state, view.before.state)


@inside
def _crossed(w, view, place):
    """Whether a curve of a person rose at the last look and falls at this one."""
    return w[view.before.slope * PEOPLE + place] > 0.0 >= w[view.now.slope * PEOPLE + place]


@inside
def _noted(w, view, place):
    """Value, slope and bend of a curve of a person."""
    return (
        w[view.value * PEOPLE + place],
        w[view.slope * PEOPLE + place],
        w[view.bend * PEOPLE + place],
    )


@inside
def _bend(w, at, lists, desk, view, state, out):
    """Second derivative of every curve at `state`."""
    flow(w, at, lists, desk, state, desk.spare)
    flow(w, at, lists, desk, desk.spare, view.flow)
    for curve in range(at.curves // 2):
        store(w, out + curve, see(w, at, lists, desk, view.flow, curve))


@inside
def _peak_between(w, at, lists, desk, view, lasting_h):
    """The peak of each curve that rose at the last look and falls at this one."""
    any_crossed = False
    for place in range(at.curves // 2 * PEOPLE):
        any_crossed |= _crossed(w, view, place)
    if not any_crossed:
        return
    _bend(w, at, lists, desk, view, view.before.state, view.before.bend)
    _bend(w, at, lists, desk, view, desk.state, view.now.bend)
    for place in range(at.curves // 2 * PEOPLE):
        if _crossed(w, view, place):
            top = _between(lasting_h, _noted(w, view.before, place), _noted(w, view.now, place))
            best = view.best * PEOPLE + place
            w[best] = max(w[best], top)


@inside
def _close(w, at, lists, desk, view, window, person, peak, area):
    """Write down peak and area of the window that ends, for eight persons."""
    curves = at.curves // 2
    for curve in range(curves):
        store(w, view.flow, see(w, at, lists, desk, desk.state, curves + curve))
        for lane in range(min(PEOPLE, peak.shape[1] - person)):
            peak[curve, person + lane, window] = w[(view.best + curve) * PEOPLE + lane]
            area[curve, person + lane, window] = w[view.flow * PEOPLE + lane]


@inside
def _open(w, at, lists, desk, view):
    """A window begins: no area yet, and the best so far is what is there."""
    curves = at.curves // 2
    for term in range(lists[at.curve + curves], lists[at.curve + 2 * curves]):
        store(w, desk.state + lists[at.term + term], same(0.0))
    _copy(w, curves, view.now.value, view.best)


@inside
def _start(w, at, view):
    """Nothing was seen yet."""
    for curve in range(at.curves // 2):
        for slot in (view.now.value, view.now.slope, view.best):
            store(w, slot + curve, same(0.0))


@compiled
def _follow(
    first, last, at, lists, desk, view, rates, weights, into, amount, legs, steps, found
):
    peak, area, level = found
    w = working_space(desk)
    for group in range(first, last):
        person, window = group * PEOPLE, -1
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        _start(w, at, view)
        for leg in range(legs.shape[0]):
            number, push_first, push_last, begins, noted = legs[leg]
            if number >= 0:
                _remember(w, at, desk, view)
                go(w, at, lists, desk, number)
                _look(w, at, lists, desk, view)
                _peak_between(w, at, lists, desk, view, steps[number, 0])
            if begins >= 0:
                if window >= 0:
                    _close(w, at, lists, desk, view, window, person, peak, area)
                _open(w, at, lists, desk, view)
                window = begins
            if push_last > push_first:
                push(w, desk, into, amount, push_first, push_last, person)
                _look(w, at, lists, desk, view)
            if noted >= 0:
                for curve in range(at.curves // 2):
                    for lane in range(min(PEOPLE, level.shape[1] - person)):
                        value = w[(view.now.value + curve) * PEOPLE + lane]
                        level[curve, person + lane, noted] = value
