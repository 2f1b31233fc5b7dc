"""Decimals as the client wrote them: in FHIR 1.50 says more than 1.5, and a suggestion changes nothing by the way.

Requests are read into floats, which is fast and enough to evaluate with. Where a suggestion hands back a draft that
holds a float, the body is read once more for its numbers.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from cards.facts.resources import text


class _Written(float):
    """A number with the characters it was written in."""

    __slots__ = ("characters",)
    characters: str

    def __new__(cls, characters: str) -> "_Written":
        """The number as it is read."""
        made = super().__new__(cls, characters)
        made.characters = characters
        return made


def as_written(response: Mapping[str, Any], body: bytes) -> Mapping[str, Any]:
    """The response, with the numbers of the drafts it hands back as they stand in `body`. Raises nothing."""
    handed = list(_handed_back(response))
    if not _holds_float(handed):
        return response
    offered = {_name(one) for one in handed}
    try:
        read = json.loads(body, parse_float=_Written)
    except (ValueError, RecursionError):
        return response
    drafts = {_name(one): one for one in _named(read, offered)}
    return {**response, "cards": [_restored_card(card, drafts) for card in response["cards"]]}


def _handed_back(response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The updated drafts; what is newly created holds no number of the body."""
    for card in response.get("cards", ()):
        for suggestion in card.get("suggestions", ()):
            for action in suggestion.get("actions", ()):
                if action.get("type") == "update" and isinstance(action.get("resource"), dict):
                    yield action["resource"]


def _holds_float(value: Any) -> bool:
    """Whether a float stands anywhere in a JSON value."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return isinstance(value, float)
    for one in value:  # noqa: SIM110  `any` would make a generator for each of many small objects
        if not isinstance(one, str) and _holds_float(one):
            return True
    return False


def _name(resource: Mapping[str, Any]) -> tuple[str, str]:
    return text(resource.get("resourceType")), text(resource.get("id"))


def _named(read: Any, names: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The resources of these names in the context: what is handed back are its orders."""
    waiting = [read.get("context")] if isinstance(read, dict) else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "resourceType" in value and _name(value) in names:
                yield value
            else:
                waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _restored_card(card: dict[str, Any], drafts: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    if "suggestions" not in card:
        return card
    return card | {
        "suggestions": [
            one | {"actions": [_restored_action(action, drafts) for action in one["actions"]]}
            if "actions" in one
            else one
            for one in card["suggestions"]
        ]
    }


def _restored_action(action: dict[str, Any], drafts: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    resource = action.get("resource")
    if not isinstance(resource, dict) or _name(resource) not in drafts:
        return action
    return action | {"resource": _restored(resource, drafts[_name(resource)])}


def _restored(value: Any, written: Any) -> Any:
    """The value; where the same number stands at the same place of the draft, in the draft's characters."""
    if isinstance(value, dict) and isinstance(written, dict):
        return {name: _restored(item, written.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(written, list):
        besides = [None] * (len(value) - len(written))
        return [_restored(one, other) for one, other in zip(value, [*written, *besides], strict=False)]
    if isinstance(value, float) and not isinstance(written, bool) and _same(value, written):
        return orjson.Fragment(written.characters if isinstance(written, _Written) else str(written))
    return value


def _same(value: float, written: Any) -> bool:
    """Whether a number was written so; integers of more than 64 bits were read as floats."""
    try:
        return isinstance(written, _Written | int) and float(written) == value
    except OverflowError:
        return False
