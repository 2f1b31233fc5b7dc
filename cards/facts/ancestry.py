"""Recorded ancestry: what a Patient resource states by code or text, and never what a name suggests."""

from collections.abc import Iterator
from typing import Protocol

from cards.facts.resources import Resource, codings, objects, text
from terminology.coding import Coding

# US Core race and ethnicity, and the extensions of other countries, say it in their URL.
_WORDS = ("race", "ethnic", "ancestry")


class Terms(Protocol):
    """What this module needs of the terminology."""

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this system and code."""

    def named_sets(self, text: str) -> frozenset[str]:
        """Ids of the value sets that a text names."""


def read_ancestry(patient: Resource | None, terms: Terms) -> frozenset[str] | None:
    """The value sets of the recorded race, ethnicity and ancestry; None where none is recorded."""
    found: set[str] = set()
    recorded = False
    for extension in objects((patient or {}).get("extension")):
        url = text(extension.get("url")).lower()
        if not any(word in url for word in _WORDS):
            continue
        for part in (extension, *objects(extension.get("extension"))):
            for coding in _codings(part):
                recorded = True
                found |= terms.value_sets(coding) | terms.named_sets(coding.display)
            written = text(part.get("valueString"))
            recorded = recorded or bool(written)
            found |= terms.named_sets(written)
    return frozenset(found) if recorded else None


def _codings(part: Resource) -> Iterator[Coding]:
    yield from codings({"coding": [part.get("valueCoding")]})
    yield from codings(part.get("valueCodeableConcept"))
    code = text(part.get("valueCode"))
    if code:
        yield Coding("", code, code)
