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
    held = weights[counted][order]
    middles = np.cumsum(held, axis=1)
    whole = middles[:, -1].copy()
    middles -= 0.5 * held
    rows, last = np.arange(len(values)), values.shape[1] - 1
    found = []
    for probability in at:
        wanted = probability * whole
        above = np.minimum((middles < wanted[:, None]).sum(axis=1), last)
        below = np.maximum(above - 1, 0)
        low, high = middles[rows, below], middles[rows, above]
        apart = np.where(high > low, high - low, 1.0)
        share = np.clip((wanted - low) / apart, 0.0, 1.0)
        start, end = (values[rows, order[rows, place]] for place in (below, above))
        found.append(start + share * (end - start))
    return np.array(found)
