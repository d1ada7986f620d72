"""What a clinic has to say before anything can be booked."""

from dataclasses import dataclass

from ketaflow.protocol.limits import Policy, limits

NEEDED = ("patients_per_nurse", "iv_recovery_booking_min")


@dataclass(frozen=True)
class Ground:
    """What the clinic has said so far."""

    chairs_in_use: int
    days_open: int
    preparation_min: int | None
    policy: Policy | None


def lacking(ground: Ground) -> tuple[str, ...]:
    """What is still to be said, one short sentence each, in the order in which it is done."""
    values = ground.policy.values if ground.policy else {}
    unset = [limits()[key].label.lower() for key in NEEDED if key not in values]
    found = []
    if not ground.chairs_in_use:
        found.append("Add a chair.")
    if not ground.days_open:
        found.append("Set the opening hours.")
    if ground.preparation_min is None:
        found.append("Set how many minutes preparation takes.")
    if unset:
        found.append(f"The medical director signs the clinic's policy: {' and '.join(unset)}.")
    return tuple(found)
