"""The knowledge as this site has it, and the policy that goes with it: one way for service, commands and back-test."""

from datetime import date
from pathlib import Path

from cards.knowledge.checks import Names
from cards.knowledge.loader import Knowledge, load_knowledge
from cards.policy import site_policy as site_policy
from cds_service.settings import SettingsError


def site_knowledge(
    terminology: Names | None, overlay: Path | None, *, require_approval: bool = False
) -> Knowledge:
    """The shipped knowledge with the site's overlay. Raises KnowledgeFileError naming file, line and field.

    Ask it for `on(day)` before evaluating: switch-offs end on a day.
    """
    return load_knowledge(terms=terminology, overlay=overlay, require_approval=require_approval)


def refuse_nothing_in_force(knowledge: Knowledge, day: date) -> None:
    """Raises SettingsError where no statement can speak: every answer would look like "nothing to say"."""
    if knowledge.on(day).in_force:
        return
    if knowledge.require_approval:
        raise SettingsError(
            "CDS_REQUIRE_APPROVAL=on, and no statement is approved: every answer would be empty, as if all had been "
            "checked. Approve statements with 'cds-service knowledge approve', or leave the setting off."
        )
    raise SettingsError(
        "CDS_KNOWLEDGE_OVERLAY: no statement is in force: every answer would be empty, as if all had been checked"
    )
