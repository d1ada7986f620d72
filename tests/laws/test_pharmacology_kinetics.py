"""What must hold of linear kinetics whatever the drug, checked against other ways to solve it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from ketaflow.pharmacology import kinetics, library, population, simulation
from ketaflow.pharmacology.doses import Infusion, NasalDose, infusion
from ketaflow.pharmacology.exact import assembly, curves
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.simulation import Run

ADULT = Subject(weight_kg=70, age=40)
few = settings(max_examples=25, deadline=None)
rates_mg_min = st.floats(0.01, 5)
weights_kg = st.floats(30, 200)


@st.composite
def programmes(draw):
    """A pump that changes rate a few times, at any moment, pauses included, and ends."""
    gaps = draw(st.lists(st.floats(0.3, 60), min_size=1, max_size=5))
    times = np.cumsum([draw(st.floats(0, 30)), *gaps])
    rates = [draw(st.one_of(st.just(0.0), rates_mg_min)) for _ in gaps]
    return [Infusion(float(at), rate) for at, rate in zip(times, [*rates, 0.0], strict=True)]


def level(model, doses, *, subject=ADULT, copy="S", analyte="parent", route="iv", **run):
    solution = simulation.solve(
        library.model(model), route=route, doses=doses, subject=subject, run=Run(subjects=0, **run)
    )
    return solution.level(copy, analyte)[0]


def system(name, subject=ADULT):
    model = library.model(name)
    values = population.individuals(model, subject, subjects=0, seed=0)
    return kinetics.rate_matrix(model, values, extra=1), list(model.compartments)


@settings(max_examples=8, deadline=None)
@given(programmes(), st.sampled_from(["simons-2022", "otto-2021"]))
def test_a_tight_solver_of_differential_equations_agrees(doses, name):
    rates, names = system(name)
    rates[0, names.index("central"), -1] = 1.0
    grid = np.arange(181) / 60
    expected, state = np.zeros(181), np.zeros(len(names) + 1)
    edges = [0.0, *(dose.at_min / 60 for dose in doses if dose.at_min <= 180), 181 / 60]
    pump = [0.0, *(dose.rate_mg_min * 60 for dose in doses if dose.at_min <= 180)]
    for (start, stop), rate in zip(pairwise(edges), pump, strict=True):
        state[-1] = rate
        inside = (grid >= start) & (grid < stop)
        if stop > start:
            wanted = [*grid[inside], stop]
            told = {"rtol": 1e-11, "atol": 1e-12, "method": "DOP853", "t_eval": wanted}
            solved = solve_ivp(lambda _, z: rates[0] @ z, (start, stop), state, **told).y
            expected[inside] = solved[names.index("central"), :-1]
            state = solved[:, -1].copy()
    volume = population.individuals(library.model(name), ADULT, subjects=0, seed=0)["V1"][0]
    found = level(name, doses) * volume
    assert np.abs(found - expected).max() <= 1e-8 * max(expected.max(), 1e-3)


@few
@given(programmes(), st.sampled_from(["simons-2022", "otto-2021", "perez-ruixo-2021"]))
def test_all_that_goes_in_is_in_the_body_or_has_left_it(doses, name):
    model = library.model(name)
    people = population.individuals(model, ADULT, subjects=0, seed=0)
    whole = assembly.body(model, people, route="iv")
    gone, places = whole.size, [whole.states["S"][one] for one in model.compartments]
    leaving = {
        (gone, place): -sum(rate for (_, of), rate in whole.rates.items() if of == place)
        for place in places
    }
    shown = [[(place, 1.0)] for place in [*places, gone]]
    found = curves.by_time(
        whole.system(shown, leaving), whole.pushes(doses), kinetics.Grid(0.1, 101)
    )[:, :, 0]
    given_mg = sum(d.rate_mg_min * (n.at_min - d.at_min) for d, n in pairwise(doses))
    assert np.isclose(found[:, -1].sum(), given_mg, rtol=1e-9, atol=1e-12)
    assert (found >= 0).all()


@few
@given(programmes(), st.floats(0.1, 20))
def test_twice_the_dose_is_twice_the_level(doses, times):
    more = [Infusion(dose.at_min, times * dose.rate_mg_min) for dose in doses]
    once = level("racemic-iv", doses, analyte="norketamine")
    assert np.allclose(times * once, level("racemic-iv", more, analyte="norketamine"), rtol=1e-9)


@few
@given(st.floats(1, 60), st.floats(1, 60), rates_mg_min, rates_mg_min)
def test_two_infusions_together_are_the_sum_of_each(first, second, rate, other):
    turn, end = first, first + second
    both = [Infusion(0, rate), Infusion(turn, other), Infusion(end, 0)]
    apart = [[Infusion(0, rate), Infusion(turn, 0)], [Infusion(turn, other), Infusion(end, 0)]]
    parts = sum(level("racemic-iv", doses, copy="R") for doses in apart)
    assert np.allclose(level("racemic-iv", both, copy="R"), parts, rtol=1e-9, atol=1e-12)


@few
@given(st.integers(1, 60), programmes())
def test_a_later_start_moves_the_curve_and_nothing_else(later, doses):
    moved = [Infusion(dose.at_min + later, dose.rate_mg_min) for dose in doses]
    before, after = level("simons-2022", doses), level("simons-2022", moved)
    assert np.allclose(after[later:], before[:-later], rtol=1e-8, atol=1e-12)
    assert (after[:later] == 0).all()


@few
@given(rates_mg_min, weights_kg, st.sampled_from(["simons-2022", "otto-2021"]))
def test_a_long_infusion_ends_at_rate_over_clearance(rate, weight, name):
    subject = Subject(weight_kg=weight, age=40)
    model = library.model(name)
    clearance = population.individuals(model, subject, subjects=0, seed=0)["CL"][0]
    doses = infusion(rate * 60_000, 60_000)
    found = level(name, doses, subject=subject, hours=1000, grid_min=60)
    assert np.isclose(found[999], rate * 60 / clearance, rtol=1e-6)


@few
@given(weights_kg)
def test_a_heavier_person_is_the_same_curve_in_slower_time(weight):
    size = weight / 70
    heavy = Subject(weight_kg=weight, age=40)
    slow = infusion(35 * size, 40 * size**0.25)
    found = level("simons-2022", slow, subject=heavy, grid_min=size**0.25, hours=3 * size**0.25)
    assert np.allclose(found, level("simons-2022", infusion(35, 40)), rtol=1e-6, atol=1e-12)


@few
@given(programmes(), st.sampled_from([0.25, 0.7, 5, 30]))
def test_a_coarser_grid_shows_the_same_curve(doses, grid_min):
    fine, coarse = (level("racemic-iv", doses, grid_min=step) for step in (grid_min / 4, grid_min))
    shared = min(len(fine[::4]), len(coarse))
    assert np.allclose(fine[::4][:shared], coarse[:shared], rtol=1e-9, atol=1e-12)


@few
@given(st.floats(0, 60))
def test_a_spray_later_adds_its_own_curve(later):
    both = level("perez-ruixo-2021", [NasalDose(0, 28), NasalDose(later, 28)], route="nasal")
    one = level("perez-ruixo-2021", [NasalDose(0, 28)], route="nasal")
    assert (both >= one - 1e-12).all()
    assert both.max() < 2 * one.max()


@pytest.mark.parametrize("name", list(library.models()))
def test_nothing_flows_out_of_nowhere(name):
    rates, names = system(name)
    leaving = rates[0, : len(names), : len(names)].sum(axis=0)
    assert (leaving <= 1e-12).all()
