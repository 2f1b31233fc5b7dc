"""Value sets, maps and code systems: those of the terminology, and the code systems that cards use."""

from collections.abc import Iterable, Iterator
from datetime import date

from cards.card import OVERRIDE_REASON_SYSTEM, TOPIC_DISPLAY, TOPIC_SYSTEM
from cards.compose import ALL_OVERRIDE_REASONS
from cds_service.publish.artifacts.metadata import CRMI, Resource, publishable
from terminology.load import Terminology
from terminology.published import resources


def code_resources(terms: Terminology, version: str, on: date | None) -> Iterator[Resource]:
    """Everything with codes in it; `version` is that of the cards' own code systems."""
    for resource in resources(terms):
        yield _publishable(resource, on)
    topics = TOPIC_DISPLAY.items()
    yield _system("card-topic", TOPIC_SYSTEM, "Topics of cards", version, on, topics)
    reasons = [(one.code, one.display) for one in ALL_OVERRIDE_REASONS]
    title = "Reasons for not following a card"
    yield _system("override-reason", OVERRIDE_REASON_SYSTEM, title, version, on, reasons)


def _publishable(resource: Resource, on: date | None) -> Resource:
    kind = resource["resourceType"]
    added: Resource = {"meta": {"profile": [f"{CRMI}/crmi-publishable{kind.lower()}"]}}
    if on is not None:
        added["date"] = on.isoformat()
    head = {"resourceType": kind, "id": resource["id"], **added}
    return {**head, "description": f"{resource['title']}.", **resource}


def _system(
    name: str, url: str, title: str, version: str, on: date | None, concepts: Iterable[tuple[str, str]]
) -> Resource:
    resource = publishable(
        "CodeSystem", name, title=title, version=version, on=on, status="active", description=f"{title}."
    )
    return {
        **resource,
        "url": url,
        "caseSensitive": True,
        "content": "complete",
        "concept": [{"code": code, "display": display} for code, display in concepts],
    }
