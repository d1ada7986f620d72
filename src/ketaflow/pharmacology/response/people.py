"""Virtual people for the response model, drawn so that the answer does not depend on who draws.

Every chunk of people has its own stream, keyed by seed, purpose and chunk number through a
counter-based generator: whatever process or machine draws chunk 17, it draws the same people.
"""

from dataclasses import dataclass
from math import log
from zlib import crc32

import numpy as np

from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.response.model import ResponseModel, Score

TRAITS = 4


@dataclass(frozen=True)
class Draw:
    """Which people: seed, chunk and how many of it; the first are the same for any `count`."""

    seed: int
    chunk: int
    count: int


@dataclass(frozen=True)
class People:
    """What differs between people, each of shape `(n,)`.

    Attributes:
        drug: largest share of the score that the drug can take away.
        koff: rate at which the plasticity index goes, per day, without an antidepressant.
        expectancy: standard normal; a setting's share is added to its scaled value.
        baseline: score before treatment, points.
    """

    drug: FloatArray
    koff: FloatArray
    expectancy: FloatArray
    baseline: FloatArray


def normal(draw: Draw, purpose: str, columns: int) -> FloatArray:
    """Standard normal draws of one purpose, a row a person."""
    words = [draw.seed, crc32(purpose.encode()), draw.chunk]
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))
    drawn: FloatArray = generator.standard_normal((draw.count, columns))
    return drawn


def people(model: ResponseModel, draw: Draw, *, score: Score | None = None) -> People:
    """People drawn from `model`; with `score`, of another severity than its own."""
    numbers, score = model.numbers, score or model.score
    drug, slow, expectancy, baseline = normal(draw, "response traits", TRAITS).T
    return People(
        drug=1.0 / (1.0 + np.exp(-(numbers.drug_logit + numbers.drug_logit_sd * drug))),
        koff=log(2.0) / numbers.slow_half_life_d * np.exp(numbers.slow_half_life_sd * slow),
        expectancy=expectancy,
        baseline=np.clip(score.mean + score.sd * baseline, score.floor, score.most),
    )
