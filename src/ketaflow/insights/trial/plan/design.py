"""A virtual trial as it was designed: who takes part, what each arm is given, what is asked."""

from dataclasses import dataclass

from ketaflow.pharmacology.doses import Dose
from ketaflow.refusals import BadFile, OutsideEnvelope

RACEMATE, ESKETAMINE, NONE = "ketamine", "esketamine", "none"


class IllWritten(BadFile):
    """A TRIAL.toml that is not one: a key too many, one too few, or the wrong kind of value."""


class Absurd(OutsideEnvelope):
    """A number in a TRIAL.toml that nobody means."""


@dataclass(frozen=True)
class Spread:
    """A measure of the people: its mean, and how much people differ (normal, cut at 2 SD)."""

    mean: float
    sd: float = 0.0


@dataclass(frozen=True)
class Population:
    """Who takes part. `madrs` is None where the response model's own is meant."""

    weight_kg: Spread
    age: Spread
    madrs: Spread | None = None
    antidepressant: bool = False


@dataclass(frozen=True)
class Setting:
    """What people are told, and the last day on which that itself lasts."""

    kind: str
    held_until_d: float = 0.0


@dataclass(frozen=True)
class Given:
    """What one session gives: mg, or mg for each kg of weight; by pump over minutes or sprays."""

    drug: str
    route: str = ""
    mg: float = 0.0
    per_kg: bool = False
    duration_min: float = 0.0


@dataclass(frozen=True)
class Arm:
    """One arm: what is given, on which days, and when the course is judged."""

    name: str
    given: Given
    sessions_d: tuple[float, ...]
    judged_d: float
    protocol: str = ""


@dataclass(frozen=True)
class Asked:
    """What the trial counts: the horizon, what remission and relapse are, when visits are."""

    days: int
    remission: float
    relapse: float
    visits_apart_d: tuple[int, ...]


@dataclass(frozen=True)
class Trial:
    """A whole trial; `subjects` go into each arm."""

    title: str
    population: Population
    setting: Setting
    asked: Asked
    arms: tuple[Arm, ...]
    subjects: int
    seed: int = 0
    extrapolate: bool = False
    r_weight: float | None = None


def programme(given: Given, weight_kg: float) -> tuple[Dose, ...]:
    """The doses of one session for somebody of `weight_kg`, minutes from its start."""
    from ketaflow.pharmacology import library
    from ketaflow.pharmacology.doses import NasalDose, infusion

    mg = given.mg * (weight_kg if given.per_kg else 1.0)
    if given.route == "iv":
        return infusion(mg, given.duration_min)
    entry = library.default(drug=given.drug, route=given.route).inputs[given.route]
    apart_min = 60.0 * entry.devices_apart_h
    count = round(mg / entry.device_mg)
    return tuple(NasalDose(place * apart_min, entry.device_mg) for place in range(count))
