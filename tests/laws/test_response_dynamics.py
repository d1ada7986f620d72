"""The two states of response: against a tight solver, at their limits, and what must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from ketaflow.pharmacology.response import dynamics
from ketaflow.pharmacology.response.dynamics import TooStiff, states, timeline

ONE = np.ones(1)
rates = st.floats(0.01, 1.0)
days = st.lists(st.integers(0, 30), max_size=8, unique=True).map(sorted)


def exact(sessions, read, **numbers):
    return states(timeline(sessions, read, 0.0), **numbers)[0]


def solved(sessions, until, *, on, off, koff, strength):
    """The same by a solver at the tightest tolerance, session by session."""
    state, at = np.zeros(2), 0.0

    def slope(_, y):
        return [-off * y[0], on * y[0] * (1 - y[1]) - koff * y[1]]

    for moment in [*(day for day in sessions if day < until), until]:
        if moment > at:
            found = solve_ivp(slope, (at, moment), state, method="DOP853", rtol=1e-13, atol=1e-15)
            state = found.y[:, -1].copy()
        if moment < until:
            state[0] += strength * (1 - state[0])
        at = moment
    return state


@settings(max_examples=25)
@given(sessions=days, on=rates, off=st.floats(0.2, 1.0), koff=st.floats(1e-4, 3.0), strength=rates)
def test_the_states_are_those_of_a_tight_solver(sessions, on, off, koff, strength):
    numbers = {"on_per_d": on, "off_per_d": off, "koff": koff * ONE, "strength": strength * ONE}
    found = exact(sessions, [40.5], **numbers)[0]
    wanted = solved(sessions, 40.5, on=on, off=off, koff=koff, strength=strength)
    assert found == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("multiple", [0, 1, 2, 3])
@pytest.mark.parametrize("nudge", [0.0, 1e-12, 1e-7, 1e-4])
def test_nothing_is_lost_where_two_rates_coincide(multiple, nudge):
    koff = 0.3 * multiple + nudge or 1e-9
    found = exact([0], [5.0], on_per_d=0.3, off_per_d=0.3, koff=koff * ONE, strength=ONE)[0]
    wanted = solved([0], 5.0, on=0.3, off=0.3, koff=koff, strength=1.0)
    assert found == pytest.approx(wanted, abs=1e-11)


@settings(max_examples=20)
@given(c=st.floats(0.0, 5.0), koff=st.floats(0.0, 3.0), h=st.floats(1e-3, 20.0))
def test_compiled_or_not_a_step_is_the_same(c, koff, h):
    compiled = dynamics.one_step(0.7, c, 0.3, koff, h)
    assert dynamics.one_step.py_func(0.7, c, 0.3, koff, h) == pytest.approx(compiled, abs=1e-12)


def test_compiled_or_not_people_are_followed_the_same():
    line = timeline([0, 2], [0.0, 2.0, 9.0], 0.04)
    filled = np.zeros((2, 2, 3, 2))
    people = (np.array([0.01, 0.2]), np.array([1.0, 0.6]))
    for follow, out in zip((dynamics.follow, dynamics.follow.py_func), filled, strict=True):
        follow((0.26, 0.3), people, line.gaps_d, line.acts, line.read, out)
    assert filled[0] == pytest.approx(filled[1], abs=1e-13)


def test_years_without_a_session_do_not_overflow():
    found = exact([0], [3000.0], on_per_d=0.26, off_per_d=0.3, koff=500 * ONE, strength=ONE)[0]
    assert found == pytest.approx([0, 0], abs=1e-12)


@settings(max_examples=30)
@given(sessions=days, on=rates, koff=st.floats(1e-5, 20.0), strength=st.floats(0.0, 1.0))
def test_both_states_stay_between_nothing_and_all(sessions, on, koff, strength):
    found = exact(
        sessions,
        [float(day) for day in range(60)],
        on_per_d=on,
        off_per_d=0.3,
        koff=koff * ONE,
        strength=strength * ONE,
    )
    assert np.all(found >= -1e-12)
    assert np.all(found <= 1 + 1e-12)


def test_a_day_may_be_split_in_two_without_a_trace():
    numbers = {"on_per_d": 0.26, "off_per_d": 0.3, "koff": 0.05 * ONE, "strength": ONE}
    once = exact([0, 3], [9.0], **numbers)[-1]
    split = exact([0, 3], [0.5, 4.25, 9.0], **numbers)[-1]
    assert split == pytest.approx(once, abs=1e-14)


def test_a_stronger_session_never_makes_less():
    strength = np.linspace(0, 1, 11)
    found = states(
        timeline([0, 2, 4], [5.0], 0.0),
        on_per_d=0.26,
        off_per_d=0.3,
        koff=np.full(11, 0.05),
        strength=strength,
    )
    assert np.all(np.diff(found[:, 0], axis=0) > 0)


def test_a_reading_on_the_day_of_a_session_comes_before_it():
    numbers = {"on_per_d": 0.26, "off_per_d": 0.3, "koff": ONE, "strength": ONE}
    assert exact([2], [2.0], **numbers)[0].tolist() == [0, 0]


def test_what_the_solution_is_not_exact_for_is_refused():
    line = timeline([0], [1.0], 0.0)
    with pytest.raises(TooStiff, match="ratio of 5"):
        states(line, on_per_d=1.0, off_per_d=0.1, koff=ONE, strength=ONE)
    assert dynamics.MOST_C == 5.0
