"""`ketaflow demo`: a fictional clinic in mid-morning, served."""

import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import IO

import click

from ketaflow.cli import clinic
from ketaflow.cli.serve import PORT, open_door, run
from ketaflow.refusals import Refused

PATIENTS = 60
FILLED = "filled-on"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option("--fresh", is_flag=True, help="Throw the fictional clinic away and make it again.")
@click.option("--seed", default=7, show_default=True, help="Other people, other stages.")
@click.option("--no-serve", is_flag=True, help="Fill it, but do not serve it.")
def command(host: str, port: int, fresh: bool, seed: int, no_serve: bool) -> None:
    """Serve a fictional clinic: sixty made-up patients, six chairs, sessions running.

    Its record is kept apart from any real clinic's. Example: ketaflow demo --port 8080
    """
    folder = Path(os.environ.get("KETAFLOW_DATA", "var")) / "demo"
    door = None if no_serve else open_door(host, port)
    held = _hold(folder)
    if folder.exists() and (fresh or not (folder / FILLED).exists()):
        # One that was left half made, by a Ctrl-C say, is of no use to anybody.
        shutil.rmtree(folder)
    os.environ["KETAFLOW_DATA"] = str(folder)
    # A demonstration never writes into the database a clinic was configured with.
    os.environ.pop("DATABASE_URL", None)
    folder.mkdir(parents=True, exist_ok=True)
    clinic.start()
    clinic.prepare()
    _fill(seed)
    _sign_ins()
    if door:
        run(door)
    held.close()


def _hold(folder: Path) -> IO[str]:
    """Keep a second demonstration away from `folder` for as long as this one lives.

    Raises:
        Refused: one is running there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    held = folder.with_suffix(".lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise Refused(
            f"A demonstration is running on {folder} already. Stop that one first, or give this "
            "one another place with KETAFLOW_DATA."
        ) from None
    return held


def _fill(seed: int) -> None:
    from ketaflow.cli.fictional.fill import fill

    done = Path(os.environ["KETAFLOW_DATA"]) / FILLED
    today = clinic.now().date().isoformat()
    if done.exists():
        if done.read_text() != today:
            clinic.say(f"This clinic's day was {done.read_text()}; --fresh makes today's.")
        return
    clinic.say(f"Making a fictional clinic with {PATIENTS} patients; this takes about a minute")
    with click.progressbar(length=PATIENTS + 1, label="Patients", file=sys.stderr) as bar:
        for _ in fill(clinic.now(), seed):
            bar.update(1)
    done.write_text(today)


def _sign_ins() -> None:
    from ketaflow.cli.fictional.clinic import PASSWORD, TEAM
    from ketaflow.people.roles import LABELS

    click.echo("\nSign in with one of these; the password is the same for all:")
    for key, (name, roles) in TEAM.items():
        said = ", ".join(LABELS[role].lower() for role in roles)
        click.echo(f"  {key + '@example.org':26} {name:18} {said}")
    click.echo(f"  password: {PASSWORD}\n")
