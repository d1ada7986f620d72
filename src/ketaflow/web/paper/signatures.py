"""Every signature of a session: who, in which role, what it means, and when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ketaflow.paper.sheet import Column, Section, grid
from ketaflow.people.roles import OPERATOR, Role
from ketaflow.session.events import Kind

Clock = Callable[[datetime | None, str], str]
MEANINGS: Mapping[Kind, str] = {
    Kind.CHECKED_IN: "Checked the patient in against the order",
    Kind.BASELINE: "Measured the baseline",
    Kind.DOSE_CHECKED: "Second person: read the drug against the order, with their own password",
    Kind.STARTED: "Started the pump",
    Kind.DEVICE_GIVEN: "Gave a nasal device",
    Kind.RATE_CHANGED: "Changed the rate",
    Kind.PAUSED: "Paused the drug",
    Kind.RESUMED: "Resumed the drug",
    Kind.STOPPED: "Ended the drug",
    Kind.RESCUE: "Gave a rescue medicine",
    Kind.HOLD_ACKNOWLEDGED: "Has seen a hold",
    Kind.HOLD_RELEASED: "Released a hold: the drug may go on",
    Kind.DISCHARGE_SCORED: "Scored the patient for discharge",
    Kind.DISCHARGED: "Judged every discharge criterion met and sent the patient home",
    Kind.TRANSFERRED: "Handed the patient over",
    Kind.CANCELLED: "Cancelled the session",
    Kind.CORRECTED: "Corrected an entry, with a reason",
    Kind.FORM_FILLED: "Answered the monitoring form",
    Kind.FORM_SUBMITTED: "Recorded the monitoring form as submitted",
}
ORDERED = {
    "course.planned": "Ordered the course and its dose",
    "course.dose_changed": "Changed the dose of the coming sessions",
}


def section(entries: Sequence[Any], course: Sequence[Any], consent: Any, clock: Clock) -> Section:
    """The signatures, first to last, those before the session above it."""
    began, roles = entries[0].at, {str(one.by): one.by_roles for one in entries}
    rows = [
        (one.at, one.by_name, spoken(one.by_roles), ORDERED[one.kind], "course")
        for one in course
        if one.kind in ORDERED and one.at <= began
    ]
    if consent:
        told = f"Read the consent with the patient, text {consent.text_id} {consent.text_version}"
        rows.append((consent.agreed_at, consent.taken_by, "", told, "consent"))
    for one in entries:
        kind = Kind(one.kind)
        if kind is Kind.DOSE_CHECKED:
            told = one.payload
            role = spoken(roles.get(told["prepared_by"], ""))
            rows.append((one.at, told["prepared_by_name"], role, "Prepared the drug",
                         str(one.ordinal)))  # fmt: skip
        if kind in MEANINGS:
            rows.append((one.at, one.by_name, spoken(one.by_roles), MEANINGS[kind],
                         str(one.ordinal)))  # fmt: skip
        rows += _shortened(one, kind)
    return Section("Signatures", words=(WORDS,), grid=grid(COLUMNS, _said(rows, clock)))


WORDS = (
    "Each stands for an entry that the person made while signed in under their own name; role as "
    "it was then."
)
COLUMNS = (
    Column("Name"), Column("Role"), Column("What it means", "1"), Column("When"),
    Column("Entry", number=True),
)  # fmt: skip


def spoken(roles: str) -> str:
    """Roles as they are kept, in words."""
    kept = roles.split()
    return ", ".join("Operator" if one == OPERATOR else Role(one).label for one in kept)


def _shortened(one: Any, kind: Kind) -> list[tuple[datetime, str, str, str, str]]:
    short = one.payload.get("override") if kind is Kind.DISCHARGED else None
    if not short:
        return []
    told = f"Shortened the observation: {short['reason']}"
    role = spoken(" ".join(short.get("roles", ())))
    return [(one.at, short["by_name"], role, told, str(one.ordinal))]


def _said(
    rows: Iterable[tuple[datetime, str, str, str, str]], clock: Clock
) -> list[tuple[str, ...]]:
    return [
        (name, role, meaning, clock(at, "%-d %b %Y, %H:%M:%S"), entry)
        for at, name, role, meaning, entry in rows
    ]
