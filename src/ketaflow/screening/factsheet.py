"""Reads facts written by hand as JSON, strictly: an unknown word is refused, not skipped."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from ketaflow.people.chart import ChartItem, Coding, Kind, Sex
from ketaflow.refusals import BadFile
from ketaflow.screening.facts import VITALS, Facts
from ketaflow.screening.interview import read_answers
from ketaflow.screening.resistance import Response, Told, Trial
from ketaflow.screening.workup import items as workup_items

Word = TypeVar("Word", bound=StrEnum)

KEYS = (
    "age",
    "sex",
    "conditions",
    "medications",
    "allergies",
    "vitals",
    "labs",
    "answers",
    "antidepressant_trials",
    "workup",
)
ITEM_KEYS = ("text", "system", "code", "active", "started_on", "ended_on")
LAB_KEYS = ("on", "value", "unit", "result")
TRIAL_KEYS = ("drug", "dose", "started_on", "stopped_on", "ongoing", "adequate_dose", "outcome")
LISTS = {
    "conditions": Kind.CONDITION,
    "medications": Kind.MEDICATION,
    "allergies": Kind.ALLERGY,
}
OLDEST_YEARS = 130  # nobody has lived longer; what exceeds it is a slip of the pen


class NotFacts(BadFile):
    """A sheet of facts says something that is not a fact screening knows."""


def facts_from_json(sheet: object) -> Facts:
    """Facts from a sheet such as `{"age": 44, "sex": "female", "conditions": ["Depression"]}`.

    Raises:
        NotFacts: an unknown key, with the nearest one known, or a value of the wrong sort.
        NoSuchQuestion, NotAnAnswer: an answer the interview does not take.
    """
    table = _table(sheet, "The sheet", KEYS)
    listed = [
        _item(entry, kind, name)
        for name, kind in LISTS.items()
        for entry in _list(table.get(name, []), name)
    ]
    vitals = _vitals(table.get("vitals", {}))
    labs = _labs(table.get("labs", {}))
    trials = table.get("antidepressant_trials")
    return Facts(
        age_years=_age(table.get("age")),
        sex=_word(Sex, table.get("sex", "unknown"), "sex"),
        items=(*listed, *vitals, *labs),
        answers=read_answers(_table(table.get("answers", {}), "answers")),
        trials=None
        if trials is None
        else tuple(_trial(one) for one in _list(trials, "antidepressant_trials")),
        done=_done(table.get("workup", {})),
    )


def _table(value: object, where: str, allowed: Iterable[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotFacts(f"{where} must be an object with named values (got {_short(value)}).")
    known = tuple(allowed)
    for key in value:
        if known and key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0)[0]
            raise NotFacts(
                f"{where} has no {key!r}. Nearest: {near!r}. Allowed: {', '.join(known)}."
            )
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotFacts(f"{where} must be a list (got {_short(value)}).")
    return value


def _short(value: object) -> str:
    said = repr(value)
    return said if len(said) <= 40 else f"{said[:40]}…"


def _age(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= OLDEST_YEARS:
        raise NotFacts(
            f"age must be whole years from 0 to {OLDEST_YEARS} (got {_short(value)}): correct it."
        )
    return value


def _word(kind: type[Word], value: object, where: str) -> Word:
    try:
        return kind(str(value))
    except ValueError:
        allowed = ", ".join(kind)
        raise NotFacts(f"{where} must be one of {allowed} (got {_short(value)}).") from None


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise NotFacts(f"{where} must be true or false (got {_short(value)}).")
    return value


def _number(value: object, where: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number <= 0:
        raise NotFacts(f"{where} must be a number above 0 (got {_short(value)}).")
    return number


def _day(value: object, where: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotFacts(
            f"{where} must be a date such as 2026-01-31 (got {_short(value)})."
        ) from None


def _midnight(value: object, where: str) -> datetime | None:
    day = _day(value, where)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _item(entry: object, kind: Kind, where: str) -> ChartItem:
    table = _table({"text": entry} if isinstance(entry, str) else entry, where, ITEM_KEYS)
    text = table.get("text")
    if not isinstance(text, str) or not text.strip():
        raise NotFacts(f"Each of {where} needs a text (got {_short(entry)}).")
    code = table.get("code")
    return ChartItem(
        kind=kind,
        reference=f"sheet/{where}",
        text=text,
        codings=(Coding(str(table.get("system", "")), str(code)),) if code else (),
        active=_flag(table.get("active", True), f"{where}.active"),
        started_at=_midnight(table.get("started_on"), f"{where}.started_on"),
        ended_at=_midnight(table.get("ended_on"), f"{where}.ended_on"),
    )


def _vitals(value: object) -> Iterable[ChartItem]:
    table = _table(value, "vitals", (*VITALS, "taken_on"))
    taken_at = _midnight(table.get("taken_on"), "vitals.taken_on")
    for name, number in table.items():
        if name == "taken_on" or number is None:
            continue
        codes, unit = VITALS[name]
        yield ChartItem(
            kind=Kind.VITAL,
            reference=f"sheet/{name}",
            text=name,
            codings=(Coding("LOINC", min(codes)),),
            value=_number(number, f"vitals.{name}"),
            unit=unit,
            started_at=taken_at,
        )


def _labs(value: object) -> Iterable[ChartItem]:
    known = {part.key: part for item in workup_items().values() for part in item.laboratory}
    table = _table(value, "labs", known)
    for name, entry in table.items():
        lab = _table(entry, f"labs.{name}", LAB_KEYS)
        number = lab.get("value")
        yield ChartItem(
            kind=Kind.LABORATORY,
            reference=f"sheet/{name}",
            text=known[name].name,
            codings=tuple(Coding("LOINC", code) for code in sorted(known[name].codes)[:1]),
            value=None if number is None else _number(number, f"labs.{name}.value"),
            unit=str(lab.get("unit", "")),
            said=str(lab.get("result", "")),
            started_at=_midnight(lab.get("on"), f"labs.{name}.on"),
        )


def _trial(value: object) -> Trial:
    table = _table(value, "antidepressant_trials", TRIAL_KEYS)
    drug = table.get("drug")
    if not isinstance(drug, str) or not drug.strip():
        raise NotFacts(f"Each antidepressant trial needs its drug (got {_short(value)}).")
    started_on = _day(table.get("started_on"), "started_on")
    stopped_on = _day(table.get("stopped_on"), "stopped_on")
    if started_on and stopped_on and stopped_on < started_on:
        raise NotFacts(f"{drug} stops on {stopped_on}, before it starts on {started_on}.")
    return Trial(
        drug=drug,
        dose=str(table.get("dose", "")),
        started_on=started_on,
        stopped_on=stopped_on,
        ongoing=_flag(table.get("ongoing", False), "ongoing"),
        adequate_dose=_word(Told, table.get("adequate_dose", "unknown"), "adequate_dose"),
        outcome=_word(Response, table.get("outcome", "unknown"), "outcome"),
    )


def _done(value: object) -> Mapping[str, date]:
    table = _table(value, "workup", tuple(workup_items()))
    days = {name: _day(day, f"workup.{name}") for name, day in table.items()}
    return MappingProxyType({name: day for name, day in days.items() if day is not None})
