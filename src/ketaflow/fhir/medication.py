"""FHIR MedicationRequest and MedicationStatement: medicines taken now, and taken before."""

from collections.abc import Mapping

from ketaflow.fhir.datatypes import (
    Concept,
    Entry,
    Node,
    Reading,
    Unusable,
    clean,
    concept,
    moment,
    part,
    parts,
    span,
    text,
)
from ketaflow.people.chart import ChartItem, Kind

# True: taken now. False: taken before, or paused.
STATUS = {"active": True, "on-hold": False, "completed": False, "stopped": False}
ORDERS = {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
REQUEST = "MedicationRequest"
KINDS = {REQUEST, "MedicationStatement"}


def read(entry: Entry, medicines: Mapping[str, Node]) -> Reading:
    """A medicine prescribed, or said to be taken.

    Args:
        entry: a MedicationRequest or MedicationStatement.
        medicines: the file's Medication resources by every name they go by.

    Raises:
        Unusable: nothing was ever to be taken, or no medicine is named.
    """
    node = entry.node
    active = _taken_now(entry)
    named = _named(node, medicines)
    if named is None:
        raise Unusable("medicine not named")
    requested = entry.kind == REQUEST
    effective = (moment(node, "authoredOn"), None) if requested else span(node, "effective")
    item = ChartItem(
        kind=Kind.MEDICATION,
        reference=entry.reference,
        text=named.text,
        codings=named.codings,
        active=active,
        said=_dosage(node, "dosageInstruction" if requested else "dosage"),
        started_at=effective[0],
        ended_at=effective[1],
    )
    return Reading((item,))


def _taken_now(entry: Entry) -> bool:
    node, status = entry.node, text(entry.node, "status")
    if node.get("doNotPerform") is True:
        raise Unusable("says what not to give")
    if entry.kind == REQUEST and text(node, "intent") not in ORDERS:
        raise Unusable("a plan or proposal, not an order")
    if status not in STATUS:
        known = {"draft", "cancelled", "entered-in-error", "unknown", "intended", "not-taken"}
        raise Unusable(status if status in known else "status not understood")
    return STATUS[status]


def _named(node: Node, medicines: Mapping[str, Node]) -> Concept | None:
    if named := concept(part(node, "medicationCodeableConcept")):
        return named
    said, shown = refers_to(node), text(part(node, "medicationReference"), "display")
    inside = {f"#{text(one, 'id')}": one for one in parts(node, "contained")}
    medicine = inside.get(said) or medicines.get(said, {})
    return concept(part(medicine, "code")) or (Concept(shown, ()) if shown else None)


def refers_to(node: Node) -> str:
    """The Medication that a prescription names by reference, empty when by its own code."""
    reference = node.get("medicationReference")
    return str(reference.get("reference") or "") if isinstance(reference, Mapping) else ""


def _dosage(node: Node, key: str) -> str:
    return clean("; ".join(filter(None, (text(one, "text") for one in parts(node, key)))), key)
