"""Published figures beside computed ones; a failure prints both."""

import pytest


@pytest.fixture
def agree():
    """`agree(comparison)`: fails with published and computed side by side."""

    def check(comparison):
        assert comparison.agrees(), f"\n{comparison!r}"

    return check
