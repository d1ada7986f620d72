"""From untrusted bytes to JSON, within bounds on size, depth and number."""

import json
import zlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from ketaflow.refusals import BadFile

# Bounds of a file, not of medicine: thirty times the largest referral seen.
LARGEST_BYTES = 64 * 1024 * 1024
MOST_VALUES = 2_000_000
DEEPEST = 50
LONGEST_NUMBER = 40
LARGEST_EXPONENT = 30

GZIP = b"\x1f\x8b"
AGAIN = "ask the sender to send it again"


class Unreadable(BadFile):
    """The bytes are not JSON, or not whole."""


class TooLarge(BadFile):
    """The file is larger or more deeply nested than a referral is."""


def open_json(data: bytes) -> Any:
    """The JSON that `data` holds, plain or gzip, with decimals as `Decimal`.

    Raises:
        Unreadable: not whole, not UTF-8, not JSON, or JSON that says the same thing twice.
        TooLarge: beyond the bounds above. Nothing beyond them is unpacked.
    """
    plain = _unpack(data) if data.startswith(GZIP) else data
    if len(plain) > LARGEST_BYTES:
        _refuse_size()
    written = _decode(plain)
    if sum(plain.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise TooLarge(f"holds more than {MOST_VALUES} values; ask for one patient's record alone.")
    tree = _parse(written)
    _check_depth(tree)
    _check_encodable(written, tree)
    return tree


def _unpack(data: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(data, LARGEST_BYTES + 1)
    except zlib.error:
        raise Unreadable(f"is damaged: it cannot be unpacked; {AGAIN}.") from None
    if len(plain) > LARGEST_BYTES:
        _refuse_size()
    if not stream.eof:
        raise Unreadable(f"breaks off before its end; {AGAIN}.")
    if stream.unused_data:
        raise Unreadable("holds more than one packed file; send one file for each person.")
    return plain


def _refuse_size() -> NoReturn:
    raise TooLarge(
        f"holds more than {LARGEST_BYTES // 1024**2} MB unpacked; ask for one patient's record."
    )


def _decode(plain: bytes) -> str:
    try:
        written = plain.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(
            f"is not UTF-8 text (byte {wrong.start}); ask the sender for FHIR JSON in UTF-8."
        ) from None
    if not written.strip():
        raise Unreadable("is empty; send the FHIR bundle itself.")
    if written.lstrip().startswith("<"):
        raise Unreadable("is a web page or XML, not JSON; ask the sender for FHIR JSON.")
    return written


def _parse(written: str) -> Any:
    try:
        return json.loads(
            written,
            object_pairs_hook=_once,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as wrong:
        raise Unreadable(
            f"is not whole JSON: line {wrong.lineno}, column {wrong.colno} cannot be read; {AGAIN}."
        ) from None
    except RecursionError:
        _refuse_depth()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable(f"says {shown(twice)} twice in one place; ask the sender which one holds.")
    return table


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        _no_number(digits)
    if len(digits) > LONGEST_NUMBER or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
        _no_number(digits)
    return number


def _integer(digits: str) -> int:
    if len(digits) > LARGEST_EXPONENT:
        _no_number(digits)
    return int(digits)


def _no_number(digits: str) -> NoReturn:
    raise Unreadable(
        f"holds {shown(digits)}, which no measurement can be; ask the sender to correct it."
    )


def _check_depth(tree: Any) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            _refuse_depth()
        level = [child for one in level for child in _children(one)]


def _check_encodable(written: str, tree: Any) -> None:
    """Refuse half a character: an escape such as `\\ud800` alone, which no file can hold."""
    if "\\ud" not in written.lower():
        return
    try:
        json.dumps(tree, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise Unreadable(f"holds half a character (a lone \\ud… escape); {AGAIN}.") from None


def _children(one: Any) -> Any:
    if isinstance(one, Mapping):
        return one.values()
    return one if isinstance(one, list) else ()


def _refuse_depth() -> NoReturn:
    raise TooLarge(f"is nested more than {DEEPEST} levels deep, as no record is; {AGAIN}.")


def shown(value: object, longest: int = 60) -> str:
    """`value` as it may stand in a sentence: in quotes, printable, and not too long."""
    plain = "".join(mark if mark.isprintable() else "?" for mark in str(value)[: longest + 1])
    return f'"{plain[:longest]}…"' if len(plain) > longest else f'"{plain}"'
