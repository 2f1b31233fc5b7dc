"""Medications that orders refer to and that did not come with them."""

from collections.abc import Iterable, Iterator
from typing import Final

from cards.facts.medications import LIST_TYPES
from cards.facts.resources import Resource, objects, reference_of, text, type_and_id

MEDICATION: Final = "Medication"


def unresolved(resources: Iterable[Resource], known: Iterable[Resource]) -> tuple[str, ...]:
    """References to Medications that are neither contained nor among `known`, each once, in order."""
    have = {text(one.get("id")) for one in known if one.get("resourceType") == MEDICATION}
    wanted: dict[str, None] = {}
    for resource in resources:
        if resource.get("resourceType") in LIST_TYPES:
            for reference in _references(resource):
                kind, bare = type_and_id(reference)
                if kind == MEDICATION and bare not in have:
                    wanted[reference] = None
    return tuple(wanted)


def _references(order: Resource) -> Iterator[str]:
    """medicationReference of FHIR R2 to R4; `medication` before, and its `reference` in R5."""
    for pointer in (*objects(order.get("medicationReference")), *objects(order.get("medication"))):
        inner = pointer.get("reference")
        reference = reference_of(inner) if isinstance(inner, dict) else text(inner)
        if reference and not reference.startswith("#"):
            yield reference
