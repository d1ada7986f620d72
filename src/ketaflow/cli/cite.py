"""`ketaflow cite`: BibTeX of what a model, a protocol or a forecast rests on."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from ketaflow.cli.json_file import read_json
from ketaflow.refusals import BadFile, OutsideEnvelope

MOST_BYTES = 20_000_000


class NothingOfThatName(OutsideEnvelope):
    """No model, effect or source is called that."""


@click.command(epilog="Example: ketaflow cite --protocol TRD-IV-STD")
@click.argument("names", metavar="[MODEL|EFFECT|SOURCE]...", nargs=-1)
@click.option("--protocol", metavar="ID", help="What a forecast of this protocol rests on.")
@click.option(
    "--forecast",
    "seen",
    type=click.Path(path_type=Path, allow_dash=True),
    help="What this forecast used: FILE.json written by `ketaflow forecast --json`, or -.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(names: tuple[str, ...], protocol: str | None, seen: Path | None, as_json: bool) -> None:
    """Cite in BibTeX what a forecast used, and say how much of each source was read."""
    from ketaflow.evidence.bibliography import bibtex
    from ketaflow.evidence.sources import cite

    if not (names or protocol or seen):
        raise click.UsageError(
            "Name a model, an effect or a source, or give --protocol or --forecast."
        )
    keys = [key for name in names for key in _behind(name)]
    keys += _of_protocol(protocol) if protocol else []
    keys += _of_forecast(seen) if seen else []
    cited = cite(dict.fromkeys(keys))
    if as_json:
        click.echo(json.dumps([vars(one) for one in cited], indent=2, ensure_ascii=False))
    else:
        click.echo(bibtex(cited))


def _behind(name: str) -> tuple[str, ...]:
    """The sources of a model with what stands beside it, of an effect, or the one of that name."""
    from ketaflow.evidence.sources import register
    from ketaflow.pharmacology import library

    if name in library.models():
        return tuple(_of_model(name))
    if name in library.effects():
        return library.effects()[name].sources
    if name in register():
        return (name,)
    raise NothingOfThatName(
        f"There is no model, effect or source called {name}. `ketaflow models` lists them."
    )


def _of_model(name: str) -> Iterator[str]:
    from ketaflow.pharmacology import library

    model = library.model(name)
    for one in (model, *(library.model(beside) for beside in model.beside)):
        yield from one.all_sources
        for effect in one.effects:
            yield from library.effects()[effect].sources


def _of_protocol(name: str) -> list[str]:
    from ketaflow.pharmacology import library
    from ketaflow.protocol.library import protocol

    chosen = protocol(name)
    model = library.default(drug=str(chosen.drug), route=str(chosen.route))
    return [*_of_model(model.id), *chosen.sources]


def _of_forecast(path: Path) -> list[str]:
    """The keys that a forecast wrote down; checked, for the file may be anything."""
    from ketaflow.evidence.sources import register

    document = read_json(path, what="a forecast", most_bytes=MOST_BYTES)
    keys = document.get("sources") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not keys:
        raise BadFile(f"{path} is not a forecast: it has no list of sources.")
    for key in keys:
        if not isinstance(key, str) or key not in register():
            raise BadFile(f"{path} names a source that is not registered: {str(key)[:40]}.")
    return keys
