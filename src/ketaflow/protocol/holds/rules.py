"""A hold rule as the medical director signed it: what is compared with what, and what to say then.

A rule reminds people of their own clinic's policy. It is no alarm and stops nothing by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any

from ketaflow.protocol.figures import show

OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {">=": ge, ">": gt, "<=": le, "<": lt}
IN_WORDS = {">=": "{} or more", ">": "more than {}", "<=": "{} or less", "<": "less than {}"}
EFFECT = "effect"


class Advice(StrEnum):
    """What a rule asks for when it is met, from the mildest to the gravest."""

    NOTE = "note"
    ASK = "ask"
    HOLD = "hold"
    STOP = "stop"

    @property
    def label(self) -> str:
        """The advice in words, as a heading."""
        return LABELS[self]

    @property
    def asks(self) -> bool:
        """Whether somebody must say that they have seen it."""
        return self is not Advice.NOTE

    @property
    def holds(self) -> bool:
        """Whether no more drug is given until somebody releases it."""
        return self in (Advice.HOLD, Advice.STOP)


LABELS = {
    Advice.NOTE: "Note",
    Advice.ASK: "Look at the patient",
    Advice.HOLD: "Hold: no more drug until released",
    Advice.STOP: "Stop advised: no more drug until released",
}


@dataclass(frozen=True)
class Rule:
    """One rule of the policy, whole: an old session is read with the words of its day.

    `readings` and `lasting_min` say for how many readings in a row, and over how many minutes, it
    must be so; 1 and 0 mean at once. `symptoms` are side effects of which one must be on record.
    `effects` are those that are themselves compared, by their severity.
    """

    key: str
    label: str
    what: str
    op: str
    value: Decimal
    unit: str
    change: bool
    readings: int
    lasting_min: Decimal
    effects: tuple[str, ...]
    symptoms: tuple[str, ...]
    advice: Advice
    sources: tuple[str, ...]
    signed_by: str = ""
    version: str = ""

    def crossed(self, value: Decimal) -> bool:
        """Whether `value` (or its change since baseline) is what the rule speaks of."""
        return OPERATORS[self.op](value, self.value)

    @property
    def words(self) -> str:
        """The rule as a clinician would say it.

        >>> Rule("systolic-stop", "Systolic pressure", "systolic", ">=", Decimal(200), "mmHg",
        ...      False, 2, Decimal(5), (), (), Advice.HOLD, ("S37",)).words
        'Systolic pressure of 200 mmHg or more, in 2 readings in a row, over 5 minutes'
        """
        amount = IN_WORDS[self.op].format(f"{show(self.value)} {self.unit}")
        if self.what == EFFECT:
            said = f"{self.label}, severity {amount}"
        elif self.change:
            said = f"{self.label} {amount} above baseline"
        else:
            said = f"{self.label} of {amount}"
        if self.readings > 1:
            said += f", in {self.readings} readings in a row"
        if self.lasting_min:
            said += f", over {show(self.lasting_min)} minutes"
        return said + (", with a symptom" if self.symptoms else "")

    @property
    def origin(self) -> str:
        """Where the rule comes from: who signed it in which version, and its sources."""
        return (
            f"policy version {self.version}, signed by {self.signed_by}; {', '.join(self.sources)}"
        )

    def payload(self) -> dict[str, Any]:
        """The rule as plain values for the journal."""
        return {
            "key": self.key,
            "label": self.label,
            "what": self.what,
            "op": self.op,
            "value": str(self.value),
            "unit": self.unit,
            "change": self.change,
            "readings": self.readings,
            "lasting_min": str(self.lasting_min),
            "effects": list(self.effects),
            "symptoms": list(self.symptoms),
            "action": self.advice.value,
            "source": list(self.sources),
        }


def from_payload(told: Mapping[str, Any], *, signed_by: str, version: str) -> Rule:
    """The rule that `told` says, as it was signed."""
    return Rule(
        key=told["key"],
        label=told["label"],
        what=told["what"],
        op=told["op"],
        value=Decimal(told["value"]),
        unit=told["unit"],
        change=told["change"],
        readings=told["readings"],
        lasting_min=Decimal(told["lasting_min"]),
        effects=tuple(told["effects"]),
        symptoms=tuple(told["symptoms"]),
        advice=Advice(told["action"]),
        sources=tuple(told["source"]),
        signed_by=signed_by,
        version=version,
    )
