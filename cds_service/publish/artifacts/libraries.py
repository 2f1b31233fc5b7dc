"""Two libraries: the collection that a release is, and the table of predicates that conditions are written in."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date

from cards.knowledge.index import Knowledge
from cards.rules.inputs import PREDICATE_INPUTS
from cards.rules.names import PREDICATES
from cds_service.publish.artifacts.metadata import Resource, publishable
from cds_service.publish.attributes import INPUT_WORDS
from cds_service.publish.predicate_words import phrase

_TYPES = "http://terminology.hl7.org/CodeSystem/library-type"


def libraries(knowledge: Knowledge, on: date | None, members: Iterable[Resource]) -> list[Resource]:
    """The libraries of a release; `members` are the other resources of the release."""
    return [collection(knowledge, on, members), predicates(knowledge, on)]


def collection(knowledge: Knowledge, on: date | None, members: Iterable[Resource]) -> Resource:
    """The release as a manifest: every resource it is composed of, with its version."""
    resource = publishable(
        "Library",
        "knowledge",
        title="Treatment knowledge on neuropathic pain",
        version=knowledge.version,
        on=on,
        status="draft",
        description=(
            f"Release {knowledge.release or knowledge.version}: {len(knowledge.statements)} statements, "
            f"{len(knowledge.in_force)} of them in force at this site, with the value sets and maps they use."
        ),
    )
    return {
        **resource,
        "type": {"coding": [{"system": _TYPES, "code": "asset-collection"}]},
        "relatedArtifact": [
            {"type": "composed-of", "display": one["title"], "resource": f"{one['url']}|{one['version']}"}
            for one in members
        ],
    }


def predicates(knowledge: Knowledge, on: date | None) -> Resource:
    """The closed table of predicates: names, arguments, words, and what each reads."""
    lines = ["name\targuments\tmeans\treads"]
    for name, kinds in PREDICATES.items():
        reads = "; ".join(INPUT_WORDS[one] for one in PREDICATE_INPUTS[name]) or INPUT_WORDS["orders"]
        lines.append(f"{name}\t{' '.join(kinds)}\t{phrase(name)}\t{reads}")
    resource = publishable(
        "Library",
        "predicates",
        title="Predicates that conditions are written in",
        version=knowledge.version,
        on=on,
        status="draft",
        description=(
            "Each condition is a list of these predicates, joined by any or all. They are decided by the service; the "
            "table says in words what each means, {0}, {1} ... being its arguments, and what of the record it reads."
        ),
    )
    text = "\n".join(lines) + "\n"
    return {
        **resource,
        "type": {"coding": [{"system": _TYPES, "code": "logic-library"}]},
        "content": [
            {
                "contentType": "text/tab-separated-values",
                "title": "predicates.tsv",
                "data": b64encode(text.encode()).decode(),
            }
        ],
    }
