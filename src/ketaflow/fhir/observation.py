"""FHIR Observation: vital signs, laboratory results and questionnaire scores."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from ketaflow import tables
from ketaflow.evidence import sources
from ketaflow.fhir.datatypes import (
    Concept,
    Entry,
    Node,
    Reading,
    Unusable,
    clean,
    concept,
    number,
    part,
    parts,
    span,
    text,
    unit_of,
)
from ketaflow.instruments import library
from ketaflow.people.chart import ChartItem, Kind

LONGEST_REFERENCE = 200
TRUSTED = {"final", "amended", "corrected"}
CATEGORIES = {
    "vital-signs": Kind.VITAL,
    "laboratory": Kind.LABORATORY,
    "survey": Kind.SCORE,
}


@dataclass(frozen=True)
class Result:
    """What was found: a number with its unit, or words."""

    value: Decimal | None = None
    unit: str = ""
    said: str = ""


@cache
def kinds() -> Mapping[str, Kind]:
    """What a LOINC code is about: our instruments' own codes, and those of `codes/loinc.toml`."""
    known: dict[str, Kind] = {}
    for one in library.library().values():
        codes = (one.loinc_total, *(item.loinc for item in one.items))
        known |= dict.fromkeys(codes, Kind.SCORE)
    for _, table in tables.read("ketaflow.fhir", "codes"):
        for kind, rows in table.items():
            for code, row in rows.items():
                sources.cite(row["source"])
                known[code] = Kind(kind.upper())
    known.pop("", None)
    return known


def read(entry: Entry) -> Reading:
    """The results of one observation; a panel gives one fact a component.

    Raises:
        Unusable: not a final result, not about the patient, or of a kind that nothing here uses.
    """
    node = entry.node
    if text(node, "status") not in TRUSTED:
        raise Unusable("not a final result")
    if node.get("focus"):
        raise Unusable("about something else than the patient")
    named = concept(part(node, "code"))
    if named is None:
        raise Unusable("no code")
    kind = _kind(node, named)
    items, reasons = [], []
    for key, one, what in _results(node, named):
        try:
            items.append(_item(entry, kind, key, (one, what)))
        except Unusable as why:
            reasons.append(str(why))
    return Reading(tuple(items), tuple(reasons))


def _kind(node: Node, named: Concept) -> Kind:
    of_code = (kinds()[one.code] for one in named.codings if _is_known(one.system, one.code))
    codes = (text(one, "code") for each in parts(node, "category") for one in parts(each, "coding"))
    of_category = (CATEGORIES[code] for code in codes if code in CATEGORIES)
    kind = next(of_code, None) or next(of_category, None)
    if kind is None:
        raise Unusable("neither vital sign, laboratory result nor score")
    return kind


def _is_known(system: str, code: str) -> bool:
    return system == "LOINC" and code in kinds()


def _results(node: Node, named: Concept) -> Iterator[tuple[str, Node, Concept | None]]:
    components = parts(node, "component")
    if not components or any(key.startswith("value") for key in node):
        yield "", node, named
    seen: dict[str, int] = {}
    for one in components:
        what = concept(part(one, "code"))
        code = next((each.code for each in what.codings), what.text) if what else ""
        seen[code] = seen.get(code, 0) + 1
        yield f"#{code}" + (f"~{seen[code]}" if seen[code] > 1 else ""), one, what


def _item(entry: Entry, kind: Kind, key: str, found: tuple[Node, Concept | None]) -> ChartItem:
    node, what = found
    if what is None:
        raise Unusable("no code")
    result = result_of(node)
    if result.value is not None and not result.unit and kind is not Kind.SCORE:
        raise Unusable("number without a unit")
    started_at, ended_at = span(entry.node, "effective")
    return ChartItem(
        kind=kind,
        reference=clean(entry.reference + key, "code", longest=LONGEST_REFERENCE),
        text=what.text,
        codings=what.codings,
        value=result.value,
        unit=result.unit,
        said=result.said,
        started_at=started_at,
        ended_at=ended_at,
    )


def result_of(node: Node) -> Result:
    """The result a node holds as `value[x]`.

    Raises:
        Unusable: there is none, or in a form that is neither number nor words.
    """
    if quantity := part(node, "valueQuantity"):
        return _measured(quantity)
    for form in ("Integer", "Decimal"):
        if (value := number(node, f"value{form}")) is not None:
            return Result(value=value)
    if named := concept(part(node, "valueCodeableConcept")):
        return Result(said=named.text)
    if said := text(part(node, "valueCoding"), "display") or text(node, "valueString"):
        return Result(said=said)
    if isinstance(answer := node.get("valueBoolean"), bool):
        return Result(said="yes" if answer else "no")
    raise Unusable("no value" if not _has_value(node) else "value in a form not used")


def _measured(quantity: Node) -> Result:
    value, unit = number(quantity, "value"), unit_of(quantity)
    if value is None:
        raise Unusable("no value")
    if bound := text(quantity, "comparator"):
        return Result(said=f"{bound} {value} {unit}".strip())  # a bound is not a measurement
    return Result(value=value, unit=unit)


def _has_value(node: Node) -> bool:
    return any(key.startswith("value") and held for key, held in node.items())
