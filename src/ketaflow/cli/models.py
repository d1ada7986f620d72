"""`ketaflow models`: the PK/PD models, what they came from and where they hold."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ketaflow.pharmacology.structure import KineticModel, Limit


@click.command(epilog="Example: ketaflow models --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(as_json: bool) -> None:
    """List the PK/PD models: drug, route, site sampled, envelope and sources."""
    from ketaflow.pharmacology.library import models

    if as_json:
        click.echo(json.dumps([_document(model) for model in models().values()], indent=2))
        return
    click.echo("\n\n".join(_table(model) for model in models().values()))


def _document(model: "KineticModel") -> dict[str, object]:
    return {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "drug": model.drug,
        "route": list(model.inputs),
        "default_for": list(model.default_for),
        "site": model.site,
        "population": model.population,
        "read": model.read,
        "grade": model.grade,
        "envelope": {
            limit.of: {
                "low": limit.low,
                "high": limit.high,
                "unit": limit.unit or None,
                "said": limit.said,
            }
            for limit in model.envelope
        },
        "effects": list(model.effects),
        "notes": list(model.notes),
        "sources": list(model.all_sources),
    }


def _table(model: "KineticModel") -> str:
    used = f" (used for {model.drug} {', '.join(model.default_for)})" if model.default_for else ""
    rows = [
        ("drug, route", f"{model.drug}, {' or '.join(model.inputs)}{used}"),
        ("site", model.site),
        ("population", model.population),
        *((limit.of, _said(limit)) for limit in model.envelope),
        ("grade", model.grade),
        ("sources", ", ".join(model.sources)),
    ]
    lines = [f"{model.id}: {model.name}", *(f"  {name:<12}{value}" for name, value in rows)]
    return "\n".join(lines)


def _said(limit: "Limit") -> str:
    from ketaflow.pharmacology.envelope import described

    if limit.low is None and limit.high is None:
        return limit.said
    return f"{described(limit)} ({limit.said})"
