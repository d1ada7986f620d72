"""How far a reading may lie from the model: read from the tables of assumptions, each sourced."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log1p, sqrt
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.pharmacology.library import limit
from ketaflow.pharmacology.quantities import insist, keys_in, quantity
from ketaflow.pharmacology.structure import Limit
from ketaflow.refusals import OutsideEnvelope

PACKAGE = "ketaflow.pharmacology.learning"
GUARD = "guard"


class CannotBeCompared(OutsideEnvelope):
    """A reading of something for which no error is known, so that it cannot be weighed."""


@dataclass(frozen=True)
class Error:
    """How readings of one kind scatter around the model.

    `noise` is of one reading, `baseline` shifts all readings of a session together,
    `between_sessions` and `between_people` stretch them: of one session, of all of one patient.
    `effect` is the effect that is read; a level has none, and is off by factors, not amounts.
    """

    kind: str
    name: str
    effect: str
    said: str
    plausible: Limit
    noise: Mapping[str, float]
    baseline: float
    between_sessions: float
    between_people: float
    sources: tuple[str, ...]

    def noise_of(self, curve: str) -> float:
        """The spread of one reading of `curve`; an effect has but one curve, "".

        Raises:
            CannotBeCompared: no error is known for it; names the curves that have one.
        """
        if curve not in self.noise:
            known = "; ".join(self.noise)
            raise CannotBeCompared(
                f"No laboratory error is known for '{curve}', so it cannot be learned from. "
                f"Give a level of one of these: {known}."
            )
        return self.noise[curve]


@dataclass(frozen=True)
class Guard:
    """When weights are refused: worth fewer than `effective` people, or `surprise` SDs too far."""

    effective: float
    surprise: float


@cache
def errors() -> Mapping[str, Error]:
    """The kinds of readings that can be learned from."""
    written = dict(tables.read(PACKAGE, "assumptions"))
    return MappingProxyType(
        {kind: error(kind, table) for kind, table in written.items() if kind != GUARD}
    )


@cache
def guard() -> Guard:
    """The limits of what may be called learned."""
    table = dict(tables.read(PACKAGE, "assumptions"))[GUARD]
    insist(table, GUARD)
    return Guard(**{key: quantity(row, f"{GUARD}.{key}").value for key, row in table.items()})


def error(kind: str, table: Mapping[str, Any]) -> Error:
    """The kind of reading written in `table`.

    Raises:
        Unsourced: a number lacks its unit or its source.
    """
    insist(table, kind)
    spreads = {
        key: quantity(table[key], f"{kind}.{key}").value
        for key in ("baseline", "between_sessions", "between_people")
    }
    effect = table.get("effect", "")
    return Error(
        kind=kind,
        name=table["name"],
        effect=effect,
        said=table["said"],
        plausible=limit(kind, table["plausible"], table["name"]),
        noise={"": quantity(table["noise"], kind).value} if effect else factors(table, kind),
        sources=keys_in(table),
        **spreads,
    )


def factors(table: Mapping[str, Any], kind: str) -> dict[str, float]:
    """For each curve the SD of the logarithm, from a coefficient of variation."""
    return {
        curve: sqrt(log1p(quantity(row, f"{kind}.noise_of").value ** 2))
        for row in table["noise_of"]
        for curve in row["curves"]
    }
