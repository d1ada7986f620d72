"""Solves one model for one programme in every virtual person, exactly, on an even grid of times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np

from ketaflow.pharmacology import doses as giving
from ketaflow.pharmacology import kinetics, library, population
from ketaflow.pharmacology.doses import Dose
from ketaflow.pharmacology.exact import curves
from ketaflow.pharmacology.exact.assembly import body
from ketaflow.pharmacology.population import FloatArray, Subject
from ketaflow.pharmacology.structure import Effect, Input, KineticModel
from ketaflow.refusals import OutsideEnvelope

MOST_SUBJECTS = 10_000
MOST_VALUES = 2_000_000


class NotAForecast(OutsideEnvelope):
    """The number of subjects, the hours, the grid or the session is not one a forecast can use."""


class Asked(TypedDict, total=False):
    """How a forecast is run; each has a default in `Run`."""

    subjects: int
    seed: int
    hours: float
    grid_min: float
    session_number: int
    extrapolate: bool
    covariates: Sequence[str]
    effects: Sequence[str] | None
    weights: FloatArray | None


@dataclass(frozen=True)
class Run:
    """How a forecast is run. With 0 subjects, the typical patient alone."""

    subjects: int = 200
    seed: int = 0
    hours: float = 3.0
    grid_min: float = 1.0
    session_number: int = 1
    extrapolate: bool = False
    covariates: Sequence[str] = ()
    effects: Sequence[str] | None = None
    weights: FloatArray | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0 <= self.subjects <= MOST_SUBJECTS:
            raise NotAForecast(
                f"A forecast draws 0 to {MOST_SUBJECTS} subjects (got {self.subjects})."
            )
        if self.weights is not None and self.weights.shape != (self.subjects,):
            raise NotAForecast(
                f"{self.weights.size} weights do not belong to {self.subjects} subjects."
            )
        if self.seed < 0:
            raise NotAForecast(f"A seed is 0 or more (got {self.seed}).")
        if self.session_number < 1:
            raise NotAForecast(f"Sessions are numbered from 1 (got {self.session_number}).")
        if not 0 < self.grid_min <= self.hours * giving.MIN_PER_H < np.inf:
            raise NotAForecast(
                f"A forecast needs hours above 0 and a grid above 0 min that fits into them "
                f"(got {self.hours:g} h every {self.grid_min:g} min)."
            )
        values = max(self.subjects, 1) * (self.hours * giving.MIN_PER_H / self.grid_min)
        if values > MOST_VALUES:
            raise NotAForecast(
                f"{self.subjects} subjects over {self.hours:g} h every {self.grid_min:g} min is "
                f"more than one forecast holds. Ask for fewer subjects or a coarser grid."
            )

    @property
    def grid(self) -> kinetics.Grid:
        """The times, as the engine counts them."""
        count = int(self.hours * giving.MIN_PER_H / self.grid_min + 1e-9) + 1
        return kinetics.Grid(self.grid_min / giving.MIN_PER_H, count)


@dataclass(frozen=True)
class Solution:
    """One model solved: what a laboratory and an effect site would see, mg/L, shape `(t, n)`."""

    model: KineticModel
    effects: tuple[Effect, ...]
    levels: Mapping[tuple[str, str], FloatArray]
    sites: Mapping[tuple[str, str], FloatArray]

    def level(self, copy: str, analyte: str) -> FloatArray:
        """Concentration in the sampled compartment, mg/L, shape `(n, t)`."""
        return self.levels[copy, analyte].T

    def at_site(self, effect: Effect, analyte: str) -> FloatArray:
        """Level at the site of `effect`, mg/L, copies weighted as it says, shape `(n, t)`."""
        return self.sites[effect.id, analyte].T


def solve(
    model: KineticModel, *, route: str, doses: Sequence[Dose], subject: Subject, run: Run
) -> Solution:
    """Every level and effect site of `model` over time.

    Args:
        model: a published parameter set.
        route: a route the model has.
        doses: checked.
        subject: who is treated.
        run: how many virtual people, from which seed, at which times.
    """
    people = population.individuals(model, subject, subjects=run.subjects, seed=run.seed)
    model = needed(model, model.inputs[route])
    acting = tuple(library.effects()[name] for name in model.effects)
    whole = body(model, people, route=route, acting=acting)
    levels = {
        (copy, analyte): [whole.level(copy, analyte)]
        for copy in model.copies
        for analyte in model.analytes
    }
    followed = dict.fromkeys(pair for sites in whole.sites.values() for pair in sites)
    by_id = {effect.id: effect for effect in acting}
    sites = {(name, analyte): whole.at_site(by_id[name], analyte) for name, analyte in followed}
    found = curves.by_time(
        whole.system([*levels.values(), *sites.values()]), whole.pushes(doses), run.grid
    )
    return Solution(
        model,
        acting,
        dict(zip(levels, found, strict=False)),
        dict(zip(sites, found[len(levels) :], strict=True)),
    )


def needed(model: KineticModel, entry: Input) -> KineticModel:
    """`model` without the compartments that no dose by `entry` reaches or that nobody can feel."""
    analytes = {analyte for shown in model.series for _, analyte in shown.sums}
    if model.effects:
        analytes |= {"parent", "norketamine"}
    kept = {model.analytes[analyte].compartment for analyte in analytes}
    while upstream := {flow.out_of for flow in model.flows if flow.into in kept} - kept:
        kept |= upstream
    reached = {entry.into, entry.rest_into} - {""}
    while downstream := {f.into for f in model.flows if f.out_of in reached} - reached - {""}:
        reached |= downstream
    kept &= reached
    return replace(
        model,
        analytes={name: one for name, one in model.analytes.items() if one.compartment in kept},
        compartments={name: volume for name, volume in model.compartments.items() if name in kept},
        flows=tuple(
            replace(flow, into=flow.into if flow.into in kept else "")
            for flow in model.flows
            if flow.out_of in kept
        ),
    )
