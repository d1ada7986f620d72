"""Which of a monitor's readings a flowsheet shows; the journal keeps them all."""

from collections.abc import Sequence

RECENT_MIN = 15
SPARSE_MIN = 5


def shown(minutes: Sequence[int], *, newest: int) -> frozenset[int]:
    """The minutes of which a flowsheet shows the last reading.

    Every minute of the last quarter of an hour, and before it the last in each five minutes, so
    that a page does not grow with how often a monitor speaks. All others stay in the journal.

    Args:
        minutes: those in which anything was measured, counted from any fixed moment.
        newest: the last of them.
    """
    recent = newest - RECENT_MIN
    last: dict[int, int] = {}
    for minute in sorted(minutes):
        slot = minute if minute > recent else minute // SPARSE_MIN * SPARSE_MIN
        last[slot] = minute
    return frozenset(last.values())
