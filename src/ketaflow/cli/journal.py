"""`ketaflow journal`: prove that the record is whole, or make again what is read from it."""

import json

import click

from ketaflow.cli import clinic


@click.group()
def command() -> None:
    """Verify the record, or rebuild what is read from it.

    Example: ketaflow journal verify
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--head", help="The head hash noted earlier, to compare with.")
def verify(as_json: bool, head: str | None) -> None:
    """Follow every chain; exit 13 naming the first entry that does not verify.

    Example: ketaflow journal verify --json
    """
    clinic.start()
    clinic.require_ready()
    from ketaflow.journal import queries
    from ketaflow.refusals import DoesNotVerify

    found = queries.verify()
    if head and head != found.head:
        raise DoesNotVerify(
            f"The record's head is {found.head}, not {head}: entries were added since, or removed."
        )
    if as_json:
        said = {"entries": found.entries, "streams": found.streams, "head": found.head}
        click.echo(json.dumps(said))
    else:
        click.echo(f"{found.entries} entries in {found.streams} streams verify. Head {found.head}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def rebuild(as_json: bool) -> None:
    """Make every table again from the journal and compare; exit 13 where one differed.

    Example: ketaflow journal rebuild
    """
    clinic.start()
    clinic.require_ready()
    from ketaflow.journal import queries

    clinic.say("Making the tables again from the journal …")
    tables = queries.rebuild()
    if as_json:
        click.echo(json.dumps(tables))
        return
    for name, rows in tables.items():
        click.echo(f"{rows:>9}  {name}")
    click.echo(f"{len(tables)} tables are as the journal says.")
