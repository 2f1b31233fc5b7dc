"""The releases behind an answer: software, knowledge, the site's overlay, terminology."""

from dataclasses import dataclass

from cards.knowledge.loader import Knowledge
from cds_service.installation import version
from terminology.load import Terminology


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """`knowledge` is the calendar version of what is shipped, `knowledge_version` that with digests of the files and
    of the site's `overlay`, which is "" without one.
    """

    software: str
    knowledge: str
    knowledge_version: str
    overlay: str
    terminology: str

    def as_json(self) -> dict[str, str]:
        """For discovery and /readyz; without an overlay there is no member of that name."""
        own = {"overlay": self.overlay} if self.overlay else {}
        return {
            "software": self.software,
            "knowledge": self.knowledge,
            "knowledgeVersion": self.knowledge_version,
            **own,
            "terminology": self.terminology,
        }

    def words(self) -> str:
        """One line for a page."""
        own = f", site overlay {self.overlay}" if self.overlay else ""
        return (
            f"software {self.software}, knowledge {self.knowledge or self.knowledge_version}{own}, terminology "
            f"{self.terminology}"
        )


def releases(knowledge: Knowledge, terminology: Terminology) -> Releases:
    """What is running."""
    return Releases(
        software=version(),
        knowledge=knowledge.release,
        knowledge_version=knowledge.version,
        overlay=knowledge.overlay,
        terminology=terminology.version,
    )
