"""A JSON file that somebody names on the command line."""

import json
from pathlib import Path
from typing import Any

from ketaflow.refusals import BadFile

MOST_BYTES = 1_000_000


def read_json(path: Path, *, what: str) -> Any:
    """The content of `path`, which should be `what`.

    Raises:
        BadFile: it is not there, not JSON, or far too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadFile(f"{path} is larger than {what} can be ({MOST_BYTES} bytes).")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise BadFile(f"{path} cannot be read: {wrong.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadFile(f"{path} is not JSON.") from None
