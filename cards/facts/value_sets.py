"""Which value sets a FHIR concept belongs to."""

from typing import Protocol

from cards.facts.resources import codings
from terminology.coding import Coding


class ValueSets(Protocol):
    """What the readers of facts need of the terminology."""

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this system and code."""


def value_sets_of(concept: object, terms: ValueSets) -> frozenset[str]:
    """The value sets of all codings of a CodeableConcept, Coding, or list of them."""
    return frozenset().union(*(terms.value_sets(coding) for coding in codings(concept)))
