"""Which prefetch key asks for a resource: what none asks for, the service would not have seen.

The table of keys is the one of the service, so that a key added there is in the back-test too.
"""

import re
from functools import lru_cache

from cards.facts.dispensed import GIVEN_TYPES
from cards.facts.medications import ORDER_TYPES
from cards.facts.procedures import SERVICE_TYPES
from cards.facts.resources import Resource, codings, objects, text
from cards.facts.value_sets import ValueSets, value_sets_of
from cds_service.hooks.keys import KEYS, PrefetchKey

# The lists are told apart by what an order's status was at the moment, not by its type.
LISTS = ("medications", "endedMedications", "statements")
USED_TYPES = frozenset({"Patient", "Medication"}) | ORDER_TYPES | SERVICE_TYPES
# Dispenses and administrations count where an EHR sends them, but no search of ours brings them.
USED_TYPES = USED_TYPES.union(*(row.types for row in KEYS)) - GIVEN_TYPES

_CATEGORY = re.compile(r"[?&]category=([^&|]+)\|([^&]+)")


def keys_asking(resource: Resource, terms: ValueSets) -> tuple[str, ...]:
    """The keys whose answer would hold the resource; those of the medication lists aside."""
    kind = text(resource.get("resourceType"))
    if kind != "Observation":
        return _keys_of(kind)
    sets = value_sets_of(resource.get("code"), terms).union(
        *(value_sets_of(part.get("code"), terms) for part in objects(resource.get("component")))
    )
    return tuple(row.key for row in KEYS if kind in row.types and _matches(row, resource, sets))


def page_of(key: str) -> int | None:
    """How many resources, the newest, a key brings; None where it brings all."""
    return next((row.newest for row in KEYS if row.key == key), None)


def _matches(row: PrefetchKey, observation: Resource, sets: frozenset[str]) -> bool:
    if row.codes:
        return not sets.isdisjoint(row.codes)
    category = _CATEGORY.search(row.query)
    if category is None:
        return True
    return any(
        (one.system, one.code) == (category[1], category[2]) for one in codings(observation.get("category"))
    )


@lru_cache(maxsize=64)
def _keys_of(kind: str) -> tuple[str, ...]:
    return tuple(row.key for row in KEYS if kind in row.types and row.key not in LISTS)
