"""`cds-service registration`: the guide for the analyst who connects an EHR."""

from datetime import UTC, datetime

import click

from cds_service.commands.failures import reported
from cds_service.hooks.invoke import load_engine
from cds_service.publish.registration import registration_guide
from cds_service.security.clients import read_clients
from cds_service.settings import read_settings


@click.command("registration")
def registration_command() -> None:
    """Print the guide for connecting an EHR, in Markdown.

    It lists endpoints, prefetch to type in, scopes, token settings, override reasons and how to see each card,
    all as this server is set by its CDS_* environment: run it with the same.
    """
    with reported():
        settings = read_settings()
        file = settings.clients_file
        clients = read_clients(file, plain_http=settings.fhir_http_any) if file is not None else ()
        click.echo(registration_guide(load_engine(settings), clients, datetime.now(UTC)), nl=False)
