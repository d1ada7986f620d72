"""`ketaflow fhir`: take FHIR R4 bundles in."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ketaflow.cli import clinic
from ketaflow.refusals import Refused

if TYPE_CHECKING:
    from ketaflow.journal.author import Author


@click.group()
def command() -> None:
    """Take FHIR R4 bundles in.

    Example: ketaflow fhir import referral.json.gz
    """


@command.command("import")
@click.argument("files", nargs=-1, required=True)
@click.option("--clinic", "clinic_name", help="The clinic's name, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_(files: tuple[str, ...], clinic_name: str | None, as_json: bool) -> None:
    """Take in transaction bundles, plain or gzip; the same file twice changes nothing.

    Example: ketaflow fhir import milan_beatty.json.gz
    """
    clinic.start()
    clinic.require_ready()
    from ketaflow.people.actions import system_of

    by = system_of(clinic.named(clinic_name), "Command line")
    said = [_take(path, by) for path in files]
    if as_json:
        click.echo(json.dumps(said))
        return
    for one in said:
        news = f"{one['facts']} facts" if one["new"] else "received before; nothing changed"
        click.echo(f"{one['file']}: {one['patient']}, {news}")
        for kind, count in one["not_used"].items():
            click.echo(f"    not used: {count} {kind}")


def _take(path: str, by: "Author") -> dict[str, Any]:
    from ketaflow.fhir.bundle import read_bundle
    from ketaflow.people.actions import receive

    document = clinic.read_file(path)
    name = Path(path).name
    try:
        got = receive(
            chart=read_bundle(document, name=name),
            document=document,
            name=name,
            by=by,
            at=clinic.now(),
        )
    except Refused as refusal:
        # With several files, say which; the kind of refusal keeps its exit code.
        raise type(refusal)(f"{path}: {refusal}") from None
    return {
        "file": path,
        "patient": got.patient.name,
        "id": str(got.patient.id),
        "new": got.new,
        "facts": got.facts,
        "not_used": got.not_used,
    }
