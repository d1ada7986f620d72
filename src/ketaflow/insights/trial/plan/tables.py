"""Reads one table of a TRIAL.toml key by key; what is too many, missing or mistyped is named."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ketaflow.insights.trial.plan.design import Absurd, IllWritten, Spread

Table = Mapping[str, Any]


def insist_on_keys(
    row: Table, where: str, *, needed: Iterable[str], allowed: Iterable[str]
) -> None:
    """Refuse a key that is not known, with the nearest that is, and one that is missing.

    Raises:
        IllWritten: naming the key.
    """
    needed, known = tuple(needed), sorted({*needed, *allowed})
    for key in row:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f" Is {near[0]} meant?" if near else f" It may have {', '.join(known)}."
            raise IllWritten(f"{where} has a key that no trial knows: {key}.{hint}")
    for key in needed:
        if key not in row:
            raise IllWritten(f"{where} needs {key}.")


def number(
    row: Table, key: str, where: str, *, low: float, high: float, default: float = 0
) -> float:
    """A finite number from `low` to `high`.

    Raises:
        IllWritten: it is not a number.
        Absurd: it is not finite, or outside, with what it may be.
    """
    found = row.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise IllWritten(f"{where} needs a number for {key} (got {shown(found)}).")
    if not (math.isfinite(found) and low <= found <= high):
        raise Absurd(f"{where} has {key} = {found:g}; it must be from {low:g} to {high:g}.")
    return float(found)


def whole(row: Table, key: str, where: str, *, low: int, high: int, default: int = 0) -> int:
    """A whole number from `low` to `high`.

    Raises:
        IllWritten: it is not a whole number.
        Absurd: it is outside.
    """
    found = number(row, key, where, low=low, high=high, default=default)
    if found != int(found):
        raise IllWritten(f"{where} needs a whole number for {key} (got {found:g}).")
    return int(found)


def text(row: Table, key: str, where: str, *, default: str = "", most: int = 200) -> str:
    """A line of words.

    Raises:
        IllWritten: it is not text, empty, or not one short line.
    """
    found = row.get(key, default)
    if not isinstance(found, str) or (key in row and not found.strip()):
        raise IllWritten(f"{where} needs words for {key} (got {shown(found)}).")
    if len(found) > most or not found.isprintable():
        raise IllWritten(f"{where} needs one line of up to {most} characters for {key}.")
    return found


def choice(row: Table, key: str, where: str, *, of: Iterable[str]) -> str:
    """One of a few words.

    Raises:
        IllWritten: another word, with those there are.
    """
    found, options = row.get(key), tuple(of)
    if found not in options:
        raise IllWritten(f"{where} has {key} = {shown(found)}; it is one of {', '.join(options)}.")
    return str(found)


def yes(row: Table, key: str, where: str) -> bool:
    """True or false; false when it is not written.

    Raises:
        IllWritten: anything else.
    """
    found = row.get(key, False)
    if not isinstance(found, bool):
        raise IllWritten(f"{where} needs true or false for {key} (got {shown(found)}).")
    return found


def table(row: Table, key: str, where: str) -> Table:
    """A table within; empty when it is not written.

    Raises:
        IllWritten: it is something else.
    """
    found = row.get(key, {})
    if not isinstance(found, Mapping):
        raise IllWritten(f"{where} needs a table [{key}] (got {shown(found)}).")
    return found


def listed(row: Table, key: str, where: str) -> list[Any]:
    """A list that is not empty.

    Raises:
        IllWritten: it is empty or something else.
    """
    found = row.get(key)
    if not isinstance(found, list) or not found:
        raise IllWritten(f"{where} needs a list for {key}, with at least one entry.")
    return found


def spread(row: Table, key: str, where: str, *, low: float, high: float) -> Spread:
    """A number that all share, or `{ mean, sd }`.

    Raises:
        IllWritten: neither.
        Absurd: a mean or spread that nobody means.
    """
    found = row[key]
    if not isinstance(found, Mapping):
        return Spread(number(row, key, where, low=low, high=high))
    here = f"{where}, {key}"
    insist_on_keys(found, here, needed=("mean",), allowed=("sd",))
    mean = number(found, "mean", here, low=low, high=high)
    return Spread(mean, number(found, "sd", here, low=0.0, high=mean / 2))


def shown(found: object) -> str:
    """A value as the file has it, cut short."""
    said = repr(found)
    return said if len(said) <= 40 else f"{said[:40]}…"
