"""Counts that merge in any order, and intervals that hold what they promise."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from ketaflow.insights.trial import intervals, summaries
from ketaflow.insights.trial.intervals import UNKNOWN, Estimate
from ketaflow.insights.trial.summaries import Tally

scores = st.lists(st.floats(0, 60), min_size=1, max_size=300)


def tally(values):
    found = np.array(values)[:, None]
    total, square = summaries.grains(found)
    counts = summaries.points().count(found)
    few = np.array([len(values)])
    return Tally(len(values), counts, total, square, few, few, few, few, {"cmax": counts[0]})


def same(one, other):
    for each in fields(Tally):
        left, right = getattr(one, each.name), getattr(other, each.name)
        if isinstance(left, dict):
            assert all(np.array_equal(left[key], right[key]) for key in left)
        else:
            assert np.array_equal(left, right), each.name


@given(parts=st.lists(scores, min_size=2, max_size=5), turn=st.randoms())
def test_parts_added_in_any_order_are_the_whole(parts, turn):
    whole = tally([one for part in parts for one in part])
    turn.shuffle(parts)
    first, *others = map(tally, parts)
    same(sum(others, start=first), whole)


@given(values=scores, at=st.floats(0.01, 0.99))
def test_a_quantile_is_off_by_less_than_a_bin(values, at):
    counts = summaries.points().count(np.array(values)[:, None])[0]
    found = intervals.quantile(counts, summaries.points(), at)
    wanted = np.quantile(values, at, method="inverted_cdf")
    assert abs(found - wanted) <= summaries.POINTS_BIN + 1e-9


@given(st.floats(1e-3, 1e6))
def test_a_level_is_off_by_less_than_one_per_cent(level):
    counts = summaries.levels().count(np.array([[level]]))[0]
    found = intervals.middle(counts, summaries.levels())
    assert found.value == pytest.approx(level, rel=0.0101)


def test_what_lies_outside_is_counted_in_the_last_bin():
    counts = summaries.levels().count(np.array([[0.0], [1e12]]))[0]
    assert (counts[0], counts[-1], counts.sum()) == (1, 1, 2)


@given(scores)
def test_the_mean_is_that_of_the_people(values):
    one = tally(values)
    grain = summaries.GRAIN
    found = intervals.mean(one.total[0] / grain, one.square[0] / grain**2, one.people)
    assert found.value == pytest.approx(np.mean(values), abs=1e-3)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9])
def test_the_wilson_interval_holds_the_truth_in_about_95_of_100_trials(rate):
    seen = np.arange(101)
    covers = [one.low <= rate <= one.high for one in (intervals.share(int(of), 100) for of in seen)]
    assert 0.90 < (binom.pmf(seen, 100, rate) * covers).sum() < 0.99


def test_a_share_of_nobody_is_unknown():
    assert intervals.share(0, 0) == UNKNOWN
    assert intervals.share(7, 7).high == 1.0


@pytest.mark.parametrize("people", [21, 200])
def test_the_interval_of_a_median_holds_the_truth_at_least_so_often(people):
    low, high = intervals.ranks(0.5, people)
    below = np.arange(people + 1)  # how many of a sample lie below the true median
    covered = binom.pmf(below, people, 0.5)[(below >= low) & (below < high)].sum()
    assert covered >= 0.95


def test_a_median_time_that_was_not_reached_is_open():
    reached = np.array([30, 40, 30])
    assert intervals.median_time(reached, (10.0, 20.0)) == Estimate(20.0, 20.0, 20.0)
    assert intervals.median_time(np.array([50, 50]), (10.0,)) == Estimate(10.0, 10.0, None)
    assert intervals.median_time(np.array([1, 99]), (10.0,)) == UNKNOWN
    assert intervals.median_time(np.array([0, 0]), (10.0,)) == UNKNOWN
