"""FHIR R4 bundles: an untrusted file becomes a chart, or is refused in one sentence.

Taken in: bundles of type transaction, batch and collection, with exactly one Patient. Of these
the resources named in `READERS` become facts; everything else is counted as not used.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from ketaflow.fhir import (
    allergy,
    condition,
    medication,
    observation,
    patient,
    questionnaire,
    release,
)
from ketaflow.fhir.datatypes import (
    LONGEST_ADDRESS,
    Entry,
    Malformed,
    Node,
    Reading,
    Unusable,
    part,
    text,
)
from ketaflow.fhir.envelope import TooLarge, open_json, shown
from ketaflow.people.chart import ChartItem, Person, ReceivedChart
from ketaflow.refusals import BadFile

MOST_ENTRIES = 20_000
TYPES = ("transaction", "batch", "collection")
ADDING = {"", "POST", "PUT"}
KIND = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)
CORRECT = "ask the sender to correct it and send it again"

Reader = Callable[[Entry], Reading]
T = TypeVar("T")


class NotABundle(BadFile):
    """JSON, but not a bundle of the kind a referral comes in."""


class NotOnePatient(BadFile):
    """The file holds nobody, or several people."""


def read_bundle(data: bytes, *, name: str = "") -> ReceivedChart:
    """The chart that a FHIR R4 bundle holds.

    Args:
        data: the file as it came, JSON or gzip of JSON.
        name: what the sender called it, for the sentence that refuses it.

    Returns:
        The person, the facts, and how many resources were not used, by type and reason.

    Raises:
        BadFile: one sentence that says what is wrong and what to do. Nothing was taken in.
    """
    called = "".join(mark for mark in name if mark.isprintable())[:80] or "This file"
    try:
        return _chart(open_json(data))
    except BadFile as wrong:
        raise type(wrong)(f"{called} {wrong}") from None


def _chart(tree: Any) -> ReceivedChart:
    not_used: Counter[str] = Counter()
    entries = _entries(_bundle(tree), not_used)
    for entry in entries:
        _at(entry, release.check_shape)
    person_entry = _one_patient(entries)
    ours = _at(person_entry, patient.names_of)
    others = frozenset(one.full_url for one in entries if one is not person_entry) - {""}
    for entry in entries:
        patient.check_whose(entry, ours, others)
    person = _person(person_entry, not_used)
    items = _facts(entries, ours, not_used)
    return ReceivedChart(person, items, MappingProxyType(dict(sorted(not_used.items()))))


def _bundle(tree: Any) -> Node:
    if not isinstance(tree, Mapping) or "resourceType" not in tree:
        raise NotABundle("is JSON but not FHIR: it has no resourceType; send a FHIR R4 bundle.")
    if tree["resourceType"] != "Bundle":
        raise NotABundle(
            f"is a {shown(tree['resourceType'])}, not a Bundle; send the record as one bundle."
        )
    try:
        release.check_declared(tree, "the bundle")
        if text(tree, "type") not in TYPES:
            raise NotABundle(
                f"is a bundle of type {shown(tree.get('type'))}; send one of type "
                f"{', '.join(TYPES[:-1])} or {TYPES[-1]}."
            )
    except (Malformed, Unusable) as wrong:
        raise Malformed(f"cannot be taken in: the bundle's {wrong}; {CORRECT}.") from None
    return tree


def _entries(bundle: Node, not_used: Counter[str]) -> tuple[Entry, ...]:
    listed = bundle.get("entry") or []
    if not isinstance(listed, list):
        raise NotABundle(f"has no list of entries; {CORRECT}.")
    if len(listed) > MOST_ENTRIES:
        raise TooLarge(
            f"holds {len(listed)} entries, more than {MOST_ENTRIES}; ask for the record of the "
            "last years alone."
        )
    found = [_entry(number, one, not_used) for number, one in enumerate(listed, start=1)]
    entries = tuple(one for one in found if one is not None)
    _check_apart(one.full_url for one in entries)
    return entries


def _entry(number: int, said: Any, not_used: Counter[str]) -> Entry | None:
    place = f"entry {number}"
    try:
        node = part({place: said}, place)
        resource, method = part(node, "resource"), text(part(node, "request"), "method")
        kind = resource.get("resourceType")
        if not resource:
            not_used["entry without a resource"] += 1
            return None
        if not isinstance(kind, str) or not KIND.fullmatch(kind):
            raise Malformed(f"resourceType is {shown(kind)}")
        if method not in ADDING:
            not_used[f"{kind} (its request does not add it)"] += 1
            return None
        full_url = text(node, "fullUrl", longest=LONGEST_ADDRESS)
    except (Malformed, Unusable) as wrong:
        raise _unacceptable(place, wrong) from None
    return Entry(number, kind, full_url, resource)


def _check_apart(names: Iterable[str]) -> None:
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        raise NotABundle(f"holds two entries called {shown(twice[0])}; {CORRECT}.")


def _one_patient(entries: tuple[Entry, ...]) -> Entry:
    people = [one for one in entries if one.kind == "Patient"]
    if not people:
        raise NotOnePatient("holds no Patient; ask the sender to include who it is about.")
    if len(people) > 1:
        raise NotOnePatient(f"holds {len(people)} Patients; send one file for each person.")
    return people[0]


def _person(entry: Entry, not_used: Counter[str]) -> Person:
    def read(one: Entry) -> tuple[Person, tuple[str, ...]]:
        release.validate(one)
        return patient.read(one)

    person, reasons = _at(entry, read)
    not_used.update(f"Patient ({reason})" for reason in reasons)
    return person


def _facts(
    entries: tuple[Entry, ...], ours: frozenset[str], not_used: Counter[str]
) -> tuple[ChartItem, ...]:
    medicines = _medicines(entries)
    readers: dict[str, Reader] = {
        "AllergyIntolerance": allergy.read,
        "Condition": condition.read,
        "MedicationRequest": partial(medication.read, medicines=medicines),
        "MedicationStatement": partial(medication.read, medicines=medicines),
        "Observation": observation.read,
        "QuestionnaireResponse": questionnaire.read,
    }
    items: list[ChartItem] = []
    for entry in entries:
        if entry.kind in readers:
            reading = _reading(entry, readers[entry.kind], ours)
            items += reading.items
            not_used.update(f"{entry.kind} ({reason})" for reason in reading.reasons)
        elif entry.kind not in {"Patient", "Medication"}:
            not_used[entry.kind] += 1
    not_used.update(_not_prescribed(entries))
    _check_apart(item.reference for item in items)
    return tuple(items)


def _medicines(entries: tuple[Entry, ...]) -> Mapping[str, Node]:
    found = [one for one in entries if one.kind == "Medication"]
    for one in found:
        _at(one, release.validate)
    return {name: one.node for one in found for name in (one.full_url, one.reference)}


def _not_prescribed(entries: tuple[Entry, ...]) -> Counter[str]:
    named = {medication.refers_to(one.node) for one in entries if one.kind in medication.KINDS}
    return Counter(
        one.kind
        for one in entries
        if one.kind == "Medication" and not {one.full_url, one.reference} & named
    )


def _reading(entry: Entry, reader: Reader, ours: frozenset[str]) -> Reading:
    def read(one: Entry) -> Reading:
        release.validate(one)
        if not patient.is_about(one, ours):
            return Reading(reasons=("does not say that it is about the patient",))
        try:
            return reader(one)
        except Unusable as why:
            return Reading(reasons=(str(why),))

    return _at(entry, read)


def _at(entry: Entry, step: Callable[[Entry], T]) -> T:
    try:
        return step(entry)
    except (Malformed, Unusable, patient.UnsafeName) as wrong:
        raise _unacceptable(entry.place, wrong) from None


def _unacceptable(place: str, wrong: Exception) -> BadFile:
    kind = type(wrong) if isinstance(wrong, BadFile) else Malformed
    return kind(f"cannot be taken in: in {place}, {wrong}; {CORRECT}.")
