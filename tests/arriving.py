"""What a monitor sent, for tests that begin after it was read."""

from decimal import Decimal

from ketaflow.session.monitors.arrivals import Arrival, Measured


def arrival(at, control="1", *, place="Bay^1^3", devices=("ACME",), patients=(), **vitals):
    """A message with these vital signs, all of one moment."""
    found = {name: Decimal(value) for name, value in vitals.items()}
    return Arrival("ACME", control, place, devices, patients, (Measured(at, found),))
