"""The CDS Hooks response: cards, suggestions, actions, links, sources.

Field rules follow the CDS Hooks specification (2.0.1, valid in 3.0.0-ballot too): a summary of fewer
than 140 characters, `selectionBehavior` exactly where there are suggestions, absolute link URLs, no
null or empty member anywhere. A card that breaks one cannot be made.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from typing import Any, Literal

from cards.facts.resources import Resource
from terminology.canonical import CANONICAL_BASE as CANONICAL_BASE

MAX_SUMMARY = 139

TOPIC_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/card-topic"
OVERRIDE_REASON_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/override-reason"

Topic = Literal[
    "dosing", "interaction", "duplicate", "pregnancy", "lactation", "contraindication", "procedure",
    "monitoring", "data",
]  # fmt: skip

TOPIC_DISPLAY: dict[str, str] = {
    "dosing": "Dosing",
    "interaction": "Drug interaction",
    "duplicate": "Duplicate therapy",
    "pregnancy": "Pregnancy",
    "lactation": "Lactation",
    "contraindication": "Contraindication",
    "procedure": "Procedure or device",
    "monitoring": "Monitoring",
    "data": "Data needed for the check",
}


class Indicator(IntEnum):
    """Urgency of a card; ordered, so the worst of several is `max`."""

    info = 1
    warning = 2
    critical = 3


@dataclass(frozen=True)
class OverrideReason:
    """One reason a prescriber may give for not following the advice."""

    code: str
    display: str

    @cached_property
    def coding(self) -> dict[str, str]:
        """A Coding with system, code and display, all three required by the specification; made once."""
        return {"code": self.code, "system": OVERRIDE_REASON_SYSTEM, "display": self.display}


@dataclass(frozen=True)
class Source:
    """Label, guideline or data set the advice rests on."""

    label: str
    topic: Topic
    url: str | None = None

    @cached_property
    def stated(self) -> dict[str, Any]:
        """`source` of a card, made once; the topic is a Coding of this project's card-topic system."""
        out: dict[str, Any] = {"label": self.label}
        if self.url:
            out["url"] = self.url
        out["topic"] = {"system": TOPIC_SYSTEM, "code": self.topic, "display": TOPIC_DISPLAY[self.topic]}
        return out


@dataclass(frozen=True, slots=True)
class Link:
    """An absolute link; `label` is what the user reads."""

    label: str
    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("link url must be absolute")

    def as_json(self) -> dict[str, str]:
        """`links[]` entry of type absolute."""
        return {"label": self.label, "url": self.url, "type": "absolute"}


@dataclass(slots=True)
class Action:
    """Create or update of one whole FHIR resource, or deletion of the draft `resource_id` ("Type/id")."""

    type: Literal["create", "update", "delete"]
    description: str
    resource: Resource | None = None
    resource_id: str = ""

    def __post_init__(self) -> None:
        deletes = self.type == "delete"
        if deletes != (self.resource is None) or deletes != bool(self.resource_id):
            raise ValueError("a deletion names a resource, any other action holds one")

    def as_json(self) -> dict[str, Any]:
        """`actions[]` entry."""
        if self.type == "delete":
            return {"type": self.type, "description": self.description, "resourceId": self.resource_id}
        return {"type": self.type, "description": self.description, "resource": self.resource}


@dataclass(slots=True, kw_only=True)
class Suggestion:
    """A change the prescriber can accept with one click; `uuid` joins feedback to it."""

    label: str
    uuid: str
    actions: tuple[Action, ...]
    recommended: bool = False

    def __post_init__(self) -> None:
        if not self.label or not self.actions:
            raise ValueError("a suggestion needs a label and at least one action")

    def as_json(self) -> dict[str, Any]:
        """`suggestions[]` entry; isRecommended only where true."""
        out: dict[str, Any] = {"label": self.label, "uuid": self.uuid}
        if self.recommended:
            out["isRecommended"] = True
        out["actions"] = [action.as_json() for action in self.actions]
        return out


@dataclass(slots=True, kw_only=True)
class Card:
    """One card.

    `statements`, `order`, `drugs` and `daily_mg` (of the order) say what it came from; they stay out of the
    response.
    """

    uuid: str
    summary: str
    detail: str
    indicator: Indicator
    source: Source
    statements: tuple[str, ...] = ()
    order: str = ""
    drugs: tuple[str, ...] = ()
    daily_mg: Decimal | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: Literal["at-most-one", "any"] = "at-most-one"
    override_reasons: tuple[OverrideReason, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.summary) <= MAX_SUMMARY:
            raise ValueError(f"summary must have 1 to {MAX_SUMMARY} characters, has {len(self.summary)}")
        several = len(self.suggestions) > 1 and self.selection_behavior == "at-most-one"
        if several and sum(suggestion.recommended for suggestion in self.suggestions) > 1:
            raise ValueError("at most one suggestion may be recommended")

    def as_json(self) -> dict[str, Any]:
        """The card as CDS Hooks JSON, without empty members."""
        out: dict[str, Any] = {
            "uuid": self.uuid,
            "summary": self.summary,
            "indicator": self.indicator.name,
            "source": self.source.stated,
        }
        if self.detail:
            out["detail"] = self.detail
        if self.suggestions:
            out["suggestions"] = [suggestion.as_json() for suggestion in self.suggestions]
            out["selectionBehavior"] = self.selection_behavior
        if self.override_reasons:
            out["overrideReasons"] = [reason.coding for reason in self.override_reasons]
        if self.links:
            out["links"] = [link.as_json() for link in self.links]
        return out
