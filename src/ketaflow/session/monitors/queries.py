"""Every read about monitors: where they stand, what waits, and what a flowsheet shows of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from ketaflow.people import queries as people
from ketaflow.session import vitals
from ketaflow.session.models import (
    OVER,
    MonitorBinding,
    MonitorMessage,
    MonitorReading,
    MonitorWaiting,
    Session,
)
from ketaflow.session.monitors import thinning
from ketaflow.session.monitors.arrivals import Arrival, By
from ketaflow.session.monitors.routing import Ground, Seated
from ketaflow.session.vitals import Vitals

MOST_GROUPS = 50


@dataclass(frozen=True)
class Unconfirmed:
    """One row of a flowsheet that a monitor charted and no nurse has confirmed yet."""

    id: UUID
    at: datetime
    sender: str
    vitals: Vitals
    corrected: bool


def bindings(*, clinic: UUID) -> Sequence[MonitorBinding]:
    """Which monitor stands at which chair, by chair."""
    found = MonitorBinding.objects.filter(clinic_id=clinic).select_related("chair")
    return list(found.order_by("chair__name", "by", "value"))


def received(*, clinic: UUID, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Which of these messages were received before."""
    found = MonitorMessage.objects.filter(clinic_id=clinic, id__in=list(ids))
    return frozenset(found.values_list("id", flat=True))


def ground(*, clinic: UUID, arrivals: Sequence[Arrival]) -> Ground:
    """Where the monitors of `arrivals` stand and who sits there, in three queries."""
    values = {value for one in arrivals for _, value in one.known_by}
    rows = MonitorBinding.objects.filter(clinic_id=clinic, value__in=values)
    told = rows.values_list("by", "value", "chair__name")
    bound = {(By(by), value): chair for by, value, chair in told}
    live = Session.objects.filter(clinic_id=clinic, ended_at=None, chair__in=set(bound.values()))
    here = list(
        live.exclude(phase__in=OVER).values_list(
            "id", "chair", "checked_in_at", "patient_id", "patient__number"
        )
    )
    others = people.identifiers_of(clinic=clinic, patients=[patient for *_, patient, _ in here])
    seated: dict[str, list[Seated]] = {}
    for id, chair, checked_in_at, patient, number in here:
        known_as = frozenset({number, *others.get(patient, ())})
        seated.setdefault(chair, []).append(Seated(id, chair, checked_in_at, known_as))
    return Ground(bound, seated)


def waiting(*, clinic: UUID) -> Sequence[MonitorWaiting]:
    """What waits for a person, newest first."""
    rows = MonitorWaiting.objects.filter(clinic_id=clinic)
    return list(rows.order_by("-upto")[:MOST_GROUPS])


def unconfirmed(*, clinic: UUID, session: UUID) -> Sequence[Unconfirmed]:
    """What a flowsheet shows of a monitor's readings, by time: a bounded part of them.

    The last of each minute in the last quarter of an hour, before that of each five minutes; one
    with a pressure and one without, where both were taken.
    """
    rows = MonitorReading.objects.filter(clinic_id=clinic, session_id=session)
    slots = list(rows.values("minute", "with_pressure").annotate(last=Max("taken_at")))
    if not slots:
        return []
    newest = max(one["minute"] for one in slots)
    wanted = []
    for pressure in (True, False):
        last = {one["minute"]: one["last"] for one in slots if one["with_pressure"] is pressure}
        wanted += [last[minute] for minute in thinning.shown(list(last), newest=newest)]
    found = rows.filter(taken_at__in=wanted, confirmed=False).order_by("taken_at", "sender")
    return [_shown(row) for row in found if row.vitals]


def latest(*, clinic: UUID, sessions: Iterable[UUID]) -> Mapping[UUID, Unconfirmed]:
    """For each session, what its monitor said last, if nobody has confirmed it."""
    rows = MonitorReading.objects.filter(clinic_id=clinic, session_id__in=list(sessions))
    newest = rows.order_by("session_id").values("session_id").annotate(last=Max("taken_at"))
    moments = {one["session_id"]: one["last"] for one in newest}
    found = rows.filter(taken_at__in=set(moments.values()), confirmed=False)
    return {
        row.session_id: _shown(row)
        for row in found
        if moments[row.session_id] == row.taken_at and row.vitals
    }


def reading(*, clinic: UUID, session: UUID, id: UUID) -> MonitorReading | None:
    """One reading of a monitor in a session."""
    return MonitorReading.objects.filter(clinic_id=clinic, session_id=session, id=id).first()


def _shown(row: MonitorReading) -> Unconfirmed:
    found = vitals.read(row.vitals)
    return Unconfirmed(row.id, row.taken_at, row.sender, found, row.corrected)
