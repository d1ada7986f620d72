"""Getting at the clinic's record from the command line."""

import os
import sys
from datetime import datetime

import click

from ketaflow.refusals import BadFile


def start() -> None:
    """Make the record reachable; call before importing a stage's queries or actions."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ketaflow.config.settings")
    django.setup()


def now() -> datetime:
    """The time, read here because a command is a face."""
    from django.utils import timezone

    return timezone.now()


def prepare() -> None:
    """Bring the database to this version's shape."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def say(words: str) -> None:
    """Tell the person at the terminal, on stderr."""
    click.echo(words, err=True)


def read_file(path: str) -> bytes:
    """The bytes of the file the user named.

    Raises:
        BadFile: it cannot be read; the message says why.
    """
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:
            return file.read()
    except OSError as wrong:
        raise BadFile(f"{path} cannot be read: {wrong.strerror}.") from None
