"""`ketaflow check`: examine this installation."""

import click

from ketaflow.cli import clinic
from ketaflow.refusals import BadFile


@click.command()
def command() -> None:
    """Examine the settings, the database, the assets and every clinical table that ships.

    Example: ketaflow check
    """
    clinic.start()
    from io import StringIO

    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    try:
        call_command("check", stdout=StringIO())
    except SystemCheckError as wrong:
        raise BadFile(f"The settings do not pass: {wrong}") from None
    clinic.require_ready()
    _assets()
    _tables()
    _wording()


def _assets() -> None:
    from django.contrib.staticfiles import finders

    if finders.find("ketaflow/ketaflow.css") is None:
        raise BadFile("The stylesheet is not built; run scripts/assets.")
    click.echo("settings, database and assets are in order")


def _tables() -> None:
    from ketaflow.evidence.sources import register
    from ketaflow.instruments.library import library
    from ketaflow.people.consent import consent_texts
    from ketaflow.portal.information.pages import pages
    from ketaflow.protocol.library import protocols

    click.echo(
        f"{len(register())} sources, {len(protocols())} protocols, {len(library())} instruments, "
        f"{len(consent_texts())} consent texts and {len(pages())} pages of information load"
    )


def _wording() -> None:
    from django.conf import settings

    from ketaflow.instruments import licensed

    if refusals := licensed.adopt(settings.DATA / "instruments"):
        raise BadFile(" ".join(refusals))
