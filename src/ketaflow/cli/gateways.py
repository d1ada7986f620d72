"""Who carries text messages: a gateway takes one, or says why not. Each clinic chooses its own.

`KETAFLOW_TEXT_GATEWAY` names one of these, or any other class with the same method, by its dotted
path. Without one no text message is queued, and patients are not asked for a number.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

from ketaflow.correspondence.outbox import Refusal

WAITS_S = 15
UNAUTHORISED = frozenset({401, 403})
TOO_MANY = 429
LATER = 500
NO_SUCH_NUMBER = frozenset({404, 410})
LEAST_SAID = 200


class Gateway(Protocol):
    """Carries one text message."""

    def send(self, *, to: str, words: str, reference: str) -> Refusal | None:
        """Hand over `words` for the number `to`; None when the gateway took them.

        `reference` is the same each time one message is handed over, so that a second copy can be
        known for one.
        """


class Console:
    """Prints the message: for a demonstration, which sends nothing."""

    def send(self, *, to: str, words: str, reference: str) -> None:
        """Print it."""
        sys.stdout.write(f"Text message {reference} to {to}: {words}\n")


class Outfile:
    """Writes each message as a line of JSON to the file named by KETAFLOW_TEXT_FILE."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(os.environ["KETAFLOW_TEXT_FILE"])

    def send(self, *, to: str, words: str, reference: str) -> Refusal | None:
        """Append it; what cannot be written is tried again later."""
        line = json.dumps({"to": to, "text": words, "reference": reference}, ensure_ascii=False)
        try:
            with self.path.open("a", encoding="utf-8") as out:
                out.write(line + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as wrong:
            return Refusal(f"The file could not be written: {wrong}", about_us=True)
        return None


class Http:
    """Posts JSON {to, text, reference} to KETAFLOW_TEXT_URL, with KETAFLOW_TEXT_TOKEN as bearer.

    2xx means taken. 404 and 410 mean that the number is none, other 4xx that the message is
    refused for good; 401, 403, 429, 5xx and silence are tried again.
    """

    def __init__(self, url: str = "", token: str = "") -> None:
        self.url = url or os.environ["KETAFLOW_TEXT_URL"]
        self.token = token or os.environ.get("KETAFLOW_TEXT_TOKEN", "")
        if not self.url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("KETAFLOW_TEXT_URL must begin with https://; a number is private.")

    def send(self, *, to: str, words: str, reference: str) -> Refusal | None:
        """Post it."""
        body = json.dumps({"to": to, "text": words, "reference": reference}).encode()
        heads = {"Content-Type": "application/json", "Idempotency-Key": reference}
        if self.token:
            heads["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(self.url, body, heads, method="POST")
        try:
            with urllib.request.urlopen(asked, timeout=WAITS_S):
                return None
        except urllib.error.HTTPError as wrong:
            said = wrong.read(LEAST_SAID).decode("utf-8", "replace")
            return refused(wrong.code, said)
        except OSError as wrong:
            return Refusal(f"No gateway took it: {wrong}", about_us=True)


def refused(status: int, said: str) -> Refusal:
    """What an HTTP status that is no success means for a message.

    Source:
        RFC 9110, 15.5 and 15.6; RFC 6585, 4 (429).
    """
    words = f"The gateway said {status}. {said}".strip()
    if status in UNAUTHORISED or status == TOO_MANY or status >= LATER:
        return Refusal(words, about_us=True)
    return Refusal(words, about_address=status in NO_SUCH_NUMBER, final=True)
