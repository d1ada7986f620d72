"""Writes down what a story did, for a clinician to read; and says when the page is stale."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill

DOCS = Path(__file__).parents[2] / "docs/stories"
WIDE = 96
REWRITE = "KETAFLOW_WRITE_STORIES"


@dataclass
class Chapter:
    """One story as a page of the manual, written while it happens."""

    name: str
    parts: list[str] = field(default_factory=list)

    def title(self, words: str) -> None:
        self.parts.append(f"# {words}")

    def heading(self, words: str) -> None:
        self.parts.append(f"## {words}")

    def tell(self, words: str) -> None:
        self.parts.append(fill(words, WIDE, break_long_words=False, break_on_hyphens=False))

    def quote(self, words: str) -> None:
        """What the page itself says; what it says in one breath stands together."""
        inside = fill(words, WIDE - 2, break_long_words=False, break_on_hyphens=False)
        quoted = "\n".join(f"> {line}" for line in inside.splitlines())
        if self.parts and self.parts[-1].startswith(">"):
            quoted = f"{self.parts.pop()}\n>\n{quoted}"
        self.parts.append(quoted)

    def close(self) -> None:
        """The page in the manual says just this; `KETAFLOW_WRITE_STORIES=1` writes it anew."""
        page = DOCS / f"{self.name}.md"
        told = "\n\n".join(self.parts) + "\n"
        if os.environ.get(REWRITE):
            DOCS.mkdir(parents=True, exist_ok=True)
            page.write_text(told)
        kept = page.read_text() if page.exists() else ""
        assert kept == told, f"{page.name} tells another story: run this test with {REWRITE}=1"
