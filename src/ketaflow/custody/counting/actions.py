"""Every write about counting: blind counts, inventories, and the incidents that follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from ketaflow.custody import actions, queries
from ketaflow.custody.amounts import plain
from ketaflow.custody.counting import queries as counting
from ketaflow.custody.counts import Compared, Found, Method, Moment, NotCounted, compare
from ketaflow.custody.incidents import Clocks, clocks
from ketaflow.custody.models import Container, Incident
from ketaflow.custody.profiles import profile
from ketaflow.custody.setting.actions import NotHere
from ketaflow.custody.witness import Witness
from ketaflow.journal.actions import SomeoneElseMoved, record, record_once
from ketaflow.journal.author import Author
from ketaflow.people.models import Clinic
from ketaflow.people.registration import said
from ketaflow.people.roles import Duty, require
from ketaflow.refusals import Refused
from ketaflow.schedule.hours import day_of


class StillOpen(Refused):
    """An incident cannot be closed before somebody has decided and told whom the law names."""


@dataclass(frozen=True)
class About:
    """What does not agree: where, of what, and by how many milligrams (found less expected)."""

    item_name: str
    difference_mg: Decimal
    place: UUID | None = None
    container: UUID | None = None
    account: UUID | None = None
    count: UUID | None = None


@dataclass(frozen=True)
class Sheet:
    """A filled-in count: the place (None: every place) and what was found, line by line."""

    place: UUID | None
    found: Mapping[str, Found]


@dataclass(frozen=True)
class Taken:
    """How an inventory was taken."""

    moment: Moment
    method: Method


def count(*, sheet: Sheet, by: Author, at: datetime) -> tuple[Compared, ...]:
    """Record a blind count of one place; where it does not agree, an incident is opened.

    Returns:
        Every line with what was expected, which only now may be seen.

    Raises:
        CountMoved: something was drawn or moved meanwhile.
        NotCounted: a line has no figure.
    """
    require(by, Duty.HANDLE_DRUGS)
    if sheet.place is None:
        raise NotHere("Choose the place that was counted.")
    with transaction.atomic():
        return _count(sheet, {}, f"place/{sheet.place}", by, at)


def take_inventory(
    *, sheet: Sheet, taken: Taken, witness: Witness, by: Author, at: datetime
) -> tuple[Compared, ...]:
    """Record an inventory of everything, of the opening or close of business, signed by two.

    Raises:
        NotCounted: the place's profile asks for exact counts and these are estimated.
    """
    require(by, Duty.KEEP_DRUGS)
    found = profile(queries.signed(clinic=by.clinic).jurisdiction)
    if found.exact and taken.method is Method.ESTIMATED:
        raise NotCounted(
            f"{found.name} asks for exact counts. Measure the open containers and enter that."
        )
    stood = actions.witnessed(witness, by=by, at=at)
    more = {"moment": taken.moment.value, "method": taken.method.value, "witness": stood}
    with transaction.atomic():
        return _count(sheet, more, f"inventory/{by.clinic}", by, at)


def _count(
    sheet: Sheet, more: Mapping[str, object], stream: str, by: Author, at: datetime
) -> tuple[Compared, ...]:
    _hold(sheet.place, by)
    lines = counting.sheet(clinic=by.clinic, place=sheet.place)
    compared = compare(lines, dict(sheet.found))
    wrong = [one for one in compared if one.difference]
    payload = {
        "place": str(sheet.place) if sheet.place else None,
        "agrees": not wrong,
        "lines": [one.as_payload() for one in compared],
        **more,
    }
    entry = record_once(stream=stream, kind="custody.counted", by=by, at=at, payload=payload)
    counted = counting.count_of(clinic=by.clinic, stream=stream, ordinal=entry.ordinal)
    for one in wrong:
        _discrepancy(one, sheet.place, counted, by, at)
    return compared


def _hold(place: UUID | None, by: Author) -> None:
    """Let nothing be drawn or moved here until the count is written."""
    rows = Container.objects.select_for_update(no_key=True).filter(clinic_id=by.clinic)
    rows = rows.filter(held__gt=0, **({"place_id": place} if place else {}))
    list(rows.order_by("id").values_list("id", flat=True))


def _discrepancy(
    one: Compared, place: UUID | None, counted: UUID, by: Author, at: datetime
) -> None:
    line = one.line
    alone = UUID(line.key) if line.open else None
    about = About(
        item_name=f"{line.name}, lot {line.lot}",
        difference_mg=one.difference * line.strength_mg,
        place=place,
        container=alone,
        count=counted,
    )
    reason = (
        f"{line.name}, lot {line.lot}: {plain(one.found)} found, {plain(line.expected)} expected "
        f"({line.unit if line.open else 'containers'})."
    )
    open_incident(about=about, reason=reason, by=by, at=at)


def open_incident(*, about: About, reason: str, by: Author, at: datetime) -> UUID:
    """Open an incident; its clocks begin as the profile of the clinic's place says.

    Raises:
        SomeoneElseMoved: another one was opened in the same moment; try again.
    """
    signed = profile(queries.signed(clinic=by.clinic).jurisdiction)
    today = day_of(at, Clinic.objects.get(id=by.clinic).zone)
    due: Clocks = clocks(
        today,
        notice_business_days=_whole(signed.notice_business_days),
        form_days=_whole(signed.form_days),
    )
    incident = uuid4()
    payload = {
        "reason": said(reason, "what does not agree"),
        "item_name": about.item_name[:120],
        "difference_mg": plain(about.difference_mg),
        "place": _text(about.place),
        "container": _text(about.container),
        "account": _text(about.account),
        "count": _text(about.count),
        "notice_on": due.notice_on.isoformat() if due.notice_on else None,
        "form_on": due.form_on.isoformat() if due.form_on else None,
    }
    for _ in range(TRIES):
        numbered = {**payload, "number": counting.next_number(clinic=by.clinic)}
        try:
            with transaction.atomic():
                record(
                    stream=f"incident/{incident}", kind="custody.incident_opened", by=by, at=at,
                    payload=numbered,
                )  # fmt: skip
            return incident
        except IntegrityError:
            continue
    raise SomeoneElseMoved("Other incidents were opened in the same moment. Press once more.")


TRIES = 20


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None


def _whole(figure: object) -> int:
    return int(getattr(figure, "value", 0))


def judge(
    *, incident: UUID, significant: bool, reason: str, seen: int, by: Author, at: datetime
) -> None:
    """Decide whether a loss is significant; the registrant judges, and says why."""
    payload = {"significant": significant, "reason": said(reason, "why it is judged so")}
    _about(incident, "custody.incident_judged", payload, seen, by, at)


def report(
    *, incident: UUID, what: str, reference: str, seen: int, by: Author, at: datetime
) -> None:
    """Record that the authority was told: `notice` in writing, or `form`. Nothing is sent here."""
    if what not in ("notice", "form"):
        raise NotHere("Choose what was sent: the written notice or the form.")
    payload = {"what": what, "reference": said(reference, "how and under which number")}
    _about(incident, "custody.incident_reported", payload, seen, by, at)


def close(*, incident: UUID, finding: str, seen: int, by: Author, at: datetime) -> None:
    """Close an incident with what was found.

    Raises:
        StillOpen: nobody has judged it, or a significant loss was not reported.
    """
    row = _row(incident, by)
    if row.significant is None:
        raise StillOpen("Decide first whether the loss is significant, and say why.")
    if row.significant and (
        (row.notice_on and not row.notified_at) or (row.form_on and not row.form_at)
    ):
        raise StillOpen(
            "A significant loss is reported before it is closed: record the notice and the form."
        )
    payload = {"finding": said(finding, "what was found")}
    _about(incident, "custody.incident_closed", payload, seen, by, at)


def _row(incident: UUID, by: Author) -> Incident:
    row = queries.incident(clinic=by.clinic, id=incident)
    if row is None:
        raise NotHere("No incident of this clinic is known by that identifier.")
    if row.closed_at:
        raise NotHere("This incident is closed. Open a new one if something else was found.")
    return row


def _about(
    incident: UUID, kind: str, payload: Mapping[str, object], seen: int, by: Author, at: datetime
) -> None:
    require(by, Duty.KEEP_DRUGS)
    with transaction.atomic():
        row = _row(incident, by)
        record(stream=row.stream, kind=kind, by=by, at=at, payload=payload, seen=seen)
