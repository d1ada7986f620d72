"""Curves of everybody on an even grid of times, solved exactly, never stepped.

Between two pushes the state at any later time is a matrix exponential times the state, so the
only error is rounding.
"""

from collections.abc import Sequence

import numpy as np

from ketaflow.pharmacology.exact.compiled import compiled, inside, share
from ketaflow.pharmacology.exact.eight import PEOPLE, load, more, same, store
from ketaflow.pharmacology.exact.exponential import advance, ladder, room, shifted
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
    moments, pushed = in_order(pushes, system.people)
    if out is None:
        out = np.empty((system.curves, grid.count, system.people))
    _run(_by_time, system, pushed, timetable(moments, grid), out)
    return out


def by_person(
    system: System, pushes: Sequence[Push], grid: Grid, *, out: FloatArray | None = None
) -> FloatArray:
    """Every curve at every time, times side by side: shape `(curves, n, times)`.

    As `by_time`; quicker where there are few curves and many times.
    """
    moments, pushed = in_order(pushes, system.people)
    if out is None:
        out = np.empty((system.curves, system.people, grid.count))
    _run(_by_person, system, pushed, timetable(moments, grid), out)
    return out


def _run(kernel, system, pushed, plan, out):  # type: ignore[no-untyped-def]
    groups = -(-system.people // PEOPLE)
    told = (system.wiring, system.rates, pushed, plan, system.looks, out)
    share(kernel, groups, *told, least=LEAST // PEOPLE)


@inside
def _push(pushed, first, last, person, state):
    """Add what is pushed to the state of eight persons."""
    most = pushed.amount.shape[1] - 1
    for push in range(first, last):
        place = pushed.into[push] * PEOPLE
        for lane in range(PEOPLE):
            state[place + lane] += pushed.amount[push, min(person + lane, most)]


@inside
def _weights(looks, person, out):
    """Weights of every term for eight persons."""
    most = looks.weight.shape[1] - 1
    for term in range(looks.weight.shape[0]):
        for lane in range(PEOPLE):
            out[term * PEOPLE + lane] = looks.weight[term, min(person + lane, most)]


@compiled
def _by_time(first, last, wiring, rates, pushed, plan, looks, out):
    size, slots = wiring.row_start.size - 1, wiring.col.size
    wide, shown = slots * PEOPLE, out.shape[2]
    shift, matrix = room(1), room(rates.shape[0])
    steps, spare = room(slots * plan.steps.shape[0]), room(slots + 1)
    state, weights, seen = room(size), room(looks.state.size), room(1)
    for group in range(first, last):
        person = group * PEOPLE
        lanes = min(PEOPLE, shown - person)
        shifted(wiring, rates, person, shift, matrix)
        ladder(wiring, matrix, shift, plan.steps, spare, steps)
        _weights(looks, person, weights)
        state[:] = 0.0
        for segment in range(plan.segments.shape[0]):
            push, pushed_to, enter, time, count, away = plan.segments[segment]
            _push(pushed, push, pushed_to, person, state)
            if enter >= 0:
                advance(wiring, steps[enter * wide : (enter + 1) * wide], state, spare)
            for place in range(count):
                if place:
                    advance(wiring, steps[:wide], state, spare)
                for curve in range(looks.start.size - 1):
                    total = same(0.0)
                    for term in range(looks.start[curve], looks.start[curve + 1]):
                        total = more(total, load(weights, term), load(state, looks.state[term]))
                    store(seen, 0, total)
                    for lane in range(lanes):
                        out[curve, time + place, person + lane] = seen[lane]
            if away >= 0:
                advance(wiring, steps[away * wide : (away + 1) * wide], state, spare)


@inside
def _rows(wiring, step, looks, weights, rows):
    """What each curve at each time of a stroke takes from the state at its start.

    A row of the curve's weights, times the exponential of one more step each time.
    """
    size = wiring.row_start.size - 1
    for curve in range(looks.start.size - 1):
        base = curve * STROKE * size
        for slot in range(base, base + size * STROKE):
            store(rows, slot, same(0.0))
        for term in range(looks.start[curve], looks.start[curve + 1]):
            slot = base + looks.state[term]
            store(rows, slot, more(load(rows, slot), load(weights, term), same(1.0)))
        for time in range(1, STROKE):
            before, here = base + (time - 1) * size, base + time * size
            for row in range(size):
                weight = load(rows, before + row)
                for slot in range(wiring.row_start[row], wiring.row_start[row + 1]):
                    to = here + wiring.col[slot]
                    store(rows, to, more(load(rows, to), weight, load(step, slot)))


@inside
def _stroke(size, rows, state, seen):
    """One curve at all times of a stroke."""
    for time in range(STROKE):
        total = same(0.0)
        for place in range(size):
            total = more(total, load(rows, time * size + place), load(state, place))
        store(seen, time, total)


@compiled
def _by_person(first, last, wiring, rates, pushed, plan, looks, out):
    size, slots = wiring.row_start.size - 1, wiring.col.size
    wide, shown, curves = slots * PEOPLE, out.shape[1], looks.start.size - 1
    shift, matrix = room(1), room(rates.shape[0])
    steps, spare = room(slots * plan.steps.shape[0]), room(slots + 1)
    state, weights, seen = room(size), room(looks.state.size), room(STROKE)
    rows = room(curves * STROKE * size)
    for group in range(first, last):
        person = group * PEOPLE
        lanes = min(PEOPLE, shown - person)
        shifted(wiring, rates, person, shift, matrix)
        ladder(wiring, matrix, shift, plan.steps, spare, steps)
        _weights(looks, person, weights)
        _rows(wiring, steps[:wide], looks, weights, rows)
        state[:] = 0.0
        for segment in range(plan.segments.shape[0]):
            push, pushed_to, enter, time, count, away = plan.segments[segment]
            _push(pushed, push, pushed_to, person, state)
            if enter >= 0:
                advance(wiring, steps[enter * wide : (enter + 1) * wide], state, spare)
            done = 0
            while done < count:
                here = min(STROKE, count - done)
                for curve in range(curves):
                    _stroke(size, rows[curve * STROKE * size * PEOPLE :], state, seen)
                    for lane in range(lanes):
                        for place in range(here):
                            out[curve, person + lane, time + done + place] = seen[
                                place * PEOPLE + lane
                            ]
                done += here
                if done < count:
                    advance(wiring, steps[DOUBLINGS * wide : (DOUBLINGS + 1) * wide], state, spare)
                else:
                    # From the first time of this stroke to its last, in doublings.
                    for power in range(DOUBLINGS):
                        if (here - 1) >> power & 1:
                            some = steps[power * wide : (power + 1) * wide]
                            advance(wiring, some, state, spare)
            if away >= 0:
                advance(wiring, steps[away * wide : (away + 1) * wide], state, spare)
