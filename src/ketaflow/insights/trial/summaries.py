"""Counts that merge: what a trial keeps of its people, in memory that does not grow with them.

Everything kept is a whole number, so adding chunks in any order gives the same answer to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ketaflow.pharmacology.population import FloatArray

Counts = NDArray[np.int64]

# A quantile read from bins is off by less than one bin.
POINTS_BIN = 0.25
POINTS_MOST = 60.0
LEVEL_LOW, LEVEL_HIGH, LEVEL_RATIO = 1e-3, 1e6, 1.01
# Means are kept in whole 1/1024 of a point.
GRAIN = 1024.0


@dataclass(frozen=True)
class Bins:
    """Edges of a histogram; what lies outside falls into the first or last bin."""

    edges: FloatArray

    def count(self, values: FloatArray) -> Counts:
        """How many of `values`, shape `(n, columns)`, lie in each bin; shape `(columns, bins)`."""
        size, columns = self.edges.size - 1, values.shape[1]
        place = np.searchsorted(self.edges, values, side="right") - 1
        flat = np.clip(place, 0, size - 1) + size * np.arange(columns)
        return np.bincount(flat.ravel(), minlength=size * columns).reshape(columns, size)


def points() -> Bins:
    """Scores, a quarter of a point apart."""
    return Bins(np.arange(0.0, POINTS_MOST + POINTS_BIN, POINTS_BIN))


def levels() -> Bins:
    """Levels and areas, one per cent apart."""
    steps = np.ceil(np.log(LEVEL_HIGH / LEVEL_LOW) / np.log(LEVEL_RATIO))
    return Bins(LEVEL_LOW * LEVEL_RATIO ** np.arange(steps + 1))


@dataclass(frozen=True)
class Tally:
    """What is known of one arm after some of its people.

    Attributes:
        people: how many.
        score: histogram of the score, shape `(days, bins)`.
        total, square: sums of the score and its square in grains, shape `(days,)`.
        response, remission: how many on each day, shape `(days,)`.
        judged: responders and remitters on the day the course is judged, shape `(2,)`.
        relapse: responders by the visit at which relapse was confirmed, shape `(visits + 1,)`;
            the last counts those without.
        exposure: histogram of each measure of exposure, shape `(bins,)`.
    """

    people: int
    score: Counts
    total: Counts
    square: Counts
    response: Counts
    remission: Counts
    judged: Counts
    relapse: Counts
    exposure: Mapping[str, Counts] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            people=self.people + other.people,
            score=self.score + other.score,
            total=self.total + other.total,
            square=self.square + other.square,
            response=self.response + other.response,
            remission=self.remission + other.remission,
            judged=self.judged + other.judged,
            relapse=self.relapse + other.relapse,
            exposure={key: one + other.exposure[key] for key, one in self.exposure.items()},
        )


def grains(scores: FloatArray) -> tuple[Counts, Counts]:
    """Sums of scores and of their squares over people, as whole grains; shape `(days,)` each."""
    whole = np.rint(scores * GRAIN).astype(np.int64)
    return whole.sum(axis=0), (whole * whole).sum(axis=0)
