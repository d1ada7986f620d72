"""The board: who is in which chair, how they are, and what is due next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ketaflow.people.roles import Duty
from ketaflow.protocol.limits import Policy
from ketaflow.session import queries, vitals
from ketaflow.session.phases import GIVING, PREPARING, Phase
from ketaflow.session.queries import OnBoard, Today
from ketaflow.session.staffing.ratio import staffing
from ketaflow.web import session_monitor
from ketaflow.web import session_now as clocks
from ketaflow.web import session_page as words
from ketaflow.web.gate import StaffRequest, duty
from ketaflow.web.session_monitor import Heard

UNDER_THE_DRUG = GIVING | {Phase.OBSERVING}


@dataclass(frozen=True)
class Card:
    """One chair on the board, in words."""

    session: Any
    phase: str
    colour: str
    minutes: str
    due: str
    overdue: bool
    last: str
    changes: str
    beyond: tuple[str, ...]
    monitor: tuple[Heard, ...]
    clock: str

    @property
    def urgent(self) -> bool:
        """Whether somebody should look at this chair first."""
        heard = any(one.beyond for one in self.monitor)
        return bool(self.overdue or self.beyond or self.session.holds or heard)


@duty(Duty.SEE_BOARD)
def board(request: StaffRequest) -> HttpResponse:
    """Show today's sessions by chair and who is still to come; the chairs refresh themselves."""
    context = shown(request.clinic.id, timezone.now())
    template = "board/chairs.html" if request.htmx else "board/board.html"
    return render(request, template, context)


def shown(clinic: UUID, at: datetime) -> dict[str, Any]:
    """What the board of a clinic shows."""
    today = queries.today(clinic=clinic, at=at)
    watched = [one.session for one in today.present if one.session.standing in UNDER_THE_DRUG]
    enough = staffing(
        [row.nurse.name for row in watched], on_duty=len(today.on_duty), policy=today.policy
    )
    return {"today": today, "cards": cards(today, at), "at": at, "staffing": enough}


def cards(today: Today, at: datetime) -> list[Card]:
    """Everybody who is here, by chair."""
    return [_card(one, today.policy, at) for one in today.present]


def _card(one: OnBoard, policy: Policy | None, at: datetime) -> Card:
    row = one.session
    phase = row.standing
    due = clocks.due_words(one.next_due_at, at)
    baseline = vitals.read(row.baseline) if row.baseline else None
    last = vitals.read(row.last_vitals) if row.last_vitals else vitals.Vitals()
    preparing = phase in PREPARING
    limits = vitals.BEFORE if preparing else vitals.DURING
    return Card(
        session=row,
        phase=words.PHASES[phase],
        colour=words.COLOURS.get(phase, ""),
        minutes=_minutes(row, phase, at),
        due=due,
        overdue="overdue" in due,
        last=words.summary(last),
        changes="baseline" if preparing and last.measured else words.changed(last, baseline),
        beyond=vitals.beyond(last, policy, limits, baseline=baseline) if policy else (),
        monitor=session_monitor.in_words(one.monitor, baseline, policy, preparing=preparing),
        clock=clocks.fixed_clock(one.watch_until, at),
    )


def _minutes(row: Any, phase: Phase, at: datetime) -> str:
    """How long the phase has lasted, as a nurse would say it."""
    if phase is Phase.OBSERVING:
        return f"{clocks.spoken((at - row.stopped_at) // words.MINUTE)} since the drug ended"
    if row.started_at:
        return f"{clocks.spoken((at - row.started_at) // words.MINUTE)} into it"
    return f"{clocks.spoken((at - row.checked_in_at) // words.MINUTE)} since check-in"
