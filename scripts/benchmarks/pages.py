"""Whether a page costs more as a clinic's record grows: `scripts/bench pages`.

Each size is measured in a process of its own on a copy of the same told clinic. The day's load is
the same in all: ten chairs, forty visits. What differs is how many years lie behind.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import machine

PATTERN = "pattern.json"


def main(arguments: list[str]) -> int:
    """Fill, measure, print."""
    asked = _read(arguments)
    sizes = [int(one) for one in asked.patients.split(",")]
    os.environ.pop("DATABASE_URL", None)
    # Killed or not, nothing of several gigabytes is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    before = machine()
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        told = Path(folder) / "told"
        _child("tell", told)
        found = []
        for size in sizes:
            say(f"A clinic with {size} patients")
            filled = Path(folder) / str(size)
            shutil.copytree(told, filled)
            found.append(_child("measure", filled, size, asked.runs))
            shutil.rmtree(filled)
    result = {"machine": before, "runs": asked.runs, "sizes": found}
    print(json.dumps(result, indent=1) if asked.json else table(result))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench pages",
        description="Time the main pages with few and with many patients.",
        epilog="Example: scripts/bench pages --patients 1000,10000 --json",
    )
    parser.add_argument("--patients", default="1000,100000", help="sizes, separated by commas")
    parser.add_argument("--runs", type=int, default=15, help="warm runs of each page")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser.parse_args(arguments)


def _child(step: str, folder: Path, *more: int) -> Any:
    """Run one step in its own process, which sees only the record in `folder`."""
    command = [sys.executable, "-m", "benchmarks.pages", step, *map(str, more)]
    environment = os.environ | {"KETAFLOW_DATA": str(folder)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def tell() -> dict[str, Any]:
    """Make the record that every size is a copy of."""
    from benchmarks import filled
    from ketaflow.cli import clinic

    clinic.prepare()
    began = time.monotonic()
    pattern = filled.tell()
    Path(os.environ["KETAFLOW_DATA"], PATTERN).write_text(filled.written(pattern))
    return {"told_s": round(time.monotonic() - began)}


def measure(patients: int, runs: int) -> dict[str, Any]:
    """Fill the record in this process's folder and time its pages."""
    from benchmarks import filled, visits

    folder = Path(os.environ["KETAFLOW_DATA"])
    began = time.monotonic()
    rows = filled.fill(filled.read((folder / PATTERN).read_text()), patients)
    filled_s = round(time.monotonic() - began)
    timed, skipped = visits.open_all(runs, say)
    return {
        "patients": patients,
        "rows": rows,
        "megabytes": round(sum(one.stat().st_size for one in folder.glob("*.sqlite3")) / 1e6),
        "filled_s": filled_s,
        "pages": {name: asdict(one) for name, one in timed.items()},
        "skipped": skipped,
    }


def table(result: dict[str, Any]) -> str:
    """The result for people: one line a page, the sizes side by side."""
    sizes, said = result["sizes"], result["machine"]
    first = sizes[0]
    lines = [
        f"{said['cpu']}, {said['cores']} cores, {said['system']}, Python {said['python']}, "
        f"SQLite {said['sqlite']}, load {said['load_1_min']}",
        *(
            f"{one['patients']} patients: {one['rows']} rows, {one['megabytes']} MB, "
            f"filled in {one['filled_s']} s"
            for one in sizes
        ),
        f"Milliseconds by the clock, median of {result['runs']} warm runs (SQL queries); ratio of "
        "the last size to the first, by the clock and by processor time",
        "",
        f"{'page':28}" + "".join(f"{one['patients']:>16}" for one in sizes) + "   ratio     cpu",
    ]
    for name in first["pages"]:
        if all(name in one["pages"] for one in sizes):
            shown = [one["pages"][name] for one in sizes]
            cells = "".join(f"{one['ms']:>10.1f} ({one['queries']:3})" for one in shown)
            ratios = (shown[-1][unit] / shown[0][unit] for unit in ("ms", "cpu_ms"))
            lines.append(f"{name:28}{cells}" + "".join(f"{one:>8.2f}" for one in ratios))
    missing = {name: why for one in sizes for name, why in one["skipped"].items()}
    lines += [f"NOT MEASURED {name}: {why}" for name, why in missing.items()]
    return "\n".join(lines)


def say(words: str) -> None:
    """Progress goes to stderr."""
    print(words, file=sys.stderr, flush=True)


def _step(arguments: list[str]) -> None:
    from ketaflow.cli import clinic

    clinic.start()
    steps = {"tell": tell, "measure": measure}
    print(json.dumps(steps[arguments[0]](*map(int, arguments[1:]))))


if __name__ == "__main__":
    _step(sys.argv[1:])
