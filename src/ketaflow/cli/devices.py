"""`ketaflow devices`: take in what monitors send."""

import asyncio

import click

from ketaflow.cli import clinic
from ketaflow.cli.serve import PORT, open_door


@click.group()
def command() -> None:
    """Take in what monitors send.

    Example: ketaflow devices listen
    """


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=2575, show_default=True, type=PORT)
@click.option("--clinic", "clinic_name", help="The clinic's name, where there are several.")
def listen(host: str, port: int, clinic_name: str | None) -> None:
    """Take HL7 v2 ORU^R01 over MLLP; a reading is acknowledged once it is on disk.

    Readings join the session in the chair their monitor is bound to; all others wait on the page
    “Monitors”. MLLP has neither sign-in nor encryption: listen only where monitors alone can reach.

    Example: ketaflow devices listen --port 2575
    """
    door = open_door(host, port)
    clinic.start()
    clinic.require_ready()
    from ketaflow.devices.keeping import Keeper
    from ketaflow.devices.listener import Listener

    ours = clinic.named(clinic_name)
    listener = Listener(Keeper(ours.id, clinic.now), ours.zone)
    where, at = door.getsockname()[:2]
    clinic.say(
        f"Ketaflow listens for the monitors of {ours.name} at "
        f"{f'[{where}]' if ':' in where else where}:{at}  (Ctrl-C stops it)"
    )
    asyncio.run(listener.serve(door))
    told = ", ".join(f"{count} {what}" for what, count in sorted(listener.answered.items()))
    clinic.say(f"Stopped. {told or 'Nothing was received'}.")
