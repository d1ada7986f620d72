"""Whether enough people watch those who have had the drug, by the clinic's own policy."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ketaflow.protocol.figures import show
from ketaflow.protocol.limits import Policy

LIMIT = "patients_per_nurse"


@dataclass(frozen=True)
class Staffing:
    """How it stands in words, and each thing that is beyond the policy."""

    words: str
    beyond: tuple[str, ...]


def staffing(watched_by: Sequence[str], *, on_duty: int, policy: Policy | None) -> Staffing:
    """Compare those who have had the drug with those who watch.

    Args:
        watched_by: for each patient under the drug or its after-effects, who is responsible.
        on_duty: people on duty now by the roster.
        policy: the clinic's; nothing is compared with a limit that it does not set.

    Source:
        The number is the clinic's own.

    Example:
        >>> staffing(["Ada", "Ada", "Noah"], on_duty=2, policy=None).words
        '3 patients under the drug or observed, 2 people on duty.'
    """
    patients, people = _count(len(watched_by), "patient"), _count(on_duty, "person")
    words = f"{patients} under the drug or observed, {people} on duty"
    limit = policy.values.get(LIMIT) if policy else None
    if limit is None:
        return Staffing(f"{words}.", ())
    said = f"the policy allows {show(limit)} for each"
    beyond = [
        f"{name} is responsible for {_count(number, 'patient')}; {said}."
        for name, number in sorted(Counter(watched_by).items())
        if number > limit
    ]
    if len(watched_by) > limit * on_duty:
        beyond.insert(0, f"{patients} for {people} on duty; {said}.")
    return Staffing(f"{words}; {said}.", tuple(beyond))


def _count(number: int, what: str) -> str:
    several = "people" if what == "person" else f"{what}s"
    return f"{number} {what if number == 1 else several}"
