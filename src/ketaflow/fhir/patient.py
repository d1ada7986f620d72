"""FHIR Patient: who the chart is about, and whether a resource is about that person."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from urllib.parse import unquote

from ketaflow.fhir.datatypes import Entry, Malformed, Node, clean, moment, parts, text, texts
from ketaflow.fhir.envelope import shown
from ketaflow.people.chart import Person, Sex
from ketaflow.refusals import BadFile

LONGEST_NAME = 120
LONGEST_PHONE = 60
LONGEST_EMAIL = 254
LONGEST_ADDRESS = 300
WHOLE_DATE = len("1973-11-24")
NAME_USES = ("official", "usual", "")
# Marks that turn the reading direction could make one name look like another.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class UnsafeName(BadFile):
    """A person's name holds what no name holds."""


class SomeoneElse(BadFile):
    """A resource is about another person than the file's Patient."""


def read(entry: Entry) -> tuple[Person, tuple[str, ...]]:
    """The person, and why parts of what the sender says of them were not used."""
    node = entry.node
    family, given = _name(node)
    born, reasons = _born(node)
    died_at = moment(node, "deceasedDateTime")
    person = Person(
        family=family,
        given=given,
        born_on=born,
        sex=_sex(node),
        identifiers=_identifiers(node),
        phone=_telecom(node, "phone", LONGEST_PHONE),
        email=_telecom(node, "email", LONGEST_EMAIL),
        address=_address(node),
        deceased=died_at is not None or node.get("deceasedBoolean") is True,
        died_at=died_at,
    )
    return person, reasons


def _name(node: Node) -> tuple[str, str]:
    names = [one for one in parts(node, "name") if text(one, "use") in NAME_USES]
    if not names:
        raise Malformed("name is missing, so nobody can tell whose chart this is")
    name = min(names, key=lambda one: NAME_USES.index(text(one, "use")))
    family, given = text(name, "family") or text(name, "text"), " ".join(texts(name, "given"))
    if not family:
        raise Malformed("name has no family name")
    return _safe(family, "family name"), _safe(given, "given name")


def _safe(name: str, what: str) -> str:
    for mark in name:
        if mark in "<>" or mark in TURNING or unicodedata.category(mark) in {"Cc", "Zl", "Zp"}:
            raise UnsafeName(f"{what} {shown(name)} holds {shown(mark)}, which no name does")
    if len(name) > LONGEST_NAME:
        raise UnsafeName(f"{what} {shown(name)} is longer than {LONGEST_NAME} characters")
    return name


def _born(node: Node) -> tuple[date | None, tuple[str, ...]]:
    born = moment(node, "birthDate")
    if born and len(text(node, "birthDate")) < WHOLE_DATE:
        return None, ("birth date is not a whole date",)  # an age guessed from a year is no age
    return (born.date() if born else None), ()


def _sex(node: Node) -> Sex:
    said = text(node, "gender") or Sex.UNKNOWN
    if said not in set(Sex):
        raise Malformed(f"gender {shown(said)} is not one of {', '.join(Sex)}")
    return Sex(said)


def _identifiers(node: Node) -> tuple[tuple[str, str], ...]:
    pairs = ((text(one, "system"), text(one, "value")) for one in parts(node, "identifier"))
    return tuple((system, value) for system, value in pairs if value)


def _telecom(node: Node, system: str, longest: int) -> str:
    for one in parts(node, "telecom"):
        if text(one, "system") == system and text(one, "use") != "old":
            return text(one, "value", longest=longest)
    return ""


def _address(node: Node) -> str:
    now = [one for one in parts(node, "address") if text(one, "use") not in {"old", "billing"}]
    if not now:
        return ""
    first = now[0]
    town = " ".join(filter(None, (text(first, "state"), text(first, "postalCode"))))
    lines = [*texts(first, "line"), text(first, "city"), town, text(first, "country")]
    said = text(first, "text") or ", ".join(filter(None, lines))
    return clean(said, "address", longest=LONGEST_ADDRESS)


def names_of(entry: Entry) -> frozenset[str]:
    """Every way a resource of the same file may refer to this Patient."""
    node = entry.node
    names = {entry.full_url, f"Patient/{text(node, 'id')}"} - {"", "Patient/"}
    names |= {f"Patient?identifier={system}|{value}" for system, value in _identifiers(node)}
    return frozenset(names)


def check_whose(entry: Entry, ours: frozenset[str], others: frozenset[str]) -> None:
    """Refuse a resource about another person.

    Args:
        entry: any resource of the file.
        ours: how the file's Patient may be referred to.
        others: addresses of the resources that are no Patient; what is about them is about nobody.

    Raises:
        SomeoneElse: names the resource and whom it is about.
    """
    for key in ("subject", "patient"):
        said = _referred(entry.node.get(key))
        if said and said not in ours and said not in others and _is_person(said):
            raise SomeoneElse(
                f"mixes people: {entry.place} is about {shown(said)}, who is not the Patient of "
                "this file; send one file for each person."
            )


def is_about(entry: Entry, ours: frozenset[str]) -> bool:
    """Whether a resource says that it is about the file's Patient."""
    return any(_referred(entry.node.get(key)) in ours for key in ("subject", "patient"))


def _referred(reference: object) -> str:
    if not isinstance(reference, Mapping):
        return ""
    said = reference.get("reference")
    if isinstance(said, str):
        return unquote(said.split("/_history/")[0])
    return _by_identifier(reference.get("identifier"))


def _by_identifier(identifier: object) -> str:
    if not isinstance(identifier, Mapping) or not identifier.get("value"):
        return ""
    return f"Patient?identifier={identifier.get('system') or ''}|{identifier['value']}"


def _is_person(said: str) -> bool:
    return said.startswith(("urn:", "#", "Patient/", "Patient?")) or "/Patient/" in said
