"""What custody's journal says about the drug of one session, in the words of the session's record.

It is asked there each time and kept nowhere else, so the two can never disagree.
"""

from collections.abc import Sequence
from typing import Any

from ketaflow.custody import queries
from ketaflow.custody.items import Form
from ketaflow.protocol.figures import show
from ketaflow.session.queries import Room
from ketaflow.web.session_page import Said


def lines(room: Room) -> list[Said]:
    """Each draw, and what became of it, first to last; what was taken back is struck out."""
    row = room.session
    return [_said(one) for one in queries.of_session(clinic=row.clinic_id, session=row.id)]


def _said(one: Any) -> Said:
    container, unit = one.container, Form(one.item.form).unit
    what = f"Drug {one.get_kind_display().lower()}: {show(one.quantity)} {unit}"
    return Said(
        ordinal=0,
        at=one.at,
        what=f"{what} ({show(one.mg)} mg), container {container.number}, lot {container.lot}"
        + (f": {one.reason}" if one.reason else ""),
        by=f"{one.by_name}, witnessed by {one.witness_name}" if one.witness_name else one.by_name,
        struck=one.reversed,
        was=(),
        correctable=False,
    )


def among(record: Sequence[Said], drug: Sequence[Said]) -> list[Said]:
    """`record` in its own order, with each line about the drug before the first that is later."""
    found, rest = [], list(drug)
    # Of a record that begins in the middle, what came before is not shown either.
    if record and rest:
        rest = [one for one in rest if one.at >= min(o.at for o in record)]
    for line in record:
        while rest and rest[0].at < line.at:
            found.append(rest.pop(0))
        found.append(line)
    return [*found, *rest]
