"""What came with one invoice: lines that are scanned or typed, until all of it is taken in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from ketaflow.refusals import Refused


class NotALine(Refused):
    """A line of a delivery that cannot be: a box twice, or something left out."""


@dataclass(frozen=True)
class Supplier:
    """Who sent it: name, address, registration number, and the invoice it came with."""

    name: str
    address: str
    registration: str
    invoice: str


@dataclass(frozen=True)
class Delivered:
    """One line of an invoice: `serials` is empty, or has one for each container."""

    item: UUID
    lot: str
    expires_on: date
    containers: int
    serials: tuple[str, ...] = ()

    def like(self, other: "Delivered") -> bool:
        """Whether both are the same item, lot and expiry, and both have serial numbers or not."""
        same = (self.item, self.lot, self.expires_on) == (other.item, other.lot, other.expires_on)
        return same and bool(self.serials) is bool(other.serials)


def with_box(lines: Iterable[Delivered], box: Delivered) -> tuple[Delivered, ...]:
    """The lines with one more box: on the line it belongs to, or on a line of its own.

    Raises:
        NotALine: a box with that serial number is on the list already.
    """
    found = tuple(lines)
    known = {serial for one in found for serial in one.serials}
    if twice := sorted(known & set(box.serials)):
        raise NotALine(
            f"Serial number {twice[0]} is on the list already: this box was scanned. Take the next."
        )
    if not any(one.like(box) for one in found):
        return (*found, box)
    return tuple(_more(one, box) if one.like(box) else one for one in found)


def _more(line: Delivered, box: Delivered) -> Delivered:
    return replace(
        line,
        containers=line.containers + box.containers,
        serials=(*line.serials, *box.serials),
    )
