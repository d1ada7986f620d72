"""Every curve on an even grid: people side by side, or each person's times side by side."""

from ketaflow.pharmacology.exact.compiled import compiled, inside
from ketaflow.pharmacology.exact.kernels.desk import go, prepare, push, seat, see, working_space
from ketaflow.pharmacology.exact.kernels.eight import (
    PEOPLE,
    item,
    load,
    more,
    nobody,
    plus,
    same,
    soon,
    store,
    turned,
)
from ketaflow.pharmacology.exact.plans.timetable import DOUBLINGS, STROKE

# How many numbers ahead in each row the memory that will be written is asked for: it comes while
# others are reckoned.
AHEAD = 128


@inside
def show(w, at, lists, desk, state, time, person, out):
    """Write every curve of eight persons at one time."""
    for curve in range(at.curves):
        store(w, desk.free, see(w, at, lists, desk, state, curve))
        for lane in range(min(PEOPLE, out.shape[2] - person)):
            out[curve, time, person + lane] = w[desk.free * PEOPLE + lane]


@compiled
def by_time(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
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
                show(w, at, lists, desk, state, time + place, person, out)
            state = go(w, at, lists, desk, away, state)


@inside
def rows(w, at, lists, desk):
    """What each curve at each time of a stroke takes from the state at its start.

    A row of the curve's weights, times the exponential of one more step each time. State by state,
    the times side by side: they lie behind the room for one stroke.
    """
    base = desk.free + STROKE
    for curve in range(at.curves):
        for state in range(at.states):
            store(w, base + STROKE * state, same(0.0))
        for term in range(item(lists, at.curve + curve), item(lists, at.curve + curve + 1)):
            slot = base + STROKE * item(lists, at.term + term)
            store(w, slot, plus(load(w, slot), load(w, desk.weights + term)))
        for time in range(1, STROKE):
            next_row(w, at, lists, desk, base + time)
        base += STROKE * at.states


@inside
def next_row(w, at, lists, desk, here):
    """The row at `here` from that before it: times the exponential of one step."""
    begin = item(lists, at.column)
    for column in range(at.states):
        end = item(lists, at.column + column + 1)
        total = same(0.0)
        for place in range(begin, end):
            before = here - 1 + STROKE * item(lists, at.column_row + place)
            slot = desk.steps + item(lists, at.column_slot + place)
            total = more(total, load(w, before), load(w, slot))
        store(w, here + STROKE * column, total)
        begin = end


@inside
def eight_times(w, states, rows, state):
    """One curve at eight times, from the rows of the first of them on and the first `states`."""
    a = b = c = d = e = f = g = h = same(0.0)
    for place in range(states):
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
def stroke(w, at, desk, state, curve, out, first, apart, lanes, count, left):
    """One curve of eight persons at `count` times, each to a row of `out`, `apart` from the last.

    Eight times at once even where fewer are meant, for what is written too much is written again by
    what follows; but only while there are as many `left` in the row.
    """
    rows = desk.free + STROKE * (1 + curve * at.states)
    states = filled(w, at, state)
    for lane in range(PEOPLE):
        for time in range(0, STROKE, PEOPLE):
            soon(out, first + lane * apart + AHEAD + time)
    for time in range(0, count, PEOPLE):
        eights = eight_times(w, states, rows + time, state)
        if lanes == PEOPLE and left - time >= PEOPLE:
            turned(eights, out, first + time, apart)
        else:
            one_by_one(w, desk, eights, out, first + time, apart, lanes, min(PEOPLE, left - time))


@inside
def filled(w, at, state):
    """How many states there are up to the last that holds something in anybody.

    A pump that is off comes last, and adds nothing.
    """
    states = at.states
    while states > 1 and nobody(load(w, state + states - 1)):
        states -= 1
    return states


@inside
def one_by_one(w, desk, eights, out, first, apart, lanes, count):
    """What does not fill a square of eight by eight, by way of the desk."""
    for place in range(PEOPLE):
        store(w, desk.free + place, eights[place])
    for lane in range(lanes):
        for place in range(count):
            out[first + lane * apart + place] = w[(desk.free + place) * PEOPLE + lane]


@inside
def leave(w, at, lists, desk, state, steps):
    """Go so many grid steps on, at most those of a stroke, in doublings."""
    for power in range(DOUBLINGS + 1):
        if steps >> power & 1:
            state = go(w, at, lists, desk, power, state)
    return state


@compiled
def by_person(first, last, at, lists, desk, rates, weights, into, amount, steps, segments, out):
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
        rows(w, at, lists, desk)
        for segment in range(segments.shape[0]):
            push_first, push_last, enter, time, count, away = segments[segment]
            push(w, state, into, amount, push_first, push_last, person)
            state = go(w, at, lists, desk, enter, state)
            for done in range(0, count, STROKE):
                here, left = min(STROKE, count - done), times - time - done
                for curve in range(at.curves):
                    place = (curve * people + person) * times + time + done
                    stroke(w, at, desk, state, curve, out, place, times, lanes, here, left)
                # To the next stroke; from the last one to its last time, or a step beyond it.
                onward = count - 1 if away else count
                state = leave(w, at, lists, desk, state, min(STROKE, onward - done))
            if away:
                state = go(w, at, lists, desk, away, state)
