"""FHIR QuestionnaireResponse: the answers and totals of questionnaires Ketaflow knows, by LOINC."""

from collections.abc import Iterator

from ketaflow.fhir.datatypes import Entry, Node, Reading, Unusable, moment, parts, text
from ketaflow.fhir.observation import kinds, result_of
from ketaflow.people.chart import ChartItem, Coding, Kind

TRUSTED = {"completed", "amended"}
SCORES = {Kind.SCORE, Kind.VITAL}  # a pain score is both


def read(entry: Entry) -> Reading:
    """Each answered item whose `linkId` is the LOINC code of a known score or question.

    Raises:
        Unusable: not completed, or nothing in it is known.
    """
    if text(entry.node, "status") not in TRUSTED:
        raise Unusable("not completed")
    items, reasons, seen = [], [], set()
    for code, item in _known(entry.node):
        if code in seen:
            raise Unusable("answers a question twice")
        seen.add(code)
        try:
            items.append(_score(entry, code, item))
        except Unusable as why:
            reasons.append(str(why))
    if not seen:
        raise Unusable("no score known here")
    return Reading(tuple(items), tuple(reasons))


def _known(node: Node) -> Iterator[tuple[str, Node]]:
    waiting = list(parts(node, "item"))
    while waiting:
        item = waiting.pop(0)
        code = text(item, "linkId").rstrip("/").rsplit("/", 1)[-1]
        if parts(item, "answer") and kinds().get(code) in SCORES:
            yield code, item
        waiting += parts(item, "item")


def _score(entry: Entry, code: str, item: Node) -> ChartItem:
    result = result_of(parts(item, "answer")[0])
    return ChartItem(
        kind=Kind.SCORE,
        reference=f"{entry.reference}#{code}",
        text=text(item, "text") or code,
        codings=(Coding("LOINC", code),),
        value=result.value,
        unit=result.unit,
        said=result.said,
        started_at=moment(entry.node, "authored"),
    )
