"""Reads the kinetic models and effects that ship with Ketaflow, and refuses what is not sourced."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.pharmacology.quantities import Unsourced, insist, keys_in, quantity
from ketaflow.pharmacology.structure import (
    EVERYBODY,
    AgeSlope,
    Allometry,
    Analyte,
    Copy,
    Covariate,
    Effect,
    Flow,
    Input,
    KineticModel,
    Limit,
    Parameter,
    Residual,
    Shown,
    Variation,
)
from ketaflow.refusals import BadFile, OutsideEnvelope

PACKAGE = "ketaflow.pharmacology"
SPREADS = ("variance", "sd", "cv")
SCALES = ("log", "logit")
WORDS = ("name", "version", "drug", "site", "population", "read", "grade")
RESIDUALS = ("proportional", "log")


class UnknownModel(OutsideEnvelope):
    """No model of that name, or none for that drug and route."""


class UnknownEffect(OutsideEnvelope):
    """No effect of that name, or none that the model drives."""


@cache
def models() -> Mapping[str, KineticModel]:
    """All kinetic models by id."""
    written = dict(tables.read(PACKAGE, "models"))
    whole = {name: inherit(name, written) for name in written}
    return MappingProxyType({name: kinetic_model(name, table) for name, table in whole.items()})


@cache
def effects() -> Mapping[str, Effect]:
    """All effects by id."""
    written = tables.read(PACKAGE, "effects")
    return MappingProxyType({name: effect(name, table) for name, table in written})


@cache
def plausible() -> Mapping[str, Limit]:
    """Bounds that catch slips of the decimal point, by what they bound."""
    ((_, table),) = tables.read(PACKAGE, "limits")
    insist(table, "plausible")
    return MappingProxyType({of: limit(of, row, row["name"]) for of, row in table.items()})


def model(wanted: str) -> KineticModel:
    """The model called `wanted`.

    Raises:
        UnknownModel: naming those that exist.
    """
    if wanted not in models():
        raise UnknownModel(f"There is no model {wanted}. There are {', '.join(models())}.")
    return models()[wanted]


def default(*, drug: str, route: str) -> KineticModel:
    """The model Ketaflow uses for `drug` by `route`.

    Raises:
        UnknownModel: none was published that Ketaflow carries; says which pairs there are.
    """
    pairs = {(one.drug, way): one for one in models().values() for way in one.default_for}
    if (drug, route) not in pairs:
        known = ", ".join(f"{drug_known} {way}" for drug_known, way in pairs)
        raise UnknownModel(f"Ketaflow has no model for {drug} by {route}. It has {known}.")
    return pairs[drug, route]


def acting(model: KineticModel, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The effects to work out: the model's own, or those wanted with what each follows.

    Raises:
        UnknownEffect: naming those the model drives.
    """
    if wanted is None:
        return model.effects
    drives = (*model.effects, *model.effects_on_request)
    for name in wanted:
        if name not in drives:
            known = f"It drives {', '.join(drives)}" if drives else "It drives none"
            raise UnknownEffect(f"Model {model.id} does not drive the effect {name}. {known}.")
    followed = [(effects()[name].of, name) for name in wanted]
    return tuple(dict.fromkeys(one for pair in followed for one in pair if one))


def inherit(name: str, written: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The table `name` laid over the one it extends; a list replaces a list.

    Raises:
        BadFile: it extends a model that is not there.
    """
    table = dict(written[name])
    parent = table.pop("extends", None)
    if parent is None:
        return table
    if parent not in written:
        raise BadFile(f"Model {name} extends {parent}, which does not exist.")
    return overlay(inherit(parent, written), table)


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`, table by table."""
    merged = dict(below)
    for key, entry in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(entry, Mapping):
            merged[key] = overlay(under, entry)
        else:
            merged[key] = entry
    return merged


def kinetic_model(name: str, table: Mapping[str, Any]) -> KineticModel:
    """The model written in `table`.

    Raises:
        BadFile: a number lacks unit or source, or a name points nowhere.
    """
    insist(table, name)
    compartments = table["compartments"]
    analytes = {
        key: Analyte(row["compartment"], quantity(row["molar_mass"], f"{name}.{key}").value)
        for key, row in table["analytes"].items()
    }
    built = KineticModel(
        id=name,
        **{key: table[key] for key in WORDS},
        marks=tuple(table.get("marks", ())),
        notes=tuple(table["notes"]),
        sources=tuple(table["sources"]),
        all_sources=keys_in({"sources": table["sources"], **table, "covariates": {}}),
        envelope=tuple(limit(of, row, of) for of, row in table["envelope"].items()),
        covariates={
            key: covariate(row, f"{name}.{key}") for key, row in table.get("covariates", {}).items()
        },
        residuals={
            key: residual(row, f"{name}.{key}") for key, row in table["residual"]["of"].items()
        },
        residual_said=table["residual"]["said"],
        allometry=allometry(table.get("weight")),
        parameters={key: parameter(key, row) for key, row in table["parameters"].items()},
        covariances={
            tuple(row["etas"]): quantity(row, name).value for row in table.get("covariances", ())
        },
        compartments=compartments,
        flows=tuple(flow for row in table["flows"] for flow in flows(row, analytes)),
        analytes=analytes,
        copies={key: copy(row, f"{name}.{key}") for key, row in table["copies"].items()},
        inputs={route: dose_input(row) for route, row in table["inputs"].items()},
        series=tuple(shown(row) for row in table["series"]),
        effects=tuple(table["effects"]),
        effects_on_request=tuple(table.get("effects_on_request", ())),
        beside=tuple(table["beside"]),
        default_for=tuple(table["default_for"]),
    )
    insist_on_names(built)
    return built


def insist_on_names(built: KineticModel) -> None:
    """Refuse a model whose flows, volumes or curves name what it does not have.

    Raises:
        BadFile: naming the word that points nowhere.
    """
    places = {place for flow in built.flows for place in (flow.out_of, flow.into) if place}
    places |= {one.compartment for one in built.analytes.values()}
    places |= {into for one in built.inputs.values() for into in (one.into, one.rest_into) if into}
    places |= {
        built.analytes[key].compartment if key in built.analytes else key for key in built.residuals
    }
    lost = sorted(places - set(built.compartments))
    numbers = {
        word
        for flow in built.flows
        for word in (flow.clearance, flow.rate, flow.mean_time, flow.stages, flow.yields)
    } | set(built.compartments.values())
    numbers |= {key for one in built.covariates.values() for key in altered(one)}
    lost += sorted(numbers - set(built.parameters) - {""})
    curves = {pair for one in built.series for pair in one.sums}
    lost += sorted(
        f"{copy}.{analyte}"
        for copy, analyte in curves
        if copy not in built.copies or analyte not in built.analytes
    )
    if lost:
        raise BadFile(f"Model {built.id} names {lost[0]}, which it does not define.")


def parameter(name: str, row: Mapping[str, Any]) -> Parameter:
    """A typical value with its variation, weight scaling and age slope."""
    slope = row.get("age")
    return Parameter(
        typical=quantity(row, name),
        scales=row.get("scales", ""),
        varies=variation(row["varies"], name) if "varies" in row else None,
        age=age_slope(slope, name) if slope else None,
    )


def age_slope(row: Mapping[str, Any], where: str) -> AgeSlope:
    """What each year above a threshold adds."""
    return AgeSlope(quantity(row["above"], where).value, quantity(row["per_year"], where).value)


def variation(row: Mapping[str, Any], where: str) -> Variation:
    """How people differ, whatever the scale it was printed on.

    A coefficient of variation becomes `sqrt(log(1 + cv^2))`, a variance its square root.

    Raises:
        Unsourced: it does not say which of these it is.
    """
    if row.get("as") not in SPREADS or row.get("scale") not in SCALES:
        raise Unsourced(f"{where} varies, but not as {'|'.join(SPREADS)} on {'|'.join(SCALES)}.")
    size = quantity(row, where).value
    spread = {"sd": size, "variance": math.sqrt(size), "cv": math.sqrt(math.log1p(size**2))}
    return Variation(row.get("eta", where), row["scale"], spread[row["as"]])


def covariate(row: Mapping[str, Any], where: str) -> Covariate:
    """What a covariate multiplies, for everybody or by sex, and what it adds with age."""
    cases = {case: row[case] for case in (EVERYBODY, "female", "male") if case in row}
    return Covariate(
        said=row["said"],
        one_of=row.get("one_of", ""),
        sources=keys_in(row),
        factors={
            case: {key: quantity(entry, where).value for key, entry in table.items()}
            for case, table in cases.items()
        },
        slopes={key: age_slope(entry, where) for key, entry in row.get("age", {}).items()},
    )


def altered(one: Covariate) -> set[str]:
    """The parameters that a covariate touches."""
    return set(one.slopes).union(*one.factors.values())


def residual(row: Mapping[str, Any], where: str) -> Residual:
    """The residual error of one analyte.

    Raises:
        Unsourced: it does not say on which scale.
    """
    if row.get("scale") not in RESIDUALS:
        raise Unsourced(f"The residual of {where} is not on {'|'.join(RESIDUALS)}.")
    added = quantity(row["additive"], where).value if "additive" in row else 0.0
    return Residual(row["scale"], quantity(row, where).value, added)


def allometry(row: Mapping[str, Any] | None) -> Allometry | None:
    """The weight scaling of a model, if it has one."""
    if row is None:
        return None
    exponents = {
        kind: quantity(row[f"{kind}_exponent"], kind).value for kind in ("clearance", "volume")
    }
    return Allometry(quantity(row["reference"], "weight").value, exponents)


def flows(row: Mapping[str, Any], analytes: Mapping[str, Analyte]) -> tuple[Flow, ...]:
    """One flow, or the two of an exchange `between` compartments."""
    if "between" in row:
        here, there = row["between"]
        return (
            Flow(out_of=here, into=there, clearance=row["clearance"]),
            Flow(out_of=there, into=here, clearance=row["clearance"]),
        )
    before, after = row.get("becomes", (None, None))
    ratio = analytes[after].molar_mass / analytes[before].molar_mass if after else 1.0
    speed = {
        key: row.get(key, "") for key in ("clearance", "rate", "mean_time", "stages", "yields")
    }
    return (Flow(out_of=row["from"], into=row.get("to", ""), mass_ratio=ratio, **speed),)


def copy(row: Mapping[str, Any], where: str) -> Copy:
    """One enantiomer's share and factors."""
    factors = {key: quantity(entry, where).value for key, entry in row.get("factors", {}).items()}
    return Copy(quantity(row["share"], where).value, factors)


def dose_input(row: Mapping[str, Any]) -> Input:
    """Where one route's dose goes."""
    sizes = {"device": "device_mg", "devices_apart": "devices_apart_h"}
    spray = {sizes[key]: quantity(row[key], key).value for key in sizes if key in row}
    words = {key: entry for key, entry in row.items() if key not in sizes}
    return Input(**{**words, **spray})


def limit(of: str, row: Mapping[str, Any], said: str) -> Limit:
    """One limit of an envelope; a side that is not written is not known."""
    sides = {side: quantity(row[side], of) for side in ("low", "high") if side in row}
    return Limit(
        of=row.get("of", of),
        low=sides["low"].value if "low" in sides else None,
        high=sides["high"].value if "high" in sides else None,
        unit=next((side.unit for side in sides.values()), ""),
        said=row.get("said", said),
        route=row.get("route", ""),
        firm=row.get("firm", False),
    )


def shown(row: Mapping[str, Any]) -> Shown:
    """One curve that a model offers."""
    sums = tuple((one.partition(".")[0], one.partition(".")[2]) for one in row["sums"])
    return Shown(row["name"], sums, row["grade"], row["status"])


def effect(name: str, table: Mapping[str, Any]) -> Effect:
    """The effect written in `table`.

    Raises:
        BadFile: a number lacks unit or source.
    """
    insist(table, name)
    wear = table.get("tolerance")
    numbers = {key: quantity(row, f"{name}.{key}") for key, row in table["parameters"].items()}
    return Effect(
        id=name,
        name=table["name"],
        quantity=table["quantity"],
        unit=table["unit"],
        equation=table["equation"],
        grade=table["grade"],
        status=table["status"],
        sources=keys_in(table),
        parameters={key: one.value for key, one in numbers.items()},
        units={key: one.unit for key, one in numbers.items()},
        half_life_h=quantity(table["half_life"], name).value if "half_life" in table else 0.0,
        weights={key: quantity(row, name).value for key, row in table.get("weights", {}).items()},
        of=table.get("of", ""),
        varies=variation(table["varies"], name) if "varies" in table else None,
        tolerance=(quantity(wear["each_session"], name).value, quantity(wear["floor"], name).value)
        if wear
        else None,
        responders=quantity(table["responders"], name).value if "responders" in table else None,
        modifiers=tuple(row["said"] for row in table.get("modifiers", ())),
        least_h=quantity(table["least"], name).value if "least" in table else 0.0,
    )
