"""Who responded, who is in remission, who relapsed and when."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.response.model import Judged

BoolArray = NDArray[np.bool_]


def responded(scores: FloatArray, baseline: FloatArray, judged: Judged) -> BoolArray:
    """Whether each score (shape `(n, days)`) is down by the share that counts as response."""
    return np.asarray(scores <= (1.0 - judged.response) * baseline[:, None])


def remitted(scores: FloatArray, judged: Judged) -> BoolArray:
    """Whether each score is at or below what counts as remission."""
    return np.asarray(scores <= judged.remission)


def relapse_places(visits: FloatArray, judged: Judged) -> NDArray[np.int64]:
    """At which visit each person's relapse is confirmed: the second of two in a row at or above it.

    Args:
        visits: scores at the visits in order, shape `(n, visits)`.
        judged: holds the score that counts as relapse.

    Returns:
        Place of the confirming visit, shape `(n,)`; the number of visits where there was none.

    Example:
        >>> from ketaflow.pharmacology.response.model import response_model
        >>> scores = np.array([[9.0, 25.0, 24.0, 9.0], [25.0, 9.0, 25.0, 9.0]])
        >>> relapse_places(scores, response_model().judged).tolist()
        [2, 4]
    """
    count = visits.shape[1]
    if count < 2:
        return np.full(visits.shape[0], count, dtype=np.int64)
    above = visits >= judged.relapse
    twice = above[:, 1:] & above[:, :-1]
    first = twice.argmax(axis=1) + 1
    return np.asarray(np.where(twice.any(axis=1), first, count), dtype=np.int64)


def visit_days(after_d: float, until_d: float, apart_d: Sequence[float]) -> tuple[float, ...]:
    """Days of the visits after `after_d`, the gaps between them in turn, up to `until_d`.

    >>> visit_days(12, 24, (3, 4))
    (15.0, 19.0, 22.0)
    """
    days: list[float] = []
    at, turn = float(after_d), 0
    while (at := at + apart_d[turn % len(apart_d)]) <= until_d:
        days.append(at)
        turn += 1
    return tuple(days)
