"""Reads numbers that carry their unit and source, and refuses those that do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ketaflow.evidence import sources
from ketaflow.refusals import BadFile

# The engine reckons in mg, L and h. What is written in another unit is turned over once, here.
INSIDE: Mapping[str, tuple[str, Decimal]] = {
    "L/min": ("L/h", Decimal(60)),
    "1/min": ("1/h", Decimal(60)),
    "min": ("h", Decimal(1) / Decimal(60)),
    "d": ("h", Decimal(24)),
    "%": ("1", Decimal("0.01")),
}
AS_WRITTEN = frozenset(
    [
        *("L", "L/h", "1/h", "h", "1", "kg", "y", "mg", "mg/kg", "mg/kg/h", "mg/min"),
        *("mmHg", "people"),
        *("g/mol", "nmol/mL", "ng/mL", "points", "mmHg/(ng/mL)", "/min/mmHg", "% of full relief"),
        "1/d",
    ]
)


class Unsourced(BadFile):
    """A number in a data file lacks its unit or its source."""


@dataclass(frozen=True)
class Quantity:
    """A number in the engine's units, with the keys of the sources it comes from."""

    value: float
    unit: str
    source: tuple[str, ...]


def quantity(row: Mapping[str, Any], where: str) -> Quantity:
    """The number in `row`, in the engine's units.

    Raises:
        Unsourced: unit or source is missing, or the unit is not one the engine knows.
        UnknownSource: a source is not registered.
    """
    missing = [part for part in ("value", "unit", "source") if part not in row]
    if missing:
        raise Unsourced(
            f"{where} has no {missing[0]}: a number needs a value, a unit and a source."
        )
    unit, factor = row["unit"], Decimal(1)
    if unit in INSIDE:
        unit, factor = INSIDE[unit]
    elif unit not in AS_WRITTEN:
        raise Unsourced(f"{where} is in {unit}, a unit the engine does not know.")
    keys = tuple(row["source"])
    sources.cite(keys)
    return Quantity(float(Decimal(row["value"]) * factor), unit, keys)


def insist(table: Mapping[str, Any], where: str) -> None:
    """Refuse any number under `table` that does not stand beside a unit and a source.

    Raises:
        Unsourced: naming the first such number.
    """
    for key, entry in table.items():
        here = f"{where}.{key}"
        if isinstance(entry, int | float | Decimal) and not isinstance(entry, bool):
            if key != "value" or "unit" not in table or "source" not in table:
                raise Unsourced(f"{here} is a number without a unit and a source.")
        elif isinstance(entry, Mapping):
            insist(entry, here)
        elif isinstance(entry, list):
            insist({str(place): item for place, item in enumerate(entry)}, here)


def keys_in(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Every source key named under `table`, in order of first appearance."""
    found: dict[str, None] = {}
    for key, entry in table.items():
        if key in ("source", "sources"):
            found.update(dict.fromkeys(entry))
        elif isinstance(entry, Mapping):
            found.update(dict.fromkeys(keys_in(entry)))
        elif isinstance(entry, list):
            inner = [keys_in(item) for item in entry if isinstance(item, Mapping)]
            found.update(dict.fromkeys(one for keys in inner for one in keys))
    return tuple(found)
