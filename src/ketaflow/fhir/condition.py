"""FHIR Condition: a diagnosis, and whether it holds today."""

from ketaflow.fhir.datatypes import Entry, Node, Reading, Unusable, code_of, concept, part, span
from ketaflow.people.chart import ChartItem, Kind

STATUS = {
    "active": True,
    "recurrence": True,
    "relapse": True,
    "inactive": False,
    "remission": False,
    "resolved": False,
}
ENDED = tuple(f"abatement{form}" for form in ("DateTime", "Period", "Age", "Range", "String"))


def read(entry: Entry) -> Reading:
    """A diagnosis that the sender confirmed or did not qualify.

    Raises:
        Unusable: entered in error, refuted, or not confirmed.
    """
    node = entry.node
    check_confirmed(node)
    named = concept(part(node, "code"))
    if named is None:
        raise Unusable("no code")
    started_at, _ = span(node, "onset")
    ended_at, period_end = span(node, "abatement")
    item = ChartItem(
        kind=Kind.CONDITION,
        reference=entry.reference,
        text=named.text,
        codings=named.codings,
        active=holds(node, otherwise=not any(node.get(key) for key in ENDED)),
        started_at=started_at,
        ended_at=period_end or ended_at,
    )
    return Reading((item,))


def check_confirmed(node: Node) -> None:
    """Let only what is confirmed, or not said to be otherwise, become a fact.

    Raises:
        Unusable: the reason is the sender's own word.
    """
    verified = code_of(node, "verificationStatus")
    if verified in {"", "confirmed"}:
        return
    known = {"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"}
    raise Unusable(verified if verified in known else "verification status not understood")


def holds(node: Node, *, otherwise: bool) -> bool:
    """Whether `clinicalStatus` says that it holds today; `otherwise` when it says nothing."""
    status = code_of(node, "clinicalStatus")
    if status == "":
        return otherwise
    if status not in STATUS:
        raise Unusable("clinical status not understood")
    return STATUS[status]
