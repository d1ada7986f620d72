"""The same trial gives the same answer, whoever reckons it; arms do what their drug does."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ketaflow.insights.trial import exposure, running
from ketaflow.insights.trial.document import document
from ketaflow.insights.trial.exposure import Bodies, bodies, moved, parameters, strength
from ketaflow.insights.trial.plan import reading
from ketaflow.insights.trial.plan.design import Population, Spread
from ketaflow.insights.trial.report import report
from ketaflow.insights.trial.running import NoSuchCrew, NotFinished
from ketaflow.insights.trial.simulating import CHUNK, chunks, course, simulate
from ketaflow.pharmacology import library, population
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.response.model import response_model
from ketaflow.pharmacology.response.people import Draw
from tests.laws.test_trial_summaries import same

DOSES = response_model().dose_map


def trial(name, **asked):
    return reading.read(reading.text_of(name), **asked)


def run(one, **asked):
    return report(one, running.run(one, **asked))


@pytest.fixture(scope="module")
def large():
    """A trial of three chunks, the last one not full."""
    return trial("six-or-one", subjects=2 * CHUNK + 100)


@pytest.fixture(scope="module")
def counted(large):
    return running.run(large, workers=1)


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_gives_the_same_counts(large, counted, workers):
    for one, other in zip(counted, running.run(large, workers=workers), strict=True):
        same(one, other)


def test_chunks_may_be_done_alone_and_in_any_order(large, counted):
    arm = large.arms[0]
    last, *others = [simulate(large, arm, draw) for draw in reversed(chunks(large.subjects, 1))]
    same(sum(others, start=last), counted[0])


def test_another_seed_gives_other_people(large, counted):
    other = running.run(replace(large, seed=2), workers=2)
    assert not np.array_equal(other[0].score, counted[0].score)


def test_progress_counts_everybody_once(large):
    seen = []
    running.run(large, done=seen.append)
    assert sum(seen) == large.subjects * len(large.arms)


@pytest.mark.parametrize("workers", [0, -1, 1000])
def test_a_crew_nobody_has_is_refused(large, workers):
    with pytest.raises(NoSuchCrew, match="1 to 256 workers"):
        running.run(large, workers=workers)


def test_an_address_where_nobody_answers_is_a_sentence(large, monkeypatch):
    monkeypatch.setattr(running, "CONNECT_S", 0.5)
    with pytest.raises(NotFinished, match="scheduler answers at tcp://127"):
        running.run(large, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(NotFinished, match="scheduler answers at nonsense"):
        running.run(large, scheduler="nonsense://x")


@pytest.mark.parametrize("name", sorted(reading.examples()))
def test_every_example_runs_and_is_a_document(name):
    found = run(trial(name, subjects=150))
    made = json.loads(json.dumps(document(found), allow_nan=False))
    assert made["caveats"][0] == response_model().individual
    assert [one["name"] for one in made["arms"]] == [one.name for one in found.trial.arms]
    for arm in made["arms"]:
        assert len(arm["response"]["value"]) == len(made["days"])
        assert bool(arm["exposure"]) == bool(arm["acute"]) == bool(arm["adverse"])
        assert bool(arm["exposure"]) == bool(arm["sessions_day"])


def test_what_was_found_is_ordered_as_it_must_be():
    found = run(trial("doses", subjects=400))
    means = [one.at_judged(one.mean).value for one in found.arms]
    assert means == sorted(means[:4], reverse=True) + means[4:]
    assert means[4] > means[0]
    for one in found.arms:
        curves = np.array([one.quantiles[at] for at in sorted(one.quantiles)])
        assert np.all(np.diff(curves, axis=0) >= 0)
        free = [each.value for each in one.relapse.free]
        assert free == sorted(free, reverse=True)


def test_twice_the_dose_is_twice_the_exposure():
    found = run(trial("doses", subjects=300))
    half, whole = (
        {(one.name, one.measure): one.median.value for one in arm.exposure}
        for arm in found.arms[2:4]
    )
    for key, value in half.items():
        assert whole[key] == pytest.approx(2 * value, rel=0.02)


def test_six_infusions_are_six_times_the_area_of_one():
    six, one = run(trial("six-or-one", subjects=300)).arms
    pairs = zip(six.exposure, one.exposure, strict=True)
    for many, single in pairs:
        if many.measure == "auc":
            assert many.median.value == pytest.approx(6 * single.median.value, rel=0.02)


def test_the_area_of_the_parent_is_its_dose_over_its_clearance():
    who, draw = Population(Spread(80, 15), Spread(45)), Draw(3, 0, 40)
    arm = trial("six-or-one").arms[1]
    met = exposure.meet(arm, who, draw, DOSES)
    model = library.default(drug="ketamine", route="iv")
    body = bodies(who, draw)
    clearance = parameters(model, body, draw)["CL"]
    wanted = 1000 * 0.5 * 0.5 * body.weight_kg / clearance
    assert met.auc["S-ketamine"] == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("name", sorted(library.models()))
@pytest.mark.parametrize(("weight", "age"), [(70.0, 40.0), (110.0, 75.0)])
def test_a_body_moves_the_parameters_as_the_model_itself_does(name, weight, age):
    model = library.model(name)
    wanted = population.individuals(model, Subject(weight, age), subjects=0, seed=0)
    typical = population.individuals(model, exposure.REFERENCE, subjects=0, seed=0)
    body = Bodies(np.array([weight]), np.array([age]))
    for key, value in typical.items():
        assert value * moved(model, key, body) == pytest.approx(wanted[key]), key


def test_the_reference_dose_has_full_strength_and_more_adds_nothing():
    assert strength(np.array([0.0, 1.0, 4.0]), DOSES).tolist() == [0.0, 1.0, 1.0]
    assert exposure.reference(DOSES) == pytest.approx(1000 * 17.5 / 88.8 * (1 + 1 / 0.88), rel=1e-6)


def test_without_weight_for_r_only_s_drives():
    s = replace(DOSES, r_weight=0.0)
    auc = {"S-ketamine": np.ones(1), "R-ketamine": np.ones(1)}
    assert exposure.driving(auc, s).tolist() == [1.0]
    assert exposure.driving(auc, DOSES).tolist() == [2.0]
    assert exposure.driving({"S-ketamine": np.ones(1)}, DOSES).tolist() == [1.0]
    assert exposure.driving({"esketamine": np.ones(1)}, DOSES).tolist() == [1.0]


def test_the_spray_has_the_smaller_effect_and_an_infusion_of_esketamine_has_not():
    nose = trial("vein-or-nose")
    model = response_model()
    shares = [course(nose, arm, model).drug_share for arm in nose.arms]
    assert shares == [1.0, model.esketamine_nasal, model.esketamine_nasal]


def test_what_the_trial_asks_differently_is_asked():
    plain = trial("maintenance", subjects=300)
    easier = replace(plain, asked=replace(plain.asked, remission=15, relapse=30), r_weight=0.5)
    easier = replace(easier, population=replace(plain.population, madrs=Spread(28, 3)))
    before, after = run(plain).arms[1], run(easier).arms[1]
    assert after.at_judged(after.remission).value > before.at_judged(before.remission).value
    assert after.mean[0].value < before.mean[0].value
    assert after.relapse.free[-1].value > before.relapse.free[-1].value


def test_an_extrapolated_trial_says_so_first():
    plain = replace(trial("six-or-one", subjects=50), extrapolate=True)
    assert not run(plain).extrapolated
    young = replace(plain, population=replace(plain.population, age=Spread(16)))
    assert run(young).caveats[0].startswith("Extrapolated: Arm “six infusions”: Model racemic-iv")
