"""What is noted after induction besides check-ins: signs of misuse, and referrals."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ketaflow import tables
from ketaflow.protocol.figures import keys
from ketaflow.refusals import Refused


class NoSuchNote(Refused):
    """Nothing of that kind is noted."""


@dataclass(frozen=True)
class Kind:
    """One kind of note; `misuse` when it counts as a sign of it."""

    key: str
    label: str
    misuse: bool
    sources: tuple[str, ...]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind, in the order of the list."""
    table = dict(tables.read("ketaflow.aftercare", "rules"))["notes"]
    return MappingProxyType(
        {
            key: Kind(key, row["label"], row.get("misuse", False), keys(row, f"note {key}"))
            for key, row in table.items()
        }
    )


def kind(key: str) -> Kind:
    """The kind called `key`.

    Raises:
        NoSuchNote: names those there are.
    """
    if key not in kinds():
        raise NoSuchNote(f"Nothing is noted as {key!r}; choose one of {', '.join(kinds())}.")
    return kinds()[key]
