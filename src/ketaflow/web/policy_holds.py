"""The hold rules on the policy page: one row for each, off unless the director switches it on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from ketaflow.evidence.sources import cite
from ketaflow.protocol.holds import shapes
from ketaflow.protocol.holds.rules import IN_WORDS, Advice
from ketaflow.protocol.holds.shapes import Choice, Shape

WORDS = {
    Advice.NOTE: "Note it",
    Advice.ASK: "Ask somebody to look",
    Advice.HOLD: "Hold the drug",
    Advice.STOP: "Advise to stop",
}
NOT_USED = [("", "Not used"), *((one.value, WORDS[one]) for one in Advice)]


@dataclass(frozen=True)
class HoldRow:
    """One rule of the page: its shape, its fields, and the sources it rests on."""

    shape: Shape
    compares: str
    fields: tuple[Any, ...]
    sources: tuple[Any, ...]


def add_fields(form: forms.Form) -> None:
    """Give `form` the fields of every rule."""
    for key, one in shapes.shapes().items():
        name = f"Hold rule, {one.label}"
        form.fields[f"{key}-action"] = forms.ChoiceField(
            label=f"{name}: what it asks for", choices=NOT_USED, required=False
        )
        if one.own:
            form.fields[f"{key}-value"] = _number(f"{name}: number, {one.unit}")
        form.fields[f"{key}-readings"] = forms.IntegerField(
            label=f"{name}: readings in a row", required=False, widget=_box()
        )
        form.fields[f"{key}-minutes"] = _number(f"{name}: over so many minutes")
        if one.symptoms:
            form.fields[f"{key}-symptom"] = forms.BooleanField(
                label=f"{name}: only with a symptom of a hypertensive crisis", required=False
            )


def initial(signed: list[dict[str, Any]]) -> dict[str, Any]:
    """The signed rules as the page shows them."""
    found: dict[str, Any] = {}
    for rule in signed:
        said = {"action": rule["action"], "value": rule["value"], "readings": rule["readings"]}
        said |= {"minutes": rule["lasting_min"], "symptom": bool(rule["symptoms"])}
        found |= {f"{rule['key']}-{part}": value for part, value in said.items()}
    return found


def choices(told: Mapping[str, Any]) -> dict[str, Choice]:
    """What the director chose, by rule; what is not used is left out."""
    return {
        key: Choice(
            advice=Advice(told[f"{key}-action"]),
            value=told.get(f"{key}-value"),
            readings=told[f"{key}-readings"] if told.get(f"{key}-readings") is not None else 1,
            lasting_min=_or(told.get(f"{key}-minutes"), 0),
            only_with_symptom=bool(told.get(f"{key}-symptom")),
        )
        for key in shapes.shapes()
        if told.get(f"{key}-action")
    }


def check(form: forms.Form, told: Mapping[str, Any]) -> None:
    """Put what cannot be meant beside its own rule."""
    for key, choice in choices(told).items():
        if wrong := shapes.implausibility(shapes.shapes()[key], choice):
            form.add_error(f"{key}-action", wrong)


def rows(form: forms.Form) -> Iterator[HoldRow]:
    """The rules for the page, in the order of their files."""
    for key, one in shapes.shapes().items():
        amount = f"“{one.limit.label}”" if one.limit else f"so many {one.unit}"
        change = "a rise of " if one.change else ""
        parts = [f"{key}-{part}" for part in ("action", "value", "readings", "minutes", "symptom")]
        yield HoldRow(
            shape=one,
            compares=change + IN_WORDS[one.op].format(amount),
            fields=tuple(form[part] if part in form.fields else None for part in parts),
            sources=tuple(cite(one.sources)),
        )


def _number(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, max_digits=6, decimal_places=1, widget=_box()
    )


def _box() -> forms.TextInput:
    return forms.TextInput({"inputmode": "decimal", "class": "govuk-input--width-3"})


def _or(value: Decimal | None, otherwise: int) -> Decimal:
    return Decimal(otherwise) if value is None else value
