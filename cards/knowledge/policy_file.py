"""What a site decided about all cards: the shipped policy.yaml, and the values that a site's own file changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from cards.card import TOPIC_DISPLAY
from cards.knowledge.never_off import NeverOff, never_off
from cards.knowledge.schema_fields import Loaded
from cards.knowledge.strict_yaml import located, read

PATH: Final = Path(__file__).with_name("policy.yaml")
_TOPICS = tuple(name for name in TOPIC_DISPLAY if name != "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOff:
    """A topic that the site turned off, who answers for it, and why."""

    topic: str
    owner: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePolicy:
    """An overridden card is not repeated for `repeat_days`; an approval is due for review after `review_months`.

    `topics_off` by topic.
    """

    repeat_days: int
    max_cards: int
    review_months: int
    topics_off: Mapping[str, TopicOff] = field(default_factory=lambda: MappingProxyType({}))


class _TopicOffSchema(Loaded):
    makes = TopicOff
    topic = fields.String(required=True, validate=validate.OneOf(_TOPICS))
    owner = fields.String(required=True, validate=validate.Length(min=2))
    reason = fields.String(required=True, validate=validate.Length(min=5))


class _PolicySchema(Schema):
    repeat_days = fields.Integer(strict=True, validate=validate.Range(0, 365))
    max_cards = fields.Integer(strict=True, validate=validate.Range(1, 20))
    review_months = fields.Integer(strict=True, validate=validate.Range(1, 120))
    topics_off = fields.List(fields.Nested(_TopicOffSchema))


def read_policy(path: Path, base: SitePolicy | None = None, protected: NeverOff | None = None) -> SitePolicy:
    """The policy in `path`; what it does not name is as in `base`, else everything must be named.

    Raises KnowledgeFileError naming file, line and field.
    """
    document = read(path)
    try:
        values: dict[str, Any] = _PolicySchema(unknown=RAISE).load({} if document is None else document)
    except ValidationError as error:
        raise located(path, (), error) from error
    topics: dict[str, TopicOff] = {}
    kept = (protected or never_off()).topics
    for place, one in enumerate(values.pop("topics_off", ())):
        where = ("topics_off", place, "topic")
        if one.topic in kept:
            raise located(path, where, ValidationError(f"{one.topic} cannot be turned off"))
        if one.topic in topics:
            raise located(path, where, ValidationError(f"{one.topic} is named twice"))
        topics[one.topic] = one
    if base is not None:
        own = {
            "repeat_days": base.repeat_days,
            "max_cards": base.max_cards,
            "review_months": base.review_months,
        }
        return SitePolicy(**{**own, **values}, topics_off={**base.topics_off, **topics})
    for name in ("repeat_days", "max_cards", "review_months"):
        if name not in values:
            raise located(path, (), ValidationError(f"{name} is missing"))
    return SitePolicy(**values, topics_off=topics)


SHIPPED: Final = read_policy(PATH)
