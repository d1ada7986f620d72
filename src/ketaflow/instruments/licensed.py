"""A clinic that holds a licence brings the wording itself: one file for each instrument.

The folder is `instruments` in `KETAFLOW_DATA`; `docs/licensed-wording.md` shows a whole file.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ketaflow.instruments.library import Instrument, Item, Verdict, check, instrument, lend
from ketaflow.refusals import BadFile, Refused

MOST_BYTES = 256 * 1024
LONGEST_TEXT = 1_000
KEYS = {"instrument", "version", "licence", "stem", "labels", "item"}
ITEM_KEYS = {"key", "text", "labels"}


class DoesNotFit(BadFile):
    """A file of wording and the instrument it is for do not belong together."""


def adopt(folder: Path) -> tuple[str, ...]:
    """Take up every file of `folder` that fits; return one sentence for each that does not.

    A folder that is not there is an empty one: no wording but what ships.
    """
    found: dict[str, Instrument] = {}
    refusals = []
    lend({})
    for path in sorted(folder.glob("*.toml")):
        try:
            one = read(path)
            if one.id in found:
                raise DoesNotFit(f"{path.name}: {one.short} has a second file. Keep one.")
            found[one.id] = one
        except Refused as refusal:
            refusals.append(str(refusal))
    lend(found)
    return tuple(refusals)


def read(path: Path) -> Instrument:
    """The instrument that the file at `path` gives its wording to.

    Raises:
        BadFile: the file cannot be read or is not TOML.
        DoesNotFit: it does not belong to the instrument as it stands here.
        UnknownInstrument: there is no such instrument.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadFile(f"{path.name} is larger than {MOST_BYTES // 1024} kB. Check the file.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise BadFile(f"{path.name} cannot be read: {wrong.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadFile(f"{path.name} is not valid TOML: {wrong}.") from None
    try:
        return with_text(table)
    except Refused as refusal:
        raise type(refusal)(f"{path.name}: {refusal}") from None


def with_text(table: Mapping[str, Any]) -> Instrument:
    """An instrument that speaks with the wording of `table`.

    Every item must be there, once, in the instrument's own order, with as many labels as it has
    answers. Ranges, scoring and bands stay those of the library.

    Raises:
        DoesNotFit: says what does not fit.
        UnknownInstrument: there is no such instrument.
    """
    _only(table, KEYS, "the file")
    shipped = instrument(_words(table, "instrument"))
    if shipped.verdict not in {Verdict.SCORE_ONLY, Verdict.LICENSED}:
        raise DoesNotFit(f"{shipped.short} takes no wording of a clinic: {shipped.verdict.says}.")
    if _words(table, "version") != shipped.version:
        raise DoesNotFit(
            f"the wording is for version {table['version']} of {shipped.short} and this is "
            f"{shipped.version}. Compare the items and correct the version."
        )
    made = replace(
        shipped,
        verdict=Verdict.LICENSED,
        notice=_words(table, "licence"),
        stem=_words(table, "stem") if "stem" in table else "",
        items=_items(shipped, table),
    )
    try:
        check(made)
    except BadFile as wrong:
        raise DoesNotFit(f"{shipped.short} and its wording do not fit. {wrong}") from None
    return made


def _items(shipped: Instrument, table: Mapping[str, Any]) -> tuple[Item, ...]:
    rows = table.get("item")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DoesNotFit("its items are not written as [[item]].")
    given = [str(row.get("key")) for row in rows]
    wanted = [item.key for item in shipped.items]
    if given != wanted:
        raise DoesNotFit(
            f"{shipped.short} has the items {', '.join(wanted)} in this order and the file has "
            f"{', '.join(given) or 'none'}."
        )
    return tuple(_item(item, row, table) for item, row in zip(shipped.items, rows, strict=True))


def _item(item: Item, row: Mapping[str, Any], table: Mapping[str, Any]) -> Item:
    _only(row, ITEM_KEYS, f"item {item.key}")
    labels = row.get("labels", table.get("labels", []))
    if not isinstance(labels, list):
        raise DoesNotFit(f"the labels of item {item.key} are not a list.")
    for label in labels:
        _text(label, f"a label of item {item.key}")
    return replace(item, text=_words(row, "text", f"item {item.key}"), labels=tuple(labels))


def _only(table: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    if strangers := sorted(set(table) - set(allowed)):
        raise DoesNotFit(f"{where} says {strangers[0]!r}, which means nothing here.")


def _words(table: Mapping[str, Any], key: str, where: str = "the file") -> str:
    if key not in table:
        raise DoesNotFit(f"{where} lacks its {key}.")
    return _text(table[key], f"the {key} of {where}")


def _text(said: object, what: str) -> str:
    if not isinstance(said, str) or not 0 < len(said.strip()) <= LONGEST_TEXT:
        raise DoesNotFit(f"{what} is not a text of 1 to {LONGEST_TEXT} characters.")
    return said.strip()
