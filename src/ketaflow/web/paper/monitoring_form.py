"""The esketamine monitoring form: what the record knows of it, and what was answered."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from ketaflow.evidence.sources import UNVERIFIED
from ketaflow.instruments.library import instrument
from ketaflow.paper.sheet import Pair, Section, Sheet
from ketaflow.protocol.figures import show
from ketaflow.session import events
from ketaflow.session.fold import SessionState
from ketaflow.session.monitoring_form import form, measured
from ketaflow.session.queries import Room
from ketaflow.web.paper.session_record import Bundle

MINUTE = measured.MINUTE
YES_NO = {"yes": "Yes", "no": "No"}
TITLE = "Esketamine patient monitoring form"
NOT_OFFICIAL = (
    "Filled from the record to be copied into the official form or portal. Ketaflow sends nothing."
)


def known(room: Room) -> list[tuple[str, list[Pair]]]:
    """What the record holds, by group of the form."""
    row, state = room.session, room.state
    patient, clinic = row.patient, row.clinic
    return [
        ("Patient", [
            ("First name", patient.given), ("Last name", patient.family),
            ("Date of birth", f"{patient.born_on:%-d %B %Y}"),
            ("Sex", patient.get_sex_display()),
        ]),
        ("Who monitored", [("Name", row.nurse.name)]),
        ("Setting", [("Name", clinic.name), ("Address", clinic.address or "not on record")]),
        ("Session", list(_session(room))),
        ("Vital signs", list(_vitals(room))),
        ("Events", list(_events(state))),
    ]  # fmt: skip


def _session(room: Room) -> Iterator[Pair]:
    state, zone = room.state, room.session.clinic.zone
    began, ended = state.started_at, state.ended_at
    yield "Date", f"{began.astimezone(zone):%-d %B %Y}" if began else "not given"
    yield "Dose", f"{show(state.given_mg(ended or began))} mg" if began else "none"
    yield "Lot numbers", ", ".join(dict.fromkeys(one.lot for one in state.devices))
    lasted = f"{(ended - began) // MINUTE}" if began and ended else "not ended"
    yield "Minutes from the first device to the end", lasted


def _vitals(room: Room) -> Iterator[Pair]:
    if room.protocol.monitoring is None:
        return
    found, state = measured.measured(room.state, room.protocol.monitoring), room.state
    yield "Before the dose", measured.said(found.before, state)
    yield f"At {found.mark_min} minutes", measured.said(found.at_mark, state)
    yield "At the end", measured.said(found.at_end, state)


def _events(state: SessionState) -> Iterator[Pair]:
    for name in ("moaa-s", "cadss-6"):
        taken = [one.total for one in state.scores if one.instrument == name]
        totals = ", ".join(str(one) for one in taken if one is not None)
        yield f"{instrument(name).short} through the session", totals or "not taken"
    seen = (
        f"{events.side_effects()[one.effect].label} ({one.severity} of 5)"
        for one in state.side_effects
    )
    yield "Side effects on record", ", ".join(seen) or "none"


def answered(room: Room) -> list[tuple[str, list[Pair]]]:
    """What a person answered, by group; what is open is said to be."""
    told = room.state.form.answers
    return [
        (group, [(text(one), _answer(told.get(one.key, ""))) for one in asked])
        for group, asked in groupby(form.questions().values(), key=lambda one: one.group)
    ]


def text(one: form.Question) -> str:
    """A question, marked where nobody read it in a source."""
    return one.text + (" (unverified)" if UNVERIFIED.key in one.sources else "")


def _answer(told: str) -> str:
    return YES_NO.get(told, told) or "not answered"


def submitted(room: Room) -> str:
    """How far the form is, in words."""
    done = room.state.form.submitted
    if done:
        when = done.at.astimezone(room.session.clinic.zone)
        how = form.HOW[done.payload["how"]]
        return f"{how}: {done.payload['reference']}. {done.by_name}, {when:%-d %b %Y, %H:%M}."
    return "Not yet submitted."


def sheet(found: Bundle) -> Sheet:
    """The form as a document."""
    room = found.room
    row, head = room.session, found.entries[-1]
    told: dict[str, list[Pair]] = {}
    for group, pairs in [*known(room), *answered(room)]:
        told.setdefault(group, []).extend(pairs)
    made_up = "Fictional clinic and patient: made up for a demonstration. " * row.clinic.fictional
    filled = room.state.form.filled
    by = f"Answers saved by {filled.by_name}, {_when(found, filled.at)}." if filled else ""
    return Sheet(
        title=TITLE,
        subtitle=f"Session {row.number}, {_when(found, row.checked_in_at)}",
        clinic=row.clinic.name,
        who=f"{row.patient.name}, born {row.patient.born_on:%-d %b %Y}, {row.patient.number}",
        seal=f"Journal {row.stream}, {head.ordinal} entries, head {head.hash}",
        banner=made_up + NOT_OFFICIAL,
        sections=(
            *(Section(group, pairs=tuple(pairs)) for group, pairs in told.items()),
            Section("Submitted", words=tuple(filter(None, (by, submitted(room))))),
        ),
        dated=found.at,
    )


def _when(found: Bundle, at: datetime) -> str:
    return found.clock(at, "%-d %b %Y, %H:%M")
