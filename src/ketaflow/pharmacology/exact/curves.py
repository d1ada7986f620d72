"""Curves of everybody on an even grid of times, solved exactly, never stepped.

Between two pushes the state at any later time is a matrix exponential times the state, so the
only error is rounding.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ketaflow.pharmacology.exact.compiled import compiled, inside, share
from ketaflow.pharmacology.exact.desk import desk, go, prepare, push, seat, see, working_space
from ketaflow.pharmacology.exact.eight import PEOPLE, load, more, plus, same, store
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
    _run(_by_person, system, pushes, grid, out, free=free)
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
def _show(w, at, lists, desk, time, person, out):
    """Write every curve of eight persons at one time."""
    for curve in range(at.curves):
        store(w, desk.free, see(w, at, lists, desk, desk.state, curve))
        for lane in range(min(PEOPLE, out.shape[2] - person)):
            out[curve, time, person + lane] = w[desk.free * PEOPLE + lane]


@compiled
def _by_time(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
    w = working_space(desk)
    for group in range(first, last):
        person = group * PEOPLE
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        for segment in range(segments.shape[0]):
            push_first, push_last, enter, time, count, away = segments[segment]
            push(w, desk, into, amount, push_first, push_last, person)
            go(w, at, lists, desk, enter)
            for place in range(count):
                if place:
                    go(w, at, lists, desk, 0)
                _show(w, at, lists, desk, time + place, person, out)
            go(w, at, lists, desk, away)


@inside
def _rows(w, at, lists, desk):
    """What each curve at each time of a stroke takes from the state at its start.

    A row of the curve's weights, times the exponential of one more step each time. They lie
    behind the room for one stroke.
    """
    base = desk.free + STROKE
    for slot in range(base, base + at.curves * STROKE * at.states):
        store(w, slot, same(0.0))
    for curve in range(at.curves):
        for term in range(lists[at.curve + curve], lists[at.curve + curve + 1]):
            slot = base + lists[at.term + term]
            store(w, slot, plus(load(w, slot), load(w, desk.weights + term)))
        for _ in range(1, STROKE):
            _next_row(w, at, lists, desk, base)
            base += at.states
        base += at.states


@inside
def _next_row(w, at, lists, desk, before):
    """The row behind that at `before`: it, times the exponential of one step."""
    for row in range(at.states):
        weight = load(w, before + row)
        for slot in range(lists[at.row + row], lists[at.row + row + 1]):
            to = before + at.states + lists[at.col + slot]
            store(w, to, more(load(w, to), weight, load(w, desk.steps + slot)))


@inside
def _stroke(w, at, desk, curve):
    """One curve at all times of a stroke."""
    rows = desk.free + STROKE * (1 + curve * at.states)
    for time in range(STROKE):
        total = same(0.0)
        for state in range(at.states):
            row = rows + time * at.states + state
            total = more(total, load(w, row), load(w, desk.state + state))
        store(w, desk.free + time, total)


@inside
def _leave(w, at, lists, desk, count):
    """From a stroke's start to the next one, or to the last of fewer times, in doublings."""
    if count > STROKE:
        go(w, at, lists, desk, DOUBLINGS)
        return
    for power in range(DOUBLINGS):
        if (count - 1) >> power & 1:
            go(w, at, lists, desk, power)


@compiled
def _by_person(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
    w = working_space(desk)
    for group in range(first, last):
        person = group * PEOPLE
        lanes = min(PEOPLE, out.shape[1] - person)
        seat(w, at, lists, desk, rates, weights, person)
        prepare(w, at, lists, desk, steps)
        _rows(w, at, lists, desk)
        for segment in range(segments.shape[0]):
            push_first, push_last, enter, time, count, away = segments[segment]
            push(w, desk, into, amount, push_first, push_last, person)
            go(w, at, lists, desk, enter)
            for done in range(0, count, STROKE):
                for curve in range(at.curves):
                    _stroke(w, at, desk, curve)
                    for lane in range(lanes):
                        for place in range(min(STROKE, count - done)):
                            value = w[(desk.free + place) * PEOPLE + lane]
                            out[curve, person + lane, time + done + place] = value
                _leave(w, at, lists, desk, count - done)
            go(w, at, lists, desk, away)
