"""How sure a virtual trial is of its own numbers: intervals for shares, means and quantiles.

They hold the chance of drawing these people and no others. That the model is wrong is not in them.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from ketaflow.insights.trial.summaries import Bins, Counts

Z = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; None where it cannot be told, as a median not reached."""

    value: float | None
    low: float | None
    high: float | None


UNKNOWN = Estimate(None, None, None)


def share(of: int, people: int) -> Estimate:
    """A share with its Wilson interval.

    Source:
        Wilson, J Am Stat Assoc 1927;22:209.

    >>> share(0, 10)
    Estimate(value=0.0, low=0.0, high=0.2775327998628892)
    """
    if people == 0:
        return UNKNOWN
    seen, z2 = of / people, Z * Z
    middle = (seen + z2 / (2 * people)) / (1 + z2 / people)
    half = Z / (1 + z2 / people) * np.sqrt(seen * (1 - seen) / people + z2 / (4 * people**2))
    low, high = max(0.0, float(middle - half)), min(1.0, float(middle + half))
    return Estimate(seen, 0.0 if of == 0 else low, 1.0 if of == people else high)


def mean(total: float, square: float, people: int) -> Estimate:
    """A mean with the interval of the normal law, from sums of values and of their squares."""
    value = total / people
    spread = max(0.0, square / people - value * value) / max(1, people - 1)
    half = Z * float(np.sqrt(spread))
    return Estimate(value, value - half, value + half)


def ranks(at: float, people: int) -> tuple[int, int]:
    """Places (from 1) of the order statistics that hold the quantile `at` in 95 of 100 trials."""
    low, high = (float(binom.ppf(side, people, at)) for side in (0.025, 0.975))
    return max(1, int(low)), min(people, int(high) + 1)


def placed(counts: Counts, rank: int) -> int:
    """The bin that holds the person of this `rank`, from 1."""
    return int(np.searchsorted(np.cumsum(counts), rank))


def quantile(counts: Counts, bins: Bins, at: float) -> float:
    """The quantile `at` of a histogram, evenly spread within its bin; off by less than a bin."""
    below = np.cumsum(counts)
    wanted = at * below[-1]
    place = min(int(np.searchsorted(below, wanted)), counts.size - 1)
    before = float(below[place - 1]) if place else 0.0
    inside = (wanted - before) / counts[place] if counts[place] else 0.0
    low, high = bins.edges[place], bins.edges[place + 1]
    return float(low + (high - low) * inside)


def middle(counts: Counts, bins: Bins) -> Estimate:
    """The median of a histogram with its order-statistic interval, to a bin."""
    people = int(counts.sum())
    low, high = (bins.edges[placed(counts, rank)] for rank in ranks(0.5, people))
    return Estimate(quantile(counts, bins, 0.5), float(low), float(high))


def median_time(counts: Counts, days: tuple[float, ...]) -> Estimate:
    """Median time to an event counted by visit; the last count is of those it did not reach.

    Where fewer than half reached it there is no median, and where the interval's upper end lies
    among them it is open.
    """
    people = int(counts.sum())
    if people == 0:
        return UNKNOWN
    when = [*days, None]
    low, high = ranks(0.5, people)
    middle_rank = (people + 1) // 2
    value, below, above = (when[placed(counts, rank)] for rank in (middle_rank, low, high))
    return Estimate(value, below, above)
