"""One chunk of one arm's people, from their bodies to counts: the unit that any worker can do."""

from dataclasses import replace

import numpy as np

from ketaflow.insights.trial import summaries
from ketaflow.insights.trial.exposure import Met, meet
from ketaflow.insights.trial.plan.design import ESKETAMINE, Arm, Trial
from ketaflow.insights.trial.summaries import Counts, Tally
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.response import judging
from ketaflow.pharmacology.response.course import Course, scores
from ketaflow.pharmacology.response.model import ResponseModel, response_model
from ketaflow.pharmacology.response.people import Draw, people

# Fixed for ever: which people a chunk holds depends on it.
CHUNK = 4096


def chunks(subjects: int, seed: int) -> tuple[Draw, ...]:
    """The chunks that hold `subjects` people; the first people are the same for any number.

    >>> [draw.count for draw in chunks(5000, seed=1)]
    [4096, 904]
    """
    starts = range(0, subjects, CHUNK)
    return tuple(
        Draw(seed, chunk, min(CHUNK, subjects - start)) for chunk, start in enumerate(starts)
    )


def fitted(trial: Trial) -> ResponseModel:
    """The response model with what this trial asks differently."""
    model = response_model()
    judged = replace(model.judged, remission=trial.asked.remission, relapse=trial.asked.relapse)
    doses, score = model.dose_map, model.score
    if trial.r_weight is not None:
        doses = replace(doses, r_weight=trial.r_weight)
    if trial.population.madrs:
        severity = trial.population.madrs
        score = replace(score, mean=severity.mean, sd=severity.sd)
    return replace(model, judged=judged, dose_map=doses, score=score)


def course(trial: Trial, arm: Arm, model: ResponseModel) -> Course:
    """What the response model must know of `arm`; every day of the trial is read.

    An arm without the drug goes to its visits too, so its setting lasts as long as a course would.
    """
    held_d = trial.setting.held_until_d
    if not arm.sessions_d:
        held_d = max(held_d, arm.judged_d + model.fades_after_d)
    nasal = arm.given.drug == ESKETAMINE and arm.given.route == "nasal"
    return Course(
        sessions_d=arm.sessions_d,
        read_d=tuple(float(day) for day in range(trial.asked.days + 1)),
        setting=trial.setting.kind,
        antidepressant=trial.population.antidepressant,
        held_until_d=held_d,
        drug_share=model.esketamine_nasal if nasal else 1.0,
    )


def visits(trial: Trial, arm: Arm) -> tuple[float, ...]:
    """Days of the visits after the day the course is judged."""
    return judging.visit_days(arm.judged_d, trial.asked.days, trial.asked.visits_apart_d)


def simulate(trial: Trial, arm: Arm, draw: Draw) -> Tally:
    """What one chunk of people adds to `arm`; the same wherever and whenever it is done.

    Every arm has the same virtual people, so that arms differ by what they are given.
    """
    model = fitted(trial)
    group = people(model, draw, score=model.score)
    met = meet(arm, trial.population, draw, model.dose_map)
    found = scores(model, course(trial, arm, model), group, draw, strength=met.strength)
    better = judging.responded(found, group.baseline, model.judged)
    well = judging.remitted(found, model.judged)
    judged = int(arm.judged_d)
    total, square = summaries.grains(found)
    return Tally(
        people=draw.count,
        score=summaries.points().count(found),
        total=total,
        square=square,
        response=better.sum(axis=0),
        remission=well.sum(axis=0),
        judged=np.array([better[:, judged].sum(), well[:, judged].sum()]),
        relapse=relapses(trial, arm, found[better[:, judged]], model),
        exposure=exposures(met),
    )


def relapses(trial: Trial, arm: Arm, responders: FloatArray, model: ResponseModel) -> Counts:
    """Responders by the visit that confirmed a relapse; the last count is of those without."""
    places = [int(day) for day in visits(trial, arm)]
    confirmed = judging.relapse_places(responders[:, places], model.judged)
    return np.bincount(confirmed, minlength=len(places) + 1)


def exposures(met: Met) -> dict[str, Counts]:
    """Histograms of peaks and areas, by measure and curve."""
    bins = summaries.levels()
    measures = {
        **{f"cmax {name}": values for name, values in met.cmax.items()},
        **{f"auc {name}": values for name, values in met.auc.items()},
    }
    return {name: bins.count(values[:, None])[0] for name, values in measures.items()}
