"""A real mail server in the test's own process, which answers as it is told."""

import socket
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class PostOffice:
    """Keeps what it took; `answers` are given to the next messages instead, in order."""

    def __init__(self):
        self.taken, self.rcpt, self.data = [], [], []
        self.on_data = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data.pop(0)
        self.taken.append(envelope.content)
        if self.on_data:
            await self.on_data(len(self.taken))
        return "250 taken"

    @property
    def letters(self):
        return [message_from_bytes(one, policy=policy.default) for one in self.taken]

    @property
    def ids(self):
        return [one["Message-ID"] for one in self.letters]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def opened(office):
    """A running server for `office`."""
    server = Controller(office, hostname="127.0.0.1", port=free_port())
    server.start()
    return server


def given_to(settings, office):
    """Let the clinic hand its post to `office`; the running server."""
    server = opened(office)
    hand_over_at(settings, server.hostname, server.port)
    return server


def hand_over_at(settings, host, port):
    """Let the clinic hand its post over there, whoever listens."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = host, port
    settings.EMAIL_USE_TLS = False
