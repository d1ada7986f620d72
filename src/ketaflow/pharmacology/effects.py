"""What the drug does: effect sites that lag behind the blood, and what follows from their level.

An effect site follows plasma as `dCe/dt = ke0 (C - Ce)`. That is linear, so the sites are states
of the kinetic system and are solved with it, exactly; only the step from site to effect is curved.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import NormalDist

import numpy as np

from ketaflow.pharmacology.kinetics import Rates, add
from ketaflow.pharmacology.population import FloatArray, standard_normal, vary
from ketaflow.pharmacology.structure import Effect, KineticModel

SIGMOID = "antagonised sigmoid"
FROM_CONCENTRATION = "proportional to concentration"
FROM_EFFECT = "proportional to effect"
SATURABLE = "saturable"
AMONG_RESPONDERS = "saturable among responders"
FOLLOWED = {
    SIGMOID: ("parent", "norketamine"),
    FROM_CONCENTRATION: ("parent",),
    FROM_EFFECT: (),
    SATURABLE: ("parent",),
    AMONG_RESPONDERS: ("parent",),
}
UMOL_PER_MMOL = 1000.0
NG_ML_PER_MG_L = 1000.0


@dataclass(frozen=True)
class AtSite:
    """Levels at one effect's site, mg/L, shape `(n, t)`, and what the equation needs beside."""

    levels: Mapping[str, FloatArray]
    molar_mass: Mapping[str, float]
    session_number: int
    sensitivity: FloatArray


def sites(effects: Sequence[Effect], first: int) -> Mapping[tuple[str, str], int]:
    """State numbers from `first` on for each (effect, analyte) that is followed."""
    pairs = [(effect.id, analyte) for effect in effects for analyte in FOLLOWED[effect.equation]]
    return {pair: first + place for place, pair in enumerate(pairs)}


def attach(
    rates: Rates,
    model: KineticModel,
    values: Mapping[str, FloatArray],
    effects: Sequence[Effect],
    states: Mapping[tuple[str, str], int],
    compartments: Mapping[str, int],
) -> None:
    """Write the effect sites into the rates, in place; both maps give state numbers."""
    lag_h = {effect.id: effect.half_life_h for effect in effects}
    for (effect, analyte), site in states.items():
        compartment = model.analytes[analyte].compartment
        ke0 = log(2.0) / lag_h[effect]
        volume = values[model.compartments[compartment]]
        add(rates, (site, site), np.full(volume.shape, -ke0))
        add(rates, (site, compartments[compartment]), ke0 / volume)


def tolerance(effect: Effect, session_number: int) -> float:
    """What is left of an effect at the n-th session of a course, 1 at the first."""
    if effect.tolerance is None:
        return 1.0
    each, floor = effect.tolerance
    return max(floor, float(each ** (session_number - 1)))


def sigmoid(effect: Effect, site: AtSite) -> FloatArray:
    """`Emax t x^g / (1 + x^g)` with `x = Ce / (C50 (1 + Ce_nk / C_antagonist))`, all in nmol/mL."""
    drug, against = (
        site.levels[analyte] * (UMOL_PER_MMOL / site.molar_mass[analyte])
        for analyte in FOLLOWED[SIGMOID]
    )
    numbers = effect.parameters
    driven = np.maximum(drug, 0.0) / (numbers["C50"] * (1.0 + against / numbers["C_antagonist"]))
    power = driven ** numbers["gamma"]
    return numbers["Emax"] * tolerance(effect, site.session_number) * power / (1.0 + power)


def from_concentration(effect: Effect, site: AtSite) -> FloatArray:
    """A slope times the level in ng/mL, the slope differing between people."""
    slope = effect.parameters["slope"] * NG_ML_PER_MG_L
    return slope * site.sensitivity[:, None] * site.levels["parent"]


def saturable(effect: Effect, site: AtSite) -> FloatArray:
    """`Emax Ce / (C50 + Ce)`, in nmol/mL."""
    level = site.levels["parent"] * (UMOL_PER_MMOL / site.molar_mass["parent"])
    return saturated(effect, np.maximum(level, 0.0))


def among_responders(effect: Effect, site: AtSite) -> FloatArray:
    """`r Emax Ce / (C50 + Ce)`, in ng/mL; `r` is 1 in a responder and 0 in everybody else."""
    level = np.maximum(site.levels["parent"] * NG_ML_PER_MG_L, 0.0)
    return site.sensitivity[:, None] * saturated(effect, level)


def saturated(effect: Effect, level: FloatArray) -> FloatArray:
    """Half of the most there is at `C50`, in the unit of `level`."""
    return effect.parameters["Emax"] * level / (effect.parameters["C50"] + level)


EQUATIONS: Mapping[str, Callable[[Effect, AtSite], FloatArray]] = {
    SIGMOID: sigmoid,
    FROM_CONCENTRATION: from_concentration,
    SATURABLE: saturable,
    AMONG_RESPONDERS: among_responders,
}


def sensitivity(effect: Effect, *, subjects: int, seed: int) -> FloatArray:
    """How much more or less than typical each person responds, shape `(max(subjects, 1),)`.

    Where there are responders and others it is 1 or 0, and the typical patient is a responder.
    """
    varies, responders = effect.varies, effect.responders
    if not subjects:
        return np.ones(1)
    normal = standard_normal(f"effect {effect.id}", (subjects, 1), seed=seed)[:, 0]
    if responders is not None:
        return np.where(normal < NormalDist().inv_cdf(responders), 1.0, 0.0)
    return vary(1.0, varies, (varies.sd if varies else 0.0) * normal)
