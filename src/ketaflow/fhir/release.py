"""Is this FHIR R4? Told by what a file declares, by its shapes, and by validation."""

import re
from functools import cache
from importlib import import_module
from typing import Any

from ketaflow.fhir.datatypes import Entry, Malformed, Node, part, text, texts
from ketaflow.fhir.envelope import shown
from ketaflow.refusals import BadFile

MODULES = {
    "AllergyIntolerance": "allergyintolerance",
    "Condition": "condition",
    "Medication": "medication",
    "MedicationRequest": "medicationrequest",
    "MedicationStatement": "medicationstatement",
    "Observation": "observation",
    "Patient": "patient",
    "QuestionnaireResponse": "questionnaireresponse",
}
# R4 is 4.0.1, R4B is 4.1 and 4.3; 4.2 and 4.4 to 4.6 were drafts of R5.
FHIR_VERSIONS = ("4.0.", "4.1.", "4.3.")
ELSEWHERE = re.compile(r"//hl7\.org/fhir/(DSTU2|STU3|R5|R6|[1-356]\.\d)/")
VERSIONED = re.compile(r"//hl7\.org/fhir/StructureDefinition/[A-Za-z-]+\|([0-356-9])\.")
SHAPES = (
    ("Condition", "clinicalStatus", str, "STU3"),
    ("AllergyIntolerance", "clinicalStatus", str, "STU3"),
    ("MedicationRequest", "context", dict, "STU3"),
    ("MedicationStatement", "taken", str, "STU3"),
    ("Observation", "context", dict, "STU3"),
    ("Patient", "animal", dict, "STU3"),
    ("Condition", "participant", list, "R5"),
    ("Encounter", "class", list, "R5"),
    ("MedicationRequest", "medication", dict, "R5"),
    ("MedicationStatement", "medication", dict, "R5"),
    ("Observation", "triggeredBy", list, "R5"),
)
RETIRED = {"DiagnosticOrder": "DSTU2", "MedicationOrder": "DSTU2", "ReferralRequest": "STU3"}


class WrongVersion(BadFile):
    """The file is FHIR of another release than R4."""


def check_declared(node: Node, place: str) -> None:
    """Refuse what declares another release, by `fhirVersion` or by its profiles."""
    version = text(node, "fhirVersion")
    if version and not f"{version}.".startswith(FHIR_VERSIONS):
        _refuse(place, f"FHIR version {shown(version)}")
    for profile in texts(part(node, "meta"), "profile"):
        if found := ELSEWHERE.search(profile) or VERSIONED.search(profile):
            _refuse(place, f"a profile of FHIR {found.group(1)} ({shown(profile)})")


def check_shape(entry: Entry) -> None:
    """Refuse a resource shaped as only another release shapes it."""
    check_declared(entry.node, entry.place)
    if entry.kind in RETIRED:
        _refuse(entry.place, f"a resource of FHIR {RETIRED[entry.kind]}")
    for kind, key, shape, release in SHAPES:
        if entry.kind == kind and isinstance(entry.node.get(key), shape):
            _refuse(entry.place, f"{key} as FHIR {release} writes it")


def _refuse(place: str, what: str) -> None:
    raise WrongVersion(f"is not FHIR R4: {place} has {what}; ask the sender for FHIR R4.")


def validate(entry: Entry) -> None:
    """Check a resource against the definitions of FHIR R4B, which for these resources are R4's.

    Raises:
        Malformed: names the path and what is wrong there.
    """
    from pydantic import ValidationError

    try:
        _model(entry.kind).model_validate(entry.node)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        problem = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise Malformed(
            f"{shown(path)} holds {shown(first['input'])}: {shown(problem, 120)}"
        ) from None


@cache
def _model(kind: str) -> Any:
    # Half a second of imports, so only when a file has to be read.
    return getattr(import_module(f"fhir.resources.R4B.{MODULES[kind]}"), kind)
