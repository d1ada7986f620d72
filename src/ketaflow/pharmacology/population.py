"""From a published parameter set and one patient to that patient, or many like them."""

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ketaflow.pharmacology.structure import KineticModel, Parameter, Variation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """Who is treated, as far as kinetics care."""

    weight_kg: float
    age: float
    sex: str = "unknown"


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
        name: one_parameter(model, parameter, subject, etas)
        for name, parameter in model.parameters.items()
    }


def random_effects(model: KineticModel, *, subjects: int, seed: int) -> Mapping[str, FloatArray]:
    """Each random effect of `model`, shape `(subjects,)`, with the covariances it prints."""
    spread = {p.varies.eta: p.varies.sd for p in model.parameters.values() if p.varies}
    if not subjects:
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
    model: KineticModel, parameter: Parameter, subject: Subject, etas: Mapping[str, FloatArray]
) -> FloatArray:
    """One parameter in every person: typical value, weight, age, then chance."""
    typical = parameter.typical.value
    if parameter.scales and model.allometry:
        exponent = model.allometry.exponents[parameter.scales]
        typical *= (subject.weight_kg / model.allometry.reference_kg) ** exponent
    if parameter.age:
        typical += parameter.age.per_year * max(0.0, subject.age - parameter.age.above_years)
    count = next(iter(etas.values())).shape
    eta = etas[parameter.varies.eta] if parameter.varies else np.zeros(count)
    return vary(typical, parameter.varies, eta)
