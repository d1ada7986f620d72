"""The chain: what an entry's hash covers, and how a broken chain is found and named."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import rfc8785

from ketaflow.refusals import DoesNotVerify, Refused

GENESIS = "0" * 64


class NotPlain(Refused):
    """A payload holds something that JSON cannot carry exactly."""


@dataclass(frozen=True)
class Link:
    """One entry as the chain sees it. `payload` is canonical JSON text (RFC 8785)."""

    clinic: UUID
    stream: str
    ordinal: int
    kind: str
    by: UUID | None
    by_name: str
    by_roles: str
    at: datetime
    payload: str
    previous: str
    hash: str


def canonical(payload: Mapping[str, object]) -> str:
    """Canonical JSON of `payload`: the same facts always give the same bytes.

    Raises:
        NotPlain: a float, a NUL or another value that two databases would not give back alike.
    """
    _check(payload, "payload")
    return rfc8785.dumps(payload).decode()  # type: ignore[arg-type]


def seal(link: Link) -> str:
    """The SHA-256 over everything in `link` but its own hash."""
    covered: dict[str, str | int | None] = {
        "clinic": str(link.clinic),
        "stream": link.stream,
        "ordinal": link.ordinal,
        "kind": link.kind,
        "by": str(link.by) if link.by else None,
        "by_name": link.by_name,
        "by_roles": link.by_roles,
        "at": link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "payload": link.payload,
        "previous": link.previous,
    }
    return hashlib.sha256(rfc8785.dumps(covered)).hexdigest()


def follow(links: Iterable[Link], heads: Mapping[str, tuple[int, str]]) -> tuple[int, str]:
    """Follow every stream from its first entry to its head.

    Args:
        links: all entries, ordered by stream and ordinal.
        heads: for each stream, the ordinal and hash of its last entry as noted when written.

    Returns:
        How many entries there are, and one hash over all heads.

    Raises:
        DoesNotVerify: names the first entry that was changed, removed or moved.
    """
    count = 0
    stream, ordinal, previous = "", 0, GENESIS
    ends: dict[str, tuple[int, str]] = {}
    for link in links:
        if link.stream != stream:
            stream, ordinal, previous = link.stream, 0, GENESIS
        _check_link(link, ordinal, previous)
        ordinal, previous = link.ordinal, link.hash
        ends[stream] = (ordinal, previous)
        count += 1
    _check_heads(ends, heads)
    return count, head(ends)


def head(ends: Mapping[str, tuple[int, str]]) -> str:
    """One hash over the last entry of every stream: it stands for everything written so far."""
    covered = "".join(f"{name} {at} {seal_}\n" for name, (at, seal_) in sorted(ends.items()))
    return hashlib.sha256(covered.encode()).hexdigest()


def _check_link(link: Link, ordinal: int, previous: str) -> None:
    name = f"{link.stream} #{link.ordinal} ({link.kind})"
    if link.ordinal != ordinal + 1:
        raise DoesNotVerify(
            f"Entry {link.stream} #{ordinal + 1} is missing; {name} follows instead."
        )
    if seal(link) != link.hash:
        raise DoesNotVerify(f"Entry {name} was changed: its content does not match its hash.")
    if link.previous != previous:
        raise DoesNotVerify(
            f"Entry {name} does not follow the one before it: the order was changed."
        )
    if canonical(json.loads(link.payload)) != link.payload:
        raise DoesNotVerify(f"Entry {name} was changed: its payload is not in canonical form.")


def _check_heads(ends: Mapping[str, tuple[int, str]], heads: Mapping[str, tuple[int, str]]) -> None:
    for stream, (ordinal, _) in sorted(heads.items()):
        reached = ends.get(stream, (0, GENESIS))
        if reached != heads[stream]:
            raise DoesNotVerify(
                f"Entry {stream} #{reached[0] + 1} is missing: {ordinal} were written to this "
                f"stream and {reached[0]} are there."
                if reached[0] < ordinal
                else f"Entry {stream} #{reached[0]} is not what its head was noted to be."
            )
    if unknown := sorted(set(ends) - set(heads)):
        raise DoesNotVerify(f"Stream {unknown[0]} has entries but no head: it was added by hand.")


def _check(value: object, where: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check(key, where)
            _check(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            _check(inner, f"{where}[{place}]")
    elif isinstance(value, str):
        if "\x00" in value:
            raise NotPlain(f"{where} holds a NUL character; remove it and try again.")
    elif not (value is None or isinstance(value, bool | int)):
        raise NotPlain(f"{where} is {value!r}: numbers with a point go into the record as text.")
