"""The option that names a site's overlay."""

from pathlib import Path
from typing import Any

import click


def overlay_option(command: Any) -> Any:
    """`--overlay DIR`; None leaves it to CDS_KNOWLEDGE_OVERLAY."""
    return click.option(
        "--overlay",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A site's overlay. Default: CDS_KNOWLEDGE_OVERLAY.",
    )(command)
