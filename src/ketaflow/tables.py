"""Reads TOML tables that ship with the package; every loader of clinical data starts here."""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from typing import Any

from ketaflow.refusals import BadFile


def read(package: str, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `(name without suffix, table)` for each TOML in `folder` of `package`, by name.

    Numbers with a decimal point come as `Decimal`, so that what is written is what is used.

    Raises:
        BadFile: a file is not TOML; the message names it.
    """
    found = (entry for entry in (resources.files(package) / folder).iterdir())
    for entry in sorted(found, key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            try:
                table = tomllib.loads(entry.read_text(encoding="utf-8"), parse_float=Decimal)
            except tomllib.TOMLDecodeError as wrong:
                raise BadFile(
                    f"{package}/{folder}/{entry.name} is not valid TOML: {wrong}."
                ) from None
            yield entry.name.removesuffix(".toml"), table
