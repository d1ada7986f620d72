"""How a course stands, in one word: relapse, slipping, remission, response and what is less."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from ketaflow import tables
from ketaflow.outcomes.change import Change
from ketaflow.protocol.figures import keys


class Standing(StrEnum):
    """How a course stands on one questionnaire, most pressing first."""

    RELAPSE = "RELAPSE"
    SLIPPING = "SLIPPING"
    REMISSION = "REMISSION"
    RESPONSE = "RESPONSE"
    WORSE = "WORSE"
    IMPROVED = "IMPROVED"
    UNCHANGED = "UNCHANGED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Word:
    """A standing in words, with what it means and who says so."""

    standing: Standing
    label: str
    means: str
    sources: tuple[str, ...]


@cache
def words() -> Mapping[Standing, Word]:
    """Every standing in words, in the order in which they are tried."""
    rows = dict(tables.read("ketaflow.outcomes", "rules"))["standing"]["standing"]
    found = {Standing(row["key"]): row for row in rows}
    return MappingProxyType(
        {
            key: Word(key, row["label"], row["means"], keys(row, f"standing {key}"))
            for key, row in found.items()
        }
    )


def stands(change: Change) -> Word:
    """How a course stands by the change on one questionnaire: the first word that holds.

    Source:
        Each word names its own; slipping and worse are a design on published differences.
    """
    slid = change.lost_response or change.worsened
    holds = {
        Standing.RELAPSE: change.relapse,
        Standing.SLIPPING: change.was_better and slid,
        Standing.REMISSION: change.remission and change.baseline is not None,
        Standing.RESPONSE: change.response,
        Standing.WORSE: change.worsened,
        Standing.IMPROVED: change.improved,
        Standing.UNCHANGED: change.fall_points is not None,
        Standing.UNKNOWN: True,
    }
    return next(word for key, word in words().items() if holds[key])
