"""Reads one arm of a TRIAL.toml: from a protocol of the library, or written out."""

from dataclasses import dataclass
from itertools import pairwise

from ketaflow.insights.trial.plan import tables
from ketaflow.insights.trial.plan.design import (
    ESKETAMINE,
    NONE,
    RACEMATE,
    Absurd,
    Arm,
    Given,
    IllWritten,
)
from ketaflow.insights.trial.plan.tables import Table
from ketaflow.pharmacology import library as kinetics
from ketaflow.protocol import library as protocols
from ketaflow.protocol.library import Protocol
from ketaflow.refusals import OutsideEnvelope

MOST_SESSIONS = 200
MOST_MG = 10_000.0
LONGEST_MIN = 24 * 60.0
WEEK = 7
# Days of the week on which sessions fall, by how many there are.
RHYTHM = {1: (0,), 2: (0, 3), 3: (0, 2, 4), 7: (0, 1, 2, 3, 4, 5, 6)}
WRITTEN = ("drug", "route", "dose", "duration_min", "days", "sessions", "per_week")


class NothingToGive(OutsideEnvelope):
    """A protocol leaves open what a trial must know."""


@dataclass(frozen=True)
class Start:
    """What a protocol settles for an arm; None where it leaves it open."""

    given: Given | None = None
    sessions: int | None = None
    per_week: int | None = None


def arm(row: Table, place: int, days: int) -> Arm:
    """One arm, from a protocol or written out, or from a protocol with changes.

    Raises:
        IllWritten: a key too many or too few.
        Absurd: a number that nobody means, or a session after the trial's end.
        OutsideEnvelope: an unknown protocol, or one that leaves the dose open.
    """
    where = f"Arm {place}"
    tables.insist_on_keys(
        row, where, needed=("name",), allowed=("protocol", "maintenance", "judged", *WRITTEN)
    )
    name = tables.text(row, "name", where, most=60)
    where = f"Arm “{name}”"
    start = (
        settled(protocols.protocol(tables.text(row, "protocol", where)))
        if "protocol" in row
        else Start()
    )
    if row.get("drug") == NONE:
        return without_drug(row, name, where, days)
    given = what(row, where, start)
    induction = session_days(row, where, start)
    sessions = (
        *induction,
        *maintained(tables.table(row, "maintenance", where), where, induction[-1]),
    )
    if len(sessions) > MOST_SESSIONS:
        raise Absurd(
            f"{where} has {len(sessions)} sessions; a trial gives at most {MOST_SESSIONS}."
        )
    if sessions[-1] >= days:
        raise Absurd(
            f"{where} has a session on day {sessions[-1]:g}, but the trial ends on day {days}. "
            f"Raise days, or give fewer sessions."
        )
    judged = tables.whole(row, "judged", where, low=1, high=days, default=int(induction[-1]) + 1)
    return Arm(name, given, sessions, float(judged), str(row.get("protocol", "")))


def without_drug(row: Table, name: str, where: str, days: int) -> Arm:
    """An arm that gets the setting alone.

    Raises:
        IllWritten: it says how the drug is given that it does not get.
    """
    tables.insist_on_keys(
        row, f"{where}, without a drug,", needed=("judged",), allowed=("name", "drug")
    )
    judged = tables.whole(row, "judged", where, low=1, high=days)
    return Arm(name, Given(NONE), (), float(judged))


def settled(one: Protocol) -> Start:
    """What a protocol settles.

    Raises:
        NothingToGive: it proposes no dose, or one that a trial cannot follow.
    """
    if one.dose is None or one.dose.figure.unit not in ("mg", "mg/kg"):
        raise NothingToGive(
            f"Protocol {one.id} settles no dose of a session. Choose another, or write the arm out."
        )
    minutes = one.duration.figure if one.duration else None
    given = Given(
        drug=str(one.drug),
        route=str(one.route),
        mg=float(one.dose.figure.value),
        per_kg=one.dose.figure.unit == "mg/kg",
        duration_min=float(minutes.value) if minutes else 0.0,
    )
    weekly = one.spacing.per_week
    return Start(given, one.sessions.least, int(weekly.value) if weekly else None)


def what(row: Table, where: str, start: Start) -> Given:
    """Drug, route, dose and minutes: written, else the protocol's."""
    base = start.given
    drug = base.drug if base else tables.choice(row, "drug", where, of=(RACEMATE, ESKETAMINE, NONE))
    route = base.route if base else tables.choice(row, "route", where, of=("iv", "nasal"))
    if base and ("drug" in row or "route" in row):
        raise IllWritten(f"{where} takes drug and route from its protocol: leave them out.")
    entry = kinetics.default(drug=drug, route=route).inputs[route]
    mg, per_kg = dose(row, where) if "dose" in row or not base else (base.mg, base.per_kg)
    if entry.device_mg:
        insist_on_devices(row, where, mg, per_kg=per_kg, device_mg=entry.device_mg)
        return Given(drug, route, mg)
    if "duration_min" not in row and not (base and base.duration_min):
        raise IllWritten(f"{where} needs duration_min: how long the pump runs.")
    minutes = tables.number(
        row,
        "duration_min",
        where,
        low=1,
        high=LONGEST_MIN,
        default=base.duration_min if base else 0,
    )
    return Given(drug, route, mg, per_kg, minutes)


def dose(row: Table, where: str) -> tuple[float, bool]:
    """`{ value, unit }` in mg or mg/kg."""
    tables.insist_on_keys(row, where, needed=("dose",), allowed=row)
    found, here = tables.table(row, "dose", where), f"{where}, dose"
    tables.insist_on_keys(found, here, needed=("value", "unit"), allowed=())
    unit = tables.choice(found, "unit", here, of=("mg", "mg/kg"))
    value = tables.number(found, "value", here, low=0, high=MOST_MG)
    if value == 0:
        raise Absurd(f"{here}: a dose is above 0; for an arm without the drug write drug = “none”.")
    return value, unit == "mg/kg"


def insist_on_devices(row: Table, where: str, mg: float, *, per_kg: bool, device_mg: float) -> None:
    """Refuse a spray that is not whole devices, or that runs over minutes.

    Raises:
        Absurd: not a whole number of devices.
        IllWritten: a duration, or a dose for each kg.
    """
    if per_kg or "duration_min" in row:
        raise IllWritten(f"{where} is a spray: give its dose in mg, and no duration_min.")
    if mg % device_mg or not mg:
        raise Absurd(f"{where}: {mg:g} mg is not a whole number of {device_mg:g} mg devices.")


def session_days(row: Table, where: str, start: Start) -> tuple[float, ...]:
    """Days of the sessions of induction, from day 0 on.

    Raises:
        IllWritten: neither days nor a number of sessions with a rhythm.
        Absurd: days out of order, or too many.
    """
    if "days" in row:
        if "sessions" in row or "per_week" in row:
            raise IllWritten(f"{where} lists its days: leave sessions and per_week out.")
        listed = {str(place): day for place, day in enumerate(tables.listed(row, "days", where))}
        days = [tables.number(listed, key, f"{where}, days", low=0, high=3650) for key in listed]
        if any(later - day < 1 for day, later in pairwise(days)):
            raise Absurd(f"{where} needs its days in order, at least one day apart.")
        return tuple(days)
    if start.sessions is None or start.per_week is None:
        tables.insist_on_keys(
            row,
            where,
            needed=[key for key in ("sessions", "per_week") if not getattr(start, key)],
            allowed=row,
        )
    count = tables.whole(
        row, "sessions", where, low=1, high=MOST_SESSIONS, default=start.sessions or 0
    )
    weekly = tables.whole(row, "per_week", where, low=1, high=WEEK, default=start.per_week or 0)
    if weekly not in RHYTHM:
        raise Absurd(
            f"{where}: {weekly} sessions a week have no rhythm here. List their days instead."
        )
    every = (float(WEEK * week + day) for week in range(count) for day in RHYTHM[weekly])
    return tuple(day for _, day in zip(range(count), every, strict=False))


def maintained(row: Table, where: str, last_d: float) -> tuple[float, ...]:
    """Days of maintenance after the last session of induction; none when it is not written."""
    if not row:
        return ()
    here = f"{where}, maintenance"
    tables.insist_on_keys(row, here, needed=("every_days", "sessions"), allowed=())
    apart = tables.whole(row, "every_days", here, low=1, high=365)
    count = tables.whole(row, "sessions", here, low=1, high=MOST_SESSIONS)
    return tuple(last_d + apart * (number + 1) for number in range(count))
