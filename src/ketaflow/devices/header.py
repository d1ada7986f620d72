"""The head of an HL7 v2 message: who sent it, what it is, and whether it is taken at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from ketaflow.refusals import Refused

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6")
LONGEST = 199


class NotTaken(Refused):
    """A message that is answered AE or AR: `code` and `error` say which and why.

    `error` is a number of HL7's table 357 with its words.
    """

    def __init__(self, code: str, error: str, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.error = error


@dataclass(frozen=True)
class Header:
    """The fields of MSH that matter, as the sender wrote them."""

    separators: str = "|^~\\&"
    application: str = ""
    facility: str = ""
    written_at: str = ""
    kind: str = ""
    control_id: str = ""
    processing: str = ""
    version: str = ""

    @property
    def field(self) -> str:
        """What separates fields."""
        return self.separators[0]

    @property
    def component(self) -> str:
        """What separates components."""
        return self.separators[1]

    def first(self, value: str) -> str:
        """The first component of a field."""
        return value.split(self.component, 1)[0].strip()


def header(text: str) -> Header:
    """The head of a message.

    Raises:
        NotTaken: it does not begin as a message does.
    """
    line = text.split("\r", 1)[0]
    # Four or, since version 2.7, five characters that separate, no two alike.
    marks = line[3:4] + (line[4:].split(line[3], 1)[0] if len(line) > 4 else "")
    alike = len(set(marks)) != len(marks) or any(one.isalnum() or one.isspace() for one in marks)
    if not line.startswith("MSH") or not 4 <= len(marks) <= 6 or alike:
        raise NotTaken("AR", "100^Segment sequence error", "This is no HL7 v2 message.")
    fields = line.split(marks[0])
    return Header(
        marks,
        _field(fields, 3),
        _field(fields, 4),
        _field(fields, 7),
        _field(fields, 9),
        _field(fields, 10),
        _field(fields, 11),
        _field(fields, 12),
    )


def _field(fields: Sequence[str], number: int) -> str:
    # The first separator is itself a field, so what Python counts lags by one.
    return fields[number - 1].strip()[:LONGEST] if number <= len(fields) else ""


def require_taken(head: Header) -> None:
    """Refuse what is not an ORU^R01 of a version this listener reads, or not meant for a record.

    Raises:
        NotTaken: says what was expected.
    """
    kind = [one.strip() for one in head.kind.split(head.component)]
    if kind[0] != "ORU":
        raise NotTaken(
            "AR", "200^Unsupported message type", f"Only ORU^R01 is taken, no {_shown(head.kind)}."
        )
    if kind[1:2] != ["R01"]:
        raise NotTaken(
            "AR", "201^Unsupported event code", f"Only ORU^R01 is taken, no {_shown(head.kind)}."
        )
    if head.first(head.processing) not in ("P", ""):
        raise NotTaken(
            "AR",
            "202^Unsupported processing id",
            "Test and training messages do not enter the record; send P.",
        )
    if head.first(head.version) not in VERSIONS:
        raise NotTaken(
            "AR",
            "203^Unsupported version id",
            f"Versions 2.3 to 2.6 are taken, no {_shown(head.version)}.",
        )
    if not head.control_id:
        raise NotTaken(
            "AE", "101^Required field missing", "MSH-10, the message control id, is missing."
        )


def _shown(value: str) -> str:
    return value[:40] or "nothing"
