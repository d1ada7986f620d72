"""What a monitor is answered: AA once its reading is on disk, AE or AR with the reason."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from ketaflow.devices.header import Header

LONGEST = 250


def answer(
    head: Header, code: str, said: str, *, errors: Sequence[tuple[str, str]] = (), at: datetime
) -> str:
    """An ACK for the message of `head`, in its own version and with its own separators.

    Args:
        head: of the message that is answered.
        code: AA, AE or AR.
        said: the reason, or what became of it, in words.
        errors: for each thing wrong, a number of HL7's table 357 with its words, and what it was;
            beside an AA they are warnings.
        at: now.
    """
    mark, part = head.field, head.component
    kind = part.join(("ACK", "R01", "ACK") if head.version >= "2.4" else ("ACK", "R01"))
    fields = (
        *("MSH" + mark + head.separators[1:], "KETAFLOW", "", head.application, head.facility),
        *(f"{at:%Y%m%d%H%M%S%z}", "", kind, uuid4().hex[:20], "P", head.version or "2.6"),
    )
    lines = [mark.join(fields), mark.join(("MSA", code, head.control_id, _plain(said, head)))]
    grave = "W" if code == "AA" else "E"
    lines += [_error(head, error, what, grave) for error, what in errors]
    return "\r".join(lines) + "\r"


def _error(head: Header, error: str, what: str, grave: str) -> str:
    number, _, words = error.partition("^")
    mark, part, within = head.field, head.component, (head.separators + "&&&&")[4]
    if head.version < "2.5":
        # There, everything stood in the fourth component of one field.
        return mark.join(("ERR", part * 3 + within.join((number, words, "HL70357"))))
    coded = part.join((number, words, "HL70357"))
    return mark.join(("ERR", "", "", coded, grave, "", "", "", _plain(what, head)))


def _plain(said: str, head: Header) -> str:
    """`said` without anything that means something to HL7 or to a terminal."""
    marks = set(head.separators)
    clean = (" " if one in marks or not one.isprintable() else one for one in said)
    return "".join(clean)[:LONGEST]
