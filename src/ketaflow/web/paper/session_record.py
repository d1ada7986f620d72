"""The record of one session for paper: everything that was written, as it stands and as it stood.

It is made from the journal alone and as of its last entry: the policy in force then, no clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ketaflow.journal import queries as journal
from ketaflow.paper.sheet import Column, Pair, Section, Sheet, grid
from ketaflow.people import queries as people
from ketaflow.people.chart import Kind as Fact
from ketaflow.protocol import queries as protocol
from ketaflow.protocol.figures import show
from ketaflow.protocol.orders import Order, from_payload
from ketaflow.session import checklist, discharge
from ketaflow.session.events import Kind
from ketaflow.session.queries import Room
from ketaflow.session.wishes import RECEIVED
from ketaflow.web import session_drug, session_monitor
from ketaflow.web import session_page as words
from ketaflow.web.paper import session_charts, session_forecast, session_given, signatures
from ketaflow.web.session_holds import all_holds


@dataclass(frozen=True)
class Bundle:
    """What the record is made of: the room as of its last entry, and the entries around it."""

    room: Room
    entries: Sequence[Any]
    course: Sequence[Any]
    consent: Any
    allergies: tuple[str, ...]

    @property
    def at(self) -> datetime:
        """When the last thing was written."""
        return max(one.at for one in self.entries)

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        found: ZoneInfo = self.room.session.clinic.zone
        return found

    def clock(self, at: datetime | None, form: str = "%H:%M:%S") -> str:
        """A time on the clinic's clock."""
        return f"{at.astimezone(self.zone):{form}}" if at else "–"


def bundle(*, clinic: UUID, room: Room) -> Bundle:
    """Everything the record of `room` is made of, in a number of queries that does not grow."""
    row = room.session
    entries = journal.entries(clinic=clinic, stream=row.stream)
    then = protocol.policy_at(clinic=clinic, at=max(one.at for one in entries))
    facts = people.facts(clinic=clinic, patient=row.patient_id, kind=Fact.ALLERGY)
    return Bundle(
        room=replace(room, policy=then),
        entries=entries,
        course=journal.entries(clinic=clinic, stream=row.course.stream),
        consent=people.consent(clinic=clinic, course=row.course_id),
        allergies=tuple(sorted({one.text for one in facts if one.active})),
    )


def sheet(found: Bundle) -> Sheet:
    """The record as a document."""
    row = found.room.session
    patient, head = row.patient, found.entries[-1]
    made_up = "Fictional clinic and patient: made up for a demonstration." * row.clinic.fictional
    return Sheet(
        title=f"Record of session {row.number}",
        subtitle=f"{found.room.protocol.name}, {found.clock(row.checked_in_at, '%A %-d %B %Y')}",
        clinic=row.clinic.name,
        who=f"{patient.name}, born {patient.born_on:%-d %b %Y}, {patient.number}",
        seal=f"Journal {row.stream}, {head.ordinal} entries, head {head.hash}",
        banner=made_up,
        sections=tuple(one(found) for one in SECTIONS),
        dated=found.at,
    )


def _summary(found: Bundle) -> Section:
    row, state, clinic = found.room.session, found.room.state, found.room.session.clinic
    offset = found.clock(found.at, "%z")
    pairs = (
        ("Patient", f"{row.patient.name}, {row.patient.get_sex_display().lower()}, "
                    f"born {row.patient.born_on:%-d %B %Y}, number {row.patient.number}"),
        ("Allergies", ", ".join(found.allergies) or "none in the chart"),
        ("Clinic", ", ".join(filter(None, (clinic.name, clinic.address, clinic.phone)))),
        ("Protocol", f"{found.room.protocol.id}, {found.room.protocol.name}, session {row.number} "
                     f"of {row.course.sessions_planned}; {found.room.protocol.status}"),
        ("Chair and nurse", f"{row.chair}; {row.nurse.name}"),
        ("Checked in", found.clock(state.checked_in_at)),
        ("Drug", f"{found.clock(state.started_at)} to {found.clock(state.stopped_at)}"),
        ("Given", f"{show(round(state.given_mg(found.at), 2))} mg"),
        ("How it stands", f"{words.PHASES[state.phase]}, {found.clock(state.ended_at)}"),
        ("Policy in force", _policy(found)),
        ("Times", f"{clinic.time_zone}, UTC{offset[:3]}:{offset[3:]}; as of the last entry, "
                  f"{found.clock(found.at, '%-d %b %Y, %H:%M:%S')}"),
    )  # fmt: skip
    return Section("The session", pairs=pairs)


def _policy(found: Bundle) -> str:
    policy = found.room.policy
    if policy is None:
        return "none"
    signed = found.clock(policy.signed_at, "%-d %b %Y")
    return f"version {policy.version}, signed by {policy.signed_by} on {signed}"


def _order(found: Bundle) -> Section:
    order = from_payload(found.room.session.order)
    mind = tuple(("Mind", warning) for warning in order.warnings)
    return Section("The order", pairs=(*_ordered(order), *mind))


def _ordered(order: Order) -> Iterator[Pair]:
    told = (
        ("Dose", f"{order.dose_mg} mg = {order.formula}", order.dose_mg),
        ("Nasal devices", f"{order.devices}", order.devices),
        ("Dosing weight", f"{order.dosing_weight_kg} kg, {(order.weight_basis or '').lower()} "
                          f"weight, rule {order.weight_rule}", order.dosing_weight_kg),
        ("Over", f"{order.duration_min} min", order.duration_min),
        ("Rate", f"{order.rate_mg_min} mg/min = {order.rate_mg_h} mg/h", order.rate_mg_min),
        ("Draw", f"{order.volume_ml} mL of {order.strength_mg_ml} mg/mL. {order.dilution}",
         order.volume_ml),
        ("Pump", f"{order.pump_ml_h} mL/h, bag of {order.bag_ml} mL", order.pump_ml_h),
        ("Rounding", order.rounding, order.rounding),
        ("Protocol version", order.version, order.version),
        ("Sources", ", ".join(order.sources), order.sources),
    )  # fmt: skip
    yield from ((label, said) for label, said, present in told if present)


def _checks(found: Bundle) -> Section:
    state = found.room.state
    rows = []
    for item in checklist.asked(state.preparation.order, today=_circumstances(found)):
        tick = state.checklist.get(item.key)
        done = "yes" if tick and tick.done else "NOT TICKED"
        note = tick.note if tick else ""
        rows.append((item.text, done, note, found.clock(tick.at if tick else None),
                     tick.by_name if tick else "–"))  # fmt: skip
    if check := state.dose_check:
        told = ((check.dose_mg, "mg"), (check.rate_mg_min, "mg/min"), (check.devices, "devices"))
        read = ", ".join(f"{value} {unit}" for value, unit in told if value)
        note = f"prepared by {check.prepared_by_name}"
        rows.append(
            (f"Second person's check: {read}", "yes", note, found.clock(check.at),
             check.checked_by_name)
        )  # fmt: skip
    columns = (
        Column("Checked before the drug", "3"), Column("Done"), Column("Note", "2"),
        Column("Time"), Column("By"),
    )  # fmt: skip
    return Section("Checks", grid=grid(columns, rows))


def _circumstances(found: Bundle) -> frozenset[str]:
    prepared, policy = found.room.state.preparation, found.room.policy
    return checklist.circumstances(prepared, policy) if policy else frozenset()


def _flowsheet(found: Bundle) -> Section:
    nasal = words.is_nasal(found.room)
    columns = [
        Column("Time"), Column("Min", number=True), Column("BP", number=True),
        Column("Pulse", number=True), Column("SpO2", number=True), Column("Breaths", number=True),
        Column("°C", number=True), Column("MOAA/S", number=True), Column("CADSS-6", number=True),
        Column("Pain", number=True), Column("mg/min", number=True), Column("Given", number=True),
        Column("Against baseline and the clinic's limits", "1"), Column("By"),
    ]  # fmt: skip
    rows = []
    for row in session_monitor.flow(found.room, words.moments(found.room)):
        told = "; ".join(filter(None, (row.name, row.changes, *row.beyond)))
        told = f"{session_monitor.UNCONFIRMED.upper()}; {told}" if row.unconfirmed else told
        told += " (corrected)" if row.corrected else ""
        by = f"Monitor {row.by}" if row.unconfirmed else row.by
        rows.append((found.clock(row.at, "%H:%M"), row.minute, row.pressure, *row.cells,
                     *row.scores, row.rate, row.given, told, by))  # fmt: skip
    if nasal:
        rows = [(*row[:10], *row[11:]) for row in rows]
        del columns[10]
    said = (
        "BP in mmHg, pulse and breaths per minute, SpO2 in %, given in mg. Of what a monitor "
        "charted and nobody confirmed, the last of each five minutes stands here, of each minute "
        "at the end; every one is in the journal."
    )
    return Section("Flowsheet", words=(said,), grid=grid(columns, rows), empty="Nothing measured.")


def _holds(found: Bundle) -> Section:
    rows = [
        (found.clock(one.at), one.advice, f"{one.reading}. Rule: {one.rule} ({one.origin})",
         one.acknowledged or "nobody", one.released or ("not released" if one.blocks else "–"))
        for one in all_holds(found.room)
    ]  # fmt: skip
    columns = (
        Column("Raised"), Column("Advice", "1.2"), Column("Reading and rule", "3"),
        Column("Acknowledged by, after", "1.4"), Column("Released by, why", "1.4"),
    )  # fmt: skip
    none = "No reading met a hold rule of the policy."
    return Section("Holds and their answers", grid=grid(columns, rows), empty=none)


def _events(found: Bundle) -> Section:
    rows = [
        (line.at, words.told(line.kind, line.payload), line.by_name)
        for line in found.room.state.lines
        if line.kind in EVENTS and not line.struck
    ]
    # From custody's own journal: what was drawn for this session, wasted and returned.
    drug = [(one.at, one.what, one.by) for one in session_drug.lines(found.room) if not one.struck]
    rows = sorted([*rows, *drug], key=lambda row: row[0])
    said = [(found.clock(at), *rest) for at, *rest in rows]
    columns = (Column("Time"), Column("What happened", "1"), Column("By"))
    return Section("Events", grid=grid(columns, said), empty="None.")


def _corrections(found: Bundle) -> Section:
    rows = []
    for line in found.room.state.lines:
        for before, after in zip(line.versions, line.versions[1:], strict=False):
            was = words.told(line.kind, before.payload or line.payload)
            became = "struck out"
            if after.payload is not None:
                became = words.told(line.kind, after.payload)
            rows.append((str(line.ordinal), was, became, after.reason, found.clock(after.at),
                         after.by_name))  # fmt: skip
    columns = (
        Column("Entry", number=True), Column("It said", "2"), Column("It says", "2"),
        Column("Why", "1.5"), Column("Time"), Column("By"),
    )  # fmt: skip
    return Section("Corrections", grid=grid(columns, rows), empty="None.")


def _discharge(found: Bundle) -> Section:
    state = found.room.state
    home = next((one for one in state.lines if one.kind is Kind.DISCHARGED), None)
    rows = [
        (words.told(one.line.kind, one.line.payload), found.clock(one.line.at), one.line.by_name)
        for one in state.discharge_scores
    ]
    said = f"No discharge: {words.PHASES[state.phase].lower()}."
    if home:
        asked = discharge.always_for(state.preparation.order.route)
        told = (one.text for one in asked if one.key in home.payload["done"])
        rows += [(one, found.clock(home.at), home.by_name) for one in told]
        said = f"{words.told(home.kind, home.payload)}, {found.clock(home.at)}."
    columns = (Column("Score or criterion", "1"), Column("Time"), Column("By"))
    return Section("Discharge", words=(said,), grid=grid(columns, rows))


def _everything(found: Bundle) -> Section:
    rows = []
    for one in found.entries:
        late = one.payload.get(RECEIVED)
        received = f" (received {found.clock(datetime.fromisoformat(late))})" if late else ""
        said = _entry(Kind(one.kind), one.payload) + received
        rows.append((str(one.ordinal), found.clock(one.at), said, one.by_name, one.hash[:12]))
    columns = (
        Column("Entry", number=True), Column("Time"), Column("What was written", "1"),
        Column("By"), Column("Seal begins"),
    )  # fmt: skip
    head = found.entries[-1]
    said = (
        f"The journal stream {found.room.session.stream}, entry by entry. Each entry's seal is a "
        f"hash over its words and the seal before it; the last is {head.hash}. "
        "“ketaflow journal verify” follows the whole chain."
    )
    return Section("Everything that was recorded", words=(said,), grid=grid(columns, rows))


def _entry(kind: Kind, payload: Mapping[str, Any]) -> str:
    if kind is Kind.CORRECTED:
        return f"Corrects entry {payload['corrects']}: {payload['reason']}"
    return words.told(kind, payload)


EVENTS = frozenset(
    {
        *(Kind.PAUSED, Kind.RESUMED, Kind.STOPPED, Kind.SIDE_EFFECT, Kind.RESCUE, Kind.NOTE),
        *(Kind.RATE_CHANGED, Kind.TRANSFERRED, Kind.CANCELLED),
    }
)
SECTIONS: tuple[Callable[[Bundle], Section], ...] = (
    _summary,
    _order,
    _checks,
    lambda found: session_given.section(found.room, found.at, found.clock),
    _flowsheet,
    lambda found: session_charts.section(found.room, found.at),
    lambda found: session_forecast.section(found.room, found.at),
    _holds,
    _events,
    _corrections,
    _discharge,
    lambda found: signatures.section(found.entries, found.course, found.consent, found.clock),
    _everything,
)
