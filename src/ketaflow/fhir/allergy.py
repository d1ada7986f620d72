"""FHIR AllergyIntolerance: what the person must not be given, and what happened."""

from ketaflow.fhir.condition import check_confirmed, holds
from ketaflow.fhir.datatypes import (
    LONGEST_TEXT,
    Concept,
    Entry,
    Node,
    Reading,
    Unusable,
    clean,
    concept,
    part,
    parts,
    span,
)
from ketaflow.people.chart import ChartItem, Kind


def read(entry: Entry) -> Reading:
    """An allergy or intolerance that the sender confirmed or did not qualify.

    Raises:
        Unusable: entered in error, refuted, not confirmed, or to nothing named.
    """
    node = entry.node
    check_confirmed(node)
    named = concept(part(node, "code")) or _substance(node)
    if named is None:
        raise Unusable("no code")
    started_at, _ = span(node, "onset")
    item = ChartItem(
        kind=Kind.ALLERGY,
        reference=entry.reference,
        text=named.text,
        codings=named.codings,
        active=holds(node, otherwise=True),
        said=_reactions(node),
        started_at=started_at,
    )
    return Reading((item,))


def _substance(node: Node) -> Concept | None:
    named = (concept(part(one, "substance")) for one in parts(node, "reaction"))
    return next(filter(None, named), None)


def _reactions(node: Node) -> str:
    shown = (
        concept(sign) for one in parts(node, "reaction") for sign in parts(one, "manifestation")
    )
    return clean(", ".join(one.text for one in shown if one), "reaction", longest=LONGEST_TEXT)
