"""`ketaflow protocols`: what may be given, for what, how it stands, and the evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ketaflow.protocol.figures import Statement
    from ketaflow.protocol.library import Protocol


@click.command(epilog="Example: ketaflow protocols TRD-IV-STD")
@click.argument("protocol", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(protocol: str | None, as_json: bool) -> None:
    """List the protocols, or tell all about PROTOCOL: evidence for and against, with sources."""
    from ketaflow.protocol import library

    chosen = [library.protocol(protocol)] if protocol else list(library.protocols().values())
    if as_json:
        click.echo(json.dumps([_document(one) for one in chosen], ensure_ascii=False, indent=2))
    elif protocol:
        _tell(chosen[0])
    else:
        for one in chosen:
            click.echo(f"{one.id:<14}{one.status:<17}{one.drug:<12}{one.route:<7}{one.name}")


def _document(one: Protocol) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "indication": one.indication,
        "drug": one.drug,
        "route": one.route,
        "sessions": one.sessions.most,
        "sessions_least": one.sessions.least,
        "version": one.version.isoformat(),
        "status": one.status,
        "spacing": one.spacing.text,
        "evidence_for": [_said(each) for each in one.evidence_for],
        "evidence_against": [_said(each) for each in one.evidence_against],
        "requires": [_said(each) for each in one.requires],
        "notes": [_said(each) for each in one.notes],
        "sources": list(one.sources),
    }


def _said(each: Statement) -> dict[str, Any]:
    return {"text": each.text, "sources": list(each.sources)}


def _tell(one: Protocol) -> None:
    click.echo(f"{one.id}  {one.name}  ({one.status}, version {one.version})")
    click.echo(f"  {one.indication}: {one.drug}, {one.route}. {one.spacing.text}")
    groups = (
        ("Evidence for", one.evidence_for),
        ("Evidence against", one.evidence_against),
        ("Requires", one.requires),
        ("Maintenance", (one.maintenance,)),
        ("Notes", one.notes),
    )
    for title, said in groups:
        if said:
            click.echo(f"\n{title}")
        for each in said:
            click.echo(f"  - {each.text} [{', '.join(each.sources)}]")
