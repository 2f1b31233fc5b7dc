"""What this server answers for artifacts: read, and a search by a few exact parameters."""

from typing import Final

from cards.knowledge.index import Knowledge
from cds_service.installation import version
from cds_service.publish.artifacts.metadata import Resource, canonical
from cds_service.publish.artifacts.repository import TYPES
from cds_service.publish.publisher import PUBLISHER

# (parameter, its type, what it matches)
SEARCH: Final = (
    ("_id", "token", "The id of the resource"),
    ("url", "uri", "Its canonical URL"),
    ("version", "token", "Its version"),
    ("name", "string", "The beginning of its name, without regard to case"),
    ("title", "string", "The beginning of its title, without regard to case"),
    ("status", "token", "Its publication status"),
)


def capability_statement(knowledge: Knowledge, dated: str, base: str) -> Resource:
    """The CapabilityStatement; `dated` is when this release began, `base` the address it is served at."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "artifacts",
        "url": canonical("CapabilityStatement", "artifacts"),
        "version": knowledge.version,
        "name": "Artifacts",
        "title": "Treatment knowledge on neuropathic pain as FHIR artifacts",
        "status": "active",
        "experimental": False,
        "date": dated,
        "publisher": PUBLISHER,
        "description": "Read and search of the knowledge behind the CDS Hooks service. No patient data, no writing.",
        "kind": "instance",
        "software": {"name": "neuropathic-cds-hooks", "version": version()},
        "implementation": {"description": "The artifacts in force at this site", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "readHistory": False,
                        "searchParam": [
                            {"name": name, "type": of_type, "documentation": words}
                            for name, of_type, words in SEARCH
                        ],
                    }
                    for kind in TYPES
                ],
            }
        ],
    }
