"""Published figures beside computed ones; a failure prints both."""

import numpy as np
import pytest


@pytest.fixture
def agree():
    """`agree(what, published, computed, within)`: each within that share."""

    def check(what, published, computed, within):
        published, computed = np.atleast_1d(published), np.atleast_1d(computed)
        error = computed / published - 1.0
        rows = [
            f"  published {p:10.4g}   computed {c:10.4g}   {100 * e:+6.1f} %"
            for p, c, e in zip(published, computed, error, strict=True)
        ]
        said = "\n".join([f"{what}, allowed {100 * within:g} %:", *rows])
        assert np.all(np.abs(error) <= within), said

    return check


@pytest.fixture
def agree_on_average():
    """`agree_on_average(what, published, computed, within)`: median absolute error at most that."""

    def check(what, published, computed, within):
        published, computed = np.asarray(published), np.asarray(computed)
        error = float(np.median(np.abs(computed / published - 1.0)))
        said = f"{what}: median absolute error {100 * error:.1f} %, allowed {100 * within:g} %"
        assert error <= within, f"{said}\n  published {published}\n  computed  {computed}"

    return check
