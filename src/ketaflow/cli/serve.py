"""`ketaflow serve`: serve the clinic."""

import click

from ketaflow.cli import clinic


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def command(host: str, port: int) -> None:
    """Bring the database up to date and serve the clinic.

    Example: ketaflow serve --port 8080
    """
    clinic.start()
    clinic.prepare()
    run(host, port)


def run(host: str, port: int) -> None:
    """Serve until interrupted."""
    import uvicorn

    clinic.say(f"Ketaflow is at http://{host}:{port}/  (Ctrl-C stops it)")
    uvicorn.run(
        "ketaflow.config.asgi:application",
        host=host,
        port=port,
        log_level="warning",
        lifespan="off",
    )
