"""`ketaflow safety`: what must not wait until somebody looks at a page."""

import json

import click

from ketaflow.cli import clinic, rounds


@click.group()
def command() -> None:
    """Take safety tasks that nobody has taken on to whom they go next.

    Example: ketaflow safety escalate
    """


@command.command()
@click.option("--every", type=click.IntRange(5, 3600), help="Go on, every so many seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def escalate(every: int | None, as_json: bool) -> None:
    """Write down who must act now, at the times the clinic has signed. It calls nobody.

    Example: ketaflow safety escalate --every 60
    """
    clinic.start()
    clinic.require_ready()
    rounds.repeat(lambda: _say(_round(), as_json), every)


def _round() -> int:
    from ketaflow.people import queries

    return sum(rounds.escalate(one) for one in queries.clinics())


def _say(steps: int, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"escalated": steps}))
    else:
        click.echo(f"{steps} escalated.")
