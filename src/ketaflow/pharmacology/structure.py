"""What a kinetic model is made of. Frozen values; `library` reads them, `population` fills them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ketaflow.pharmacology.quantities import Quantity


@dataclass(frozen=True)
class Variation:
    """How people differ: `sd` of the random effect `eta` on the log or logit scale."""

    eta: str
    scale: str
    sd: float


@dataclass(frozen=True)
class AgeSlope:
    """Added to a parameter for each year of age above a threshold."""

    above_years: float
    per_year: float


@dataclass(frozen=True)
class Parameter:
    """A typical value in the engine's units, and what changes it from one person to the next."""

    typical: Quantity
    scales: str = ""
    varies: Variation | None = None
    age: AgeSlope | None = None


@dataclass(frozen=True)
class Covariate:
    """A published effect of who somebody is, applied only when it is asked for by name.

    `factors` holds what each parameter is multiplied by, for `EVERYBODY` or for one sex; `slopes`
    the share of its typical value that is added for each year of age above a threshold. Of those
    that are `one_of` a kind, a person has at most one.
    """

    said: str
    one_of: str
    sources: tuple[str, ...]
    factors: Mapping[str, Mapping[str, float]]
    slopes: Mapping[str, AgeSlope]


EVERYBODY = "everybody"


@dataclass(frozen=True)
class Residual:
    """How far one measured level lies from one person's curve.

    `sd` is on the log scale or a share of the level, as `scale` says; `additive_nmol_ml` is added.
    """

    scale: str
    sd: float
    additive_nmol_ml: float


@dataclass(frozen=True)
class Allometry:
    """Powers of weight over the reference weight."""

    reference_kg: float
    exponents: Mapping[str, float]


@dataclass(frozen=True)
class Flow:
    """Drug moving from one compartment to another, or out of the body when `into` is empty.

    Its speed is a clearance over the volume it leaves, a rate, or stages over a mean time.
    """

    out_of: str
    into: str = ""
    clearance: str = ""
    rate: str = ""
    mean_time: str = ""
    stages: str = ""
    yields: str = ""
    mass_ratio: float = 1.0


@dataclass(frozen=True)
class Analyte:
    """What a laboratory would measure in one compartment."""

    compartment: str
    molar_mass: float


@dataclass(frozen=True)
class Copy:
    """One enantiomer's own copy of the structure: its share of the dose and its factors."""

    share: float
    factors: Mapping[str, float]


@dataclass(frozen=True)
class Input:
    """Where a dose by one route goes. A spray splits: part by the nose, the rest swallowed.

    What is swallowed whole arrives `over` a while, as far as it is `available`.
    """

    into: str
    over: str = ""
    available: str = ""
    fraction: str = ""
    later_device: str = ""
    rest_into: str = ""
    rest_over: str = ""
    rest_available: str = ""
    device_mg: float = 0.0
    devices_apart_h: float = 0.0


@dataclass(frozen=True)
class Limit:
    """One side or both of the envelope a model was made in; `said` holds what is not known.

    It holds for one route, or for all when `route` is empty. Beyond a `firm` limit there is no
    extrapolation.
    """

    of: str
    low: float | None
    high: float | None
    unit: str
    said: str
    route: str = ""
    firm: bool = False


@dataclass(frozen=True)
class Shown:
    """A curve that the model offers: the sum of analytes, each named (copy, analyte)."""

    name: str
    sums: tuple[tuple[str, str], ...]
    grade: str
    status: str


@dataclass(frozen=True)
class KineticModel:
    """One published parameter set and its structure."""

    id: str
    name: str
    version: str
    drug: str
    site: str
    population: str
    read: str
    grade: str
    marks: tuple[str, ...]
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    all_sources: tuple[str, ...]
    envelope: tuple[Limit, ...]
    allometry: Allometry | None
    parameters: Mapping[str, Parameter]
    covariances: Mapping[tuple[str, str], float]
    covariates: Mapping[str, Covariate]
    residuals: Mapping[str, Residual]
    residual_said: str
    compartments: Mapping[str, str]
    flows: tuple[Flow, ...]
    analytes: Mapping[str, Analyte]
    copies: Mapping[str, Copy]
    inputs: Mapping[str, Input]
    series: tuple[Shown, ...]
    effects: tuple[str, ...]
    effects_on_request: tuple[str, ...]
    beside: tuple[str, ...]
    default_for: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What the drug does, from the level at its effect site.

    `responders` is the share of people in whom there is any, `modifiers` says in words what makes
    it larger or smaller, and a forecast shorter than `least_h` hours would not show it.
    """

    id: str
    name: str
    quantity: str
    unit: str
    equation: str
    grade: str
    status: str
    sources: tuple[str, ...]
    parameters: Mapping[str, float]
    units: Mapping[str, str]
    half_life_h: float
    weights: Mapping[str, float]
    of: str
    varies: Variation | None
    tolerance: tuple[float, float] | None
    responders: float | None
    modifiers: tuple[str, ...]
    least_h: float
