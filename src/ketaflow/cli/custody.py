"""`ketaflow custody`: what is where, whether every law holds, and the dispensing record."""

import csv
import json
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import click

from ketaflow.cli import clinic
from ketaflow.refusals import BadFile


@click.group()
def command() -> None:
    """Balance, verify or export the custody of controlled drugs.

    Example: ketaflow custody verify
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def balance(as_json: bool) -> None:
    """Say what each place should hold now, by item and lot.

    Example: ketaflow custody balance --json
    """
    lines = [
        {
            "clinic": one.name, "place": row.place, "item": row.item, "lot": row.lot,
            "status": row.status, "expires_on": row.expires_on.isoformat(),
            "containers": row.containers, "quantity": _text(row.quantity), "unit": row.unit,
            "mg": _text(row.mg),
        }
        for one, queries in _clinics()
        for row in queries.balance(clinic=one.id)
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(lines))
        return
    for line in lines:
        click.echo(
            f"{line['place']:20} {line['item']:36} lot {line['lot']:12} {line['status']:7} "
            f"{line['containers']:>4} containers {line['quantity']:>10} {line['unit']:6} "
            f"{line['mg']:>10} mg"
        )
    click.echo(f"{len(lines)} lines.", err=True)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(as_json: bool) -> None:
    """Hold every law of custody against the record; exit 13 naming what breaks one.

    Example: ketaflow custody verify
    """
    clinic.start()
    clinic.require_ready()
    from ketaflow.custody.proof import queries

    found = queries.verify()
    if as_json:
        click.echo(json.dumps(found.__dict__))
    else:
        click.echo(
            f"{found.containers} containers, {found.movements} movements, {found.draws} draws and "
            f"{found.accounts} sessions verify."
        )


@command.command()
@click.option("--from", "first", help="First day, such as 2026-01-01. All days when left out.")
@click.option("--to", "last", help="Last day.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of CSV.")
def export(first: str | None, last: str | None, as_json: bool) -> None:
    """Print the dispensing record of a period as CSV, or as JSON.

    Example: ketaflow custody export --from 2026-01-01 --to 2026-12-31
    """
    since, until = _day(first, date(1970, 1, 1)), _day(last, date(9998, 12, 31))
    lines = []
    for one, _ in _clinics():
        from ketaflow.custody.answers import queries

        rows = queries.dispensing(clinic=one.id, first=since, last=until)
        lines += [{"clinic": one.name, **row.row()} for row in rows]
    if as_json:
        click.echo(json.dumps(lines))
        return
    from ketaflow.custody.answers.queries import COLUMNS

    out = csv.DictWriter(sys.stdout, ("clinic", *COLUMNS))
    out.writeheader()
    out.writerows(lines)


def _clinics() -> list[tuple[Any, Any]]:
    clinic.start()
    clinic.require_ready()
    from ketaflow.custody import queries
    from ketaflow.people import queries as people

    return [(one, queries) for one in people.clinics()]


def _day(said: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(said) if said else otherwise
    except ValueError:
        raise BadFile(f"{said} is not a day; write it like 2026-01-31.") from None


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
