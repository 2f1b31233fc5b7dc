"""Which value sets a FHIR concept belongs to."""

from functools import lru_cache
from typing import Any, Protocol

from cards.facts.resources import Concept, read_concept, remembered_concept, structure
from terminology.coding import Coding

# A code that only says "physical therapy" leaves open which; the text beside it may tell.
_SAY_LITTLE = frozenset({"physical-therapy"})
_REMEMBERED = 8192
_NO_SETS: frozenset[str] = frozenset()


class ValueSets(Protocol):
    """What the readers of facts need of the terminology."""

    def value_sets(self, coding: Coding) -> frozenset[str]:
        """Ids of the value sets that hold this system and code."""

    def __hash__(self) -> int:
        """By identity: what it says of vocabulary is remembered."""


class NamedSets(ValueSets, Protocol):
    """What the readers of orders, procedures and devices need besides."""

    def named_sets(self, text: str, *, on_record: bool = False) -> frozenset[str]:
        """Ids of the value sets that a text names."""


def value_sets_of(concept: object, terms: ValueSets) -> frozenset[str]:
    """The value sets of all codings of a CodeableConcept, Coding, or list of them."""
    if concept is None:
        return _NO_SETS
    key = lasting_key(concept, terms)
    return _value_sets(read_concept(concept), terms) if key is None else _remembered(key, terms)


def named_sets_of(concept: object, terms: NamedSets, *, on_record: bool = False) -> frozenset[str]:
    """As `value_sets_of`; where no code is known, the sets that the texts of the concept name.

    Orders of procedures and devices mostly carry a local code and a text. `on_record`: of what was done or is
    in place, not of an order.
    """
    key = lasting_key(concept, terms)
    if key is None:
        return _named_sets(read_concept(concept), terms, on_record)
    return _remembered_by_name(key, terms, on_record)


def is_lasting(terms: Any) -> bool:
    """Whether what `terms` say may be remembered; a terminology server may know later what it did not."""
    return bool(getattr(terms, "lasting", False))


def lasting_key(concept: object, terms: Any) -> bytes | None:
    """The structure of a concept where what `terms` say about it may be remembered, else None."""
    return structure(concept) if is_lasting(terms) else None


def _value_sets(concept: Concept, terms: ValueSets) -> frozenset[str]:
    return frozenset().union(*(terms.value_sets(coding) for coding in concept.codings))


def _named_sets(concept: Concept, terms: NamedSets, on_record: bool) -> frozenset[str]:
    coded = _value_sets(concept, terms)
    if coded - _SAY_LITTLE:
        return coded
    return coded.union(*(terms.named_sets(one, on_record=on_record) for one in concept.texts))


@lru_cache(maxsize=_REMEMBERED)
def _remembered_by_name(key: bytes, terms: NamedSets, on_record: bool) -> frozenset[str]:
    return _named_sets(remembered_concept(key), terms, on_record)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(key: bytes, terms: ValueSets) -> frozenset[str]:
    return _value_sets(remembered_concept(key), terms)
