"""Exact linear kinetics: no step size, no solver error.

Drug moves between compartments at rates proportional to amounts, `dA/dt = K A + u`. A pump that
runs at a constant rate is one more state that does not change by itself, so between two events it
is `dz/dt = B z`, whose solution is `exp(B t) z` exactly. Events (a spray, a new rate) add to `z`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ketaflow.pharmacology.population import FloatArray
from ketaflow.pharmacology.structure import Flow, KineticModel

# Two times closer than this are the same moment; about a microsecond.
SAME_H = 1e-10


@dataclass(frozen=True)
class Push:
    """At `at_h`, `amount` (shape `(n,)`) is added to state `into`."""

    at_h: float
    into: int
    amount: FloatArray


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


def rate_matrix(model: KineticModel, values: Mapping[str, FloatArray], *, extra: int) -> FloatArray:
    """The matrix `B` of every person, with `extra` empty states after the compartments.

    Args:
        model: its compartments and flows.
        values: parameters in mg, L, h, each of shape `(n,)`.
        extra: states kept free for pumps and effect sites.

    Returns:
        Rates per hour, shape `(n, s + extra, s + extra)`, for `dz/dt = B z`.
    """
    names = list(model.compartments)
    count = next(iter(values.values())).shape[0]
    rates = np.zeros((count, len(names) + extra, len(names) + extra))
    for flow in model.flows:
        out = names.index(flow.out_of)
        rate = speed(model, flow, values)
        rates[:, out, out] -= rate
        if flow.into:
            share = flow.mass_ratio * (values[flow.yields] if flow.yields else 1.0)
            rates[:, names.index(flow.into), out] += rate * share
    return rates


def propagator(rates: FloatArray, lasting_h: float) -> FloatArray:
    """`exp(rates * lasting_h)` for a batch of matrices, to rounding.

    Halves the time until a Taylor polynomial of degree 15 is exact to 1e-16, then squares back.
    Unlike an eigen-decomposition this does not care whether two rates coincide, as the equal
    stages of a transit chain do.

    Args:
        rates: shape `(n, s, s)`, per hour.
        lasting_h: hours, above 0.

    Returns:
        Shape `(n, s, s)`.

    Source:
        Higham, Functions of Matrices (2008), chapter 10.
    """
    scaled = rates * lasting_h
    largest = float(np.abs(scaled).sum(axis=1).max())
    halvings = max(0, int(np.ceil(np.log2(max(largest, 1e-300) / 0.5))))
    scaled = scaled / 2.0**halvings
    powers = [np.broadcast_to(np.eye(rates.shape[-1]), rates.shape), scaled, scaled @ scaled]
    powers += [powers[2] @ scaled, powers[2] @ powers[2]]
    terms = 1.0 / np.cumprod([1.0, *range(1, 16)])
    whole = sum(terms[12 + k] * powers[k] for k in range(4))
    for base in (8, 4, 0):
        whole = whole @ powers[4] + sum(terms[base + k] * powers[k] for k in range(4))
    for _ in range(halvings):
        whole = whole @ whole
    return np.asarray(whole)


def advance(rates: FloatArray, state: FloatArray, lasting_h: float) -> FloatArray:
    """`exp(rates * lasting_h) @ state` without the exponential itself; `state` is `(n, s)`."""
    if lasting_h <= SAME_H:
        return state
    largest = float(np.abs(rates).sum(axis=1).max()) * lasting_h
    parts = max(1, int(np.ceil(largest)))
    for _ in range(parts):
        term = state[..., None]
        whole = term.copy()
        for order in range(1, 20):
            term = (rates @ term) * (lasting_h / parts / order)
            whole += term
        state = whole[..., 0]
    return state


def respond(rates: FloatArray, pushes: Sequence[Push], grid: Grid) -> FloatArray:
    """Every state of every person at every time of `grid`.

    Args:
        rates: shape `(n, s, s)`, per hour.
        pushes: what is added when; one after the end of the grid has no effect.
        grid: the times; a push at a grid time is already in at that time.

    Returns:
        Shape `(n, t, s)`; amounts in mg where the state is a compartment.

    Source:
        Exact solution of a linear system with constant input between events.
    """
    count, size = rates.shape[0], rates.shape[-1]
    state = np.zeros((count, size))
    out = np.empty((count, grid.count, size))
    end_h = grid.step_h * grid.count
    moments = sorted({0.0, *(push.at_h for push in pushes if push.at_h < end_h)})
    steps = [propagator(rates, grid.step_h).transpose(0, 2, 1)] if grid.count > 1 else []
    for at_h, until_h in pairwise([*moments, end_h]):
        for push in pushes:
            if push.at_h == at_h:
                state[:, push.into] += push.amount
        first, last = next_point(at_h, grid), next_point(until_h, grid)
        reached_h = at_h
        if first < last:
            out[:, first] = advance(rates, state, first * grid.step_h - at_h)
            fill(out[:, first:last], steps)
            reached_h, state = (last - 1) * grid.step_h, out[:, last - 1].copy()
        left_h = until_h - reached_h
        if until_h < end_h and abs(left_h - grid.step_h) <= SAME_H:
            state = (state[:, None] @ steps[0])[:, 0]
        elif until_h < end_h:
            state = advance(rates, state, left_h)
    return out


def next_point(at_h: float, grid: Grid) -> int:
    """Index of the first grid time that is not before `at_h`."""
    return min(grid.count, int(np.ceil((at_h - SAME_H) / grid.step_h)))


def fill(run: FloatArray, steps: list[FloatArray]) -> None:
    """Fill `run`, shape `(n, t, s)`, from its first time on, doubling what is known on each pass.

    `steps` holds the propagators of 1, 2, 4 … steps, transposed, and grows as they are needed.
    """
    known, passes, count = 1, 0, run.shape[1]
    while known < count:
        if passes == len(steps):
            steps.append(steps[-1] @ steps[-1])
        more = min(known, count - known)
        np.matmul(run[:, :more], steps[passes], out=run[:, known : known + more])
        known, passes = known + more, passes + 1
