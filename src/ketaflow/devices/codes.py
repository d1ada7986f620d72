"""What monitors call vital signs, units and the state of a value: data, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables, units
from ketaflow.evidence.sources import cite
from ketaflow.refusals import BadFile
from ketaflow.session.vitals import signs

# How systems are named in a coded field; nothing at all is taken for either, as their codes differ.
SYSTEMS = {"MDC": "MDC", "LN": "LN", "LOINC": "LN"}
CONVERSIONS = {"": lambda value: value, "kPa": units.mm_hg, "degF": units.celsius}


@dataclass(frozen=True)
class Code:
    """What one code says; `sign` is empty when the flowsheet has no column for it."""

    name: str
    sign: str
    rank: int


@dataclass(frozen=True)
class Unit:
    """A unit of the flowsheet, and how what was sent becomes it."""

    means: str
    conversion: str

    def convert(self, value: Decimal) -> Decimal:
        """`value` in the flowsheet's unit; what was converted, to a tenth."""
        if not self.conversion:
            return value
        return round(CONVERSIONS[self.conversion](value), 1)


@dataclass(frozen=True)
class Status:
    """What the state of a value means, by OBX-11."""

    reading: frozenset[str]
    corrected: frozenset[str]
    withdrawn: frozenset[str]


@cache
def codes() -> Mapping[tuple[str, str], Code]:
    """Every known code by system and number, and by system and name."""
    known: dict[tuple[str, str], Code] = {}
    for rank, row in enumerate(_table("signs")["code"]):
        cite(row["source"])
        code = Code(row["name"], row.get("sign", ""), rank)
        if code.sign and code.sign not in signs():
            raise BadFile(f"Code {row['code']} means {code.sign}: the flowsheet has no such sign.")
        known[row["system"], row["code"]] = known[row["system"], row["name"]] = code
    return MappingProxyType(known)


@cache
def written_units() -> Mapping[str, Unit]:
    """Every known way to write a unit."""
    known: dict[str, Unit] = {}
    for row in _table("units")["unit"]:
        cite(row["source"])
        unit = Unit(row["means"], row.get("from", ""))
        if unit.conversion not in CONVERSIONS:
            raise BadFile(f"Unit {row['means']} comes from {unit.conversion}: nothing converts it.")
        known |= dict.fromkeys(row["written"], unit)
    return MappingProxyType(known)


@cache
def status() -> Status:
    """What each state of a value means."""
    row = _table("status")["status"]
    cite(row["source"])
    return Status(*(frozenset(row[one]) for one in ("reading", "corrected", "withdrawn")))


def find(*, number: str, system: str) -> Code | None:
    """The code that a monitor named; None when it is not known."""
    wanted = {SYSTEMS.get(system.upper())} if system else set(SYSTEMS.values())
    found = (codes().get((one, number)) for one in wanted if one)
    return next((one for one in found if one), None)


def _table(name: str) -> dict[str, Any]:
    return dict(tables.read("ketaflow.devices", "codes"))[name]
