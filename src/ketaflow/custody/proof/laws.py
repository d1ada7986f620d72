"""The laws of custody, held against what is written: each breach names the entry that breaks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from ketaflow.custody import witness
from ketaflow.custody.container import Container, fold
from ketaflow.custody.movements import WITNESSED, Kind, Recorded
from ketaflow.refusals import DoesNotVerify, Refused
from ketaflow.schedule.hours import day_of


@dataclass(frozen=True)
class Closed:
    """A session's account as its rows show it, in milligrams."""

    name: str
    drawn: Decimal
    administered: Decimal
    wasted: Decimal
    returned: Decimal
    lost: Decimal
    held: Decimal
    settled: bool
    explained: bool
    given_mg: Decimal | None
    agreement_mg: Decimal | None


def of_container(stream: str, entries: Sequence[Recorded], zone: ZoneInfo) -> Container:
    """The container that `entries` make, if every law holds.

    Nothing below zero or above what it held; nothing expired or quarantined drawn; every draw equal
    to its parts; another person beside whoever did what nobody does alone; dates that are the
    clinic's own; corrections that name what they take back.

    Raises:
        DoesNotVerify: names the entry.
    """
    for entry in entries:
        _known(stream, entry)
        if why := _alone(entry):
            raise DoesNotVerify(f"{_name(stream, entry)}: {why}.")
        on = entry.payload.get("on")
        if on is not None and on != day_of(entry.at, zone).isoformat():
            raise DoesNotVerify(f"{_name(stream, entry)} is dated {on} and was not written then.")
    return _folded(stream, entries)


def _known(stream: str, entry: Recorded) -> None:
    if entry.kind not in set(Kind):
        raise DoesNotVerify(f"{_name(stream, entry)} is no movement of a container.")


def _alone(entry: Recorded) -> str:
    if entry.kind not in WITNESSED:
        return ""
    return witness.wrong(entry.payload.get("witness"), by=entry.by, at=entry.at)


def _folded(stream: str, entries: Sequence[Recorded]) -> Container:
    try:
        return fold(entries)
    except (Refused, KeyError, ValueError, TypeError) as why:
        for count in range(1, len(entries)):
            try:
                fold(entries[:count])
            except (Refused, KeyError, ValueError, TypeError) as first:
                raise DoesNotVerify(f"{_name(stream, entries[count - 1])}: {first}") from None
        raise DoesNotVerify(f"{_name(stream, entries[-1])}: {why}") from None


def _name(stream: str, entry: Recorded) -> str:
    return f"{stream} #{entry.ordinal} ({entry.kind})"


def of_account(found: Closed) -> None:
    """Accept an account: its parts are the whole, and what left is what the session gave.

    Raises:
        DoesNotVerify: names the account.
    """
    parts = found.administered + found.wasted + found.returned + found.lost + found.held
    if found.drawn != parts:
        raise DoesNotVerify(f"{found.name}: {found.drawn} mg drawn, {parts} mg accounted for.")
    if not found.settled:
        return
    if found.held:
        raise DoesNotVerify(f"{found.name} is closed and {found.held} mg is not explained.")
    if found.given_mg is None or found.agreement_mg is None:
        raise DoesNotVerify(f"{found.name} is closed and nobody said what was given.")
    if not found.explained and abs(found.given_mg - found.administered) > found.agreement_mg:
        raise DoesNotVerify(
            f"{found.name}: the session says {found.given_mg} mg and {found.administered} mg left "
            "custody."
        )


def same(name: str, kept: object, folded: object) -> None:
    """Accept a row that says what the stream says.

    Raises:
        DoesNotVerify: it does not.
    """
    if kept != folded:
        raise DoesNotVerify(f"{name}: the table says {kept} and the record says {folded}.")
