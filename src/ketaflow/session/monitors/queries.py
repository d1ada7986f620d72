"""Every read about monitors: where they stand, what waits, and what a flowsheet shows of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, Max, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from ketaflow.people import queries as people
from ketaflow.protocol.holds.rules import Rule
from ketaflow.session import vitals
from ketaflow.session.events import Origin
from ketaflow.session.holds import watch
from ketaflow.session.holds.standing import Seen
from ketaflow.session.models import (
    OVER,
    MonitorBinding,
    MonitorMessage,
    MonitorReading,
    MonitorWaiting,
    Session,
)
from ketaflow.session.monitors import thinning
from ketaflow.session.monitors.arrivals import Arrival, By, Measured
from ketaflow.session.monitors.routing import Ground, Seated
from ketaflow.session.vitals import Vitals

MOST_GROUPS = 50
MINUTE_S = 60
A_PAGE = 200
NOW = timedelta(hours=1)
# What a value is that does not cross a rule.
WITHIN = {">=": "lt", ">": "lte", "<=": "gt", "<": "gte"}


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


def latest(
    *, clinic: UUID, sessions: Iterable[Session], at: datetime
) -> Mapping[UUID, Sequence[Unconfirmed]]:
    """For each session, what its monitor said since the last reading of a person, newest first.

    At most two rows: the newest, and the newest with a pressure, which a cuff takes seldom. What
    is older than an hour is not how the patient is now; the flowsheet has it.

    Args:
        clinic: whose sessions they are.
        sessions: the rows of those that are asked about.
        at: now.
    """
    since = {one.id: one.last_reading_at or one.checked_in_at for one in sessions}
    newest = MonitorReading.objects.filter(
        session_id=OuterRef("id"), minute__gte=int((at - NOW).timestamp()) // MINUTE_S
    ).order_by("-minute", "-taken_at")
    asked = Session.objects.filter(clinic_id=clinic, id__in=list(since)).values_list(
        Subquery(newest.values("id")[:1]),
        Subquery(newest.filter(with_pressure=True).values("id")[:1]),
    )
    ids = {id for pair in asked for id in pair if id}
    found: dict[UUID, list[Unconfirmed]] = {}
    rows = MonitorReading.objects.filter(id__in=ids, confirmed=False).order_by("-taken_at")
    for row in rows:
        if row.vitals and row.taken_at > since[row.session_id]:
            found.setdefault(row.session_id, []).append(_shown(row))
    return found


def charted(*, clinic: UUID, session: UUID) -> Callable[[str], Iterator[Seen]]:
    """What the session's monitor charted of a sign and nobody has confirmed, the newest first.

    Read in pages: whoever asks stops as soon as a row of readings is broken.
    """
    rows = MonitorReading.objects.filter(clinic_id=clinic, session_id=session, confirmed=False)
    newest = rows.order_by("-minute", "-taken_at", "id").values_list(
        "id", "taken_at", "sender", "vitals"
    )

    def of(sign: str) -> Iterator[Seen]:
        first = 0
        while page := list(newest[first : first + A_PAGE]):
            for id, at, sender, found in page:
                if sign in found:
                    value = Decimal(found[sign])
                    yield Seen(0, at, value, value, origin=Origin(str(id), sender))
            first += A_PAGE

    return of


def met_anew(
    *, clinic: UUID, joined: Mapping[UUID, Sequence[Measured]], rules: Iterable[Rule]
) -> Mapping[UUID, datetime]:
    """The sessions in which these readings may meet a rule that has raised no hold yet: since when.

    A monitor speaks every second, and an episode may last an hour: what goes on since a hold was
    raised is told apart here, without reading the session whole.
    """
    asked = [rule for rule in rules if rule.what in vitals.signs()]
    if not asked or not joined:
        return {}
    found: dict[UUID, datetime] = {}
    for row in Session.objects.filter(clinic_id=clinic, id__in=list(joined)):
        baseline = vitals.read(row.baseline).measured if row.baseline else {}
        for one in joined[row.id]:
            crossed = watch.may_cross(asked, baseline, one.vitals)
            if any(not _goes_on(row, rule, baseline, one.at, joined[row.id]) for rule in crossed):
                found[row.id] = min(one.at, found.get(row.id, one.at))
    return found


def _goes_on(
    row: Session, rule: Rule, baseline: Mapping[str, Decimal], at: datetime,
    with_it: Sequence[Measured],
) -> bool:  # fmt: skip
    """Whether `rule` was crossed without a break since it raised its last hold."""
    number = watch.against(rule, baseline)
    if rule.key not in row.held or number is None:
        return False
    held_at = datetime.fromisoformat(row.held[rule.key])
    if at < held_at or (row.last_reading_at and row.last_reading_at > held_at):
        return False
    between = [one.vitals for one in with_it if held_at < one.at < at and rule.what in one.vitals]
    if not all(watch.may_cross((rule,), baseline, one) for one in between):
        return False
    since = MonitorReading.objects.filter(
        session_id=row.id,
        minute__gte=int(held_at.timestamp()) // MINUTE_S,
        taken_at__gt=held_at,
        taken_at__lt=at,
    )
    value = Cast(
        KeyTextTransform(rule.what, "vitals"), DecimalField(max_digits=9, decimal_places=3)
    )
    within = {f"value__{WITHIN[rule.op]}": number}
    return not since.annotate(value=value).filter(**within).exists()


def reading(*, clinic: UUID, session: UUID, id: UUID) -> MonitorReading | None:
    """One reading of a monitor in a session."""
    return MonitorReading.objects.filter(clinic_id=clinic, session_id=session, id=id).first()


def _shown(row: MonitorReading) -> Unconfirmed:
    found = vitals.read(row.vitals)
    return Unconfirmed(row.id, row.taken_at, row.sender, found, row.corrected)
