"""A JSON file that somebody names on the command line."""

import json
from pathlib import Path
from typing import Any

import click

from ketaflow.refusals import BadFile

MOST_BYTES = 1_000_000


def read_json(path: Path, *, what: str, most_bytes: int = MOST_BYTES) -> Any:
    """The content of `path`, or of what is piped in when it is "-"; it should be `what`.

    Raises:
        BadFile: it is not there, not JSON, or far too large.
    """
    try:
        with click.open_file(str(path), encoding="utf-8") as opened:
            written = opened.read(most_bytes + 1)
        if len(written) > most_bytes:
            raise BadFile(f"{path} is larger than {what} can be ({most_bytes} bytes).")
        return json.loads(written)
    except OSError as wrong:
        raise BadFile(f"{path} cannot be read: {wrong.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadFile(f"{path} is not JSON.") from None
