"""The weights are right: against dense algebra, and over many patients whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ketaflow.pharmacology.forecast import NasalDose, Subject, choose_all, infusion
from ketaflow.pharmacology.learning import errors as assumptions
from ketaflow.pharmacology.learning import expectation, quantiles, sessions
from ketaflow.pharmacology.learning.errors import Guard, errors
from ketaflow.pharmacology.learning.readings import Earlier, Reading
from ketaflow.pharmacology.learning.weighing import (
    Compared,
    Evidence,
    effective,
    integrated,
    largest_misfit,
)
from ketaflow.pharmacology.quantities import Unsourced
from ketaflow.pharmacology.simulation import Run

ADULT = Subject(weight_kg=80, age=45)
TIMES = (10, 20, 30, 40, 60, 90)
few = settings(max_examples=30, deadline=None)
values = st.lists(st.floats(-60, 60), min_size=1, max_size=6)


@few
@given(values, st.data(), st.sampled_from(["systolic", "dissociation"]))
def test_the_likelihood_is_that_of_the_whole_covariance(read, data, kind):
    """Two sessions, written out as one normal distribution with every correlation."""
    error = errors()[kind]
    noise, evidence = error.noise_of(""), Evidence(2)
    blocks, reads, shown = [], [], []
    for _ in range(2):
        likely = st.lists(st.floats(0, 40), min_size=len(read), max_size=len(read))
        expected = np.array([data.draw(likely) for _ in range(2)])
        evidence.add(Compared(error, noise, np.array(read) - expected, expected))
        blocks.append(len(read))
        reads.append(np.array(read))
        shown.append(expected)
    session_of = np.repeat([0, 1], blocks)
    same = (session_of[:, None] == session_of[None, :]).astype(float)
    density = []
    for person in range(2):
        f = np.concatenate([one[person] for one in shown])
        both = np.outer(f, f)
        covariance = (
            noise**2 * np.eye(len(f))
            + error.baseline**2 * same
            + error.between_sessions**2 * same * both
            + error.between_people**2 * both
        )
        density.append(stats.multivariate_normal(f, covariance).logpdf(np.concatenate(reads)))
    weights = evidence.weights
    odds = stats.logistic.cdf(density[0] - density[1])
    assert weights[0] == pytest.approx(odds, rel=1e-6, abs=1e-9)


def test_without_readings_everybody_counts_the_same():
    assert np.allclose(Evidence(4).weights, 0.25)
    assert effective(Evidence(4).weights) == pytest.approx(4)


@pytest.mark.parametrize("readings", [1, 5, 40, 400])
def test_the_largest_misfit_is_the_thousandth_of_its_chi_square(readings):
    assert largest_misfit(readings, 3.09) == pytest.approx(
        stats.chi2.ppf(0.999, readings), rel=0.04
    )


@few
@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 5)), min_size=2, max_size=20))
def test_a_weighted_quantile_lies_among_those_who_count_and_rises(people):
    weights = np.array([float(weight) for _, weight in people])
    if not weights.sum():
        weights[:] = 1.0
    column = np.array([[value] for value, _ in people])
    found = quantiles.weighted(column, weights, [0.0, 0.05, 0.5, 0.95, 1.0])[:, 0]
    counted = column[weights > 0, 0]
    assert found[0] == pytest.approx(counted.min())
    assert found[-1] == pytest.approx(counted.max())
    assert (np.diff(found) >= -1e-12).all()
    assert np.allclose(
        found, quantiles.weighted(column, 7 * weights, [0, 0.05, 0.5, 0.95, 1])[:, 0]
    )


def test_who_counts_twice_is_there_twice():
    dice = np.random.default_rng(1)
    column, often = dice.random((400, 3)), dice.integers(1, 5, 400)
    doubled = np.repeat(column, often, axis=0)
    for at in (0.05, 0.5, 0.95):
        one = quantiles.weighted(column, often.astype(float), [at])
        assert np.allclose(one, np.quantile(doubled, at, axis=0), atol=0.01)


def population(seed, subjects, *, drug="ketamine", route="iv"):
    models = choose_all(drug=drug, route=route, model=None)
    return expectation.Population(models, route, ADULT, Run(subjects=subjects, seed=seed))


def shown(keys, doses, who):
    """What everybody of `who` shows at TIMES, for each kind of reading."""
    read = [Reading(kind, minute, 100.0, curve) for kind, curve in keys for minute in TIMES]
    return expectation.curves(who.models[0], keys, Earlier(doses, tuple(read)), who)


class Patient:
    """Somebody whose readings are made with every error that the weights assume."""

    def __init__(self, true, dice):
        self.true, self.dice = true, dice
        self.person = {kind: dice.standard_normal() for kind, _ in true}

    def read(self, key):
        """What one session shows, and how the true response sways in it."""
        error, dice = errors()[key[0]], self.dice
        noise = error.noise_of(key[1]) * dice.standard_normal(len(TIMES))
        sway = error.between_sessions * dice.standard_normal()
        if not error.effect:
            return np.log(self.true[key]) + sway + noise
        stretch = 1 + sway + error.between_people * self.person[key[0]]
        return self.true[key] * stretch + error.baseline * dice.standard_normal() + noise


def weighed(patient, expected, count):
    """The weights after `count` sessions of `patient`."""
    evidence = Evidence(len(next(iter(expected.values()))))
    for _ in range(count):
        for key, people in expected.items():
            error = errors()[key[0]]
            shape = people if error.effect else np.log(people)
            stretch = people if error.effect else np.ones_like(people)
            noise = error.noise_of(key[1])
            evidence.add(Compared(error, noise, patient.read(key) - shape, stretch))
    return evidence.weights


def ranks(keys, doses, *, patients, count, people=2000, **model):
    """Where the truth lies among the weighted people: uniform when the weights are right.

    The virtual people are themselves a sample, so there must be many more of them than patients.
    """
    dice = np.random.default_rng(20)
    expected = shown(keys, doses, population(0, people, **model))
    others = shown(keys, doses, population(77, patients, **model))
    found = {key: [] for key in keys}
    for number in range(patients):
        patient = Patient({key: others[key][number] for key in keys}, dice)
        weights = weighed(patient, expected, count)
        for key in keys:
            below = expected[key][:, 3] < others[key][number, 3]
            found[key].append(weights[below].sum())
    return found


def insist_uniform(found):
    for key, places in found.items():
        assert stats.kstest(places, "uniform").pvalue > 0.01, key
        counts = np.histogram(places, bins=10, range=(0, 1))[0]
        assert stats.chisquare(counts).pvalue > 0.01, key


@pytest.mark.parametrize("count", [1, 4])
def test_the_truth_lies_anywhere_among_the_weighted_people_as_often(count):
    """Simulation-based calibration: too sure or too timid, and the ranks pile up."""
    insist_uniform(ranks([("systolic", "")], infusion(40, 40), patients=300, count=count))


def test_weights_that_forget_the_errors_of_a_session_fail_the_same_test(monkeypatch):
    """So that the test above can fail: readings taken for independent witnesses are too sure."""
    monkeypatch.setattr(
        "ketaflow.pharmacology.learning.weighing.integrated",
        lambda one: integrated(Compared(Sure, one.noise, one.deviation, one.stretch)),
    )
    found = ranks([("systolic", "")], infusion(40, 40), patients=300, count=4)
    assert stats.kstest(found["systolic", ""], "uniform").pvalue < 1e-6


class Sure:
    baseline = 0.0
    between_sessions = 0.0


@pytest.mark.deep
@pytest.mark.parametrize("count", [1, 3])
def test_all_kinds_of_readings_together_are_calibrated_over_many_patients(count):
    keys = [("systolic", ""), ("dissociation", ""), ("level", "esketamine")]
    doses = (NasalDose(0, 28), NasalDose(5, 28))
    spray = {"drug": "esketamine", "route": "nasal"}
    insist_uniform(ranks(keys, doses, patients=1000, people=10_000, count=count, **spray))


def test_the_next_session_lies_within_its_band_as_often_as_the_band_says():
    key, dice = ("systolic", ""), np.random.default_rng(5)
    expected = shown([key], infusion(40, 40), population(0, 2000))
    others = shown([key], infusion(40, 40), population(78, 400))
    alike = sessions.another(expected[key], "systolic", seed=0)
    inside, sway = 0, errors()["systolic"].between_sessions
    for number in range(400):
        patient = Patient({key: others[key][number]}, dice)
        weights = weighed(patient, expected, 4)
        low, high = quantiles.weighted(alike[:, 3:4], weights, [0.05, 0.95])[:, 0]
        coming = others[key][number, 3] * (1 + sway * dice.standard_normal())
        inside += low <= coming <= high
    assert 0.86 < inside / 400 < 0.94


def test_a_kind_that_nothing_is_learned_from_is_left_as_it_is():
    people = np.ones((3, 2))
    assert sessions.another(people, "analgesia", seed=0) is people
    assert (sessions.another(people, "level", seed=0) > 0).all()


def test_an_assumption_without_its_source_does_not_load():
    row = {"value": 8, "unit": "mmHg"}
    with pytest.raises(Unsourced):
        assumptions.error("systolic", {"noise": row})
    assert assumptions.guard() == Guard(effective=100.0, surprise=3.09)
