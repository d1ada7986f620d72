"""Reads TRIAL.toml into a trial, or says in one sentence what is wrong with it."""

import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from ketaflow.insights.trial.plan import arms, tables
from ketaflow.insights.trial.plan.design import (
    Arm,
    Asked,
    IllWritten,
    Population,
    Setting,
    Trial,
    programme,
)
from ketaflow.insights.trial.plan.tables import Table
from ketaflow.pharmacology import envelope, library
from ketaflow.pharmacology.population import Subject
from ketaflow.pharmacology.response.model import response_model

MOST_BYTES = 1_000_000
MOST_ARMS = 12
MOST_SUBJECTS = 10_000_000
MOST_SEED = 2**63 - 1
LONGEST_D = 730
CUT_SD = 2.0
FILE = "The trial"
PACKAGE = "ketaflow.insights.trial.plan"


def examples() -> dict[str, str]:
    """The trials that ship with Ketaflow: name to text."""
    found = (resources.files(PACKAGE) / "examples").iterdir()
    files = sorted((one for one in found if one.name.endswith(".toml")), key=lambda one: one.name)
    return {one.name.removesuffix(".toml"): one.read_text(encoding="utf-8") for one in files}


def text_of(named: str) -> str:
    """The text of the file `named`, or of the example of that name.

    Raises:
        IllWritten: there is none, or it cannot be read.
    """
    path = Path(named)
    if not path.exists():
        known = examples()
        if named in known:
            return known[named]
        raise IllWritten(
            f"There is no file {named}, and no example of that name. Examples: {', '.join(known)}."
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise IllWritten(f"{named} is larger than a trial can be ({MOST_BYTES} bytes).")
        return path.read_text(encoding="utf-8")
    except OSError as wrong:
        raise IllWritten(f"{named} cannot be read: {wrong.strerror}.") from None
    except UnicodeDecodeError:
        raise IllWritten(f"{named} is not text in UTF-8.") from None


def read(text: str, *, subjects: int | None = None, seed: int | None = None) -> Trial:
    """The trial written in `text`.

    Args:
        text: TOML.
        subjects: instead of the file's.
        seed: instead of the file's.

    Raises:
        IllWritten: not TOML, a key too many or missing, or a value of the wrong kind.
        Absurd: a number that nobody means.
        OutsideEnvelope: a protocol, a drug, a dose or people that no model here was made for.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise IllWritten(f"The trial is not valid TOML: {wrong}.") from None
    over = {"subjects": subjects, "seed": seed}
    table |= {key: value for key, value in over.items() if value is not None}
    tables.insist_on_keys(
        table,
        FILE,
        needed=("title", "subjects", "days", "population", "setting", "arms"),
        allowed=("seed", "outcomes", "extrapolate", "r_weight"),
    )
    days = tables.whole(table, "days", FILE, low=2, high=LONGEST_D)
    trial = Trial(
        title=tables.text(table, "title", FILE),
        population=population(tables.table(table, "population", FILE)),
        setting=setting(tables.table(table, "setting", FILE), days),
        asked=outcomes(tables.table(table, "outcomes", FILE), days),
        arms=every_arm(table, days),
        subjects=tables.whole(table, "subjects", FILE, low=1, high=MOST_SUBJECTS),
        seed=tables.whole(table, "seed", FILE, low=0, high=MOST_SEED),
        extrapolate=tables.yes(table, "extrapolate", FILE),
        r_weight=optional(
            table, "r_weight", lambda: tables.number(table, "r_weight", FILE, low=0, high=1)
        ),
    )
    insist_on_envelope(trial)
    return trial


def optional(row: Table, key: str, take: Callable[[], Any]) -> Any:
    """What `take` gives where `key` is written, else None."""
    return take() if key in row else None


def population(row: Table) -> Population:
    """Who takes part."""
    where = "[population]"
    tables.insist_on_keys(
        row, where, needed=("weight_kg", "age"), allowed=("madrs", "antidepressant")
    )
    limits = library.plausible()
    weight, age = limits["weight"], limits["age"]
    most = response_model().score.most
    return Population(
        weight_kg=tables.spread(
            row, "weight_kg", where, low=weight.low or 0, high=weight.high or 0
        ),
        age=tables.spread(row, "age", where, low=age.low or 0, high=age.high or 0),
        madrs=optional(row, "madrs", lambda: tables.spread(row, "madrs", where, low=0, high=most)),
        antidepressant=tables.yes(row, "antidepressant", where),
    )


def setting(row: Table, days: int) -> Setting:
    """What people are told."""
    where = "[setting]"
    tables.insist_on_keys(row, where, needed=("kind",), allowed=("held_until",))
    return Setting(
        kind=tables.choice(row, "kind", where, of=response_model().settings),
        held_until_d=tables.number(row, "held_until", where, low=0, high=days),
    )


def outcomes(row: Table, days: int) -> Asked:
    """What counts as remission and relapse, and when visits are."""
    where, judged = "[outcomes]", response_model().judged
    tables.insist_on_keys(row, where, needed=(), allowed=("remission", "relapse", "visits"))
    visits = tables.listed(row, "visits", where) if "visits" in row else [3, 4]
    apart = {str(place): gap for place, gap in enumerate(visits)}
    most = response_model().score.most
    return Asked(
        days=days,
        remission=tables.number(
            row, "remission", where, low=0, high=most, default=judged.remission
        ),
        relapse=tables.number(row, "relapse", where, low=0, high=most, default=judged.relapse),
        visits_apart_d=tuple(
            tables.whole(apart, key, f"{where}, visits", low=1, high=days) for key in apart
        ),
    )


def every_arm(table: Table, days: int) -> tuple[Arm, ...]:
    """The arms, each with a name of its own.

    Raises:
        IllWritten: there is none, too many, or two of one name.
    """
    rows = table["arms"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise IllWritten("A trial needs at least one arm: write one [[arms]] for each.")
    if len(rows) > MOST_ARMS:
        raise IllWritten(f"A trial has at most {MOST_ARMS} arms (got {len(rows)}).")
    found = tuple(arms.arm(row, place, days) for place, row in enumerate(rows, start=1))
    names = [one.name for one in found]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise IllWritten(f"Two arms are called “{twice[0]}”. Give each a name of its own.")
    return found


def insist_on_envelope(trial: Trial) -> None:
    """Refuse doses or people outside what the kinetic model of an arm was made for.

    Raises:
        OutsideEnvelope: naming the arm, and the side on which it lies outside.
    """
    outside = beyond(trial)
    if outside and not trial.extrapolate:
        raise envelope.OutsideModel(f"{outside[0]} Correct it, or write extrapolate = true.")


def beyond(trial: Trial) -> tuple[str, ...]:
    """A sentence for each side on which an arm lies outside its kinetic model.

    Raises:
        OutsideEnvelope: a dose or a body that nobody means, or beyond a firm limit.
    """
    found: dict[str, None] = {}
    for arm in trial.arms:
        if not arm.sessions_d:
            continue
        given = arm.given
        model = library.default(drug=given.drug, route=given.route)
        for subject in corners(trial.population):
            doses = programme(given, subject.weight_kg)
            envelope.insist_on_plausible(subject, doses)
            for said in envelope.outside(model, subject, doses, route=given.route):
                found[f"Arm “{arm.name}”: {said}"] = None
    return tuple(found)


def corners(who: Population) -> tuple[Subject, ...]:
    """The lightest and the heaviest, the youngest and the oldest of those who may be drawn."""
    return tuple(
        Subject(
            weight_kg=who.weight_kg.mean + side * who.weight_kg.sd,
            age=who.age.mean + turn * who.age.sd,
        )
        for side in (-CUT_SD, CUT_SD)
        for turn in (-CUT_SD, CUT_SD)
    )
