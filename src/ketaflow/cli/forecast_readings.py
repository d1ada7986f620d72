"""READINGS.json: a patient's own earlier sessions, for `ketaflow forecast --learn`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ketaflow.cli.json_file import read_json
from ketaflow.evidence.sources import cite
from ketaflow.pharmacology.doses import Dose, Infusion, NasalDose, infusion
from ketaflow.pharmacology.forecast import choose_all
from ketaflow.pharmacology.learning.learned import Learned, learn
from ketaflow.pharmacology.learning.readings import Earlier, Reading
from ketaflow.refusals import BadFile

KINDS = {"systolic_mmhg": "systolic", "cadss_total": "dissociation", "level_ng_ml": "level"}
WAYS = ("pump", "sprays", "dose_mg")
SESSION = frozenset([*WAYS, "duration_min", "session_number", "before", "readings"])
READING = frozenset([*KINDS, "at_min", "curve"])
BEFORE = frozenset(["systolic_mmhg", "cadss_total"])


def learn_from(path: Path, asked: Mapping[str, Any]) -> Learned:
    """What the readings in `path` teach a forecast that is `asked` for like this."""
    models = choose_all(drug=asked["drug"], route=asked["route"], model=asked["model"])
    # What a laboratory reports is the curve of the last model: the venous one where there are two.
    earlier = read_readings(path, curve=models[-1].series[0].name)
    return learn(earlier, **{key: value for key, value in asked.items() if key != "doses"})


def with_lesson(document: dict[str, Any], learned: Learned | None) -> dict[str, Any]:
    """The JSON document of a forecast with what was learned, or null where nothing was asked."""
    if learned is None:
        return {**document, "learned": None}
    used = learned.sources if learned.weights is not None else ()
    lesson = {
        "sessions": learned.sessions,
        "readings": dict(learned.readings),
        "people": learned.people,
        "effective_people": round(learned.effective, 1),
        "after_each_session": [round(one, 1) for one in learned.after],
        "refused": learned.refused or None,
        "words": learned.words,
        "assumed": list(learned.assumed),
        "sources": list(learned.sources),
    }
    return {
        **document,
        "sources": list(dict.fromkeys([*document["sources"], *used])),
        "citations": document["citations"]
        | {one.key: one.citation for one in (cite(used) if used else ())},
        "learned": lesson,
    }


def read_readings(path: Path, *, curve: str) -> tuple[Earlier, ...]:
    """The earlier sessions in `path`; a level that names no curve is one of `curve`.

    Raises:
        BadFile: it is not a list of sessions; says which and what is wrong with it.
    """
    told = read_json(path, what="a file of readings")
    if not isinstance(told, list):
        raise BadFile(f"{path} must be a list of sessions, each with its dose and its readings.")
    return tuple(
        session(row, f"{path}, session {number}", number, curve)
        for number, row in enumerate(told, start=1)
    )


def session(row: Any, where: str, number: int, curve: str) -> Earlier:
    """One session, its n-th in the file unless it says otherwise."""
    told = table(row, where, SESSION)
    numbered = told.get("session_number", number)
    if type(numbered) is not int or numbered < 1:
        raise BadFile(f"{where}: session_number must be a whole number from 1.")
    before = table(told.get("before", {}), f"{where}, before", BEFORE)
    return Earlier(
        doses=doses(told, where),
        readings=tuple(
            one
            for place, entry in enumerate(rows(told, "readings", where), start=1)
            for one in readings(table(entry, f"{where}, reading {place}", READING), where, curve)
        ),
        before=tuple(
            Reading(KINDS[key], 0.0, number_in(before, key, f"{where}, before")) for key in before
        ),
        session_number=numbered,
    )


def doses(told: Mapping[str, Any], where: str) -> tuple[Dose, ...]:
    """What was given: an even infusion, a pump programme or sprays."""
    ways = [way for way in WAYS if way in told]
    if len(ways) != 1 or ("duration_min" in told) != (ways == ["dose_mg"]):
        raise BadFile(f"{where} must have dose_mg with duration_min, or pump, or sprays.")
    if ways == ["dose_mg"]:
        return infusion(number_in(told, "dose_mg", where), number_in(told, "duration_min", where))
    made, amount = (Infusion, "rate_mg_min") if ways == ["pump"] else (NasalDose, "mg")
    keys, steps = frozenset(["at_min", amount]), rows(told, ways[0], where)
    return tuple(
        made(number_in(table(one, where, keys), "at_min", where), number_in(one, amount, where))
        for one in steps
    )


def readings(row: Mapping[str, Any], where: str, curve: str) -> Sequence[Reading]:
    """All that was read at one moment."""
    at_min = number_in(row, "at_min", where)
    found = [key for key in KINDS if key in row]
    named = row.get("curve", curve)
    if not found or not isinstance(named, str) or ("curve" in row and "level_ng_ml" not in row):
        raise BadFile(
            f"{where}: a reading has at_min and {', '.join(KINDS)}; a level may name its curve."
        )
    return [
        Reading(kind, at_min, number_in(row, key, where), named if kind == "level" else "")
        for key, kind in KINDS.items()
        if key in found
    ]


def table(row: Any, where: str, known: frozenset[str]) -> Mapping[str, Any]:
    """`row`, which must be a table of nothing but `known` keys."""
    if not isinstance(row, dict):
        raise BadFile(f"{where} must be a table with {', '.join(sorted(known))}.")
    for key in row:
        if key not in known:
            raise BadFile(f"{where} has '{key}'; it may have {', '.join(sorted(known))}.")
    return row


def rows(told: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    """The list under `key`."""
    found = told.get(key)
    if not isinstance(found, list):
        raise BadFile(f"{where}: {key} must be a list.")
    return found


def number_in(row: Mapping[str, Any], key: str, where: str) -> float:
    """The number under `key`."""
    value = row.get(key)
    # Larger than any reading, and no comparison holds for a number that is none.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise BadFile(f"{where}: {key} must be a number.")
    return float(value)
