"""`ketaflow models`: the PK/PD models, what they came from and where they hold."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ketaflow.pharmacology.structure import Effect, KineticModel, Limit, Parameter


@click.command(epilog="Example: ketaflow models racemic-iv")
@click.argument("model", required=False)
@click.option("--effects", "of_effects", is_flag=True, help="List the effects instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(model: str | None, of_effects: bool, as_json: bool) -> None:
    """List the PK/PD models, or tell all about MODEL: values, spread, envelope and sources."""
    from ketaflow.pharmacology import library

    if model and of_effects:
        raise click.UsageError("Name a model, or ask for --effects: not both.")
    if of_effects:
        acting = list(library.effects().values())
        found = [_effect(one) for one in acting]
        said = "\n\n".join("\n".join(_effect_rows(one)) for one in acting)
    else:
        chosen = [library.model(model)] if model else list(library.models().values())
        found = [_document(one) for one in chosen]
        said = "\n\n".join("\n".join(_rows(one, whole=bool(model))) for one in chosen)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else said)


def _document(model: "KineticModel") -> dict[str, object]:
    return {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "drug": model.drug,
        "route": list(model.inputs),
        "default_for": list(model.default_for),
        "marks": list(model.marks),
        "site": model.site,
        "population": model.population,
        "read": model.read,
        "grade": model.grade,
        "envelope": {_limited(model, one): _limit(one) for one in model.envelope},
        "copies": {
            name: {"share": one.share, "factors": dict(one.factors)}
            for name, one in model.copies.items()
        },
        "parameters": {name: _parameter(one) for name, one in model.parameters.items()},
        "residual": {
            "said": model.residual_said,
            "of": {name: vars(one) for name, one in model.residuals.items()},
        },
        "covariates": {
            name: {"said": one.said, "sources": list(one.sources)}
            for name, one in model.covariates.items()
        },
        "effects": list(model.effects),
        "effects_on_request": list(model.effects_on_request),
        "notes": list(model.notes),
        "sources": list(model.all_sources),
    }


def _limited(model: "KineticModel", limit: "Limit") -> str:
    """What a limit is of; the route is said unless it is the one the model is first used for."""
    plain = not limit.route or limit.route in model.default_for[:1]
    return limit.of if plain else f"{limit.of} ({limit.route})"


def _limit(limit: "Limit") -> dict[str, object]:
    return {
        "low": limit.low,
        "high": limit.high,
        "unit": limit.unit or None,
        "said": limit.said,
        "extrapolated": "never" if limit.firm else "when told to",
    }


def _parameter(one: "Parameter") -> dict[str, object]:
    varies = one.varies
    return {
        "value": one.typical.value,
        "unit": one.typical.unit,
        "scales_with_weight_as": one.scales or None,
        "sd": varies.sd if varies else None,
        "sd_scale": varies.scale if varies else None,
        "sources": list(one.typical.source),
    }


def _effect(one: "Effect") -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "unit": one.unit,
        "equation": one.equation,
        "parameters": {
            name: {"value": value, "unit": one.units[name]}
            for name, value in one.parameters.items()
        },
        "half_life_h": one.half_life_h or None,
        "tolerance": one.tolerance
        and dict(zip(("each_session", "floor"), one.tolerance, strict=True)),
        "responders": one.responders,
        "of": one.of or None,
        "weights": dict(one.weights),
        "grade": one.grade,
        "status": one.status,
        "modifiers": list(one.modifiers),
        "sources": list(one.sources),
    }


def _rows(model: "KineticModel", *, whole: bool) -> Iterator[str]:
    used = f" (used for {model.drug} {', '.join(model.default_for)})" if model.default_for else ""
    marks = f" [{', '.join(model.marks).upper()}]" if model.marks else ""
    yield f"{model.id}: {model.name}{marks}"
    yield _row("drug, route", f"{model.drug}, {' or '.join(model.inputs)}{used}")
    yield _row("site", model.site)
    yield _row("population", model.population)
    for limit in model.envelope:
        yield _row(_limited(model, limit), _said(limit))
    yield _row("grade", model.grade)
    yield _row("sources", ", ".join(model.sources))
    if whole:
        yield from _further(model)


def _further(model: "KineticModel") -> Iterator[str]:
    yield _row("read", model.read)
    for name, one in model.parameters.items():
        varies = f"; SD {one.varies.sd:.3g} on the {one.varies.scale} scale" if one.varies else ""
        keys = ", ".join(one.typical.source)
        yield _row(name, f"{_with_unit(one.typical.value, one.typical.unit)}{varies} [{keys}]")
    for name, copy in model.copies.items():
        changed = "".join(f", {key} x {factor:g}" for key, factor in copy.factors.items())
        yield _row("of the dose", f"{name}: {copy.share:g}{changed}")
    for name, error in model.residuals.items():
        added = f" and {error.additive_nmol_ml:g} nmol/mL" if error.additive_nmol_ml else ""
        yield _row("residual", f"{name}: SD {error.sd:g}, {error.scale}{added}")
    yield _row("residual", model.residual_said)
    for name, covariate in model.covariates.items():
        yield _row("covariate", f"{name}, off unless asked for: {covariate.said}")
    yield _row("effects", ", ".join(model.effects) or "none")
    yield _row("on request", ", ".join(model.effects_on_request) or "none")
    for note in model.notes:
        yield _row("note", note)


def _effect_rows(one: "Effect") -> Iterator[str]:
    yield f"{one.id}: {one.name}, {one.unit} [{one.grade}]"
    yield _row("equation", f"{one.equation} {one.of}".rstrip())
    for name, value in one.parameters.items():
        yield _row(name, _with_unit(value, one.units[name]))
    if one.half_life_h:
        yield _row("half-life", _with_unit(one.half_life_h, "h"))
    if one.weights:
        yield _row("weights", ", ".join(f"{name} {value:g}" for name, value in one.weights.items()))
    if one.tolerance:
        each, floor = one.tolerance
        yield _row("tolerance", f"x {each:g} each session, down to x {floor:g}")
    yield _row("status", one.status)
    for said in one.modifiers:
        yield _row("modifier", said)
    yield _row("sources", ", ".join(one.sources))


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.6g}" if unit == "1" else f"{value:.6g} {unit}"


def _row(name: str, value: str) -> str:
    return f"  {name:<12}{'' if len(name) < 12 else ' '}{value}"


def _said(limit: "Limit") -> str:
    from ketaflow.pharmacology.envelope import described

    if limit.low is None and limit.high is None:
        return limit.said
    return f"{described(limit)} ({limit.said})"
