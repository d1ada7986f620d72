"""The fictional clinic itself: its people, chairs, hours and made-up policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ketaflow import tables
from ketaflow.people import actions as people
from ketaflow.people.registration import ClinicDetails
from ketaflow.people.roles import Role
from ketaflow.protocol import actions as protocol
from ketaflow.protocol.holds.rules import Advice
from ketaflow.protocol.holds.shapes import Choice
from ketaflow.schedule import actions as schedule
from ketaflow.schedule.hours import Hours

if TYPE_CHECKING:
    from ketaflow.people.models import Clinic, Staff

NAME = "Juniper Lane Clinic"
PASSWORD = "juniper-lane-demo"
MID_MORNING = 10
# Around the globe; somewhere it is always ten in the morning.
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
    "Pacific/Auckland",
    "Pacific/Guadalcanal",
    "Australia/Brisbane",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Asia/Bangkok",
    "Asia/Dhaka",
    "Asia/Karachi",
    "Asia/Dubai",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Africa/Lagos",
    "Africa/Abidjan",
    "Atlantic/Cape_Verde",
    "Atlantic/South_Georgia",
    "America/Sao_Paulo",
    "America/Puerto_Rico",
    "Pacific/Fiji",
    "Pacific/Gambier",
    "Africa/Johannesburg",
)
DAYS_BEFORE, DAYS_AFTER = 70, 28
TEAM = {
    "nurse": ("Ada Whitfield", (Role.NURSE,)),
    "nurse2": ("Noah Brandt", (Role.NURSE,)),
    "nurse3": ("Inés Calder", (Role.NURSE,)),
    "prescriber": ("Dr Ben Osei", (Role.PRESCRIBER,)),
    "director": ("Dr Mia Lindgren", (Role.MEDICAL_DIRECTOR, Role.PRESCRIBER)),
    "desk": ("Flo Marsh", (Role.FRONT_DESK,)),
    "custodian": ("Cas Moreau", (Role.CUSTODIAN, Role.NURSE)),
    "admin": ("Abe Tanaka", (Role.ADMINISTRATOR,)),
}


@dataclass(frozen=True)
class Team:
    """The clinic and who works there, by the first part of their sign-in."""

    clinic: Clinic
    staff: dict[str, Staff]
    now: datetime

    def at(self, days: float, hour: float = 9) -> datetime:
        """An hour of the clinic's clock, `days` from today."""
        local = self.now.astimezone(self.clinic.zone)
        midnight = datetime.combine(local.date(), time(), self.clinic.zone)
        return midnight + timedelta(days=days, hours=hour)

    @property
    def today(self) -> date:
        """Today where the clinic is."""
        return self.now.astimezone(self.clinic.zone).date()


def mid_morning_zone(now: datetime) -> str:
    """A time zone in which it is mid-morning now, so that the board is always worth seeing."""
    for name in ZONES:
        if now.astimezone(ZoneInfo(name)).hour == MID_MORNING:
            return name
    return "Etc/UTC"


def open_clinic(now: datetime) -> Team:
    """Open the clinic, employ its team, put up its chairs and sign its policy."""
    start = now - timedelta(days=DAYS_BEFORE + 5)
    details = ClinicDetails(
        name=NAME,
        address="1 Juniper Lane, Springfield",
        phone="555-0100",
        crisis_line="988 (call or text)",
        time_zone=mid_morning_zone(now),
        fictional=True,
    )
    clinic = people.open_clinic(details=details, at=start)
    operator = people.system_of(clinic)
    staff = {
        key: people.employ(
            email=f"{key}@example.org",
            password=PASSWORD,
            name=name,
            roles=roles,
            by=operator,
            at=start,
        )
        for key, (name, roles) in TEAM.items()
    }
    team = Team(clinic, staff, now)
    _credentials(team, start)
    _rooms(team, start)
    _policy(team, start)
    return team


def _credentials(team: Team, at: datetime) -> None:
    by = team.staff["director"].author
    for n, key in enumerate(("nurse", "nurse2", "nurse3", "prescriber", "director")):
        expires = team.today + timedelta(days=(400, 21, -9, 260, 730)[n])
        certify = partial(people.certify, staff=team.staff[key].id, by=by, at=at)
        certify(kind="ACLS", number=f"A-{1000 + n}", expires_on=expires)
        certify(kind="Licence", number=f"L-{2000 + n}", expires_on=expires + timedelta(days=300))
    for key in ("nurse", "prescriber", "director"):
        people.certify(
            staff=team.staff[key].id,
            kind="Esketamine certification",
            number=f"E-{key}",
            expires_on=team.today + timedelta(days=180),
            by=by,
            at=at,
        )


def _rooms(team: Team, at: datetime) -> None:
    by = team.staff["director"].author
    for n in range(1, 7):
        schedule.add_chair(
            name=f"Chair {n}", place="Bay room" if n < 5 else "Quiet room", by=by, at=at
        )
    hours = Hours(time(7, 0), time(19, 0))
    schedule.set_hours(weekdays=tuple(range(7)), hours_on=hours, by=by, at=at)
    schedule.set_preparation(minutes=30, by=by, at=at)
    first = team.today - timedelta(days=DAYS_BEFORE)
    days = tuple(first + timedelta(days=n) for n in range(DAYS_BEFORE + DAYS_AFTER))
    for key in ("nurse", "nurse2", "nurse3"):
        schedule.put_on_duty(staff=team.staff[key].id, days=days, hours_on=hours, by=by, at=at)


def _policy(team: Team, at: datetime) -> None:
    said = dict(tables.read("ketaflow.cli.fictional", "policy"))["policy"]
    protocol.sign_policy(
        values={key: Decimal(value) for key, value in said["values"].items()},
        holds={key: _hold(row) for key, row in said["holds"].items()},
        note=said["note"],
        seen=0,
        by=team.staff["director"].author,
        at=at,
    )


def _hold(row: dict[str, Any]) -> Choice:
    value = row.get("value")
    return Choice(
        advice=Advice(row["action"]),
        value=None if value is None else Decimal(value),
        readings=row.get("readings", 1),
        lasting_min=Decimal(row.get("minutes", 0)),
    )
