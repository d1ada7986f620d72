"""`ketaflow outbox`: hand over the messages that wait, and say how far each has come."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from ketaflow.cli import clinic, rounds
from ketaflow.refusals import Refused


@click.group()
def command() -> None:
    """Send the messages that wait, or list them.

    Example: ketaflow outbox send
    """


@command.command()
@click.option("--every", type=click.IntRange(5, 3600), help="Go on, every so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def send(every: int | None, as_json: bool) -> None:
    """Hand what waits to the mail server, each message at least once and none twice if it can be.

    Example: ketaflow outbox send --every 30
    """
    clinic.start()
    clinic.require_ready()
    rounds.repeat(lambda: _say(_round(), as_json), every)


@command.command()
@click.option(
    "--ahead-h", type=click.IntRange(1, 160), default=48, help="Of visits within so many hours."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def remind(ahead_h: int, as_json: bool) -> None:
    """Queue a reminder of each visit ahead, each visit once; “send” then hands them over.

    Example: ketaflow outbox remind --ahead-h 48
    """
    _tell(_at_every_clinic(rounds.remind, ahead_h), "unreachable", "without an address", as_json)


@command.command()
@click.option(
    "--ahead-h", type=click.IntRange(1, 160), default=24, help="What is due within so many hours."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def ask(ahead_h: int, as_json: bool) -> None:
    """Queue a link for each questionnaire that a course asks for now, each once.

    Example: ketaflow outbox ask --ahead-h 24
    """
    _tell(_at_every_clinic(rounds.ask, ahead_h), "not_sent", "not sent now", as_json)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_messages(as_json: bool) -> None:
    """List the newest messages; those that reached nobody come first.

    Example: ketaflow outbox list --json
    """
    clinic.start()
    clinic.require_ready()
    rows = [_row(one) for place in _clinics() for one in _messages(place)]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['at']}  {row['state']:<12} {row['tries']:>2}  {row['id']}  {row['said']}")


@command.command()
@click.argument("message", type=click.UUID)
@click.option("--because", default="", help="What the returned mail says.")
def bounced(message: Any, because: str) -> None:
    """Note that a message came back after the mail server had taken it.

    Example: ketaflow outbox bounced 5b1e4f0a-6c1d-4f0e-9d1e-2f6a3c9b7e1a --because "no mailbox"
    """
    clinic.start()
    clinic.require_ready()
    from ketaflow.correspondence import actions
    from ketaflow.correspondence.actions import NotHere
    from ketaflow.people.actions import system_of

    for place in _clinics():
        try:
            actions.note_bounce(
                message=message, words=because, by=system_of(place), at=clinic.now()
            )
        except NotHere:
            continue
        clinic.say("Noted: the message came back.")
        return
    raise Refused("No message is known by that identifier. See “ketaflow outbox list”.")


def _at_every_clinic(work: Callable[[Any, timedelta], Any], ahead_h: int) -> Counter[str]:
    """What `work` came to, added up."""
    clinic.start()
    clinic.require_ready()
    whole: Counter[str] = Counter()
    for place in _clinics():
        whole.update(vars(work(place, timedelta(hours=ahead_h))))
    return whole


def _tell(whole: Counter[str], otherwise: str, words: str, as_json: bool) -> None:
    told = {"queued": whole["queued"], otherwise: whole[otherwise]}
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"{told['queued']} queued, {told[otherwise]} {words}.")


def _round() -> Any:
    from ketaflow.cli import post

    whole = post.Tally()
    for place in _clinics():
        one = rounds.hand_over(place)
        whole.handed_over += one.handed_over
        whole.waiting += one.waiting
        whole.not_reached += one.not_reached
    return whole


def _say(tally: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(vars(tally)))
    else:
        click.echo(
            f"{tally.handed_over} handed over, {tally.waiting} to be tried again, "
            f"{tally.not_reached} reached nobody."
        )


def _clinics() -> Any:
    from ketaflow.people import queries

    return queries.clinics()


def _messages(place: Any) -> Any:
    from ketaflow.correspondence import queries

    return queries.messages(clinic=place.id)


def _row(message: Any) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "state": message.state,
        "tries": message.tries,
        "at": message.state_at.isoformat(),
        "said": message.words,
    }
