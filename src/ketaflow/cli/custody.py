"""`ketaflow custody`: what is where, whether every law holds, and the dispensing record."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import click

from ketaflow.cli import clinic
from ketaflow.custody.answers.reports import REPORTS, Asked, Name, cell
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
    heads = _heads()
    if as_json:
        click.echo(json.dumps({**found.__dict__, "heads": heads}))
        return
    click.echo(
        f"{found.containers} containers, {found.movements} movements, {found.draws} draws and "
        f"{found.accounts} sessions verify."
    )
    for name, head in heads.items():
        click.echo(f"{name}: head {head}")


def _heads() -> dict[str, str]:
    """What a report on paper names as its head, for each clinic that keeps custody."""
    from ketaflow.custody.answers.queries import sealed

    kept = [one for one, queries in _clinics() if queries.terms(clinic=one.id)]
    return {one.name: sealed(clinic=one.id).head for one in kept}


@command.command()
@click.option(
    "--report",
    type=click.Choice([one.value for one in Name]),
    default=Name.DISPENSING.value,
    help="Which report; the dispensing record when left out.",
)
@click.option("--from", "first", help="First day, such as 2026-01-01. All days when left out.")
@click.option("--to", "last", help="Last day.")
@click.option("--drug", default="", help="One drug only.")
@click.option("--person", default="", help="One person only, by their full name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of CSV.")
def export(report: str, as_json: bool, drug: str, person: str, **days: str | None) -> None:
    """Print the dispensing record, or another report, of a period as CSV or as JSON.

    Example: ketaflow custody export --from 2026-01-01 --to 2026-12-31
    """
    first, last = _day(days["first"], date(1970, 1, 1)), _day(days["last"], date(9998, 12, 31))
    name, asked = Name(report), Asked(first, last, drug, person)
    keys, lines = ("clinic", *REPORTS[name].keys), _lines(name, asked)
    if as_json:
        click.echo(json.dumps([dict(zip(keys, line, strict=True)) for line in lines]))
        return
    out = csv.writer(sys.stdout)
    out.writerow(keys)
    out.writerows(tuple(map(cell, line)) for line in lines)


def _lines(name: Name, asked: Asked) -> Iterator[tuple[str, ...]]:
    for one, _ in _clinics():
        from ketaflow.custody.answers import queries

        for line in queries.lines(clinic=one.id, report=name, asked=asked):
            yield (one.name, *line)


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
