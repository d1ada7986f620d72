"""Appointments for a patient's own calendar: when and where, and nothing about health."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import icalendar

from ketaflow.schedule.booked import Booked
from ketaflow.schedule.standing import Standing

PRODUCT = "-//Ketaflow//Appointments//EN"
# A missed appointment stays in the calendar as it was: it is the past, and not for us to delete.
STATUS = {Standing.CANCELLED: "CANCELLED"}


@dataclass(frozen=True)
class Place:
    """Where to go and whom to call."""

    name: str
    address: str = ""
    phone: str = ""


def write(visits: Iterable[Booked], *, place: Place, at: datetime) -> bytes:
    """The visits as an iCalendar file.

    A visit keeps its identifier and counts its changes, so that taking the file in again moves or
    removes what is in the calendar. Nobody who sees it learns what the appointment is for.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for visit in visits:
        calendar.add_component(_event(visit, place, at))
    return bytes(calendar.to_ical())


def _event(visit: Booked, place: Place, at: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{visit.id}@ketaflow")
    event.add("dtstamp", at.astimezone(UTC))
    event.add("sequence", visit.seen)
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("summary", f"Appointment at {place.name}")
    event.add("class", "PRIVATE")
    event.add("status", STATUS.get(visit.standing, "CONFIRMED"))
    if place.address:
        event.add("location", place.address)
    if place.phone:
        event.add("description", f"To change it, call {place.phone}.")
    return event
