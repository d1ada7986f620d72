"""How fast and how exact the engine is, beside other solvers and what memory allows.

`scripts/bench engine` runs the workloads W1 to W4, and times two commands from a cold start. What
is compared is measured in turns within one run, because a machine is never as fast twice.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy

from benchmarks import rivals, workloads
from benchmarks.machine import machine
from benchmarks.workloads import RAISED, SIX, TURNOVER, Floats, Schedule
from ketaflow.pharmacology import library, population
from ketaflow.pharmacology.doses import infusion
from ketaflow.pharmacology.exact import curves, indirect
from ketaflow.pharmacology.exact.compiled import threads
from ketaflow.pharmacology.exact.exposure import Given, Watch, exposure

TURNS = 5
IN_A_ROW = 10
CHECKED = 6
# Patients a rival is given: enough for a steady rate, few enough to wait for.
FEW = {"numbalsoda": 1000, "libroadrunner": 40, "SciPy odeint": 40}
SLICE = 20_000
FORECAST = (
    *("forecast", "--drug", "ketamine", "--route", "iv", "--dose-mg", "35", "--duration-min"),
    *("40", "--weight", "70", "--age", "40", "--sex", "female", "--subjects", "0", "--json"),
)
COLD = {"dose --help": ("dose", "--help"), "forecast, typical patient": FORECAST}


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench engine",
        description="Time the engine's workloads beside other solvers, a fill and a copy.",
        epilog="Example: scripts/bench engine --quick --json",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quick", action="store_true", help="leave out a million patients")
    asked = parser.parse_args(arguments)
    result = {
        "machine": {**machine(), "threads": threads(), **versions()},
        "cold_start_s": {name: cold(words) for name, words in COLD.items()},
        "W1": {str(count): course(count, effect=False) for count in (1000, 10_000)},
        "W2": {str(count): course(count, effect=True) for count in (1000, 10_000)},
        "W3": session(),
        "rivals": beside(),
        "W4 kinetics": {
            str(count): in_own_process(count)
            for count in (10_000, 100_000, *(() if asked.quick else (1_000_000,)))
        },
    }
    add_growth(result["W4 kinetics"])
    print(json.dumps(result, indent=1) if asked.json else table(result))
    return 0


def say(words: str) -> None:
    """To people, not to programs."""
    print(words, file=sys.stderr, flush=True)


def versions() -> dict[str, str]:
    """Of what the engine is built on."""
    return {"numpy": np.__version__, "numba": numba.__version__, "scipy": scipy.__version__}


@numba.njit(parallel=True)
def fill(out: Floats, value: float) -> None:
    """A plain parallel fill."""
    for row in numba.prange(out.shape[0]):
        for place in range(out.shape[1]):
            out[row, place] = value


@numba.njit(parallel=True)
def copy(out: Floats, other: Floats) -> None:
    """A plain parallel copy."""
    for row in numba.prange(out.shape[0]):
        for place in range(out.shape[1]):
            out[row, place] = other[row, place]


def timed(work: Callable[[], object]) -> float:
    """Seconds of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(works: dict[str, Callable[[], object]], turns: int = TURNS) -> dict[str, list[float]]:
    """Seconds of each work, a few runs in a row at each turn.

    The first runs of a row are left out: threads of the work before may still be spinning, and a
    thread that was asleep begins on the processor of the one that woke it.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            seconds[name] += [timed(work) for _ in range(IN_A_ROW)][IN_A_ROW // 2 :]
    return seconds


def engine(clearance: Floats, volume: Floats, effect: bool, out: Floats) -> Floats:
    """W1 or W2, from parameters to every value kept."""
    system = workloads.three_compartments(clearance, volume)
    if effect:
        return indirect.respond(system, SIX.pushes, SIX.grid, TURNOVER, out=out)
    return curves.by_person(system, SIX.pushes, SIX.grid, out=out)


def course(count: int, *, effect: bool) -> dict[str, Any]:
    """W1 or W2 in so many patients, in turns with a fill and a copy of the same memory."""
    say(f"W{1 + effect}, {count} patients")
    clearance, volume = workloads.people(count)
    out = np.zeros((1 + effect, count, SIX.grid.count))
    other, flat = np.ones_like(out), out.reshape(-1, SIX.grid.count)
    seconds = in_turns(
        {
            "fill": lambda: fill(flat, 1.0),
            "ours": lambda: engine(clearance, volume, effect, out),
            "copy": lambda: copy(flat, other.reshape(flat.shape)),
        }
    )
    engine(clearance, volume, effect, out)
    pairs = zip(seconds["fill"], seconds["ours"], strict=True)
    found: dict[str, Any] = {
        f"{name}_patients_s": round(count / statistics.median(times))
        for name, times in seconds.items()
    }
    found["ours_best_patients_s"] = round(count / min(seconds["ours"]))
    found["ours_of_fill"] = round(statistics.median(fill_s / ours_s for fill_s, ours_s in pairs), 3)
    found["best_of_best"] = round(min(seconds["fill"]) / min(seconds["ours"]), 3)
    found["scaled_error"] = worst(out, clearance, volume, SIX, effect)
    return found


def worst(
    out: Floats, clearance: Floats, volume: Floats, schedule: Schedule, effect: bool
) -> float:
    """Largest error of the last curve as a share of each patient's peak, in a few patients."""
    slow = workloads.tight_effect if effect else workloads.exact_levels
    errors = []
    for person in range(min(CHECKED, clearance.size)):
        expected = slow(clearance[person], volume[person], schedule)
        errors.append(np.abs(out[-1, person] - expected).max() / expected.max())
    return float(f"{max(errors):.2g}")


def session() -> dict[str, Any]:
    """W3: a typical patient and 200 others, their curve and band, warm."""
    say("W3")
    clearance, volume = workloads.people(201)
    clearance[0], volume[0] = workloads.CL, workloads.V1

    def ours() -> tuple[Floats, Floats]:
        system = workloads.three_compartments(clearance, volume)
        found = curves.by_time(system, RAISED.pushes, RAISED.grid)[0]
        return found[:, 0], band(found[:, 1:])

    seconds = in_turns({"ours": ours}, 30)["ours"]
    system = workloads.three_compartments(clearance, volume)
    found = curves.by_person(system, RAISED.pushes, RAISED.grid)
    return {
        "ours_ms": round(1000 * statistics.median(seconds), 3),
        "ours_best_ms": round(1000 * min(seconds), 3),
        "scaled_error": worst(found, clearance, volume, RAISED, False),
    }


def band(people: Floats) -> Floats:
    """The 5, 50 and 95 % quantiles at each time, as a forecast draws them."""
    ranked = np.sort(people, axis=1)
    places = np.array([0.05, 0.5, 0.95]) * (people.shape[1] - 1)
    below = places.astype(int)
    low, high = ranked[:, below], ranked[:, below + 1]
    return np.asarray(low + (high - low) * (places - below))


def beside() -> dict[str, Any]:
    """The other solvers on W1, W2 and W3; those that are not installed say so."""
    makers: dict[str, Callable[[], rivals.Solver]] = {
        "numbalsoda": rivals.numbalsoda,
        "libroadrunner": rivals.libroadrunner,
        "SciPy odeint": lambda: rivals.by_scipy,
    }
    found: dict[str, Any] = {}
    for name, make in makers.items():
        say(name)
        try:
            found[name] = rival(make(), FEW[name])
        except (ImportError, OSError) as missing:
            found[name] = {"not_run": str(missing)}
    return found


def rival(solve: rivals.Solver, count: int) -> dict[str, Any]:
    """One solver on as many patients as can be waited for, in turns with ours on all."""
    found: dict[str, Any] = {"patients": count}
    everybody = workloads.people(10_000)
    clearance, volume = workloads.people(count)
    for name, effect in (("W1", False), ("W2", True)):
        out = np.zeros((1 + effect, everybody[0].size, SIX.grid.count))
        theirs = partial(solve, clearance, volume, SIX, effect)
        ours = partial(engine, *everybody, effect, out)
        theirs()
        slow, quick = [], []
        for _ in range(3):
            slow.append(count / timed(theirs))
            quick.append(everybody[0].size / statistics.median(timed(ours) for _ in range(9)))
        kept = solve(clearance[:CHECKED], volume[:CHECKED], SIX, effect)
        found[f"{name}_patients_s"] = round(statistics.median(slow))
        both = zip(quick, slow, strict=True)
        found[f"{name}_times"] = round(statistics.median(our / their for our, their in both))
        found[f"{name}_scaled_error"] = worst(kept, clearance, volume, SIX, effect)
    clearance, volume = workloads.people(201)
    session = partial(solve, clearance, volume, RAISED, False)
    session()
    turns = [timed(lambda: band(session()[0].T)) for _ in range(5)]
    found["W3_ms"] = round(1000 * statistics.median(turns), 1)
    return found


def in_own_process(count: int) -> dict[str, Any]:
    """W4's kinetics, in a process whose peak memory is its own."""
    say(f"W4 kinetics, {count} patients")
    code = f"import json; from benchmarks import engine; print(json.dumps(engine.trial({count})))"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def trial(count: int) -> dict[str, Any]:
    """Peaks and areas of S- and R-ketamine and -norketamine over six infusions, slice by slice."""
    model = library.model("racemic-iv")
    subject = population.Subject(weight_kg=70, age=40)
    given = [Given(24.0 * day, infusion(35, 40)) for day in workloads.DAYS]
    watch = Watch(until_h=14 * 24.0)

    def one(first: int, size: int) -> None:
        people = population.individuals(model, subject, subjects=size, seed=first)
        exposure(model, route="iv", course=given, people=people, watch=watch)

    one(0, 64)
    began = time.perf_counter()
    for first in range(0, count, SLICE):
        one(first, min(SLICE, count - first))
    seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 2), "peak_mib": peak_mib()}


def peak_mib() -> int | None:
    """The most memory this process ever held, where the system says so."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(one.split()[1]) // 1024 for one in lines if one.startswith("VmHWM"))


def cold(words: tuple[str, ...]) -> float:
    """Seconds of a command in a new process, the median of a few; kernels are compiled before."""
    command = [str(Path(sys.executable).with_name("ketaflow")), *words]
    runs = [
        timed(
            lambda: subprocess.run(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True
            )
        )
        for _ in range(6)
    ]
    return round(statistics.median(runs[1:]), 3)


def add_growth(counts: dict[str, Any]) -> None:
    """Whether time grows with people, and no faster."""
    each = {count: one["seconds"] / int(count) for count, one in counts.items()}
    largest = each[max(each, key=int)]
    for count, per_patient in each.items():
        counts[count]["us_a_patient"] = round(1e6 * per_patient, 2)
        counts[count]["of_largest"] = round(per_patient / largest, 2)


def table(result: dict[str, Any]) -> str:
    """For people, and for the reference."""
    told = result["machine"]
    lines = [
        f"{told['cpu']}, {told['cores']} cores, load {told['load_1_min']}; Python "
        f"{told['python']}, NumPy {told['numpy']}, Numba {told['numba']}, SciPy {told['scipy']}.",
        "",
        "| work | patients | ours, patients/s | fill | copy | ours of fill | of best | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for work in ("W1", "W2"):
        for count in ("1000", "10000"):
            one = result[work][count]
            lines.append(
                f"| {work} | {count} | {one['ours_patients_s']} | {one['fill_patients_s']} "
                f"| {one['copy_patients_s']} | {one['ours_of_fill']:.2f} "
                f"| {one['best_of_best']:.2f} | {one['scaled_error']} |"
            )
    three = result["W3"]
    lines += [
        "",
        f"W3: {three['ours_ms']} ms warm (best {three['ours_best_ms']} ms), scaled error "
        f"{three['scaled_error']}.",
        "",
        "| solver | W1, patients/s | ours is | error | W2, patients/s | ours is | error | W3, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in result["rivals"].items():
        if "not_run" in one:
            lines.append(f"| {name} | not run: {one['not_run']} |")
            continue
        both = (
            f"{one[f'{work}_patients_s']} | {one[f'{work}_times']} x "
            f"| {one[f'{work}_scaled_error']}"
            for work in ("W1", "W2")
        )
        lines.append(f"| {name} | {' | '.join(both)} | {one['W3_ms']} |")
    lines += [
        "",
        "| W4, kinetics alone | s | µs a patient | of the largest | peak MiB |",
        "|---|---|---|---|---|",
    ]
    for count, one in result["W4 kinetics"].items():
        lines.append(
            f"| {count} | {one['seconds']} | {one['us_a_patient']} | {one['of_largest']} "
            f"| {one['peak_mib']} |"
        )
    started = (f"`ketaflow {name}` {took} s" for name, took in result["cold_start_s"].items())
    lines += ["", f"From a cold start: {', '.join(started)}."]
    return "\n".join(lines)
