"""FHIR's building blocks as plain values: texts, times, codes, quantities, a bundle's entry."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ketaflow.fhir.envelope import shown
from ketaflow.people.chart import ChartItem, Coding
from ketaflow.refusals import BadFile

Node = Mapping[str, Any]

LONGEST_TEXT = 400
LONGEST_UNIT = 60
LONGEST_ADDRESS = 500
# Nobody alive was born, and nothing on a chart happened, outside these years.
FIRST_YEAR, LAST_YEAR = 1800, 2199

UCUM = "http://unitsofmeasure.org"
SYSTEMS = {
    "http://snomed.info/sct": "SNOMED",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10",
    "urn:oid:2.16.840.1.113883.6.3": "ICD10",
    "urn:oid:2.16.840.1.113883.6.90": "ICD10",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "urn:oid:2.16.840.1.113883.6.88": "RXNORM",
    "http://loinc.org": "LOINC",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
}
# Control characters, and halves of characters that no encoding can write.
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
WHEN = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)


class Malformed(BadFile):
    """Something in the file is not what FHIR R4 says it is."""


class Unusable(Exception):
    """A resource that is in order but gives no fact; the message is the reason, in a few words."""


@dataclass(frozen=True)
class Entry:
    """One resource of the bundle, and where it stood."""

    number: int
    kind: str
    full_url: str
    node: Node

    @property
    def reference(self) -> str:
        """The resource's identity at its sender: its id, else its address, else its content."""
        name = text(self.node, "id") or self.full_url.removeprefix("urn:uuid:") or self._content()
        return f"{self.kind}/{name}"

    @property
    def place(self) -> str:
        """Where to look in the file."""
        return f"entry {self.number} ({self.kind})"

    def _content(self) -> str:
        canonical = json.dumps(self.node, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Reading:
    """What one resource gave: facts, and the reasons why parts of it gave none."""

    items: tuple[ChartItem, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concept:
    """Something named in words and codes."""

    text: str
    codings: tuple[Coding, ...]


def text(node: Node, key: str, *, longest: int = LONGEST_TEXT) -> str:
    """The text at `key`, trimmed; empty when there is none.

    Raises:
        Malformed: not a text, or one that holds control characters.
        Unusable: longer than a chart shows.
    """
    value = node.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{key} is {shown(value)}, which is not a text")
    return clean(value, key, longest=longest)


def clean(value: str, what: str, *, longest: int = LONGEST_TEXT) -> str:
    """`value` trimmed, once it is known to be storable text."""
    if NOT_TEXT.search(value):
        raise Malformed(f"{what} {shown(value)} holds characters that are not text")
    if len(value.strip()) > longest:
        raise Unusable(f"a text longer than {longest} characters")
    return value.strip()


def texts(node: Node, key: str) -> tuple[str, ...]:
    """The texts in the list at `key`; FHIR allows a null where only an extension stands."""
    found = _listed(node, key)
    return tuple(text({key: one}, key) for one in found if one is not None)


def part(node: Node, key: str) -> Node:
    """The object at `key`, empty when there is none."""
    value = node.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{key} is {shown(value)}, which should be an object")
    return value


def parts(node: Node, key: str) -> tuple[Node, ...]:
    """The objects in the list at `key`."""
    return tuple(part({key: one}, key) for one in _listed(node, key))


def _listed(node: Node, key: str) -> list[Any]:
    value = node.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{key} is {shown(value)}, which should be a list")
    return value


def concept(node: Node) -> Concept | None:
    """A CodeableConcept: its own words, else those of its first code; None when it says nothing."""
    coded = parts(node, "coding")
    codings = tuple(Coding(_system(one), text(one, "code")) for one in coded if text(one, "code"))
    words = [text(node, "text"), *(text(one, "display") for one in coded)]
    words += [one.code for one in codings]
    said = next(filter(None, words), "")
    return Concept(said, codings) if said else None


def _system(coding: Node) -> str:
    system = text(coding, "system")
    return SYSTEMS.get(system.rstrip("/"), system)


def code_of(node: Node, key: str) -> str:
    """The first code of the CodeableConcept at `key`, empty when there is none."""
    codes = (text(one, "code") for one in parts(part(node, key), "coding"))
    return next(filter(None, codes), "")


def moment(node: Node, key: str) -> datetime | None:
    """The time at `key`. A date alone is its first moment in UTC; a year alone its first day.

    Raises:
        Malformed: not a FHIR date, or a day no calendar has.
    """
    said = text(node, key)
    if not said:
        return None
    found = WHEN.fullmatch(said)
    if found is None:
        raise Malformed(f"{key} {shown(said)} is not a FHIR date or time")
    year, month, day, clock = found.groups()
    try:
        when = (
            datetime.fromisoformat(said)
            if clock
            else datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
        )
    except ValueError:
        raise Malformed(f"{key} {shown(said)} is not a time any calendar has") from None
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise Malformed(f"{key} {shown(said)} lies outside {FIRST_YEAR} to {LAST_YEAR}")
    return when


def span(node: Node, stem: str) -> tuple[datetime | None, datetime | None]:
    """Start and end of a choice such as `effectiveDateTime` or `effectivePeriod`."""
    period = part(node, f"{stem}Period")
    at = moment(node, f"{stem}DateTime") or moment(node, f"{stem}Instant")
    return at or moment(period, "start"), moment(period, "end")


def number(node: Node, key: str) -> Decimal | None:
    """The number at `key`, exactly as it was written."""
    value = node.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Malformed(f"{key} is {shown(value)}, which is not a number")
    return Decimal(value)


def unit_of(quantity: Node) -> str:
    """The UCUM code of a Quantity, else its unit in words."""
    code = text(quantity, "code", longest=LONGEST_UNIT)
    if code and text(quantity, "system") in {UCUM, ""}:
        return code
    return text(quantity, "unit", longest=LONGEST_UNIT)
