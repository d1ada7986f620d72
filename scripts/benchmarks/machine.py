"""What a measurement was made on."""

import os
import platform
import sqlite3
from pathlib import Path


def machine() -> dict[str, str | int | float]:
    """The processor, the versions that matter, and how busy the machine was."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_1_min": round(os.getloadavg()[0], 1),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (one.partition(":")[2].strip() for one in lines if one.startswith("model name"))
    return next(named, platform.machine())
