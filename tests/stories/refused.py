"""Somebody sends what cannot be taken: one sentence comes back, and nothing changes."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from ketaflow.cli.fictional.clinic import Team
from ketaflow.journal import queries as journal
from ketaflow.journal.models import Entry


@dataclass
class Pages:
    """The clinic's pages, as each of its people opens them."""

    team: Team
    clients: dict[str, Client] = field(default_factory=dict)

    def of(self, who: str) -> Client:
        if who not in self.clients:
            self.clients[who] = Client()
            self.clients[who].force_login(self.team.staff[who].user)
        return self.clients[who]

    def seen(self, stream: str) -> int:
        """The last entry of the stream that anybody could have on their page."""
        return journal.last_ordinal(clinic=self.team.clinic.id, stream=stream)

    def refuse(
        self, who: str, path: str, said: dict[str, Any], sentence: str, status: int = 422
    ) -> None:
        """`said` is sent to `path`, is answered with `sentence`, and changes nothing."""
        before = seals()
        answer = self.of(who).post(path, said)
        words = read(answer.content.decode())
        assert answer.status_code == status, f"{answer.status_code} for {sentence!r}: {words}"
        assert sentence in words, f"{sentence!r} is not in {words}"
        assert seals() == before, f"{sentence!r} was said, and yet something was written"


def seals() -> list[str]:
    """The seal of every entry of the record, but for who read what."""
    told = Entry.objects.exclude(stream__startswith="access/")
    return list(told.order_by("id").values_list("hash", flat=True))


def read(page: str) -> str:
    """The words of a page without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
