"""What a wedge scanner types: the GS1 string of a box, with its item, lot, expiry and serial."""

from dataclasses import dataclass
from datetime import date

import biip

from ketaflow.refusals import Refused

GTIN, LOT, EXPIRES, SERIAL = "01", "10", "17", "21"


class NotABox(Refused):
    """The scanned code is not that of a container of medicine."""


@dataclass(frozen=True)
class Scanned:
    """What a box says about itself; what its code does not say is empty."""

    gtin: str
    lot: str
    expires_on: date | None
    serial: str


def scan(typed: str) -> Scanned:
    """Read what a scanner typed.

    Args:
        typed: a GS1 element string, with or without its symbology identifier; the scanner sends
            a group separator (ASCII 29) after a lot or serial that is not the last.

    Raises:
        NotABox: it is a code of something else, or damaged.

    Example:
        >>> scan("0100312345678906172707311" + "0A12").lot
        'A12'
    """
    plain = typed.strip()
    try:
        result = biip.parse(plain)
    except (biip.ParseError, LookupError, ValueError):
        # The library stumbles over a lone bracket.
        raise NotABox(_ASK) from None
    message = result.gs1_message
    found = {one.ai.ai: one for one in message.element_strings} if message else {}
    # A check digit that is wrong, or a date that is none, is left empty by the library.
    read = (
        found[GTIN].gtin if GTIN in found else None,
        EXPIRES not in found or found[EXPIRES].date,
    )
    if not all(read):
        raise NotABox(_ASK)
    return Scanned(
        gtin=found[GTIN].value,
        lot=found[LOT].value if LOT in found else "",
        expires_on=found[EXPIRES].date if EXPIRES in found else None,
        serial=found[SERIAL].value if SERIAL in found else "",
    )


_ASK = (
    "This is not the code of a box of medicine: scan the square code with (01) and (17) on the "
    "box, or type item, lot and expiry by hand."
)
