"""Who publishes this knowledge, and what has been said about how it came about."""

from typing import Final

PUBLISHER: Final = "neuropathic-cds-hooks"
DEVELOPER: Final = "The maintainers of neuropathic-cds-hooks, who put the cited sources into rules and cases"
FUNDING: Final = "The developer has named no funding source for the technical implementation"
COPYRIGHT: Final = (
    "Rules and texts: the contributors of neuropathic-cds-hooks, under the Apache License 2.0. The cited labels and "
    "guidelines belong to their publishers and are not reproduced."
)
PURPOSE: Final = (
    "To help prescribers treat neuropathic pain safely: advice at the moment of ordering, to be weighed against the "
    "patient. It does not replace the label or clinical judgement."
)
