"""`cds-service serve`: gunicorn with the packaged configuration."""

import os
import socket
import sys
from importlib import import_module
from typing import Any

import click

from cds_service.commands.failures import Failed, reported
from cds_service.settings import Settings, check_exposure, is_loopback, read_settings


@click.command("serve")
@click.option("--host", help="Address to listen on; CDS_HOST, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port; CDS_PORT, else 8000.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes; CDS_WORKERS, else one per core up to 4."
)
def serve_command(host: str | None, port: int | None, workers: int | None) -> None:
    """Start the service."""
    # The configuration module and the workers read the environment, so the options go there.
    for name, value in (("CDS_HOST", host), ("CDS_PORT", port), ("CDS_WORKERS", workers)):
        if value is not None:
            os.environ[name] = str(value)
    with reported():
        settings = read_settings()
        check_exposure(settings, settings.host)
    _check_free(settings)
    click.echo(_welcome(settings), err=True)
    _run()


def _check_free(settings: Settings) -> None:
    """Says so at once when the address is taken or is not ours; gunicorn would retry for seconds."""
    # A master that replaces another (USR2), or that systemd started, was handed its socket.
    if settings.host.startswith("unix:") or {"GUNICORN_FD", "LISTEN_FDS"} & os.environ.keys():
        return
    try:
        found = socket.getaddrinfo(settings.host.strip("[]"), settings.port, type=socket.SOCK_STREAM)
    except OSError:
        raise Failed(f"cannot listen on {settings.host}: there is no such host") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise Failed(
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
                "Stop what uses it, or choose another with --port."
            ) from None


def _welcome(settings: Settings) -> str:
    at = settings.base_url or f"{settings.host}:{settings.port}"
    lines = [f"cds-service listens on {at}", f"  discovery: {at}/cds-services"]
    if "sandbox" in settings.pages:
        lines.append(f"  sandbox: {at}/")
    if "knowledge" in settings.pages:
        lines.append(f"  knowledge: {at}/knowledge")
    if settings.auth_required:
        lines.append(f"  clients: {settings.clients_file}")
    elif not is_loopback(settings.host):
        lines.append("  CDS_AUTH=off: anyone who can connect can call this service")
    return "\n".join(lines)


def _run() -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped,unused-ignore]

    class Application(BaseApplication):  # type: ignore[misc,unused-ignore]
        """gunicorn started from Python, so that it works from a wheel without any file beside it."""

        def load_config(self) -> None:
            """The packaged configuration, every public name of it that gunicorn knows."""
            module = import_module("cds_service.gunicorn_conf")
            for name, value in vars(module).items():
                if name in self.cfg.settings and value is not None:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            """The application, read once before the workers fork."""
            with reported():
                return import_module("cds_service.wsgi").app

    try:
        Application().run()
    except Failed as error:
        error.show()
        sys.exit(error.exit_code)
