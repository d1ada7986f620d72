"""The engine's workloads W1 to W4: who is treated with what, and the exact answer for a few.

A patient of 70 kg with the three compartments of Domino's typical values; clearance and central
volume vary, log-normal with 0.30 on the log. 35 mg of ketamine over 40 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from ketaflow.pharmacology.exact.indirect import Turnover
from ketaflow.pharmacology.exact.system import System, system
from ketaflow.pharmacology.kinetics import Grid, Push

Floats = NDArray[np.float64]

MIN = 60.0
V1 = 0.063 * 70
K10, K12, K21, K13, K31 = 0.4381, 0.5921, 0.2470, 0.5900, 0.0146
CL, Q2, Q3 = K10 * V1, K12 * V1, K13 * V1
V2, V3 = Q2 / K21, Q3 / K31
MG_MIN = 35.0 / 40.0
DAYS = (0, 2, 4, 7, 9, 11)
COURSE = Grid(1 / 6, 2017)
# W2: R' = kin (1 + Emax C / (EC50 + C)) - kout R, per minute.
KIN = KOUT = 0.005
EMAX, EC50, START = 2.0, 0.1, 1.0


@dataclass(frozen=True)
class Schedule:
    """Minutes at which the pump's rate changes, the rates from then on, and the times looked at."""

    at_min: tuple[float, ...]
    mg_min: tuple[float, ...]
    grid: Grid

    @property
    def pushes(self) -> list[Push]:
        """As the engine takes them."""
        before = (0.0, *self.mg_min[:-1])
        changes = zip(self.at_min, self.mg_min, before, strict=True)
        return [Push(at / MIN, 3, (now - was) * MIN) for at, now, was in changes]

    @property
    def times_min(self) -> Floats:
        """The times looked at."""
        return np.round(np.arange(self.grid.count) * self.grid.step_h * MIN, 9)


SIX = Schedule(
    tuple(at for day in DAYS for at in (1440.0 * day, 1440.0 * day + 40)), (MG_MIN, 0.0) * 6, COURSE
)
RAISED = Schedule((0.0, 20.0, 40.0), (MG_MIN, 1.5 * MG_MIN, 0.0), Grid(1 / 60, 181))


def people(count: int, seed: int = 1) -> tuple[Floats, Floats]:
    """Clearance (L/min) and central volume (L) of so many."""
    chance = np.random.default_rng(seed)
    clearance, volume = np.exp(0.30 * chance.standard_normal((2, count)))
    return CL * clearance, V1 * volume


def three_compartments(clearance: Floats, volume: Floats) -> System:
    """The engine's system; the fourth state is the pump."""
    even = np.ones(clearance.size)
    rates = {
        (0, 0): -MIN * (clearance + Q2 + Q3) / volume,
        (1, 0): MIN * Q2 / volume,
        (2, 0): MIN * Q3 / volume,
        (0, 1): MIN * K21 * even,
        (1, 1): -MIN * K21 * even,
        (0, 2): MIN * K31 * even,
        (2, 2): -MIN * K31 * even,
        (0, 3): even,
    }
    return system(4, rates, [[(0, 1.0 / volume)]], people=clearance.size)


TURNOVER = Turnover(kin=MIN * KIN, kout=MIN * KOUT, emax=EMAX, ec50=EC50, start=START)


def matrix(clearance: float, volume: float) -> Floats:
    """Rates per minute of one patient."""
    return np.array(
        [
            [-(clearance + Q2 + Q3) / volume, K21, K31],
            [Q2 / volume, -K21, 0.0],
            [Q3 / volume, 0.0, -K31],
        ]
    )


def exact_levels(clearance: float, volume: float, schedule: Schedule) -> Floats:
    """Central concentration of one patient by SciPy's exponential, from event to event."""
    rates, times = np.zeros((4, 4)), schedule.times_min
    rates[:3, :3] = matrix(clearance, volume)
    state, out = np.zeros(4), np.empty(times.size)
    edges = [*schedule.at_min, times[-1] + 1]
    for (start, stop), mg_min in zip(pairwise(edges), schedule.mg_min, strict=True):
        rates[0, 3] = mg_min
        state[3] = 1.0
        inside = (times >= start) & (times < stop)
        out[inside] = (expm(rates * (times[inside] - start)[:, None, None]) @ state)[:, 0] / volume
        state = expm(rates * (stop - start)) @ state
    return out


def tight_effect(clearance: float, volume: float, schedule: Schedule) -> Floats:
    """The effect of W2 in one patient by a solver with a very tight tolerance."""
    rates, times = matrix(clearance, volume), schedule.times_min
    state, out = np.array([0.0, 0.0, 0.0, START]), np.empty(times.size)
    edges = [*schedule.at_min, times[-1] + 1]
    for (start, stop), mg_min in zip(pairwise(edges), schedule.mg_min, strict=True):

        def change(_: float, z: Floats, mg_min: float = mg_min) -> Floats:
            level = z[0] / volume
            flows = rates @ z[:3]
            flows[0] += mg_min
            effect = KIN * (1 + EMAX * level / (EC50 + level)) - KOUT * z[3]
            return np.array([*flows, effect])

        inside = (times >= start) & (times < stop)
        told = {"method": "Radau", "rtol": 1e-11, "atol": 1e-13}
        solved = solve_ivp(change, (start, stop), state, t_eval=[*times[inside], stop], **told).y
        out[inside] = solved[3, :-1]
        state = solved[:, -1]
    return out
