"""The patient's record for paper: the same values as the download, in words and tables."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ketaflow.instruments.library import library
from ketaflow.outcomes import sheet as sheets
from ketaflow.paper.sheet import Column, Section, Sheet, grid
from ketaflow.portal.patient.told import Told, told
from ketaflow.session import queries as sessions

# A document that is read, not searched: what is older stands in the other file.
MOST_SESSIONS = 60
MOST_ROWS = 300


def sheet(patient: Any, record: Mapping[str, Any], *, at: datetime) -> Sheet:
    """The document of `record`, as `whole` made it of `patient`."""
    return Sheet(
        title=_("My record"),
        subtitle=_("As it stood on %(at)s") % {"at": _when(at.isoformat())},
        clinic=patient.clinic.name,
        who=f"{patient.name}, {patient.number}",
        seal=record["format"],
        banner=_("Fictional clinic and patient: made up for a demonstration.")
        if patient.clinic.fictional
        else "",
        sections=(
            _person(record),
            _visits(record),
            *_sessions(patient),
            _scores(record),
            *_consents(record),
            _messages(record),
        ),
        dated=at,
    )


def _person(record: Mapping[str, Any]) -> Section:
    who = record["patient"]
    pairs = (
        (_("Name"), f"{who['given']} {who['family']}"),
        (_("Date of birth"), who["born_on"]),
        (_("Number"), who["number"]),
        (_("Phone"), who["phone"]),
        (_("E-mail"), who["email"]),
        (_("Address"), who["address"]),
    )
    return Section(_("Who you are"), pairs=tuple((name, told) for name, told in pairs if told))


def _visits(record: Mapping[str, Any]) -> Section:
    rows = [
        (_when(one["starts_at"]), one["standing"].replace("_", " ").lower(), one["reason"])
        for one in _latest(record["appointments"])
    ]
    columns = (Column(_("When")), Column(_("How it stands")), Column(_("Why"), "1"))
    return Section(
        _("Appointments"), grid=grid(columns, rows), empty=_("No appointment is booked.")
    )


def _sessions(patient: Any) -> Iterator[Section]:
    """Each session as the patient's page tells it."""
    every = list(sessions.told_all(clinic=patient.clinic_id, patient=patient.id))
    if not every:
        yield Section(_("Sessions"), empty=_("There was no session yet."))
    if len(every) > MOST_SESSIONS:
        yield Section(_("Sessions"), words=(_("Older ones are in the JSON file."),))
    for row, state in every[-MOST_SESSIONS:]:
        yield _session(row, told(row.order, state))


def _session(row: Any, story: Told) -> Section:
    at = _when(row.checked_in_at.isoformat())
    pairs = [
        (_("Medicine"), story.medicine),
        (_("How much you were given"), story.dose),
        (_("How it ended"), story.end),
    ]
    if story.minutes is not None:
        pairs.append((_("How long it ran"), _("%(n)s minutes") % {"n": story.minutes}))
    rows = [(date_format(localtime(when), "H:i"), words) for when, words in story.events]
    return Section(
        _("Session on %(at)s") % {"at": at},
        words=story.readings,
        pairs=tuple(pairs),
        grid=grid((Column(_("Time")), Column(_("What happened"), "1")), rows),
    )


def _scores(record: Mapping[str, Any]) -> Section:
    rows = [
        (_when(one["at"]), _scale(one["instrument"]), one["total"] or _("not complete"))
        for one in _latest(record["scores"])
    ]
    columns = (Column(_("When")), Column(_("Form"), "1"), Column(_("Score"), number=True))
    return Section(_("Your scores"), grid=grid(columns, rows), empty=_("There is no score yet."))


def _scale(name: str) -> str:
    return sheets.label(name) if name in library() else name


def _consents(record: Mapping[str, Any]) -> Iterator[Section]:
    for one in record["consents"]:
        pairs = [
            (_("Signed"), f"{_when(one['agreed_at'])}, {one['taken_by']}"),
            (_("Text"), f"{one['text']}, {one['version']}, SHA-256 {one['sha256']}"),
        ]
        if one["withdrawn_at"]:
            pairs.append((_("Taken back"), _when(one["withdrawn_at"])))
        said = tuple((each["heading"], each["text"]) for each in one["statements"])
        yield Section(_("Agreement"), pairs=(*pairs, *said))


def _messages(record: Mapping[str, Any]) -> Section:
    rows = [(_when(one["since"]), one["to"], one["state"]) for one in _latest(record["messages"])]
    columns = (Column(_("When")), Column(_("To"), "1"), Column(_("State")))
    return Section(_("Messages"), grid=grid(columns, rows), empty=_("No message was sent."))


def _latest(rows: list[Any]) -> list[Any]:
    return rows[-MOST_ROWS:]


def _when(iso: str) -> str:
    return date_format(localtime(datetime.fromisoformat(iso)), _("j M Y, H:i"))
