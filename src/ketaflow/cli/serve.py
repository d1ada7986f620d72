"""`ketaflow serve`: serve the clinic."""

import os
import socket
from threading import Event

import click

from ketaflow.cli import clinic, rounds, warming

# 0 lets the system choose a free one.
PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option(
    "--rounds/--no-rounds",
    "going_round",
    default=True,
    help="Hand over post and take unheeded safety tasks further, every 30 seconds.",
)
@click.option(
    "--reminders", is_flag=True, help="Also remind of visits and send what courses ask for."
)
def command(host: str, port: int, going_round: bool, reminders: bool) -> None:
    """Bring the database up to date and serve the clinic.

    Example: ketaflow serve --port 8080 --reminders
    """
    door = open_door(host, port)
    os.environ.setdefault("KETAFLOW_POOL", "20")
    clinic.start()
    clinic.prepare()
    over = Event()
    if going_round:
        rounds.begin(reminding=reminders, over=over)
    run(door)
    over.set()


def open_door(host: str, port: int) -> socket.socket:
    """The address to serve at, taken before anything else is done.

    Raises:
        click.UsageError: it cannot be had; says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    # A server that was killed a moment ago must not keep its successor out.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(2048)
    except OSError as wrong:
        door.close()
        raise click.UsageError(
            f"{host} port {port} cannot be served: {(wrong.strerror or str(wrong)).lower()}. "
            "Stop what is running there, or choose another with --port or --host."
        ) from None
    return door


def run(door: socket.socket) -> None:
    """Serve until interrupted."""
    import warnings

    import uvicorn

    # Static files come through synchronous middleware; Django warns at each one that it waits.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")

    warming.begin()
    host, port = door.getsockname()[:2]
    clinic.say(
        f"Ketaflow is at http://{f'[{host}]' if ':' in host else host}:{port}/  (Ctrl-C stops it)"
    )
    config = uvicorn.Config(
        "ketaflow.config.asgi:application",
        log_level="warning",
        lifespan="off",
        # Live pages never end by themselves; they come back when the clinic does.
        timeout_graceful_shutdown=2,
    )
    try:
        uvicorn.Server(config).run(sockets=[door])
    except KeyboardInterrupt:
        clinic.say("Stopped.")
