"""Peak, area and levels over a course of sessions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from ketaflow.pharmacology import library, population, simulation
from ketaflow.pharmacology.doses import IllFormedProgramme, Infusion, NasalDose, infusion
from ketaflow.pharmacology.exact import assembly, compiled, curves
from ketaflow.pharmacology.exact.exposure import Given, Watch, exposure
from ketaflow.pharmacology.kinetics import Grid
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.simulation import Run

ADULT = Subject(weight_kg=70, age=40)
INFUSED = tuple(infusion(35, 40))
SPRAYED = (NasalDose(0, 28), NasalDose(5, 28))
few = settings(max_examples=12, deadline=None)
starts_h = st.lists(st.floats(20, 200), min_size=0, max_size=3).map(
    lambda gaps: [0.0, *np.cumsum(gaps).tolist()]
)


def people(model, count=9, seed=3):
    return population.individuals(library.model(model), ADULT, subjects=count, seed=seed)


def seen(model="racemic-iv", *, route="iv", course=None, until_h=24.0, at_h=(), of=None, names=()):
    return exposure(
        library.model(model),
        route=route,
        course=[Given(0.0, INFUSED)] if course is None else course,
        people=people(model) if of is None else of,
        watch=Watch(until_h, at_h, names),
    )


def curve_at(model, route, doses, name, person):
    """One person's curve at any one time, by a grid that has no other."""
    whole = assembly.body(library.model(model), people(model), route=route)
    (shown,) = (one for one in library.model(model).series if one.name == name)
    system = whole.system([[whole.level(*pair) for pair in shown.sums]])
    pushes = whole.pushes(doses)
    return lambda at_h: curves.by_time(system, pushes, Grid(at_h, 2))[0, 1, person]


def upside_down(at_h, curve):
    return -curve(at_h)


PEAKS = [
    ("racemic-iv", "iv", INFUSED, "ketamine, S + R"),
    ("racemic-iv", "iv", INFUSED, "R-norketamine"),
    ("perez-ruixo-2021", "nasal", SPRAYED, "esketamine"),
    ("perez-ruixo-2021", "nasal", SPRAYED, "noresketamine"),
]


@pytest.mark.parametrize(("model", "route", "doses", "name"), PEAKS, ids=lambda one: str(one)[:24])
def test_the_peak_is_the_highest_point_of_the_curve(model, route, doses, name):
    found = seen(model, route=route, course=[Given(0.0, doses)])[name].cmax[:, 0]
    for person in (0, 4, 8):
        curve = curve_at(model, route, doses, name, person)
        rough = max(np.arange(1, 240) / 10, key=curve)
        bounds = (max(rough - 0.11, 1e-3), rough + 0.11)
        told = {"bounds": bounds, "method": "bounded", "options": {"xatol": 1e-9}}
        best = -minimize_scalar(upside_down, args=(curve,), **told).fun
        assert np.isclose(found[person], max(best, curve(2 / 3)), rtol=1e-8)


@few
@given(starts_h)
def test_all_that_is_given_is_dose_over_clearance_in_the_end(starts):
    course = [Given(at_h, INFUSED) for at_h in starts]
    found = seen(course=course, until_h=starts[-1] + 2000)
    for name, copy in library.model("racemic-iv").copies.items():
        clearance = people("racemic-iv")["CL"] * copy.factors.get("CL", 1.0)
        given_mg = 35.0 * copy.share * len(starts)
        area = found[f"{name}-ketamine"].auc.sum(axis=1)
        assert np.allclose(area, given_mg / clearance, rtol=1e-9)


@few
@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=6))
def test_levels_are_those_of_the_forecast(times):
    at_h = tuple(sorted({round(60 * one) / 60 for one in times}))
    found = seen(at_h=at_h, of=people("racemic-iv", 5, seed=0))
    run = Run(subjects=5, seed=0, hours=3.1)
    told = {"route": "iv", "doses": INFUSED, "subject": ADULT, "run": run}
    solution = simulation.solve(library.model("racemic-iv"), **told)
    for name in ("S", "R"):
        minutes = np.round(60 * np.array(at_h)).astype(int)
        expected = solution.level(name, "norketamine")[:, minutes]
        assert np.allclose(found[f"{name}-norketamine"].levels, expected, rtol=1e-9, atol=1e-15)


@few
@given(st.floats(0.1, 10))
def test_twice_the_dose_is_twice_the_exposure(times):
    more = [Infusion(dose.at_min, times * dose.rate_mg_min) for dose in INFUSED]
    one, other = seen(), seen(course=[Given(0.0, tuple(more))])
    for name, exposed in one.items():
        assert np.allclose(times * exposed.cmax, other[name].cmax, rtol=1e-10)
        assert np.allclose(times * exposed.auc, other[name].auc, rtol=1e-10)


@few
@given(st.integers(1, 500))
def test_a_course_that_starts_later_is_the_same_course(minutes):
    later_h = minutes / 60
    one, other = seen(), seen(course=[Given(later_h, INFUSED)], until_h=24.0 + later_h)
    for name, exposed in one.items():
        assert np.allclose(exposed.cmax, other[name].cmax, rtol=1e-9)
        assert np.allclose(exposed.auc, other[name].auc, rtol=1e-9)


@few
@given(st.floats(0.013, 50.0))
def test_where_a_window_is_cut_does_not_change_the_area(gap_h):
    whole = seen(until_h=60.0)
    cut = [Given(0.0, INFUSED), Given(5.0 + gap_h, (Infusion(0, 0.0),))]
    for name, exposed in seen(course=cut, until_h=60.0).items():
        assert np.allclose(exposed.auc.sum(axis=1), whole[name].auc[:, 0], rtol=1e-10)
        assert np.allclose(exposed.cmax.max(axis=1), whole[name].cmax[:, 0], rtol=1e-8)


def test_a_session_on_top_of_what_is_left_of_the_last_has_the_higher_peak():
    course = [Given(0.0, INFUSED), Given(3.0, INFUSED)]
    exposed = seen(course=course)["ketamine, S + R"]
    assert (exposed.cmax[:, 1] > exposed.cmax[:, 0]).all()


@pytest.mark.parametrize("count", [1, 3])
def test_slices_and_threads_do_not_change_a_bit(count, monkeypatch):
    everybody = people("racemic-iv", 700)
    course, at_h = [Given(0.0, INFUSED), Given(48.0, INFUSED)], (1.0, 50.0)
    monkeypatch.setattr(compiled, "threads", lambda: count)
    whole = seen(course=course, until_h=96.0, at_h=at_h, of=everybody)
    for some in (slice(0, 100), slice(3, 4), slice(699, 700)):
        part = {name: values[some] for name, values in everybody.items()}
        for name, exposed in seen(course=course, until_h=96.0, at_h=at_h, of=part).items():
            for kind in ("cmax", "auc", "levels"):
                assert np.array_equal(getattr(whole[name], kind)[some], getattr(exposed, kind))


def test_a_watch_may_end_while_the_pump_runs():
    exposed = seen(until_h=0.5, at_h=(0.5,))["S-ketamine"]
    assert np.allclose(exposed.cmax[:, 0], exposed.levels[:, 0], rtol=1e-12)
    assert (exposed.auc[:, 0] < seen(until_h=0.6)["S-ketamine"].auc[:, 0]).all()


def test_only_the_curves_asked_for_are_reckoned():
    names = ("S-ketamine", "S-norketamine")
    few_curves, all_curves = seen(names=names), seen()
    assert tuple(few_curves) == names
    for name in names:
        assert np.allclose(few_curves[name].auc, all_curves[name].auc, rtol=1e-12)


LATE = Given(48.0, INFUSED)
BAD = {
    "There is no session": {"course": []},
    "There is no dose": {"course": [Given(0.0, ())]},
    "never ends": {"course": [Given(0.0, (Infusion(0, 1.0),))]},
    "must be 0 or later": {"course": [Given(-1.0, INFUSED)]},
    "starts at nan h": {"course": [Given(float("nan"), INFUSED)]},
    "before the one it follows has ended at 48.6667 h": {"course": [LATE, Given(2.0, INFUSED)]},
    "Session 2 starts at 0.5 h": {"course": [Given(0.0, INFUSED), Given(0.5, INFUSED)]},
    "nothing is seen until 24 h. Look further": {"course": [LATE]},
    "nothing is seen until inf h": {"until_h": float("inf")},
    "at hours in order, each once, from 0 to 24 h": {"at_h": (3.0, 2.0)},
    "in order, each once": {"at_h": (3.0, 3.0)},
    "from 0 to 24 h": {"at_h": (3.0, 25.0)},
    "each once": {"at_h": (float("nan"),)},
    "There is no curve ketamin": {"names": ("ketamin",)},
}


@pytest.mark.parametrize(("said", "asked"), BAD.items(), ids=BAD)
def test_a_course_that_cannot_be_meant_is_refused_in_a_sentence(said, asked):
    with pytest.raises(IllFormedProgramme, match=said) as refusal:
        seen(**asked)
    assert str(refusal.value).endswith(".")
