"""Failures of commands: one clear line on standard error and exit code 2, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cards.knowledge.strict_yaml import KnowledgeFileError
from cds_service.errors import Refused
from cds_service.installation import InstallationError
from cds_service.settings import SettingsError
from terminology.csv_tables import TableError


class Failed(click.ClickException):
    """A command that could not do its work; the message says why and what to do."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Prints the message without click's usage lines."""
        click.echo(f"cds-service: {self.format_message()}", err=True, file=file)


@contextmanager
def reported() -> Iterator[None]:
    """Turns what is wrong with settings, installation, knowledge or a request into Failed."""
    try:
        yield
    except Refused as error:
        said = "; ".join(problem.diagnostics for problem in error.problems)
        raise Failed(f"the service answers {error.status} to this request: {said}") from error
    except (SettingsError, InstallationError, KnowledgeFileError, TableError) as error:
        raise Failed(str(error)) from error
