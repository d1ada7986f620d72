"""Handing messages to the mail server or the text gateway, one after another.

What is promised: a message is marked handed over only when a server took it. What is not: that it
goes out once. When this process dies, or the line breaks, after the server took a message and
before that was written down, nobody can know; the message is sent again later, with the same
Message-ID, by which many mailboxes show it once. So: at least once, and never lost.
"""

import smtplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import translation
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime

from ketaflow.correspondence import actions, letter, queries
from ketaflow.correspondence.actions import InHand
from ketaflow.correspondence.outbox import Channel, Refusal, State
from ketaflow.journal.author import Author


@dataclass
class Tally:
    """What became of the messages of one round, by state."""

    handed_over: int = 0
    waiting: int = 0
    not_reached: int = 0

    def count(self, state: str) -> None:
        """Add one message that is now in `state`."""
        if state == State.HANDED_OVER:
            self.handed_over += 1
        elif state == State.QUEUED:
            self.waiting += 1
        else:
            self.not_reached += 1


def send_waiting(*, clinic: Any, by: Author, clock: Callable[[], datetime]) -> Tally:
    """Hand over whatever waits at a clinic; each message is taken in hand before it leaves."""
    connection, tally = get_connection(), Tally()
    try:
        while due := queries.to_send(clinic=clinic.id, at=clock()):
            for message in due:
                _send(connection, clinic, message, by, clock, tally)
    finally:
        _hang_up(connection)
    return tally


def _send(
    connection: Any,
    clinic: Any,
    message: UUID,
    by: Author,
    clock: Callable[[], datetime],
    tally: Tally,
) -> None:
    held = actions.take(message=message, by=by, at=clock())
    if held is None:
        return
    over = hand_over if held.channel is Channel.EMAIL else text
    refusal = over(connection, clinic, held)
    noted = actions.note_try(held=held, refusal=refusal, by=by, at=clock())
    tally.count(noted.state)


def hand_over(connection: Any, clinic: Any, held: InHand) -> Refusal | None:
    """Give one message to the server; None when it took it, else what it said."""
    try:
        connection.open()
        written(clinic, held, connection).send()
    except smtplib.SMTPRecipientsRefused as wrong:
        code, words = next(iter(wrong.recipients.values()))
        return Refusal(_text(words), code, about_address=True)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as wrong:
        _hang_up(connection)
        about_us = isinstance(wrong, smtplib.SMTPSenderRefused)
        return Refusal(_text(wrong.smtp_error), wrong.smtp_code, about_us=about_us)
    except (smtplib.SMTPException, OSError) as wrong:
        # No server, a broken line or a sign-in refused: nothing that speaks against the message.
        _hang_up(connection)
        return Refusal(f"No mail server took it: {wrong}", about_us=True)
    return None


def text(_: Any, clinic: Any, held: InHand) -> Refusal | None:
    """Give one text message to the gateway; None when it took it, else what it said."""
    if not settings.TEXT_GATEWAY:
        return Refusal("No gateway for text messages is set.", about_us=True)
    gateway = import_string(settings.TEXT_GATEWAY)()
    words = letter.text_message(link=_address(clinic, held), language=held.language)
    refusal: Refusal | None = gateway.send(to=held.to, words=words, reference=str(held.message))
    return refusal


def _address(clinic: Any, held: InHand) -> str:
    path = queries.link(clinic=clinic.id, invitation=held.invitation)
    return f"{settings.PORTAL_URL}/p/{path}/"


def written(clinic: Any, held: InHand, connection: Any = None) -> EmailMessage:
    """The message as it goes out; its link is made here and kept nowhere."""
    with translation.override(held.language or "en"):
        until = date_format(localtime(held.until, clinic.zone), r"l j F, H:i")
    said = letter.invitation(
        link=_address(clinic, held),
        until=until,
        phone=clinic.phone,
        purpose=held.purpose,
        language=held.language,
    )
    host = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    # The same each time, so that a second copy can be known for one; not bulk, not to be answered.
    headers = {"Message-ID": f"<{held.message}@{host}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(
        said.subject, said.body, to=[held.to], connection=connection, headers=headers
    )


def _hang_up(connection: Any) -> None:
    with suppress(smtplib.SMTPException, OSError):
        connection.close()


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
