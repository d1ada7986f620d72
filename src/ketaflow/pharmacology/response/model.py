"""Reads the response model that ships with Ketaflow, and refuses a number that is not sourced."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.pharmacology.library import variation
from ketaflow.pharmacology.quantities import insist, keys_in, quantity
from ketaflow.refusals import OutsideEnvelope

PACKAGE = "ketaflow.pharmacology.response"
H_PER_D = 24.0


class UnknownSetting(OutsideEnvelope):
    """A trial setting that the model has no expectancy for."""


@dataclass(frozen=True)
class Setting:
    """What helps without the drug, and how soon: `share` of the score, time constant in days."""

    share: float
    onset_d: float


@dataclass(frozen=True)
class Numbers:
    """The parameters of the two states; what a calibration may move. Days, shares and points."""

    fast_weight: float
    fast_half_life_d: float
    slow_on_per_d: float
    slow_half_life_d: float
    slow_half_life_sd: float
    drug_logit: float
    drug_logit_sd: float
    expectancy_sd: float
    with_antidepressant: float
    fading_half_life_d: float
    fading_with_antidepressant_d: float

    @property
    def fast_off_per_d(self) -> float:
        """Rate at which the fast component goes."""
        return log(2.0) / self.fast_half_life_d


@dataclass(frozen=True)
class Score:
    """The scale at baseline, and the error of one rating, in points."""

    mean: float
    sd: float
    floor: float
    most: float
    error_sd: float


@dataclass(frozen=True)
class Judged:
    """What counts as response (share of baseline lost), remission and relapse (points)."""

    response: float
    remission: float
    relapse: float


@dataclass(frozen=True)
class DoseMap:
    """How exposure becomes the strength of one session; see `strength.strength`."""

    half: float
    reference_mg_kg: float
    reference_weight_kg: float
    r_weight: float


@dataclass(frozen=True)
class ResponseModel:
    """Response over weeks, with the sentence that no face may leave out."""

    name: str
    version: str
    grade: str
    status: str
    individual: str
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    numbers: Numbers
    settings: Mapping[str, Setting]
    score: Score
    judged: Judged
    dose_map: DoseMap
    onset_d: float
    esketamine_nasal: float
    expectancy_most: float
    fades_after_d: float

    def setting(self, name: str) -> Setting:
        """The setting called `name`.

        Raises:
            UnknownSetting: naming those that exist.
        """
        if name not in self.settings:
            raise UnknownSetting(
                f"There is no setting “{name}”. There are {', '.join(self.settings)}."
            )
        return self.settings[name]


@cache
def response_model() -> ResponseModel:
    """The response model in use.

    Raises:
        BadFile: a number lacks unit or source.
    """
    ((name, table),) = tables.read(PACKAGE, "library")
    insist(table, name)
    drug, expectancy = table["drug"], table["expectancy"]
    return ResponseModel(
        name=table["name"],
        version=table["version"],
        grade=table["grade"],
        status=table["status"],
        individual=table["individual"],
        notes=tuple(table["notes"]),
        sources=keys_in(table),
        numbers=numbers(table),
        settings=MappingProxyType(
            {key: Setting(**values(row, onset="onset_d")) for key, row in table["settings"].items()}
        ),
        score=Score(**values(table["score"], spread="sd", error="error_sd")),
        judged=Judged(**values(table["judged"])),
        dose_map=DoseMap(
            **values(
                table["dose_map"],
                reference="reference_mg_kg",
                reference_weight="reference_weight_kg",
            )
        ),
        onset_d=number(table["fast"]["onset"], "onset"),
        esketamine_nasal=number(drug["esketamine_nasal"], "drug"),
        expectancy_most=number(expectancy["most"], "expectancy"),
        fades_after_d=number(expectancy["fades_after"], "expectancy"),
    )


def numbers(table: Mapping[str, Any]) -> Numbers:
    """What a calibration may move, as it stands in the file."""
    fast, slow, drug, helped = (table[key] for key in ("fast", "slow", "drug", "expectancy"))
    return Numbers(
        fast_weight=number(fast["weight"], "fast weight"),
        fast_half_life_d=number(fast["half_life"], "fast half-life"),
        slow_on_per_d=number(slow["on"], "slow on"),
        slow_half_life_d=number(slow["half_life"], "slow half-life"),
        slow_half_life_sd=variation(slow["varies"], "slow").sd,
        drug_logit=number(drug["logit"], "drug"),
        drug_logit_sd=variation(drug["varies"], "drug").sd,
        expectancy_sd=number(helped["spread"], "expectancy"),
        with_antidepressant=number(slow["with_antidepressant"], "slow"),
        fading_half_life_d=number(helped["fading_half_life"], "expectancy"),
        fading_with_antidepressant_d=number(helped["fading_with_antidepressant"], "expectancy"),
    )


def values(row: Mapping[str, Any], **called: str) -> dict[str, float]:
    """Each number of `row` by its name, or by what it is `called` here."""
    return {called.get(key, key): number(entry, key) for key, entry in row.items()}


def number(row: Mapping[str, Any], where: str) -> float:
    """A sourced number; a time in days, which the kinetics keep in hours."""
    found = quantity(row, where)
    return found.value / H_PER_D if found.unit == "h" else found.value
