"""`ketaflow score`: a questionnaire from the command line."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ketaflow.instruments.scoring import Points, Score


class Answers(click.ParamType[list[int | None]]):
    """Comma-separated whole numbers; a blank is a question that was not answered."""

    name = "answers"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int | None]:
        """The answers in order, None for a blank."""
        found: list[int | None] = []
        for place, part in enumerate(str(value).split(","), start=1):
            word = part.strip()
            # str.isdigit takes superscripts and int() takes underscores: neither is an answer.
            digits = word.removeprefix("-")
            if word and not (word.isascii() and digits.isdigit() and len(digits) < 6):
                self.fail(f"answer {place} is {word!r}; give whole numbers, or leave it blank.")
            found.append(int(word) if word else None)
        return found


@click.command(epilog="Example: ketaflow score phq-9 2,2,1,1,0,1,1,0,0 --json")
@click.argument("instrument")
@click.argument("answers", type=Answers())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(instrument: str, answers: list[int | None], as_json: bool) -> None:
    """Score INSTRUMENT from ANSWERS, comma-separated in the order of its items, blank = unanswered.

    "ketaflow instruments" lists every INSTRUMENT with its items and licence. Yes is 1 and no is 0.
    """
    from ketaflow.instruments.library import UnknownInstrument
    from ketaflow.instruments.scoring import score

    try:
        result = score(instrument, answers)
    except UnknownInstrument as unknown:
        raise click.BadParameter(str(unknown), param_hint="INSTRUMENT") from None
    click.echo(json.dumps(_document(result), ensure_ascii=False) if as_json else _table(result))
    for flag in result.flags:
        click.echo(f"Note: {flag.says}", err=True)


def _document(result: "Score") -> dict[str, object]:
    return {
        "instrument": result.instrument,
        "total": _number(result.total),
        "subscales": {key: _number(part) for key, part in result.subscales.items()},
        "band": result.band,
        "complete": result.complete,
        "flags": list(result.flags),
        "version": result.version,
        "source": list(result.source),
    }


def _number(points: "Points | None") -> int | float | None:
    return points if points is None or isinstance(points, int) else float(points)


def _table(result: "Score") -> str:
    rows = [
        ("instrument", result.instrument),
        ("total", _said(result.total)),
        *((f"  {key}", _said(part)) for key, part in result.subscales.items()),
        ("band", _said(result.band)),
        ("complete", "yes" if result.complete else "no: unanswered items are never guessed"),
        ("flags", ", ".join(result.flags) or "none"),
        ("version", result.version),
        ("source", ", ".join(result.source)),
    ]
    return "\n".join(f"{name:<12}{value}" for name, value in rows)


def _said(value: object) -> str:
    return "-" if value is None else str(value)
