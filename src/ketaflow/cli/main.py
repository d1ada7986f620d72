"""The `ketaflow` command. Words go to stderr, data to stdout.

Exit codes: 0 done · 2 the command line is wrong · 10 a file cannot be read or is not what it
should be · 11 outside an envelope · 12 a clinical rule forbids it · 13 the record does not verify.
"""

import importlib
import sys
from typing import NoReturn

import click

from ketaflow.refusals import BadFile, Refused

COMMANDS = {
    "check": "Examine this installation.",
    "cite": "Cite in BibTeX what a model, a protocol or a forecast rests on.",
    "custody": "Balance, verify or export the custody of controlled drugs.",
    "demo": "Serve a fictional clinic in mid-morning.",
    "devices": "Take in what monitors send.",
    "dose": "Work out a dose from a protocol and a weight.",
    "fhir": "Take FHIR bundles in.",
    "forecast": "Forecast concentration and effect with their uncertainty.",
    "instruments": "List the questionnaires, or check a clinic's own wording of one.",
    "journal": "Verify the record, or rebuild what is read from it.",
    "models": "List the PK/PD models.",
    "outbox": "Send the messages that wait, or list them.",
    "protocols": "List the protocols.",
    "score": "Score a questionnaire.",
    "safety": "Take overdue safety tasks to the next person.",
    "screen": "Say whether a person may be treated, and why.",
    "serve": "Serve the clinic.",
    "trial": "Run a virtual trial, its arms side by side.",
}


class Lazy(click.Group):
    """Imports a command only when it is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in alphabetical order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command `cmd_name` from its own module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ketaflow.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ketaflow")
def group() -> None:
    """Ketaflow runs ketamine therapy from referral to aftercare."""


def main() -> None:
    """Run the command line; a refusal becomes one sentence and its exit code."""
    try:
        group()
    except Refused as refusal:
        _stop(refusal)
    except Exception as wrong:
        from ketaflow.cli.clinic import in_words

        if not (sentence := in_words(wrong)):
            raise
        _stop(BadFile(sentence))


def _stop(refusal: Refused) -> NoReturn:
    click.echo(f"ketaflow: {refusal}", err=True)
    sys.exit(refusal.exit_code)
