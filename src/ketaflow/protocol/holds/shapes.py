"""The hold rules a clinic may choose from: shapes with sources, and no number of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from ketaflow import tables
from ketaflow.protocol.figures import BadFigure, keys, number, show
from ketaflow.protocol.holds.rules import EFFECT, OPERATORS, Advice, Rule
from ketaflow.protocol.limits import Limit, PolicyNotReady, limits

# Beyond these a number cannot be meant: no session has so many readings or minutes.
MOST_READINGS = 20
MOST_MINUTES = Decimal(120)


@dataclass(frozen=True)
class Own:
    """The number of a rule that no limit of the policy holds: its unit and what it can be."""

    unit: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Shape:
    """A rule without its number: `limit` names the policy's number it compares with, else `own`."""

    key: str
    label: str
    what: str
    op: str
    change: bool
    limit: Limit | None
    own: Own | None
    effects: tuple[str, ...]
    symptoms: tuple[str, ...]
    seen: str
    sources: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The unit of its number."""
        return self.limit.unit if self.limit else self.own.unit if self.own else ""


@dataclass(frozen=True)
class Choice:
    """What the medical director chose for one shape; `value` only where no limit holds it."""

    advice: Advice
    value: Decimal | None = None
    readings: int = 1
    lasting_min: Decimal = Decimal(0)
    only_with_symptom: bool = False


@cache
def shapes() -> Mapping[str, Shape]:
    """Every rule a clinic may choose, by key.

    Raises:
        BadFile: one lacks its words, its comparison, or where its number comes from.
    """
    found: dict[str, Shape] = {}
    for _, table in tables.read("ketaflow.protocol.holds", "library"):
        symptoms = tuple(table.get("symptoms", {}).get("effects", ()))
        for key, row in table["rule"].items():
            found[key] = shape(key, row, symptoms=symptoms)
    return MappingProxyType(found)


def shape(key: str, row: Mapping[str, Any], *, symptoms: tuple[str, ...] = ()) -> Shape:
    """One shape as its file says it.

    Raises:
        BadFigure: what is missing or contradictory.
    """
    limit, own = limits().get(row.get("limit", "")), row.get("own")
    if (limit is None) == (own is None):
        raise BadFigure(f"Hold rule {key} needs either a limit of the policy or its own number.")
    words = {part: str(row.get(part, "")) for part in ("label", "what", "op", "seen")}
    if lacking := [part for part, said in words.items() if not said]:
        raise BadFigure(f"Hold rule {key} needs {lacking[0]}.")
    if words["op"] not in OPERATORS:
        raise BadFigure(f"Hold rule {key} compares with one of {', '.join(OPERATORS)}.")
    effects = tuple(row.get("effects", ()))
    if bool(effects) != (words["what"] == EFFECT):
        raise BadFigure(f"Hold rule {key} names side effects if and only if it is about them.")
    return Shape(
        key=key,
        change=bool(row.get("change", False)),
        limit=limit,
        own=Own(own["unit"], number(own["low"], key), number(own["high"], key)) if own else None,
        effects=effects,
        symptoms=symptoms,
        sources=keys(row, f"Hold rule {key}"),
        **words,
    )


def chosen(choices: Mapping[str, Choice], *, values: Mapping[str, Decimal]) -> tuple[Rule, ...]:
    """The rules that `choices` make, with the policy's own numbers in them.

    Raises:
        PolicyNotReady: a rule lacks its number, or has one that cannot be meant.
    """
    unknown = [key for key in choices if key not in shapes()]
    if unknown:
        raise PolicyNotReady(f"{unknown[0]} is not a hold rule this system knows.")
    return tuple(
        _rule(one, choices[key], values) for key, one in shapes().items() if key in choices
    )


def _rule(one: Shape, choice: Choice, values: Mapping[str, Decimal]) -> Rule:
    if wrong := implausibility(one, choice):
        raise PolicyNotReady(wrong)
    value = values.get(one.limit.key) if one.limit else choice.value
    if value is None:
        raise PolicyNotReady(
            f"The hold rule on {one.label.lower()} has no number: the medical director sets it."
        )
    return Rule(
        key=one.key,
        label=one.label,
        what=one.what,
        op=one.op,
        value=value,
        unit=one.unit,
        change=one.change,
        readings=choice.readings,
        lasting_min=choice.lasting_min,
        effects=one.effects,
        symptoms=one.symptoms if choice.only_with_symptom else (),
        advice=choice.advice,
        sources=one.sources,
    )


def implausibility(one: Shape, choice: Choice) -> str:
    """Why `choice` cannot be meant for the shape `one`, or an empty string."""
    name = f"The hold rule on {one.label.lower()}"
    own, value = one.own, choice.value
    if own and value is not None and not (value.is_finite() and own.low <= value <= own.high):
        return f"{name} takes {show(own.low)} to {show(own.high)} {own.unit}."
    if not 1 <= choice.readings <= MOST_READINGS:
        return f"{name} asks for 1 to {MOST_READINGS} readings in a row (got {choice.readings})."
    if not (choice.lasting_min.is_finite() and 0 <= choice.lasting_min <= MOST_MINUTES):
        return f"{name} lasts 0 to {MOST_MINUTES} minutes."
    if choice.lasting_min and choice.readings < 2:
        return f"{name} can last only over 2 readings or more; ask for as many."
    return (
        f"{name} has no symptom to ask for."
        if choice.only_with_symptom and not one.symptoms
        else ""
    )
