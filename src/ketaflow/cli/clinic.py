"""Getting at the clinic's record from the command line."""

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ketaflow.refusals import BadFile

if TYPE_CHECKING:
    from ketaflow.people.models import Clinic


def start() -> None:
    """Make the record reachable; call before importing a stage's queries or actions.

    Raises:
        BadFile: the settings cannot be used.
    """
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ketaflow.config.settings")
    # The record is patients': what is made from here on, nobody else on this machine may read.
    os.umask(0o077)
    try:
        django.setup()
    except ValueError as wrong:
        said = str(wrong).partition(" Did you")[0].rstrip(".")
        raise BadFile(f"A setting in the environment cannot be used: {said}. Correct it.") from None


def require_ready() -> None:
    """Refuse a database that is not in this version's shape, such as one just made.

    Raises:
        BadFile: says how to bring it up to date.
    """
    from io import StringIO

    from django.core.management import CommandError, call_command

    try:
        call_command("migrate", check_unapplied=True, verbosity=0, stdout=StringIO())
    except (CommandError, SystemExit):
        raise BadFile("The database is not up to date; run “ketaflow serve” once.") from None


def in_words(wrong: Exception) -> str:
    """What the disk or the database refused, as a sentence; nothing for any other fault."""
    if isinstance(wrong, OSError):
        which = f"{wrong.filename} cannot be used: " if wrong.filename else "The system says: "
        return f"{which}{wrong.strerror or wrong}. Mend that and try again."
    if wrong.__class__.__module__ != "django.db.utils":
        return ""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    said = " ".join(str(wrong).split()) or wrong.__class__.__name__
    return f"The record ({name}) cannot be used: {said.rstrip('.')}. Mend that and try again."


def now() -> datetime:
    """The time, read here because a command is a face."""
    from django.utils import timezone

    return timezone.now()


def named(name: str | None) -> "Clinic":
    """The clinic of that name, or the only one there is.

    Raises:
        BadFile: there is none, or several and none was named.
    """
    from ketaflow.people import queries

    known = queries.clinics()
    wanted = [one for one in known if name in (None, one.name)]
    if len(wanted) == 1:
        return wanted[0]
    if not known:
        raise BadFile("There is no clinic yet; run “ketaflow demo” or open one first.")
    names = ", ".join(one.name for one in known)
    raise BadFile(f"Which clinic? Name one with --clinic: {names}.")


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
