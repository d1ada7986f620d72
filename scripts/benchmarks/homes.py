"""A clinic with as many patients at home as wanted, for `scripts/bench portal`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db.models import Count
from django.urls import reverse

from ketaflow.cli.clinic import now
from ketaflow.cli.fictional import clinic as fictional
from ketaflow.correspondence import actions, queries
from ketaflow.correspondence.actions import Ask
from ketaflow.correspondence.invitation import may_be_sent
from ketaflow.correspondence.models import Invitation, Message
from ketaflow.journal.models import Entry, Head
from ketaflow.outcomes.sheet import Occasion
from ketaflow.people.models import Patient
from ketaflow.protocol.models import Course
from ketaflow.schedule.models import Booking, Chair

AT_ONCE = 2000
ASKED = "phq-9"
BORN = date(1984, 5, 2)
NAMES = UUID("5d0c9c1e-6f0b-4c60-9b0a-0d8c9c1e6f0b")


@dataclass(frozen=True)
class Place:
    """The clinic that was filled."""

    team: Any
    patients: int


@dataclass(frozen=True)
class Home:
    """One patient's link."""

    link: str
    born_on: str
    items: tuple[str, ...]

    @property
    def start(self) -> str:
        """The page the link opens."""
        return self.page("start")

    def page(self, name: str, **more: str) -> str:
        """One page behind the link."""
        return reverse(f"portal_{name}", kwargs={"link": self.link, **more})

    def question(self, item: str) -> str:
        """The page of one question."""
        return self.page("question", item=item)


def fill(patients: int, visits: int) -> Place:
    """Open the clinic, and put `patients` into it, twice `visits` of them with a visit ahead."""
    at = now()
    team = fictional.open_clinic(at)
    for first in range(0, patients, AT_ONCE):
        _people(team, range(first, min(first + AT_ONCE, patients)), at)
    for days in (0, 2):
        _visits(team, range(days // 2 * visits, (days // 2 + 1) * visits), at, days)
    return Place(team, patients)


def at_home(place: Place, number: int) -> Home:
    """A link that patient `number` from the end was sent just now."""
    patient = Patient.objects.get(id=_id("patient", place.patients - 1 - number))
    by = place.team.staff["nurse"].author
    made = actions.invite(
        patient=patient, ask=Ask(uuid4(), ASKED, Occasion.FOLLOW_UP), by=by, at=now()
    )
    items = tuple(item.key for item in may_be_sent(ASKED).items)
    link = queries.link(clinic=made.clinic_id, invitation=made.id)
    return Home(link, BORN.isoformat(), items)


def queued() -> int:
    """How many reminders are queued."""
    return Message.objects.filter(invitation__purpose="PAGES").count()


def reminded() -> dict[str, int]:
    """How many visits have a reminder, and how many have more than one."""
    found = Message.objects.filter(invitation__purpose="PAGES").values("invitation__patient")
    counts = found.annotate(n=Count("id"))
    return {
        "visits_reminded": counts.count(),
        "reminded_twice": counts.filter(n__gt=1).count(),
    }


def _id(kind: str, number: int) -> UUID:
    return uuid5(NAMES, f"{kind}/{number}")


def _people(team: Any, numbers: range, at: datetime) -> None:
    """Patients, each with a link of last year that ran out, its message and their entries."""
    clinic = team.clinic.id
    Patient.objects.bulk_create(
        Patient(
            id=_id("patient", one), clinic_id=clinic, number=f"B-{one:06}", family=f"F{one}",
            given="Cy", born_on=BORN, sex="female", registered_at=at, email=f"b{one}@example.org",
        )
        for one in numbers
    )  # fmt: skip
    then = at - timedelta(days=365)
    Invitation.objects.bulk_create(
        Invitation(
            id=_id("link", one), clinic_id=clinic, patient_id=_id("patient", one),
            instrument=ASKED, occasion=Occasion.BASELINE.value, sheet=_id("sheet", one),
            made_at=then, made_by="Bench", expires_at=then, withdrawn_at=then,
        )
        for one in numbers
    )  # fmt: skip
    Message.objects.bulk_create(
        Message(
            id=_id("message", one), clinic_id=clinic, invitation_id=_id("link", one),
            to=f"b{one}@example.org", state="HANDED_OVER", tries=1, taken_at=then, state_at=then,
        )
        for one in numbers
    )  # fmt: skip
    _journal(clinic, [f"{kind}/{_id(kind, one)}" for one in numbers for kind in KINDS], then)


KINDS = ("patient", "link", "message")


def _journal(clinic: UUID, streams: list[str], at: datetime) -> None:
    made = partial(Entry, clinic=clinic, ordinal=1, kind="chart.read", by_name="Bench", at=at)
    hashes = {stream: uuid5(NAMES, stream).hex * 2 for stream in streams}
    Entry.objects.bulk_create(
        made(stream=one, by_roles="", payload_json="{}", previous="0" * 64, hash=hashes[one])
        for one in streams
    )
    Head.objects.bulk_create(
        Head(stream=one, clinic=clinic, ordinal=1, hash=hashes[one]) for one in streams
    )


def _visits(team: Any, numbers: range, at: datetime, days: int) -> None:
    """A course and a visit for each, spread over the two days from `days` on."""
    clinic, nurse = team.clinic.id, team.staff["nurse"].id
    chair = Chair.objects.filter(clinic_id=clinic).first()
    Course.objects.bulk_create(
        [
            Course(
                id=_id("course", one), clinic_id=clinic, patient_id=_id("patient", one),
                protocol="TRD-IV-STD", protocol_version="bench", indication="bench",
                drug="ketamine", route="iv", order={}, dose_mg=40, sessions_planned=6,
                planned_by="Bench", planned_at=at,
            )
            for one in numbers
        ],
        batch_size=AT_ONCE,
    )  # fmt: skip
    begin = at + timedelta(days=days, hours=1)
    step = timedelta(hours=46) / max(len(numbers), 1)
    Booking.objects.bulk_create(
        [
            Booking(
                id=_id("visit", one), clinic_id=clinic, course_id=_id("course", one),
                patient_id=_id("patient", one), chair=chair, nurse_id=nurse,
                starts_at=begin + step * place, ends_at=begin + step * place + timedelta(hours=2),
                prepare_min=15, treat_min=100, ordinal=1,
            )
            for place, one in enumerate(numbers)
        ],
        batch_size=AT_ONCE,
    )  # fmt: skip
