"""Exact linear kinetics: no step size, no solver error.

Drug moves between compartments at rates proportional to amounts, `dA/dt = K A + u`. A pump that
runs at a constant rate is one more state that does not change by itself, so between two events it
is `dz/dt = B z`, whose solution is `exp(B t) z` exactly. Events (a spray, a new rate) add to `z`.
Here a model's flows become rates; `exact` solves them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import Flow, KineticModel

# Two times closer than this are the same moment; about a microsecond.
SAME_H = 1e-10
# Entries of a rate matrix by (row, column), per hour, each of shape `(n,)`; the others are 0.
Rates = dict[tuple[int, int], FloatArray]


@dataclass(frozen=True)
class Push:
    """At `at_h`, `amount` is added to state `into`: one number for all, or shape `(n,)`."""

    at_h: float
    into: int
    amount: FloatArray | float


@dataclass(frozen=True)
class Grid:
    """Evenly spaced times from 0: `count` of them, `step_h` apart."""

    step_h: float
    count: int


def speed(model: KineticModel, flow: Flow, values: Mapping[str, FloatArray]) -> FloatArray:
    """First-order rate of one flow in every person, per hour."""
    if flow.clearance:
        return values[flow.clearance] / values[model.compartments[flow.out_of]]
    if flow.mean_time:
        return values[flow.stages] / values[flow.mean_time]
    return values[flow.rate]


def flow_rates(
    model: KineticModel, values: Mapping[str, FloatArray], states: Mapping[str, int]
) -> Rates:
    """What the flows of `model` add to a rate matrix, for `dz/dt = B z`.

    Args:
        model: its compartments and flows.
        values: parameters in mg, L, h, each of shape `(n,)`.
        states: compartment names to state numbers.
    """
    rates: Rates = {}
    for flow in model.flows:
        out, rate = states[flow.out_of], speed(model, flow, values)
        add(rates, (out, out), -rate)
        if flow.into:
            share = flow.mass_ratio * (values[flow.yields] if flow.yields else 1.0)
            add(rates, (states[flow.into], out), rate * share)
    return rates


def add(rates: Rates, place: tuple[int, int], rate: FloatArray) -> None:
    """Add to one entry."""
    rates[place] = rates[place] + rate if place in rates else rate


def rate_matrix(model: KineticModel, values: Mapping[str, FloatArray], *, extra: int) -> FloatArray:
    """The matrix `B` of every person in full, with `extra` empty states after the compartments.

    Args:
        model: its compartments and flows.
        values: parameters in mg, L, h, each of shape `(n,)`.
        extra: states kept free for pumps and effect sites.

    Returns:
        Rates per hour, shape `(n, s + extra, s + extra)`.
    """
    states = {name: place for place, name in enumerate(model.compartments)}
    size, count = len(states) + extra, next(iter(values.values())).shape[0]
    matrix = np.zeros((count, size, size))
    for (row, column), rate in flow_rates(model, values, states).items():
        matrix[:, row, column] = rate
    return matrix
