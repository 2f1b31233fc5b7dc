"""The procedures that the sandbox offers to order: value sets of the terminology, and texts that name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cards.knowledge.strict_yaml import read
from terminology.load import Terminology

_FILE = Path(__file__).with_name("procedure_choices.yaml")


@dataclass(frozen=True, slots=True)
class Group:
    """A heading, and value set to text of what stands below it."""

    title: str
    choices: Mapping[str, str]


@lru_cache(maxsize=1)
def procedure_groups() -> tuple[Group, ...]:
    """The choices, in the order to show them."""
    return tuple(Group(group["group"], group["sets"]) for group in read(_FILE))


def concept_of(name: str, terms: Terminology) -> dict[str, Any]:
    """The CodeableConcept of a choice: its text, and a code where its value set has one; {} for no choice."""
    text = next((group.choices[name] for group in procedure_groups() if name in group.choices), "")
    if not text:
        return {}
    held = terms.sets.sets.get(name)
    sure = sorted(pair for pair in held.codes if pair[1] not in held.single) if held is not None else []
    if not sure:
        return {"text": text}
    system, code = sure[0]
    return {"coding": [{"system": system, "code": code}], "text": text}
