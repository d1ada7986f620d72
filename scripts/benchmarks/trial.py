"""A virtual trial of a million people: `scripts/bench trial`.

Racemic ketamine, S and R, parent and norketamine, six infusions, response every day to day 90;
only counts are kept. Each size runs as its own process, the command itself, so that seconds and
peak memory are what a user meets, start-up included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.machine import machine

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bench-trial.md"
REACH_S, REACH_MB = 60.0, 1024.0
TRIAL = """
title = "Six infusions, to day 90"
subjects = 1000000
seed = 1
days = 90
[population]
weight_kg = { mean = 80, sd = 15 }
age = { mean = 45, sd = 10 }
[setting]
kind = "open label"
[[arms]]
name = "six infusions"
protocol = "TRD-IV-STD"
days = [0, 2, 4, 7, 9, 11]
"""


def main(arguments: list[str]) -> int:
    """Run each size, print, and write the page when asked."""
    asked = _read(arguments)
    sizes = [int(float(one)) for one in asked.subjects.split(",")]
    before = machine()
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        path = Path(folder, "trial.toml")
        path.write_text(TRIAL)
        measure(path, 1000, asked.workers)  # compiles, where nothing is cached yet
        measured = [measure(path, size, asked.workers) for size in sizes]
    result = {"machine": before, "workers": asked.workers, "sizes": measured}
    if asked.write:
        PAGE.write_text(page(result), encoding="utf-8")
    print(json.dumps(result, indent=1) if asked.json else table(result))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench trial",
        description="Time a virtual trial with few and with many people.",
        epilog="Example: scripts/bench trial --subjects 1e4,1e5 --json",
    )
    parser.add_argument("--subjects", default="1e4,1e5,1e6", help="sizes, separated by commas")
    parser.add_argument("--workers", type=int, default=2, help="cores")
    parser.add_argument("--write", action="store_true", help="write docs/reference/bench-trial.md")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser.parse_args(arguments)


def measure(path: Path, subjects: int, workers: int) -> dict[str, Any]:
    """One run of the command: seconds, processor seconds, peak memory, and what it found."""
    command = [sys.executable, "-c", "from ketaflow.cli.main import main; main()"]
    command += [
        "trial",
        str(path),
        "--json",
        "--workers",
        str(workers),
        "--subjects",
        str(subjects),
    ]
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
        if child.returncode:
            raise SystemExit(child.returncode)
        said.seek(0)
        arm = json.load(said)["arms"][0]
    return {
        "subjects": subjects,
        "seconds": round(took, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(peak_mb(used), 1),
        "response_at_judged": arm["at_judged"]["response"]["value"],
        "median_days_to_relapse": arm["relapse"]["median_days"]["value"],
        "cmax": {
            one["name"]: one["median"]["value"]
            for one in arm["exposure"]
            if one["measure"] == "cmax"
        },
    }


def peak_mb(used: resource.struct_rusage) -> float:
    """Peak resident memory in MiB; Linux counts in KiB, macOS in bytes."""
    return used.ru_maxrss / (1024.0 if sys.platform != "darwin" else 1024.0**2)


HEAD = ("people", "seconds", "cpu s", "peak MiB", "us/person", "time", "people")


def table(result: dict[str, Any]) -> str:
    """The result for people; the last two columns are ratios to the first size."""
    said, sizes = result["machine"], result["sizes"]
    first = sizes[0]
    rows = [
        (
            f"{one['subjects']:,}",
            f"{one['seconds']:.2f}",
            f"{one['cpu_seconds']:.2f}",
            f"{one['peak_mb']:.0f}",
            f"{1e6 * one['seconds'] / one['subjects']:.1f}",
            f"{one['seconds'] / first['seconds']:.1f} x",
            f"{one['subjects'] / first['subjects']:.0f} x",
        )
        for one in sizes
    ]
    machine_said = (
        f"{said['cpu']}, {said['cores']} cores, {said['system']}, Python {said['python']}, "
        f"load {said['load_1_min']}; {result['workers']} workers"
    )
    return "\n".join(
        [machine_said, *("".join(f"{cell:>11}" for cell in row) for row in [HEAD, *rows])]
    )


def linear(sizes: list[dict[str, Any]]) -> list[str]:
    """How much longer each tenfold takes, and what one more person costs between two sizes."""
    said = []
    for few, many in pairwise(sizes):
        more = many["subjects"] - few["subjects"]
        each = 1e6 * (many["seconds"] - few["seconds"]) / more
        people, time_taken = (many[key] / few[key] for key in ("subjects", "seconds"))
        said.append(
            f"- From {few['subjects']:,} to {many['subjects']:,}: {people:.0f} times the people, "
            f"{time_taken:.1f} times the seconds; each further person costs {each:.1f} µs."
        )
    return said


def found(one: dict[str, Any]) -> str:
    """What one size found."""
    peaks = ", ".join(f"{name} {value:.4g}" for name, value in one["cmax"].items())
    return (
        f"- {one['subjects']:,} people: response {100 * one['response_at_judged']:.2f} %, median "
        f"days to relapse {one['median_days_to_relapse']:g}, median peak {peaks} ng/mL."
    )


PAGE_TEXT = """# A virtual trial of a million people

*Made by `scripts/bench trial --write` on the machine named below; run it to see yours.*

Racemic ketamine, S and R, parent and norketamine; six infusions on days 0, 2, 4, 7, 9, 11; response
every day to day 90; quantiles by day, Cmax, AUC and time to relapse in bounded memory. Seconds
include starting Python. The last two columns are ratios to the first row.

```text
{table}
```

{linear}

To reach for {people:,} people on two cores: under {reach_s:.0f} s and {reach_mb:.0f} MiB. Here
{seconds:.1f} s by the clock and {mb:.0f} MiB: {verdict}. Processor time was {cpu:.1f} s, which two
cores that nobody else wants do in {free:.1f} s; the load when it began was {load}.

What it found, so that a faster run that computes something else is seen:

{found}
"""


def page(result: dict[str, Any]) -> str:
    """The result as a page, with what was to be reached."""
    sizes = result["sizes"]
    last = sizes[-1]
    met = last["seconds"] < REACH_S and last["peak_mb"] < REACH_MB
    return PAGE_TEXT.format(
        table=table(result),
        linear="\n".join(linear(sizes)),
        people=last["subjects"],
        reach_s=REACH_S,
        reach_mb=REACH_MB,
        seconds=last["seconds"],
        mb=last["peak_mb"],
        cpu=last["cpu_seconds"],
        free=last["cpu_seconds"] / 2,
        load=result["machine"]["load_1_min"],
        verdict="reached" if met else "NOT reached",
        found="\n".join(map(found, sizes)),
    )
