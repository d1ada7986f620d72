"""Curves of everybody on an even grid of times, solved exactly, never stepped.

Between two pushes the state at any later time is a matrix exponential times the state, so the
only error is rounding.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ketaflow.pharmacology.exact.compiled import compiled, inside, share
from ketaflow.pharmacology.exact.desk import desk, go, prepare, push, seat, see, working_space
from ketaflow.pharmacology.exact.eight import PEOPLE, item, load, more, plus, same, store, turned
from ketaflow.pharmacology.exact.system import System, in_order
from ketaflow.pharmacology.exact.timetable import DOUBLINGS, timetable
from ketaflow.pharmacology.kinetics import Grid, Push
from ketaflow.pharmacology.population import FloatArray

STROKE = 2**DOUBLINGS
# Fewer people than this and a second thread costs more than it brings.
LEAST = 256


def by_time(
    system: System, pushes: Sequence[Push], grid: Grid, *, out: FloatArray | None = None
) -> FloatArray:
    """Every curve at every time, people side by side: shape `(curves, times, n)`.

    Args:
        system: rates and curves of each person.
        pushes: what is added when; one after the end of the grid has no effect.
        grid: the times; a push at a grid time is already in at that time.
        out: C-contiguous array to write into, so that it can be used again.

    Raises:
        NotANumber: an amount is not finite.
    """
    if out is None:
        out = np.empty((system.curves, grid.count, system.people))
    _run(_by_time, system, pushes, grid, out, free=1)
    return out


def by_person(
    system: System, pushes: Sequence[Push], grid: Grid, *, out: FloatArray | None = None
) -> FloatArray:
    """Every curve at every time, times side by side: shape `(curves, n, times)`.

    As `by_time`; quicker where there are few curves and many times.
    """
    if out is None:
        out = np.empty((system.curves, system.people, grid.count))
    free = STROKE * (1 + system.curves * system.size)
    _run(_by_person, system, pushes, grid, out.reshape(-1), free=free)
    return out


def _run(
    kernel: Callable[..., None],
    system: System,
    pushes: Sequence[Push],
    grid: Grid,
    out: FloatArray,
    *,
    free: int,
) -> None:
    moments, into, amount = in_order(pushes, system.people)
    segments, steps = timetable(moments, grid)
    at, lists = system.wiring
    room = desk(at, len(steps), free=free)
    told = (at, lists, room, system.rates, system.weights, into, amount, steps, segments, out)
    share(kernel, -(-system.people // PEOPLE), *told, least=LEAST // PEOPLE)


@inside
def _show(w, at, lists, desk, state, time, person, out):
    """Write every curve of eight persons at one time."""
    for curve in range(at.curves):
        store(w, desk.free, see(w, at, lists, desk, state, curve))
        for lane in range(min(PEOPLE, out.shape[2] - person)):
            out[curve, time, person + lane] = w[desk.free * PEOPLE + lane]


@compiled
def _by_time(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
    w = working_space(desk)
    for group in range(first, last):
        person = group * PEOPLE
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        state = desk.state
        for segment in range(segments.shape[0]):
            push_first, push_last, enter, time, count, away = segments[segment]
            push(w, state, into, amount, push_first, push_last, person)
            state = go(w, at, lists, desk, enter, state)
            for place in range(count):
                if place:
                    state = go(w, at, lists, desk, 0, state)
                _show(w, at, lists, desk, state, time + place, person, out)
            state = go(w, at, lists, desk, away, state)


@inside
def _rows(w, at, lists, desk):
    """What each curve at each time of a stroke takes from the state at its start.

    A row of the curve's weights, times the exponential of one more step each time. State by state,
    the times side by side: they lie behind the room for one stroke.
    """
    base = desk.free + STROKE
    for slot in range(base, base + at.curves * STROKE * at.states):
        store(w, slot, same(0.0))
    for curve in range(at.curves):
        for term in range(item(lists, at.curve + curve), item(lists, at.curve + curve + 1)):
            slot = base + STROKE * item(lists, at.term + term)
            store(w, slot, plus(load(w, slot), load(w, desk.weights + term)))
        for time in range(1, STROKE):
            _next_row(w, at, lists, desk, base + time)
        base += STROKE * at.states


@inside
def _next_row(w, at, lists, desk, here):
    """The row at `here` from that before it: times the exponential of one step."""
    for row in range(at.states):
        weight = load(w, here - 1 + STROKE * row)
        for slot in range(item(lists, at.row + row), item(lists, at.row + row + 1)):
            to = here + STROKE * item(lists, at.col + slot)
            store(w, to, more(load(w, to), weight, load(w, desk.steps + slot)))


@inside
def _eight_times(w, at, rows, state):
    """One curve at eight times, from the rows of the first of them on."""
    a = b = c = d = e = f = g = h = same(0.0)
    for place in range(at.states):
        amount = load(w, state + place)
        row = rows + STROKE * place
        a = more(a, load(w, row), amount)
        b = more(b, load(w, row + 1), amount)
        c = more(c, load(w, row + 2), amount)
        d = more(d, load(w, row + 3), amount)
        e = more(e, load(w, row + 4), amount)
        f = more(f, load(w, row + 5), amount)
        g = more(g, load(w, row + 6), amount)
        h = more(h, load(w, row + 7), amount)
    return a, b, c, d, e, f, g, h


@inside
def _stroke(w, at, desk, state, curve, out, first, apart, lanes, count):
    """One curve of eight persons at `count` times, each to a row of `out`, `apart` from the last.

    What does not fill a square of eight by eight goes by way of the desk.
    """
    rows = desk.free + STROKE * (1 + curve * at.states)
    for time in range(0, count, PEOPLE):
        eights = _eight_times(w, at, rows + time, state)
        if lanes == PEOPLE and count - time >= PEOPLE:
            turned(eights, out, first + time, apart)
        else:
            for place in range(PEOPLE):
                store(w, desk.free + place, eights[place])
            for lane in range(lanes):
                for place in range(min(PEOPLE, count - time)):
                    value = w[(desk.free + place) * PEOPLE + lane]
                    out[first + lane * apart + time + place] = value


@inside
def _leave(w, at, lists, desk, state, count):
    """From a stroke's start to the next one, or to the last of fewer times, in doublings."""
    if count > STROKE:
        return go(w, at, lists, desk, DOUBLINGS, state)
    for power in range(DOUBLINGS):
        if (count - 1) >> power & 1:
            state = go(w, at, lists, desk, power, state)
    return state


@compiled
def _by_person(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
    w, people, times = (
        working_space(desk),
        rates.shape[1],
        out.shape[0] // (rates.shape[1] * at.curves),
    )
    for group in range(first, last):
        person = group * PEOPLE
        lanes = min(PEOPLE, people - person)
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        state = desk.state
        _rows(w, at, lists, desk)
        for segment in range(segments.shape[0]):
            push_first, push_last, enter, time, count, away = segments[segment]
            push(w, state, into, amount, push_first, push_last, person)
            state = go(w, at, lists, desk, enter, state)
            for done in range(0, count, STROKE):
                for curve in range(at.curves):
                    place = (curve * people + person) * times + time + done
                    here = min(STROKE, count - done)
                    _stroke(w, at, desk, state, curve, out, place, times, lanes, here)
                state = _leave(w, at, lists, desk, state, count - done)
            state = go(w, at, lists, desk, away, state)
