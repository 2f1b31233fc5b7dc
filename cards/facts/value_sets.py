"""Which value sets a FHIR concept belongs to."""

from typing import Protocol

from cards.facts.resources import codings, concept_texts
from terminology.coding import Coding

# A code that only says "physical therapy" leaves open which; the text beside it may tell.
_SAY_LITTLE = frozenset({"physical-therapy"})


class ValueSets(Protocol):
    """What the readers of facts need of the terminology."""

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this system and code."""


class NamedSets(ValueSets, Protocol):
    """What the readers of orders, procedures and devices need besides."""

    def named_sets(self, text: str, *, on_record: bool = False) -> frozenset[str]:
        """Ids of the value sets that a text names."""


def value_sets_of(concept: object, terms: ValueSets) -> frozenset[str]:
    """The value sets of all codings of a CodeableConcept, Coding, or list of them."""
    return frozenset().union(*(terms.value_sets(coding) for coding in codings(concept)))


def named_sets_of(concept: object, terms: NamedSets, *, on_record: bool = False) -> frozenset[str]:
    """As `value_sets_of`; where no code is known, the sets that the texts of the concept name.

    Orders of procedures and devices mostly carry a local code and a text. `on_record`: of what was done or is
    in place, not of an order.
    """
    coded = value_sets_of(concept, terms)
    if coded - _SAY_LITTLE:
        return coded
    texts = concept_texts(concept)
    return coded.union(*(terms.named_sets(one, on_record=on_record) for one in texts))
