"""Forecasts one session: concentrations and effects over time, with the spread between people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypedDict, Unpack

import numpy as np

from ketaflow.pharmacology import doses as giving
from ketaflow.pharmacology import effects, envelope, library, population, simulation
from ketaflow.pharmacology.doses import Dose, Infusion, NasalDose, Swallowed, infusion
from ketaflow.pharmacology.learning import quantiles, sessions
from ketaflow.pharmacology.population import FloatArray, Subject
from ketaflow.pharmacology.simulation import Asked, Run, Solution
from ketaflow.pharmacology.structure import Effect, KineticModel

__all__ = [
    "Forecast",
    "Infusion",
    "NasalDose",
    "Series",
    "Subject",
    "Summary",
    "Swallowed",
    "forecast",
    "infusion",
]

QUANTILES = (0.05, 0.5, 0.95)
CONCENTRATION = "concentration"
NG_ML = "ng/mL"


class Band(TypedDict):
    """Median and 5-95 % band at each time."""

    median: tuple[float, ...]
    p05: tuple[float, ...] | None
    p95: tuple[float, ...] | None


@dataclass(frozen=True)
class Series:
    """One curve: population median and 5-95 % band, or the typical patient with no band.

    The band is the spread between people; error of a laboratory or a cuff comes on top.
    """

    name: str
    quantity: str
    site: str
    unit: str
    median: tuple[float, ...]
    p05: tuple[float, ...] | None
    p95: tuple[float, ...] | None
    grade: str
    status: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Peak, time of peak and area under the median curve over the forecast's hours."""

    cmax: float
    tmax_min: float
    auc: float
    unit: str
    auc_unit: str


@dataclass(frozen=True)
class Forecast:
    """What may be expected of one session."""

    time_min: tuple[float, ...]
    series: tuple[Series, ...]
    summary: Mapping[str, Summary]
    model: str
    models: tuple[str, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    extrapolated: tuple[str, ...]
    weighted: bool = False


def forecast(
    *,
    drug: str,
    route: str,
    doses: Sequence[Dose],
    subject: Subject,
    model: str | None = None,
    **asked: Unpack[Asked],
) -> Forecast:
    """Concentrations and effects of one session, exactly solved, with their spread between people.

    Args:
        drug: "ketamine" (racemic) or "esketamine".
        route: "iv", "nasal" or "oral".
        doses: infusion steps, sprays or swallowed doses, in order of time.
        subject: weight in kg, age in years; sex for a covariate that goes by it.
        model: id of a kinetic model; the drug and route's own when None.
        **asked: `subjects` (200; 0 is the typical patient alone), `seed` (0), `hours` (3),
            `grid_min` (1), `session_number` (1, for tolerance), `extrapolate` (False),
            `covariates` (none) and `effects` (the model's own; else names of those it drives),
            `weights` (None; how much each subject counts, as `learning.learned` says).

    Returns:
        Curves on the grid from 0 to `hours`; concentrations in ng/mL.

    Raises:
        OutsideEnvelope: no such model, covariate or effect, an implausible number, or outside the
            model's envelope.
        BadFile: a programme that is empty, backwards, overlapping or never ends.

    Source:
        The model's and the effects' own, in `sources`.

    Example:
        Half a milligram a kilogram over forty minutes, at the end of the infusion.

        >>> seen = forecast(drug="ketamine", route="iv", doses=infusion(35, 40),
        ...                 subject=Subject(weight_kg=70, age=40), subjects=0)
        >>> seen.summary["ketamine, S + R"].tmax_min
        40.0
    """
    run = Run(**asked)
    together = as_asked(choose_all(drug=drug, route=route, model=model), subject, run)
    beyond = admit(together, route=route, doses=doses, subject=subject, run=run)
    parts = (curves(one, route=route, doses=doses, subject=subject, run=run) for one in together)
    series = tuple(marked(one, beyond, run) for one in chain.from_iterable(parts))
    times = run.grid_min * np.arange(run.grid.count, dtype=np.float64)
    return Forecast(
        time_min=tuple(times.tolist()),
        series=series,
        summary={one.name: summarise(one, times) for one in series},
        model=together[0].id,
        models=tuple(one.id for one in together),
        sources=tuple(dict.fromkeys(key for one in series for key in one.sources)),
        notes=notes(together),
        extrapolated=beyond,
        weighted=run.weights is not None,
    )


def choose(*, drug: str, route: str, model: str | None) -> KineticModel:
    """The model asked for, if it is one for this drug and route, or theirs.

    Raises:
        UnknownModel: there is none, or it is for another drug or route.
    """
    if model is None:
        return library.default(drug=drug, route=route)
    chosen = library.model(model)
    if chosen.drug != drug or route not in chosen.inputs:
        ways = " or ".join(chosen.inputs)
        raise library.UnknownModel(
            f"Model {model} is for {chosen.drug} by {ways}, not {drug} by {route}."
        )
    return chosen


def choose_all(*, drug: str, route: str, model: str | None) -> tuple[KineticModel, ...]:
    """The model chosen and those shown beside it."""
    chosen = choose(drug=drug, route=route, model=model)
    return (chosen, *(library.model(one) for one in chosen.beside))


def admit(
    together: Sequence[KineticModel],
    *,
    route: str,
    doses: Sequence[Dose],
    subject: Subject,
    run: Run,
) -> tuple[str, ...]:
    """How far this goes beyond the models' envelopes, in sentences; none when it does not.

    Raises:
        OutsideEnvelope: an implausible number, or beyond them without being asked to extrapolate.
        BadFile: a programme that is empty, backwards, overlapping or never ends.
    """
    giving.check(doses)
    giving.suit(doses, together[0].inputs[route], route)
    envelope.insist_on_plausible(subject, doses)
    beyond = tuple(
        chain.from_iterable(envelope.outside(one, subject, doses, route=route) for one in together)
    )
    if beyond and not run.extrapolate:
        raise envelope.OutsideModel(f"{beyond[0]} Correct it, or ask to extrapolate.")
    return beyond


def as_asked(
    together: Sequence[KineticModel], subject: Subject, run: Run
) -> tuple[KineticModel, ...]:
    """The model chosen, and those beside it, with the covariates and effects `run` asks for.

    What is known of the person holds in a model beside it too, whose parameters bear its names.

    Raises:
        OutsideEnvelope: a covariate or effect it does not have, or one this run cannot show.
    """
    chosen, *beside = together
    acting = library.acting(chosen, run.effects)
    for effect in (library.effects()[name] for name in acting):
        if run.hours < effect.least_h:
            raise simulation.NotAForecast(
                f"A forecast of {effect.name} needs {effect.least_h:g} hours or more "
                f"(got {run.hours:g})."
            )
    population.insist_on_covariates(chosen, run.covariates)
    alike = (
        replace(chosen, effects=acting),
        *(replace(one, covariates=chosen.covariates) for one in beside),
    )
    return tuple(population.with_covariates(one, run.covariates, subject) for one in alike)


def notes(together: Sequence[KineticModel]) -> tuple[str, ...]:
    """What to know about the models, and what makes their effects larger or smaller."""
    said = [note for one in together for note in one.notes]
    acting = [library.effects()[name] for one in together for name in one.effects]
    said += [f"{one.name[0].upper()}{one.name[1:]}: {w}." for one in acting for w in one.modifiers]
    return tuple(dict.fromkeys(said))


def curves(
    model: KineticModel, *, route: str, doses: Sequence[Dose], subject: Subject, run: Run
) -> list[Series]:
    """Every curve that `model` offers, and the effects it drives.

    How people differ is not known of every model; those have the typical patient alone.
    """
    if not any(one.varies for one in model.parameters.values()):
        run = replace(run, subjects=0)
    solution = simulation.solve(model, route=route, doses=doses, subject=subject, run=run)
    levels = [
        Series(
            name=shown.name,
            quantity=CONCENTRATION,
            site=model.site,
            unit=NG_ML,
            grade=shown.grade,
            status=shown.status,
            sources=model.all_sources,
            **band(effects.NG_ML_PER_MG_L * total(solution, shown.sums), run, "level"),
        )
        for shown in model.series
    ]
    acts: dict[str, Series] = {}
    for effect in solution.effects:
        acts[effect.id] = act(effect, solution, acts, run)
    return levels + list(acts.values())


def total(solution: Solution, sums: Sequence[tuple[str, str]]) -> FloatArray:
    """The sum of the named (copy, analyte) concentrations, mg/L, shape `(n, t)`."""
    first, *others = (solution.level(copy, analyte) for copy, analyte in sums)
    return sum(others, start=first)


def act(effect: Effect, solution: Solution, earlier: Mapping[str, Series], run: Run) -> Series:
    """The curve of one effect; one that follows another is that one's curve, scaled."""
    if effect.of:
        slope, source = effect.parameters["slope"], earlier[effect.of]
        spread = Band(
            median=tuple(slope * one for one in source.median),
            p05=scaled(source.p05, slope),
            p95=scaled(source.p95, slope),
        )
    else:
        spread = band(response(effect, solution, run), run, effect.id)
    return Series(
        name=effect.name,
        quantity=effect.quantity,
        site="effect site",
        unit=effect.unit,
        grade=effect.grade,
        status=effect.status,
        sources=effect.sources,
        **spread,
    )


def response(effect: Effect, solution: Solution, run: Run) -> FloatArray:
    """An effect that follows the level at its site, in every person, shape `(n, t)`."""
    site = effects.AtSite(
        levels={one: solution.at_site(effect, one) for one in effects.FOLLOWED[effect.equation]},
        molar_mass={key: one.molar_mass for key, one in solution.model.analytes.items()},
        session_number=run.session_number,
        sensitivity=effects.sensitivity(effect, subjects=run.subjects, seed=run.seed),
    )
    return effects.EQUATIONS[effect.equation](effect, site)


def scaled(curve: tuple[float, ...] | None, slope: float) -> tuple[float, ...] | None:
    """`curve` times `slope`, where there is one."""
    return None if curve is None else tuple(slope * one for one in curve)


def band(people: FloatArray, run: Run, kind: str) -> Band:
    """Median and 5-95 % band across people (shape `(n, t)`); the typical patient has no band."""
    if not run.subjects:
        return {"median": tuple(people[0].tolist()), "p05": None, "p95": None}
    if run.weights is not None:
        alike = sessions.another(people, kind, seed=run.seed)
        low, middle, high = quantiles.weighted(alike, run.weights, QUANTILES).tolist()
        return {"median": tuple(middle), "p05": tuple(low), "p95": tuple(high)}
    ranked = np.sort(np.ascontiguousarray(people.T), axis=1)
    places = np.array(QUANTILES) * (ranked.shape[1] - 1)
    below = np.floor(places).astype(int)
    above = np.ceil(places).astype(int)
    low, high = ranked[:, below], ranked[:, above]
    p05, median, p95 = (low + (high - low) * (places - below)).T.tolist()
    return {"median": tuple(median), "p05": tuple(p05), "p95": tuple(p95)}


def marked(series: Series, beyond: Sequence[str], run: Run) -> Series:
    """`series` with a word on it when the forecast is extrapolated or its people are weighted."""
    said = ["extrapolated"] if beyond else []
    said += ["people weighted by earlier readings"] if run.weights is not None else []
    return replace(series, status="; ".join([*said, series.status]))


def summarise(series: Series, times_min: FloatArray) -> Summary:
    """Peak and area of the median curve."""
    median = np.array(series.median)
    peak = int(median.argmax())
    return Summary(
        cmax=float(median[peak]),
        tmax_min=float(times_min[peak]),
        auc=float(np.trapezoid(median, times_min / giving.MIN_PER_H)),
        unit=series.unit,
        auc_unit=f"{series.unit} x h",
    )
