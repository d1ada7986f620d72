"""From a published parameter set and one patient to that patient, or many like them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ketaflow.pharmacology.structure import (
    EVERYBODY,
    AgeSlope,
    Covariate,
    KineticModel,
    Parameter,
    Variation,
)
from ketaflow.refusals import OutsideEnvelope

FloatArray = NDArray[np.float64]


class UnknownCovariate(OutsideEnvelope):
    """No covariate of that name, or none that can be applied to this person."""


@dataclass(frozen=True)
class Subject:
    """Who is treated, as far as kinetics care."""

    weight_kg: float
    age: float
    sex: str = "unknown"


def with_covariates(model: KineticModel, names: Sequence[str], subject: Subject) -> KineticModel:
    """`model` for people with the covariates `names`; its typical values move.

    Args:
        model: the published parameter set.
        names: covariates that the model has.
        subject: sex and age, where a covariate depends on them.

    Returns:
        The model with its typical values multiplied, and the covariates' sources among its own.

    Raises:
        UnknownCovariate: a covariate by sex, and the sex is neither female nor male.

    Source:
        The covariate's own.
    """
    asked = [(name, model.covariates[name]) for name in dict.fromkeys(names)]
    parameters = dict(model.parameters)
    for name, one in asked:
        for key, factor in factors(name, one, subject).items():
            typical = parameters[key].typical
            moved = replace(typical, value=typical.value * factor)
            parameters[key] = replace(parameters[key], typical=moved)
    cited = (*model.all_sources, *(key for _, one in asked for key in one.sources))
    return replace(
        model,
        parameters=parameters,
        all_sources=tuple(dict.fromkeys(cited)),
        notes=(*model.notes, *(f"Applied, as asked: {one.said}" for _, one in asked)),
    )


def factors(name: str, one: Covariate, subject: Subject) -> Mapping[str, float]:
    """What `one` multiplies each parameter by in `subject`.

    Raises:
        UnknownCovariate: it goes by sex, and that is neither female nor male.
    """
    sexes = set(one.factors) - {EVERYBODY}
    if sexes and subject.sex not in sexes:
        raise UnknownCovariate(
            f"The covariate {name} needs a sex, {' or '.join(sorted(sexes))} (got {subject.sex})."
        )
    by_sex = {**one.factors.get(EVERYBODY, {}), **one.factors.get(subject.sex, {})}
    by_age = {key: 1.0 + added(slope, subject.age) for key, slope in one.slopes.items()}
    return {**by_sex, **by_age}


def added(slope: AgeSlope, age: float) -> float:
    """What the years above the threshold add."""
    return slope.per_year * max(0.0, age - slope.above_years)


def insist_on_covariates(model: KineticModel, names: Sequence[str]) -> None:
    """Refuse a covariate that `model` does not have, and two of which a person has but one.

    Raises:
        UnknownCovariate: naming those there are, or the two.
    """
    for name in names:
        if name not in model.covariates:
            has = f"It has {', '.join(model.covariates)}" if model.covariates else "It has none"
            raise UnknownCovariate(f"Model {model.id} has no covariate {name}. {has}.")
    kinds = [(name, model.covariates[name].one_of) for name in dict.fromkeys(names)]
    for (name, kind), (other, another) in combinations(kinds, 2):
        if kind and kind == another:
            raise UnknownCovariate(f"Nobody is {name} and {other} at once: name one of them.")


def individuals(
    model: KineticModel, subject: Subject, *, subjects: int, seed: int
) -> Mapping[str, FloatArray]:
    """Parameters of `subjects` virtual people like `subject`; with 0, of the typical one alone.

    The first people drawn are the same whatever number is asked for.

    Args:
        model: the published parameter set.
        subject: weight and age set the typical values.
        subjects: how many to draw.
        seed: of the draw; each model has its own stream.

    Returns:
        Parameter name to values, shape `(max(subjects, 1),)`, in mg, L and h.

    Source:
        The model's own; random effects are multivariate normal on the scale it prints.
    """
    etas = random_effects(model, subjects=subjects, seed=seed)
    return {
        name: one_parameter(model, parameter, subject, etas, count=max(subjects, 1))
        for name, parameter in model.parameters.items()
    }


def random_effects(model: KineticModel, *, subjects: int, seed: int) -> Mapping[str, FloatArray]:
    """Each random effect of `model`, shape `(subjects,)`, with the covariances it prints."""
    spread = {p.varies.eta: p.varies.sd for p in model.parameters.values() if p.varies}
    if not subjects or not spread:
        return {eta: np.zeros(1) for eta in spread}
    names = list(spread)
    omega = np.diag([spread[eta] ** 2 for eta in names])
    for (one, other), covariance in model.covariances.items():
        row, column = names.index(one), names.index(other)
        omega[row, column] = omega[column, row] = covariance
    normal = standard_normal(model.id, (subjects, len(names)), seed=seed)
    return dict(zip(names, (normal @ np.linalg.cholesky(omega).T).T, strict=True))


def standard_normal(stream: str, shape: tuple[int, int], *, seed: int) -> FloatArray:
    """Normal draws of the named stream, a row a person; earlier rows do not depend on how many."""
    generator = np.random.Generator(
        np.random.Philox(np.random.SeedSequence([seed, crc32(stream.encode())]))
    )
    drawn: FloatArray = generator.standard_normal(shape)
    return drawn


def vary(typical: float, varies: Variation | None, eta: FloatArray) -> FloatArray:
    """`typical` moved by `eta` on its scale."""
    if varies is None:
        return np.full(eta.shape, typical)
    if varies.scale == "logit":
        odds = typical / (1.0 - typical) * np.exp(eta)
        return np.asarray(odds / (1.0 + odds))
    return np.asarray(typical * np.exp(eta))


def one_parameter(
    model: KineticModel,
    parameter: Parameter,
    subject: Subject,
    etas: Mapping[str, FloatArray],
    *,
    count: int,
) -> FloatArray:
    """One parameter in every person: typical value, weight, age, then chance."""
    typical = parameter.typical.value
    if parameter.scales and model.allometry:
        exponent = model.allometry.exponents[parameter.scales]
        typical *= (subject.weight_kg / model.allometry.reference_kg) ** exponent
    if parameter.age:
        typical += added(parameter.age, subject.age)
    eta = etas[parameter.varies.eta] if parameter.varies else np.zeros(count)
    return vary(typical, parameter.varies, eta)
