"""`ketaflow forecast`: what one session may be expected to do, with its uncertainty."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ketaflow.cli.json_file import read_json
from ketaflow.refusals import BadFile, OutsideEnvelope, Refused

if TYPE_CHECKING:
    from ketaflow.pharmacology.doses import Dose
    from ketaflow.pharmacology.forecast import Forecast, Series

FIELDS = (
    *("name", "quantity", "site", "unit", "median", "p05", "p95"),
    *("grade", "status", "sources"),
)
EXAMPLE = (
    "Example: ketaflow forecast --drug ketamine --route iv --dose-mg 35 --duration-min 40 "
    "--weight 70 --age 40 --sex female --plot session.png"
)


class NoProgramme(Refused):
    """The protocol leaves open how long or how much is given."""


@dataclass(frozen=True)
class Wanted:
    """The command line."""

    protocol: str | None
    drug: str | None
    route: str | None
    dose_mg: float | None
    duration_min: float | None
    devices: int | None
    weight: float
    age: float
    sex: str
    model: str | None
    covariates: tuple[str, ...]
    effects: str | None
    pump: Path | None
    subjects: int | None
    seed: int
    hours: float | None
    grid_min: float
    session_number: int
    extrapolate: bool
    learn: Path | None
    plot: Path | None
    as_json: bool


@click.command(epilog=EXAMPLE)
@click.option("--protocol", metavar="ID", help="Take drug, route and dose from this protocol.")
@click.option("--drug", type=click.Choice(["ketamine", "esketamine"]))
@click.option("--route", type=click.Choice(["iv", "nasal", "oral"]))
@click.option("--dose-mg", type=float, help="The whole dose of the session.")
@click.option("--duration-min", type=float, help="How long the infusion runs.")
@click.option("--devices", type=int, help="How many spray devices.")
@click.option("--weight", type=float, required=True, help="Kilograms.")
@click.option("--age", type=float, required=True, help="Years.")
@click.option("--sex", type=click.Choice(["female", "male", "other", "unknown"]), required=True)
@click.option("--model", metavar="ID", help="A model other than the route's own.")
@click.option(
    "--covariate",
    "covariates",
    metavar="NAME",
    multiple=True,
    help="Apply a published covariate of the model; `ketaflow models ID` names them. Repeatable.",
)
@click.option(
    "--effects",
    metavar="NAME,...",
    help="The effects to show instead of the model's own; `ketaflow models ID` names them.",
)
@click.option(
    "--pump",
    type=click.Path(path_type=Path),
    help="JSON: [{at_min, rate_mg_min}, ...], ending at rate 0.",
)
@click.option(
    "--subjects",
    type=int,
    help="0: typical patient. [default: 200; with --learn 2000, or 6000 if too few fit]",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--hours", type=float, help="How far to look. [default: 3, or an hour past the end]")
@click.option("--grid-min", type=float, default=1.0, show_default=True, help="Minutes apart.")
@click.option("--session-number", type=int, default=1, show_default=True, help="For tolerance.")
@click.option("--extrapolate", is_flag=True, help="Allow values outside the model's envelope.")
@click.option(
    "--learn",
    type=click.Path(path_type=Path),
    metavar="READINGS.json",
    help="Weigh the people by this patient's own earlier readings (docs/learning.md).",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw it: F.png or F.svg.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(**options: Any) -> None:
    """Forecast concentration and effect of one session, with the spread between people."""
    from ketaflow.cli.forecast_readings import learn_from, with_lesson
    from ketaflow.pharmacology.forecast import Subject, forecast

    wanted = Wanted(**options)
    if wanted.plot and wanted.plot.suffix not in (".png", ".svg"):
        raise click.BadParameter("give a name ending in .png or .svg.", param_hint="--plot")
    drug, route, doses = _programme(wanted)
    asked: dict[str, Any] = {
        "drug": drug,
        "route": route,
        "doses": doses,
        "subject": Subject(weight_kg=wanted.weight, age=wanted.age, sex=wanted.sex),
        "model": wanted.model,
        "seed": wanted.seed,
        "hours": wanted.hours if wanted.hours is not None else _far_enough(doses),
        "grid_min": wanted.grid_min,
        "session_number": wanted.session_number,
        "extrapolate": wanted.extrapolate,
        "covariates": wanted.covariates,
        "effects": None if wanted.effects is None else _names(wanted.effects),
    }
    if wanted.subjects is not None:
        asked["subjects"] = wanted.subjects
    learned = learn_from(wanted.learn, asked) if wanted.learn else None
    seen = forecast(**{**asked, **(learned.asked if learned else {})})
    if wanted.plot:
        subject = f"{wanted.sex}, {wanted.age:g} years, {wanted.weight:g} kg"
        _write(wanted.plot, seen, doses, f"{drug.capitalize()}, {route}; {subject}")
    document = with_lesson(_document(seen), learned)
    click.echo(json.dumps(document, allow_nan=False) if wanted.as_json else _table(seen))
    said = (learned.words, *learned.assumed) if learned else ()
    for sentence in (*said, *(f"Extrapolated: {one}" for one in seen.extrapolated), *seen.notes):
        click.echo(sentence, err=True)


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(",") if name.strip())


def _far_enough(doses: "tuple[Dose, ...]") -> float:
    last_min = max((dose.at_min for dose in doses), default=0.0)
    return max(3.0, math.ceil(last_min / 60 + 1)) if math.isfinite(last_min) else 3.0


def _programme(wanted: Wanted) -> "tuple[str, str, tuple[Dose, ...]]":
    """Drug, route and what is given, from the protocol or from the options."""
    if wanted.protocol:
        named = {"--drug": wanted.drug, "--route": wanted.route, "--dose-mg": wanted.dose_mg}
        both = [name for name, value in named.items() if value is not None]
        if both:
            raise click.UsageError(f"The protocol sets what {both[0]} says: leave one of them out.")
        return _from_protocol(wanted)
    if not wanted.drug or not wanted.route:
        raise click.UsageError("Give --protocol, or --drug and --route with a dose.")
    if wanted.pump:
        return wanted.drug, wanted.route, _pump(wanted.pump, wanted.route)
    if wanted.route == "nasal":
        return wanted.drug, wanted.route, _sprays(wanted)
    if wanted.route == "oral":
        return wanted.drug, wanted.route, _swallowed(wanted)
    if wanted.dose_mg is None or wanted.duration_min is None:
        raise click.UsageError("An infusion needs --dose-mg and --duration-min, or --pump.")
    return wanted.drug, wanted.route, _infusion(wanted.dose_mg, wanted.duration_min)


def _infusion(dose_mg: float, duration_min: float) -> "tuple[Dose, ...]":
    from ketaflow.pharmacology.doses import infusion
    from ketaflow.refusals import OutsideEnvelope

    if not (math.isfinite(dose_mg) and dose_mg > 0):
        raise OutsideEnvelope(f"A dose must be a number above 0 mg (got {dose_mg:g} mg).")
    if not (math.isfinite(duration_min) and duration_min > 0):
        raise OutsideEnvelope(f"A duration must be above 0 min (got {duration_min:g} min).")
    return infusion(dose_mg, duration_min)


def _swallowed(wanted: Wanted) -> "tuple[Dose, ...]":
    """One dose of a solution, at the start."""
    from ketaflow.pharmacology.doses import Swallowed

    if wanted.dose_mg is None:
        raise click.UsageError("A swallowed dose needs --dose-mg.")
    if wanted.duration_min is not None or wanted.devices is not None:
        raise click.UsageError("A swallowed dose has neither --duration-min nor --devices.")
    return (Swallowed(0.0, wanted.dose_mg),)


def _sprays(wanted: Wanted) -> "tuple[Dose, ...]":
    """One spray a device, as far apart as the label says."""
    from ketaflow.pharmacology import library
    from ketaflow.pharmacology.doses import NasalDose, NotADevice

    entry = library.default(drug=str(wanted.drug), route="nasal").inputs["nasal"]
    if wanted.devices is None and wanted.dose_mg is None:
        raise click.UsageError("A spray needs --devices or --dose-mg.")
    if wanted.duration_min is not None:
        raise click.UsageError("A spray has no --duration-min: leave it out.")
    if wanted.devices is not None and wanted.devices < 1:
        raise NotADevice(f"A spray needs at least 1 device (got {wanted.devices}).")
    mg = wanted.dose_mg if wanted.dose_mg is not None else (wanted.devices or 0) * entry.device_mg
    count = mg / entry.device_mg
    if not (math.isfinite(count) and 1 <= count <= 100 and count == int(count)):
        raise NotADevice(f"{mg:g} mg is not a whole number of {entry.device_mg:g} mg devices.")
    if wanted.devices is not None and wanted.devices != count:
        raise NotADevice(
            f"{wanted.devices} devices of {entry.device_mg:g} mg give "
            f"{wanted.devices * entry.device_mg:g} mg, not {mg:g} mg. Correct one of them."
        )
    apart_min = entry.devices_apart_h * 60
    return tuple(NasalDose(place * apart_min, entry.device_mg) for place in range(int(count)))


def _from_protocol(wanted: Wanted) -> "tuple[str, str, tuple[Dose, ...]]":
    """The dose the protocol proposes for this person."""
    from ketaflow.people.chart import Sex
    from ketaflow.protocol.dosing import Choice, propose
    from ketaflow.protocol.library import protocol
    from ketaflow.protocol.weight import Body

    chosen = protocol(str(wanted.protocol))
    drug, route = str(chosen.drug), str(chosen.route)
    if wanted.pump:
        return drug, route, _pump(wanted.pump, route)
    proposed = propose(
        chosen,
        Body(
            weight_kg=_decimal(wanted.weight),
            sex=Sex(wanted.sex),
            age_years=_decimal(wanted.age),
        ),
        choice=Choice(
            session_number=wanted.session_number,
            duration_min=None if wanted.duration_min is None else _decimal(wanted.duration_min),
        ),
    )
    for warning in proposed.warnings:
        click.echo(warning, err=True)
    if proposed.devices is not None:
        given = {**vars(wanted), "drug": drug, "dose_mg": float(proposed.dose_mg or 0)}
        return drug, route, _sprays(Wanted(**given))
    if proposed.dose_mg is None or proposed.duration_min is None:
        raise NoProgramme(
            f"{chosen.id} leaves the total or the duration open, so there is nothing to forecast "
            f"yet. Give --duration-min, or the programme with --pump."
        )
    return drug, route, _infusion(float(proposed.dose_mg), float(proposed.duration_min))


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))


def _pump(path: Path, route: str) -> "tuple[Dose, ...]":
    """The pump programme in `path`."""
    from ketaflow.pharmacology.doses import Infusion

    if route != "iv":
        raise OutsideEnvelope(f"A pump programme is for the iv route, not {route}.")
    steps = read_json(path, what="a pump programme")
    wished = "a list of {at_min, rate_mg_min}, each a number"
    if not isinstance(steps, list):
        raise BadFile(f"{path} must be {wished}.")
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, dict) or not all(
            type(step.get(key)) in (int, float) for key in ("at_min", "rate_mg_min")
        ):
            raise BadFile(f"{path} must be {wished}; entry {number} is not.")
    try:
        return tuple(Infusion(float(step["at_min"]), float(step["rate_mg_min"])) for step in steps)
    except OverflowError:
        raise BadFile(f"{path} holds a number too large to be a time or a rate.") from None


def _figure(value: float) -> float:
    return float(f"{value:.6g}")


def _document(seen: "Forecast") -> dict[str, Any]:
    from ketaflow.evidence.sources import cite

    def curve(one: "Series") -> dict[str, Any]:
        row: dict[str, Any] = {key: getattr(one, key) for key in FIELDS}
        for key in ("median", "p05", "p95"):
            row[key] = row[key] and [_figure(value) for value in row[key]]
        return row

    return {
        "time_min": list(seen.time_min),
        "series": [curve(one) for one in seen.series],
        "summary": {
            name: {
                "cmax": _figure(one.cmax),
                "tmax_min": one.tmax_min,
                "auc": _figure(one.auc),
                "unit": one.unit,
                "auc_unit": one.auc_unit,
            }
            for name, one in seen.summary.items()
        },
        "model": seen.model,
        "models": list(seen.models),
        "sources": list(seen.sources),
        "citations": {source.key: source.citation for source in cite(seen.sources)},
        "notes": list(seen.notes),
        "extrapolated": list(seen.extrapolated),
    }


def _table(seen: "Forecast") -> str:
    """Peaks for people: one row a curve."""
    rows = [("", "peak", "5-95 %", "at", "area", "grade", "status")]
    for one in seen.series:
        peak = seen.summary[one.name]
        at = seen.time_min.index(peak.tmax_min)
        spread = f"{one.p05[at]:.3g} to {one.p95[at]:.3g}" if one.p05 and one.p95 else "-"
        rows.append(
            (
                one.name,
                f"{peak.cmax:.3g} {one.unit}",
                spread,
                f"{peak.tmax_min:g} min",
                f"{peak.auc:.3g} {peak.auc_unit}",
                one.grade,
                one.status,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    said = f"Model {', '.join(seen.models)}; sources {', '.join(seen.sources)}."
    mark = ["EXTRAPOLATED beyond the model's envelope."] if seen.extrapolated else []
    return "\n".join([*mark, *(line.rstrip() for line in lines), said])


def _write(path: Path, seen: "Forecast", doses: "tuple[Dose, ...]", of_whom: str) -> None:
    from ketaflow.cli.forecast_plot import draw

    try:
        path.write_bytes(draw(seen, doses, of_whom, kind=path.suffix[1:]))
    except OSError as wrong:
        raise BadFile(f"{path} cannot be written: {wrong.strerror}.") from None
