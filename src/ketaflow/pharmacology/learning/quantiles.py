"""Quantiles of people who do not all count the same."""

from collections.abc import Sequence

import numpy as np

from ketaflow.pharmacology.population import FloatArray


def weighted(people: FloatArray, weights: FloatArray, at: Sequence[float]) -> FloatArray:
    """Quantiles of the weighted people at each time.

    Each person stands at the middle of the weight that is hers; between two people it is linear.

    Args:
        people: values, shape `(n, t)`.
        weights: at least 0, not all 0, shape `(n,)`; only their ratios matter.
        at: probabilities between 0 and 1, `q` of them.

    Returns:
        Shape `(q, t)`; below the first and above the last person that person's value.

    Example:
        Who counts for nothing is not there.

        >>> values = np.array([[1.0], [2.0], [3.0], [1000.0]])
        >>> weighted(values, np.array([1.0, 1.0, 1.0, 0.0]), [0.5, 0.95])
        array([[2.],
               [3.]])
    """
    counted = weights > 0.0
    values = np.ascontiguousarray(people[counted].T)
    order = np.argsort(values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    held = weights[counted][order]
    reached = np.cumsum(held, axis=1)
    middles = (reached - held / 2.0) / reached[:, -1:]
    last = ranked.shape[1] - 1
    rows = np.arange(len(ranked))
    found = []
    for probability in at:
        above = np.minimum((middles < probability).sum(axis=1), last)
        below = np.maximum(above - 1, 0)
        low, high = middles[rows, below], middles[rows, above]
        wide = np.where(high > low, high - low, 1.0)
        share = np.clip((probability - low) / wide, 0.0, 1.0)
        start = ranked[rows, below]
        found.append(start + share * (ranked[rows, above] - start))
    return np.array(found)
