"""The session room under load: `scripts/bench room`."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import monitors
from benchmarks.machine import machine


def main(arguments: list[str]) -> int:
    """Measure each part and print one JSON document."""
    asked = _read(arguments)
    result: dict[str, Any] = {"machine": machine()}
    result["monitors"] = _monitors(asked)
    result["long_session"] = _long_session(asked)
    print(json.dumps(result, indent=1))
    return 0


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench room",
        description="Load the session room: a monitor in every chair, and a session of hours.",
        epilog="Example: scripts/bench room --seconds 300 --kills 10 --readings 14400",
    )
    parser.add_argument("--chairs", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20, help="how long the monitors send")
    parser.add_argument("--kills", type=int, default=0, help="how often the listener is killed")
    parser.add_argument("--readings", type=int, default=3600, help="in the long session")
    parser.add_argument("--runs", type=int, default=9, help="openings of each page")
    return parser.parse_args(arguments)


def _monitors(asked: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        environment = monitors.made(Path(folder))
        places = monitors.prepare(environment, asked.chairs)
        load = monitors.Load(asked.chairs, asked.seconds, asked.kills)
        return monitors.measure(load, places, environment)


def _long_session(asked: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        environment = monitors.made(Path(folder))
        environment.pop("DATABASE_URL", None)
        script = "import django; django.setup()\nfrom benchmarks.long_session import tell; tell()"
        found: dict[str, Any] = monitors.child(
            environment, script, str(asked.readings), str(asked.runs)
        )
        return found
