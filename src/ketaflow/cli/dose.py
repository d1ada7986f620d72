"""`ketaflow dose`: a dose from a protocol and a weight, with its formula and its sources."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ketaflow.protocol.dosing import Proposal

_PLAIN = (
    "protocol",
    "version",
    "dose_mg",
    "dosing_weight_kg",
    "weight_basis",
    "duration_min",
    "rate_mg_min",
    "rate_mg_h",
    "strength_mg_ml",
    "volume_ml",
    "bag_ml",
    "pump_ml_h",
    "devices",
)


class Number(click.ParamType[Decimal]):
    """A decimal number; whether it makes sense is the protocol's to say."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """The number as it was written, or a usage error."""
        word = str(value).strip()
        try:
            # Decimal takes underscores and the digits of every script: neither is a weight.
            if not word.isascii() or "_" in word:
                raise InvalidOperation
            return Decimal(word)
        except InvalidOperation:
            hint = " Write a decimal point, not a comma." if "," in word else ""
            self.fail(f"{word!r} is not a number.{hint}", param, ctx)


NUMBER = Number()


@click.command(epilog="Example: ketaflow dose TRD-IV-STD --weight 80 --age 45 --strength 50")
@click.argument("protocol")
@click.option("--weight", type=NUMBER, help="Measured weight, kg.")
@click.option("--height", type=NUMBER, help="Height, cm.")
@click.option("--sex", type=click.Choice(["female", "male"]), help="For the ideal weight.")
@click.option("--age", type=NUMBER, help="Age, years.")
@click.option("--strength", type=NUMBER, help="Vial, mg/mL: 10, 50 or 100.")
@click.option("--bag-ml", type=NUMBER, help="Volume of the bag with the drug in it, mL.")
@click.option("--session", "--device-day", type=int, default=1, help="Which session, from 1.")
@click.option(
    "--weight-basis",
    type=click.Choice(["total", "ideal", "adjusted"]),
    help="The weight the prescriber chose to dose by.",
)
@click.option("--dosing-weight", type=NUMBER, help="A dosing weight the prescriber enters, kg.")
@click.option("--previous-weight", type=NUMBER, help="The weight before, kg, to find slips.")
@click.option("--amount", type=NUMBER, help="Another dose the protocol allows, in its own unit.")
@click.option("--duration-min", type=NUMBER, help="Minutes, where the protocol leaves them open.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def command(protocol: str, as_json: bool, **given: Any) -> None:
    """Work out a dose from PROTOCOL and a weight: a proposal for a clinician to check."""
    from ketaflow.protocol import dosing, library
    from ketaflow.protocol.preparation import Preparation

    wanted = library.protocol(protocol)
    if given["weight"] is None and wanted.available and wanted.route is not library.Route.NASAL:
        raise click.UsageError(f"{wanted.id} doses by weight: add --weight KG.")
    proposal = dosing.propose(
        wanted,
        _body(given),
        choice=_choice(given),
        preparation=Preparation(given["strength"], given["bag_ml"]),
    )
    if as_json:
        click.echo(json.dumps(_document(proposal), ensure_ascii=False, indent=2))
    else:
        _table(wanted, proposal)


def _body(given: dict[str, Any]) -> Any:
    from ketaflow.people.chart import Sex
    from ketaflow.protocol.weight import Body

    return Body(
        weight_kg=given["weight"],
        height_cm=given["height"],
        sex=Sex(given["sex"]) if given["sex"] else None,
        age_years=given["age"],
        previous_weight_kg=given["previous_weight"],
    )


def _choice(given: dict[str, Any]) -> Any:
    from ketaflow.protocol.dosing import Choice
    from ketaflow.protocol.weight import Basis

    return Choice(
        session_number=given["session"],
        amount=given["amount"],
        duration_min=given["duration_min"],
        basis=Basis(given["weight_basis"].upper()) if given["weight_basis"] else None,
        entered_kg=given["dosing_weight"],
    )


def _document(proposal: Proposal) -> dict[str, Any]:
    plain = {key: _plain(getattr(proposal, key)) for key in _PLAIN}
    if proposal.weight_basis:
        plain["weight_basis"] = proposal.weight_basis.lower()
    return {
        **plain,
        "formula": proposal.formula,
        "rounding": proposal.rounding or None,
        "dilution": proposal.dilution or None,
        "warnings": list(proposal.warnings),
        "sources": list(proposal.sources),
    }


def _plain(value: object) -> object:
    from ketaflow.protocol.figures import show

    return show(value) if isinstance(value, Decimal) else value


def _table(wanted: Any, proposal: Proposal) -> None:
    from ketaflow.evidence import sources

    click.echo(f"{wanted.id}  {wanted.name}  ({wanted.status})")
    for key, value in _document(proposal).items():
        if key not in ("protocol", "warnings", "sources") and value is not None:
            click.echo(f"  {key:<18}{value}")
    for source in sources.cite(proposal.sources):
        click.echo(f"  {source.key:<12}{source.citation}")
    for warning in proposal.warnings:
        click.echo(f"Note: {warning}", err=True)
