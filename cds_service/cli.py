"""The command line, `cds-service`."""

import click

from cds_service.commands.backtest import backtest_group
from cds_service.commands.db import db_group
from cds_service.commands.evaluate import evaluate_command, explain_command
from cds_service.commands.example import example_command
from cds_service.commands.feedback import feedback_group
from cds_service.commands.knowledge import knowledge_group
from cds_service.commands.registration import registration_command
from cds_service.commands.serve import serve_command
from cds_service.commands.terminology import terminology_group
from cds_service.installation import version


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="cds-service")
def main() -> None:
    """CDS Hooks service for neuropathic-pain treatment: advisory cards, computed from order and record."""


for command in (
    serve_command, evaluate_command, explain_command, example_command, knowledge_group, terminology_group,
    backtest_group, feedback_group, db_group, registration_command,
):  # fmt: skip
    main.add_command(command)
