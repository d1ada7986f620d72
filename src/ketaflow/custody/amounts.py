"""Exact amounts: millilitres of a vial or whole devices; milligrams follow from the strength."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from ketaflow.refusals import Refused

DECIMALS = 3
MOST = Decimal(100_000)
NOTHING = Decimal(0)


class NotAnAmount(Refused):
    """A volume, a number of devices or a weight that nobody can measure."""


class NotReadable(Refused):
    """An entry of a custody stream lacks something, or holds what it should not."""


def amount(value: Decimal, unit: str, *, what: str = "amount") -> Decimal:
    """`value` if it can be measured out: above 0, three decimals at most, devices whole.

    Args:
        value: as somebody typed it.
        unit: "mL", "mg" or "device".
        what: what is named when it is refused.

    Raises:
        NotAnAmount: says what can be entered.

    Example:
        >>> amount(Decimal("0.80"), "mL")
        Decimal('0.80')
    """
    if not value.is_finite() or not 0 < value < MOST:
        raise NotAnAmount(
            f"The {what} must be more than 0 and less than {MOST} {unit} (got {value}). "
            "Enter what was measured."
        )
    places = -int(value.normalize().as_tuple().exponent)
    allowed = 0 if unit == "device" else DECIMALS
    if places > allowed:
        rule = "a whole number" if unit == "device" else f"at most {DECIMALS} decimals"
        raise NotAnAmount(
            f"The {what} has {places} decimals and nobody measures that: write it with {rule} "
            f"of {unit}."
        )
    return value


def read(payload: Mapping[str, Any], key: str) -> Decimal:
    """The exact number under `key`; an entry carries it as text.

    Raises:
        NotReadable: it is missing or not a finite number.
    """
    said = payload.get(key)
    try:
        found = Decimal(said) if isinstance(said, str) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise NotReadable(f"An entry needs an exact number as its {key} (got {said!r}).")
    return found


def plain(value: Decimal) -> str:
    """An amount as the journal keeps it: the same amount is always the same text.

    >>> plain(Decimal("40.00"))
    '40'
    """
    return f"{value.normalize():f}" if value else "0"
