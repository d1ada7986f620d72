"""From a published model and people's parameters to one linear system, all its copies together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.pharmacology import doses as giving
from ketaflow.pharmacology import effects, kinetics
from ketaflow.pharmacology.doses import Dose
from ketaflow.pharmacology.exact.system import Curve, System, system
from ketaflow.pharmacology.kinetics import Push, Rates
from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import Effect, Input, KineticModel


@dataclass(frozen=True)
class Body:
    """One model in every person, ready to be given a dose.

    `states` numbers the compartments and the pump of each copy of the structure, `sites` the
    effect sites of each copy by (effect, analyte), `values` are its parameters.
    """

    model: KineticModel
    entry: Input
    rates: Rates
    size: int
    values: Mapping[str, Mapping[str, FloatArray]]
    states: Mapping[str, Mapping[str, int]]
    sites: Mapping[str, Mapping[tuple[str, str], int]]

    @property
    def people(self) -> int:
        """How many persons."""
        first = next(iter(self.values.values()))
        return int(next(iter(first.values())).shape[0])

    def level(self, copy: str, analyte: str) -> tuple[int, FloatArray]:
        """The concentration of one analyte, mg/L, as a term of a curve."""
        compartment = self.model.analytes[analyte].compartment
        volume = self.values[copy][self.model.compartments[compartment]]
        return self.states[copy][compartment], 1.0 / volume

    def at_site(self, effect: Effect, analyte: str) -> Curve:
        """The level at the site of `effect`, mg/L, copies weighted as it says."""
        pair = (effect.id, analyte)
        return [
            (sites[pair], effect.weights[copy])
            for copy, sites in self.sites.items()
            if pair in sites
        ]

    def pushes(self, doses: Sequence[Dose]) -> list[Push]:
        """What `doses`, minutes from the start, add to the states."""
        return [
            push
            for name, copy in self.model.copies.items()
            for push in giving.pushes(doses, self.entry, copy, self.values[name], self.states[name])
        ]

    def system(self, curves: Sequence[Curve], extra: Rates | None = None) -> System:
        """The system to solve, with states and rates of `extra` beside its own."""
        rates = {**self.rates, **(extra or {})}
        size = max([self.size - 1, *(row for row, _ in extra or {})]) + 1
        return system(size, rates, curves, people=self.people)


def body(
    model: KineticModel,
    people: Mapping[str, FloatArray],
    *,
    route: str,
    acting: Sequence[Effect] = (),
) -> Body:
    """`model` in everybody.

    Args:
        model: a published parameter set.
        people: parameters by name in mg, L and h, each of shape `(n,)`.
        route: a route the model has; its dose enters there.
        acting: effects whose sites are followed.
    """
    entry, rates, size = model.inputs[route], Rates(), 0
    values, states, sites = {}, {}, {}
    for name, copy in model.copies.items():
        own = {
            key: one * copy.factors[key] if key in copy.factors else one
            for key, one in people.items()
        }
        places = {one: size + place for place, one in enumerate([*model.compartments, "pump"])}
        felt = tuple(effect for effect in acting if effect.weights.get(name))
        sites[name] = effects.sites(felt, size + len(places))
        rates |= kinetics.flow_rates(model, own, places)
        pumped = (places[entry.rest_into or entry.into], places["pump"])
        kinetics.add(rates, pumped, np.ones(next(iter(own.values())).shape))
        effects.attach(rates, model, own, felt, sites[name], places)
        values[name], states[name] = own, places
        size += len(places) + len(sites[name])
    return Body(model, entry, rates, size, values, states, sites)
