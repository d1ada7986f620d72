"""How much of the drug each virtual person of an arm meets: peaks and areas, exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ketaflow.insights.trial.plan.design import Arm, Population, Spread, programme
from ketaflow.pharmacology import library, population
from ketaflow.pharmacology.doses import infusion
from ketaflow.pharmacology.exact.compiled import unshared
from ketaflow.pharmacology.exact.exposure import Exposure, Given, Watch, exposure
from ketaflow.pharmacology.population import FloatArray, Subject
from ketaflow.pharmacology.response.model import DoseMap
from ketaflow.pharmacology.response.people import Draw, normal
from ketaflow.pharmacology.structure import KineticModel

H_PER_D = 24.0
NG_ML_PER_MG_L = 1000.0
# How long after the last session drug is still counted: many half-lives of any model here.
AFTER_H = 96.0
CUT_SD = 2.0
# An area does not depend on how long the pump runs; the reference is given over the usual time.
REFERENCE = Subject(weight_kg=70.0, age=40.0)
REFERENCE_DRUG, REFERENCE_ROUTE, REFERENCE_MIN = "ketamine", "iv", 40.0
S, R = "S-ketamine", "R-ketamine"
ESKETAMINE = "esketamine"


@dataclass(frozen=True)
class Met:
    """Exposure of each person over the course, shape `(n,)`: ng/mL and ng/mL x h by curve.

    `strength` is what one session adds to the fast component of response, 0 to 1.
    """

    cmax: Mapping[str, FloatArray]
    auc: Mapping[str, FloatArray]
    strength: FloatArray


@dataclass(frozen=True)
class Bodies:
    """Weight in kg and age in years of each person, shape `(n,)`."""

    weight_kg: FloatArray
    age: FloatArray


def bodies(who: Population, draw: Draw) -> Bodies:
    """The people's weights and ages."""
    drawn = np.clip(normal(draw, "trial bodies", 2), -CUT_SD, CUT_SD)
    return Bodies(spread(who.weight_kg, drawn[:, 0]), spread(who.age, drawn[:, 1]))


def spread(of: Spread, drawn: FloatArray) -> FloatArray:
    """A measure in each person."""
    return np.asarray(of.mean + of.sd * drawn)


def parameters(model: KineticModel, body: Bodies, draw: Draw) -> Mapping[str, FloatArray]:
    """Kinetic parameters of each person: drawn for the reference body, moved to their own.

    Each chunk of people has its own seed, so that it is the same whoever draws it.
    """
    seed = np.random.SeedSequence([draw.seed, draw.chunk]).generate_state(1, np.uint64)
    drawn = population.individuals(model, REFERENCE, subjects=draw.count, seed=int(seed[0]))
    return {name: values * moved(model, name, body) for name, values in drawn.items()}


def moved(model: KineticModel, name: str, body: Bodies) -> FloatArray:
    """Factor on one parameter for each body: allometry, then age."""
    parameter = model.parameters[name]
    factor = np.ones_like(body.weight_kg)
    if parameter.scales and model.allometry:
        power = model.allometry.exponents[parameter.scales]
        factor = (body.weight_kg / REFERENCE.weight_kg) ** power
    if parameter.age:
        older = np.maximum(0.0, body.age - parameter.age.above_years)
        typical = parameter.typical.value
        factor = factor * (typical + parameter.age.per_year * older) / typical
    return np.asarray(factor)


def meet(arm: Arm, who: Population, draw: Draw, doses: DoseMap) -> Met:
    """Peaks, areas and strength of sessions in each person of one arm.

    A dose for each kg is given to the typical weight and scaled: kinetics are linear in the dose.
    """
    if not arm.sessions_d:
        return Met({}, {}, np.zeros(draw.count))
    given, body = arm.given, bodies(who, draw)
    model = library.default(drug=given.drug, route=given.route)
    people = parameters(model, body, draw)
    scale = body.weight_kg / who.weight_kg.mean if given.per_kg else np.ones(draw.count)
    steps = programme(given, who.weight_kg.mean)
    course = [Given(day * H_PER_D, steps) for day in arm.sessions_d]
    found = engine(model, given.route, course, people)
    ng = NG_ML_PER_MG_L * scale
    auc = {name: ng * one.auc.sum(axis=1) for name, one in found.items()}
    cmax = {name: ng * one.cmax.max(axis=1) for name, one in found.items()}
    each = driving(auc, doses) / len(arm.sessions_d)
    return Met(cmax, auc, strength(each / reference(doses), doses))


def engine(
    model: KineticModel,
    route: str,
    course: Sequence[Given],
    people: Mapping[str, FloatArray],
) -> Mapping[str, Exposure]:
    """Peaks and areas of every curve of `model`, to some days after the last session.

    A chunk is done by one thread: the trial has many chunks at once already.
    """
    watch = Watch(until_h=course[-1].at_h + AFTER_H)
    with unshared():
        return exposure(model, route=route, course=course, people=people, watch=watch)


def driving(auc: Mapping[str, FloatArray], doses: DoseMap) -> FloatArray:
    """The area that drives response: S, and R with its weight; a spray gives S alone."""
    if ESKETAMINE in auc:
        return auc[ESKETAMINE]
    return auc[S] + doses.r_weight * auc[R] if R in auc else auc[S]


@cache
def reference(doses: DoseMap) -> float:
    """The driving area of one reference dose in the typical person, ng/mL x h."""
    model = library.default(drug=REFERENCE_DRUG, route=REFERENCE_ROUTE)
    typical = population.individuals(model, REFERENCE, subjects=0, seed=0)
    mg = doses.reference_mg_kg * doses.reference_weight_kg
    once = [Given(0.0, infusion(mg, REFERENCE_MIN))]
    found = engine(model, REFERENCE_ROUTE, once, typical)
    auc = {name: NG_ML_PER_MG_L * one.auc.sum(axis=1) for name, one in found.items()}
    return float(driving(auc, doses)[0])


def strength(share: FloatArray, doses: DoseMap) -> FloatArray:
    """What one session adds: `min(1, (1 + half) X / (X + half))` of the reference exposure `X`."""
    return np.minimum(1.0, (1.0 + doses.half) * share / (share + doses.half))
