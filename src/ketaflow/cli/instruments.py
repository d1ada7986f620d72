"""`ketaflow instruments`: what can be scored, who owns it, and whether a clinic's wording fits."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ketaflow.instruments.library import Instrument


@click.command(epilog="Example: ketaflow instruments qids-sr16 --json")
@click.argument("name", required=False)
@click.option(
    "--wording",
    type=click.Path(path_type=Path),
    help="Check a file with a clinic's own licensed wording instead.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(name: str | None, wording: Path | None, as_json: bool) -> None:
    """List the instruments with their ranges and licences, or tell all about NAME."""
    from ketaflow.instruments import licensed
    from ketaflow.instruments.library import UnknownInstrument, instrument, library

    if wording:
        found = [licensed.read(wording)]
        click.echo(f"{wording.name} fits {found[0].short}.", err=True)
    elif name:
        try:
            found = [instrument(name)]
        except UnknownInstrument as unknown:
            raise click.BadParameter(str(unknown), param_hint="NAME") from None
    else:
        found = list(library().values())
    if as_json:
        documents = [_document(one) for one in found]
        whole = documents[0] if name or wording else documents
        click.echo(json.dumps(whole, ensure_ascii=False))
    else:
        click.echo("\n".join(_line(one) for one in found))
        if name or wording:
            click.echo("\n".join(_about(found[0])))


def _document(one: "Instrument") -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.title,
        "short": one.short,
        "measures": one.measures,
        "verdict": one.verdict,
        "licence": one.notice,
        "items": [
            {"key": item.key, "low": item.low, "high": item.high, "text": item.text or None}
            for item in one.items
        ],
        "scoring": one.method,
        "low": one.lowest if one.has_total else None,
        "high": one.highest if one.has_total else None,
        "bands": [{"low": band.low, "high": band.high, "name": band.name} for band in one.bands],
        "subscales": [part.key for part in one.subscales],
        "loinc": {"panel": one.loinc_panel or None, "total": one.loinc_total or None},
        "version": one.version,
        "sources": list(one.source),
    }


def _line(one: "Instrument") -> str:
    reach = f"{one.lowest} to {one.highest}" if one.has_total else "no total"
    items = f"{len(one.items)} items" if len(one.items) != 1 else "1 item"
    return f"{one.id:<26}{items:<10}{reach:<12}{one.verdict:<18}{one.short}"


def _about(one: "Instrument") -> list[str]:
    bands = (f"  {band.low} to {band.high}: {band.name}" for band in one.bands)
    return [
        f"{one.title}: {one.measures}; {one.verdict.says}.",
        one.notice,
        *bands,
        f"Version {one.version}. Sources: {', '.join(one.source)}.",
    ]
