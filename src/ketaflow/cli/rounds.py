"""What a clinic does by itself while it is served: post goes out, and what nobody took on goes up.

A round may be done by several processes at once, and any of them may be killed: each message and
each step is written once.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from ketaflow.cli import clinic

log = logging.getLogger(__name__)
EVERY_S = 30
VISITS_AHEAD = timedelta(hours=48)
DUE_AHEAD = timedelta(hours=24)


def begin(*, reminding: bool, over: Event) -> Thread:
    """Start a thread that does rounds until `over` is set.

    Args:
        reminding: also queue reminders of visits and links to questionnaires that are due.
        over: set when the clinic closes.
    """
    works = (remind, ask, hand_over, escalate) if reminding else (hand_over, escalate)
    thread = Thread(target=_go_on, args=(works, over), name="ketaflow-rounds", daemon=True)
    thread.start()
    return thread


def _go_on(works: tuple[Callable[[Any], object], ...], over: Event) -> None:
    from django.db import close_old_connections

    while not over.wait(EVERY_S):
        try:
            once(works)
        except Exception:
            # A database that is away for a moment must not end the rounds for good.
            log.exception("The clinics could not be asked for; the next round tries again.")
        # One that broke is not used again, and none is held while nothing is done.
        close_old_connections()


def repeat(work: Callable[[], None], every: int | None) -> None:
    """Do `work` once, or again and again every so many seconds until somebody stops it."""
    work()
    while every:
        time.sleep(every)
        work()


def once(works: tuple[Callable[[Any], object], ...]) -> None:
    """One round at every clinic; what fails is said in the log, and the next work goes on."""
    from ketaflow.people import queries

    for place in queries.clinics():
        for work in works:
            try:
                work(place)
            except Exception:
                log.exception("A round could not be finished; it is tried again.")


def remind(place: Any, ahead: timedelta = VISITS_AHEAD) -> Any:
    """Queue a reminder of each visit that comes."""
    from ketaflow.correspondence.home import actions

    return actions.remind(clinic=place, ahead=ahead, by=_by(place), at=clinic.now())


def ask(place: Any, ahead: timedelta = DUE_AHEAD) -> Any:
    """Queue a link for each questionnaire that is due."""
    from ketaflow.correspondence.asking import actions

    return actions.ask_for_what_is_due(clinic=place, ahead=ahead, by=_by(place), at=clinic.now())


def hand_over(place: Any) -> Any:
    """Hand what waits to the mail server and the text gateway."""
    from ketaflow.cli import post

    return post.send_waiting(clinic=place, by=_by(place), clock=clinic.now)


def escalate(place: Any) -> int:
    """Take safety tasks that nobody has taken on to whom they go next."""
    from ketaflow.outcomes.escalation import actions

    return actions.escalate(by=_by(place), at=clinic.now())


def _by(place: Any) -> Any:
    from ketaflow.people.actions import system_of

    return system_of(place)
