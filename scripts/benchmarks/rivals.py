"""The same workloads by solvers of differential equations, each with relative tolerance 1e-6.

Every event is placed exactly: a solver runs from one to the next. numbalsoda is compiled and runs
on all cores; SciPy's odeint and libroadrunner run on one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from scipy.integrate import odeint

from benchmarks import workloads as work
from benchmarks.workloads import Floats, Schedule

RTOL, ATOL = 1e-6, 1e-9
# Solves everybody handed in; the effect only where it is asked for.
Solver = Callable[[Floats, Floats, Schedule, bool], Floats]

K21, K31, Q2, Q3 = work.K21, work.K31, work.Q2, work.Q3
KIN, KOUT, EMAX, EC50, START = work.KIN, work.KOUT, work.EMAX, work.EC50, work.START


def segments(schedule: Schedule) -> list[tuple[int, int, float]]:
    """From each event to the next: index of the first time and of the last, and the rate."""
    times = schedule.times_min
    places = [*np.searchsorted(times, schedule.at_min), times.size - 1]
    pairs = zip(pairwise(places), schedule.mg_min, strict=True)
    return [(int(first), int(last), mg_min) for (first, last), mg_min in pairs]


def change(z: Floats, t: float, clearance: float, volume: float, mg_min: float) -> list[float]:
    """The equations of W2; W1 is the first three."""
    level = z[0] / volume
    out = [
        mg_min - (clearance + Q2 + Q3) * level + K21 * z[1] + K31 * z[2],
        Q2 * level - K21 * z[1],
        Q3 * level - K31 * z[2],
    ]
    if len(z) == 4:
        out.append(KIN * (1 + EMAX * level / (EC50 + level)) - KOUT * z[3])
    return out


def by_scipy(clearance: Floats, volume: Floats, schedule: Schedule, effect: bool) -> Floats:
    """SciPy's odeint, one patient after the other."""
    times = schedule.times_min
    out = np.empty((1 + effect, clearance.size, times.size))
    for person, (cl, v) in enumerate(zip(clearance, volume, strict=True)):
        state = np.array([0.0, 0.0, 0.0, START][: 3 + effect])
        for first, last, mg_min in segments(schedule):
            asked = times[first : last + 1]
            found = odeint(change, state, asked, args=(cl, v, mg_min), rtol=RTOL, atol=ATOL)
            out[0, person, first : last + 1] = found[:, 0] / v
            if effect:
                out[1, person, first : last + 1] = found[:, 3]
            state = found[-1]
    return out


def numbalsoda() -> Solver:
    """LSODA called from compiled code, patients over all cores.

    Raises:
        ImportError: it is not installed.
    """
    from numbalsoda import lsoda, lsoda_sig

    levels, effects = equations(lsoda_sig)
    everybody = over_all_cores(lsoda)

    def solve(clearance: Floats, volume: Floats, schedule: Schedule, effect: bool) -> Floats:
        out = np.empty((1 + effect, clearance.size, schedule.grid.count))
        parts = np.array(segments(schedule))
        address = (effects if effect else levels).address
        everybody(address, clearance, volume, parts, schedule.times_min, out)
        return out

    return solve


def equations(signature: Any) -> tuple[Any, Any]:
    """W1 and W2 as numbalsoda takes them."""

    @numba.njit
    def flows(z, dz, p):  # type: ignore[no-untyped-def]
        level = z[0] / p[1]
        dz[0] = p[2] - (p[0] + Q2 + Q3) * level + K21 * z[1] + K31 * z[2]
        dz[1] = Q2 * level - K21 * z[1]
        dz[2] = Q3 * level - K31 * z[2]
        return level

    @numba.cfunc(signature)
    def levels(t, z, dz, p):  # type: ignore[no-untyped-def]
        flows(z, dz, p)

    @numba.cfunc(signature)
    def effects(t, z, dz, p):  # type: ignore[no-untyped-def]
        level = flows(z, dz, p)
        dz[3] = KIN * (1 + EMAX * level / (EC50 + level)) - KOUT * z[3]

    return levels, effects


def over_all_cores(lsoda: Any) -> Any:
    """Everybody from event to event, in parallel."""

    @numba.njit(parallel=True)
    def everybody(address, clearance, volume, parts, times, out):  # type: ignore[no-untyped-def]
        for person in numba.prange(clearance.size):
            state = np.zeros(2 + out.shape[0])
            if out.shape[0] == 2:
                state[3] = START
            for part in range(parts.shape[0]):
                first, after = int(parts[part, 0]), int(parts[part, 1]) + 1
                data = np.array([clearance[person], volume[person], parts[part, 2]])
                asked = times[first:after]
                found, _ = lsoda(address, state, asked, data, rtol=RTOL, atol=ATOL)
                out[0, person, first:after] = found[:, 0] / volume[person]
                if out.shape[0] == 2:
                    out[1, person, first:after] = found[:, 3]
                state = found[-1].copy()

    return everybody


def libroadrunner() -> Solver:
    """CVODE on compiled SBML, one patient after the other.

    Raises:
        ImportError: it is not installed.
    """
    import roadrunner

    def solve(clearance: Floats, volume: Floats, schedule: Schedule, effect: bool) -> Floats:
        runner = roadrunner.RoadRunner(sbml(effect))
        runner.integrator.relative_tolerance = RTOL
        runner.integrator.absolute_tolerance = ATOL
        runner.timeCourseSelections = ["A", "R"] if effect else ["A"]
        times = schedule.times_min
        out = np.empty((1 + effect, clearance.size, times.size))
        for person, (cl, v) in enumerate(zip(clearance, volume, strict=True)):
            runner.reset()
            runner["CL"], runner["V1"] = cl, v
            for first, last, mg_min in segments(schedule):
                runner["rate"] = mg_min
                found = np.asarray(runner.simulate(times=times[first : last + 1].tolist()))
                out[0, person, first : last + 1] = found[:, 0] / v
                if effect:
                    out[1, person, first : last + 1] = found[:, 1]
        return out

    return solve


def sbml(effect: bool) -> str:
    """The equations as SBML rate rules."""
    flows = {
        "A": f"rate - (CL + {Q2!r} + {Q3!r}) * A / V1 + {K21!r} * B + {K31!r} * C",
        "B": f"{Q2!r} * A / V1 - {K21!r} * B",
        "C": f"{Q3!r} * A / V1 - {K31!r} * C",
    }
    if effect:
        drive = f"{EMAX!r} * (A / V1) / ({EC50!r} + A / V1)"
        flows["R"] = f"{KIN!r} * (1.0 + {drive}) - {KOUT!r} * R"
    started = {"CL": 1.0, "V1": 1.0, "rate": 0.0, "A": 0.0, "B": 0.0, "C": 0.0, "R": START}
    names = "".join(
        f'<parameter id="{name}" value="{value!r}" constant="false"/>'
        for name, value in started.items()
    )
    rules = "".join(
        f'<rateRule variable="{name}"><math xmlns="http://www.w3.org/1998/Math/MathML">'
        f"{mathml(formula)}</math></rateRule>"
        for name, formula in flows.items()
    )
    return (
        '<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" '
        f'level="3" version="1"><model><listOfParameters>{names}</listOfParameters>'
        f"<listOfRules>{rules}</listOfRules></model></sbml>"
    )


def mathml(formula: str) -> str:
    """A formula of numbers, names and the four operations, as MathML."""
    import ast

    words = {ast.Add: "plus", ast.Sub: "minus", ast.Mult: "times", ast.Div: "divide"}

    def write(node: ast.expr) -> str:
        if isinstance(node, ast.BinOp):
            both = write(node.left) + write(node.right)
            return f"<apply><{words[type(node.op)]}/>{both}</apply>"
        if isinstance(node, ast.Constant):
            return f"<cn>{node.value!r}</cn>"
        assert isinstance(node, ast.Name)
        return f"<ci>{node.id}</ci>"

    return write(ast.parse(formula, mode="eval").body)
