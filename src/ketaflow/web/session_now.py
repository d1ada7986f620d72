"""Where a session stands now, in words: its clocks, its last reading and what is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ketaflow.protocol.figures import show
from ketaflow.refusals import Refused
from ketaflow.session import discharge, vitals
from ketaflow.session.administration import ends_at, spray
from ketaflow.session.discharge import Leaving
from ketaflow.session.fold import SessionState
from ketaflow.session.phases import GIVING, PREPARING, Phase
from ketaflow.session.queries import Room
from ketaflow.session.vitals import Vitals
from ketaflow.web import session_monitor
from ketaflow.web.session_monitor import Heard
from ketaflow.web.session_page import COLOURS, MINUTE, PHASES, beyond, changes, summary


@dataclass(frozen=True)
class Now:
    """Where the session stands, in words for the top of the page."""

    phase: str
    colour: str
    minutes: int | None
    given: str
    rate: str
    due: str
    overdue: bool
    last: str
    changes: str
    beyond: tuple[str, ...]
    monitor: tuple[Heard, ...]
    # A hold says the same with its rule; what the monitor passed need not stand beside it.
    held: bool
    clock: str
    ends: str


def now(room: Room, at: datetime) -> Now:
    """Where the session stands at `at`."""
    state = room.state
    phase = state.phase
    last = state.readings[-1] if state.readings else None
    running = state.started_at is not None and not phase.over
    advice = _sedated(room)
    due = due_words(room.next_due_at, at)
    found = last.vitals if last else Vitals()
    return Now(
        phase=PHASES[phase],
        colour=COLOURS.get(phase, ""),
        minutes=(at - state.started_at) // MINUTE if running and state.started_at else None,
        given=show(round(state.given_mg(at), 1)),
        rate=show(state.rate_mg_min(at)) if state.programme and phase in GIVING else "",
        due=due,
        overdue="overdue" in due,
        last=summary(found),
        changes=changes(state, found) if last is not state.baseline else "at baseline",
        beyond=(
            *(beyond(room, found, before=phase in PREPARING) if not phase.over else ()),
            *advice,
        ),
        monitor=session_monitor.heard(room, at),
        held=any(one.open for one in state.holds),
        clock=clock_words(room, at),
        ends=_ends(state, at),
    )


def _sedated(room: Room) -> tuple[str, ...]:
    last = room.state.latest("moaa-s")
    if room.policy is None or last is None or last.total is None or room.state.phase.over:
        return ()
    advice = vitals.sedated(last.total, room.policy)
    return (f"MOAA/S {last.total}: the clinic's policy says {advice}.",) if advice else ()


def _ends(state: SessionState, at: datetime) -> str:
    if state.phase is not Phase.RUNNING or not state.programme:
        return ""
    ends = ends_at(state.preparation.order, state.programme, at=at)
    if ends is None:
        return ""
    left = -((at - ends) // MINUTE)
    return f"in about {left} min" if left > 0 else "the ordered dose should be in now"


def fixed_clock(until: datetime | None, at: datetime) -> str:
    """How long the label's own clock still runs; nothing where there is none."""
    if until is None:
        return ""
    left = -((at - until) // MINUTE)
    return f"{spoken(left)} left" if left > 0 else "over"


def due_words(due_at: datetime | None, at: datetime) -> str:
    """When the next reading is due, as it is said."""
    if due_at is None:
        return ""
    left = (due_at - at) / MINUTE
    if left <= -1:
        return f"{spoken(int(-left))} overdue"
    return "now" if left < 1 else f"in {spoken(int(left))}"


def spoken(minutes: int) -> str:
    """A number of minutes as it is said."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def clock_words(room: Room, at: datetime) -> str:
    """How long the patient must still be watched, in words; nothing before the end of the drug."""
    monitoring, policy, state = room.protocol.monitoring, room.policy, room.state
    if monitoring is None or policy is None or state.started_at is None or state.phase.over:
        return ""
    if state.stopped_at is None:
        fixed = monitoring.observe_min
        said = f"{show(fixed.value)} minutes from the first spray" if fixed else ""
        return f"Not before {said}." if said else ""
    try:
        gate = discharge.gate(state, Leaving(at, frozenset(), monitoring, policy))
    except Refused as refusal:
        return str(refusal)
    if gate.open(at):
        return f"The {gate.what} are over."
    left = -((at - gate.opens_at) // MINUTE)
    return f"{spoken(left)} more of the {gate.what}."


def still_to_do(room: Room, at: datetime) -> tuple[str, ...]:
    """What keeps the patient here besides the clock, apart from what is ticked on leaving."""
    monitoring, policy = room.protocol.monitoring, room.policy
    if monitoring is None or policy is None or room.state.phase is not Phase.OBSERVING:
        return ()
    ticked = frozenset(one.key for one in discharge.always_for(room.protocol.route))
    return discharge.still_to_do(room.state, Leaving(at, ticked, monitoring, policy))


def next_device(state: SessionState, at: datetime) -> str:
    """When the next device may be given."""
    if not state.devices:
        return ""
    opens = state.devices[-1].at + timedelta(minutes=float(spray().rest_min.value))
    left = -((at - opens) // MINUTE)
    return f"The next device may follow in {left} min." if left > 0 else "The rest is over."
