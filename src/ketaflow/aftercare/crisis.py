"""The card a patient carries: what to notice, whom to call, in her own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from ketaflow import tables
from ketaflow.outcomes.suicidality import crisis_text
from ketaflow.protocol.figures import keys


@dataclass(frozen=True)
class CardLine:
    """One line; `says` is empty while nobody has filled it in."""

    key: str
    label: str
    says: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class CrisisCard:
    """The card and the sentence at its foot; `open` are the labels still empty."""

    lines: tuple[CardLine, ...]
    foot: str
    open: tuple[str, ...]


def card(said: Mapping[str, str]) -> CrisisCard:
    """The card with what is known: `signs`, `helps`, `people`, `clinic`, `crisis_line`."""
    rows = dict(tables.read("ketaflow.aftercare", "rules"))["content"]["card"]
    lines = tuple(
        CardLine(
            row["key"],
            row["label"],
            said.get(row["key"], "").strip(),
            keys(row, f"crisis card {row['key']}"),
        )
        for row in rows
    )
    foot = crisis_text(said.get("crisis_line", ""), watched=False)
    return CrisisCard(lines, foot, tuple(line.label for line in lines if not line.says))
