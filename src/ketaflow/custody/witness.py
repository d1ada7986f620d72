"""The second pair of eyes: another person, in a role that may, who proved it a moment ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ketaflow.journal.author import Author
from ketaflow.people.roles import Duty, may, require
from ketaflow.refusals import Refused

WITHIN = timedelta(minutes=2)


class NoWitness(Refused):
    """Nobody else stood by, or too long ago."""


@dataclass(frozen=True)
class Witness:
    """Who stood by, and when they proved with their own password who they are."""

    author: Author
    proved_at: datetime


def stand_by(witness: Witness, *, by: Author, at: datetime) -> dict[str, Any]:
    """The witness as an entry keeps it.

    Raises:
        NoWitness: it is the same person, from elsewhere, or proved longer ago than two minutes.
        NotYours: their roles do not let them stand by.
    """
    who = witness.author
    if who.id is None or who.id == by.id:
        raise NoWitness(
            f"{by.name} cannot witness their own work. Ask another person to sign with their "
            "own e-mail address and password."
        )
    if who.clinic != by.clinic:
        raise NoWitness("The witness does not work at this clinic. Ask somebody who does.")
    require(who, Duty.WITNESS_DRUGS)
    if not timedelta(0) <= at - witness.proved_at <= WITHIN:
        raise NoWitness(
            f"{who.name} signed longer than two minutes ago. Ask them to type their password again."
        )
    return {
        "id": str(who.id),
        "name": who.name,
        "roles": list(who.roles),
        "proved_at": witness.proved_at.isoformat(),
    }


def seconds(told: Mapping[str, Any], at: datetime) -> int:
    """Whole seconds between a witness's proof, as an entry keeps it, and the act itself."""
    return round((at - datetime.fromisoformat(told["proved_at"])).total_seconds())


def wrong(told: Mapping[str, Any] | None, *, by: object, at: datetime) -> str:
    """Why a witness on record is none, in a few words; empty when all is well."""
    if told is None:
        return "nobody witnessed it"
    if str(told["id"]) == str(by):
        return "whoever did it witnessed it"
    if not 0 <= seconds(told, at) <= WITHIN.total_seconds():
        return "the witness had not proved who they are within two minutes"
    may_witness = may(tuple(told["roles"]), Duty.WITNESS_DRUGS)
    return "" if may_witness else "the witness had no role that may"
