"""Which rows follow from what monitors send and what people decide about it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from ketaflow.journal.projecting import row_id
from ketaflow.session.models import (
    MonitorBinding,
    MonitorMessage,
    MonitorReading,
    MonitorWaiting,
    Session,
)
from ketaflow.session.monitors import inbox, routing
from ketaflow.session.monitors.arrivals import Measured, measured_in
from ketaflow.session.monitors.inbox import Standing

MINUTE_S = 60
# Who sent it, when it was received, in which session, and what was measured.
Taken = tuple[str, datetime, Session, Measured]


def _charted(entries: Sequence[Any]) -> None:
    """Messages that joined a session: each a row, and its readings laid onto what is there."""
    joined = [
        (one, Session(id=UUID(one.payload["session"]), clinic_id=one.clinic)) for one in entries
    ]
    MonitorMessage.objects.bulk_create(
        _message(one, Standing.CHARTED, session_id=session.id) for one, session in joined
    )
    _lay(
        [
            (one.payload["sender"], one.at, session, measured)
            for one, session in joined
            for measured in measured_in(one.payload)
        ]
    )


def _kept(entries: Sequence[Any]) -> None:
    """Messages that wait for a person, and the groups in which they stand on the page."""
    rows = [
        _message(one, Standing.WAITING, why=one.payload["why"], said=one.payload) for one in entries
    ]
    MonitorMessage.objects.bulk_create(rows)
    groups = {one.id: one for one in MonitorWaiting.objects.filter(id__in={r.group for r in rows})}
    for row in rows:
        groups[row.group] = _grown(groups.get(row.group), row)
    MonitorWaiting.objects.bulk_create(
        groups.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["count", "first_at", "last_at", "upto", "said"],
    )


def _grown(group: MonitorWaiting | None, row: MonitorMessage) -> MonitorWaiting:
    moments = [row.taken_at, *([group.first_at, group.last_at] if group else [])]
    return MonitorWaiting(
        id=row.group,
        clinic_id=row.clinic_id,
        why=row.why,
        count=group.count + 1 if group else 1,
        first_at=min(moments),
        last_at=max(moments),
        upto=row.ordinal,
        said=row.said,
    )


def _still_waiting(clinic: UUID, group: UUID) -> None:
    """Bring a group up to date after somebody decided about a part of it."""
    rows = MonitorMessage.objects.filter(
        clinic_id=clinic, group=group, standing=Standing.WAITING.value
    ).order_by("ordinal")
    now: MonitorWaiting | None = None
    for row in rows.iterator(chunk_size=500):
        now = _grown(now, row)
    MonitorWaiting.objects.filter(clinic_id=clinic, id=group).delete()
    if now:
        now.save(force_insert=True)


def _message(entry: Any, standing: Standing, **more: Any) -> MonitorMessage:
    said = entry.payload
    return MonitorMessage(
        id=UUID(said["id"]),
        clinic_id=entry.clinic,
        sender=said["sender"],
        control_id=said["control_id"],
        taken_at=min(one.at for one in measured_in(said)),
        received_at=entry.at,
        standing=standing.value,
        group=inbox.group(entry.clinic, said),
        ordinal=entry.ordinal,
        **more,
    )


def _lay(taken: Sequence[Taken]) -> None:
    """Lay readings onto those of the same moment: what a monitor says last counts."""
    for some in _by_hundreds(taken):
        ids = [_id(session.id, sender, one.at) for sender, _, session, one in some]
        rows = {row.id: row for row in MonitorReading.objects.filter(id__in=ids)}
        for id, (sender, received_at, session, measured) in zip(ids, some, strict=True):
            row = rows.get(id) or MonitorReading(
                id=id,
                clinic_id=session.clinic_id,
                session_id=session.id,
                sender=sender,
                taken_at=measured.at,
                received_at=received_at,
                minute=int(measured.at.timestamp()) // MINUTE_S,
                vitals={},
            )
            rows[id] = _onto(row, measured)
        MonitorReading.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["vitals", "with_pressure", "corrected", "confirmed"],
        )


def _by_hundreds(many: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """In parts that fit into one statement of either database."""
    return (many[first : first + 500] for first in range(0, len(many), 500))


def _id(session: UUID, sender: str, at: datetime) -> UUID:
    return uuid5(session, f"{at.astimezone(UTC).isoformat()} {sender}")


def _onto(row: MonitorReading, measured: Measured) -> MonitorReading:
    before: dict[str, str] = row.vitals
    found = before | {name: str(value) for name, value in measured.vitals.items()}
    now = {name: value for name, value in found.items() if name not in measured.withdrawn}
    differs = any(now.get(name) != value for name, value in before.items())
    row.vitals, row.with_pressure = now, "systolic" in now
    row.corrected = row.corrected or differs or measured.corrected
    # What a nurse confirmed was something else.
    row.confirmed = row.confirmed and now == before
    return row


def _assigned(entry: Any) -> None:
    """What a person assigned: of the messages that waited, those taken during the session."""
    said = entry.payload
    row = Session.objects.get(id=UUID(said["session"]))
    done, taken = [], []
    for message in waiting(entry.clinic, UUID(said["group"]), said["upto"]):
        fits = joining(message, row)
        taken += [(message.sender, message.received_at, row, one) for one in fits]
        done += [message.id] if fits else []
    for some in _by_hundreds(done):
        MonitorMessage.objects.filter(id__in=some).update(
            standing=Standing.ASSIGNED.value, session_id=row.id
        )
    _lay(taken)
    _still_waiting(entry.clinic, UUID(said["group"]))


def joining(message: MonitorMessage, session: Session) -> tuple[Measured, ...]:
    """What of a waiting message was measured while `session` lasted."""
    return routing.within(
        measured_in(message.said), checked_in_at=session.checked_in_at, ended_at=session.ended_at
    )


def waiting(clinic: UUID, group: UUID, upto: int) -> list[MonitorMessage]:
    """The messages that wait under `group`, as far as a person saw them; locked, so that of two
    who decide about them one is first.
    """
    rows = MonitorMessage.objects.select_for_update().filter(
        clinic_id=clinic, group=group, ordinal__lte=upto, standing=Standing.WAITING.value
    )
    return list(rows.order_by("ordinal"))


def inbox_of(clinic: UUID) -> str:
    """The stream of everything that waited at a clinic, and of what became of it."""
    return f"inbox/{clinic}"


def _discarded(entry: Any) -> None:
    said = entry.payload
    MonitorMessage.objects.filter(
        clinic_id=entry.clinic,
        group=UUID(said["group"]),
        ordinal__lte=said["upto"],
        standing=Standing.WAITING.value,
    ).update(standing=Standing.DISCARDED.value)
    _still_waiting(entry.clinic, UUID(said["group"]))


def _bound(entry: Any) -> None:
    said = entry.payload
    MonitorBinding.objects.create(
        id=row_id(entry),
        clinic_id=entry.clinic,
        by=said["by"],
        value=said["value"],
        chair_id=UUID(said["chair"]),
        bound_at=entry.at,
        bound_by=entry.by_name,
    )


def _unbound(entry: Any) -> None:
    said = entry.payload
    MonitorBinding.objects.filter(
        clinic_id=entry.clinic, by=said["by"], value=said["value"]
    ).delete()


def confirmed(entry: Any) -> None:
    """A nurse confirmed the row with these very values."""
    monitor: Mapping[str, str] = entry.payload["monitor"]
    MonitorReading.objects.filter(id=UUID(monitor["reading"])).update(confirmed=True)


TABLES = (MonitorBinding, MonitorMessage, MonitorWaiting, MonitorReading)
TOGETHER = {"monitor.charted": _charted, "monitor.kept": _kept}
HANDLERS = {
    "monitor.charted": lambda entry: _charted([entry]),
    "monitor.kept": lambda entry: _kept([entry]),
    "monitor.assigned": _assigned,
    "monitor.discarded": _discarded,
    "monitor.bound": _bound,
    "monitor.unbound": _unbound,
}
