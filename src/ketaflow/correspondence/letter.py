"""What a message says: that something waits, and nothing about anybody's health.

No name of the patient, of the clinic, of a questionnaire or of a treatment: whoever reads over a
shoulder, or has the mailbox, learns that a form waits and no more.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """A message, ready to be sent."""

    subject: str
    body: str


def invitation(*, link: str, until: str, phone: str) -> Letter:
    """Ask somebody to open `link`, which works until `until`.

    Args:
        link: the whole address of the page.
        until: a day and time in words.
        phone: the number to call with questions, or an empty string.
    """
    call = f" Or call {phone}." if phone.strip() else ""
    lines = [
        "Hello,",
        "a short form is waiting for you. Open this page to answer it:",
        link,
        f"The link is for you alone. It works until {until}, and you can send the form once.",
        f"Did you not expect this? Then please delete this message.{call}",
        "Nobody reads replies to this address.",
    ]
    return Letter("A form is waiting for you", "\n\n".join(lines) + "\n")
