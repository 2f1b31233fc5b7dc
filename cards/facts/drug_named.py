"""The codes, texts and Medication resource by which an order names its drug, in every FHIR version."""

from collections.abc import Mapping

from cards.facts.resources import (
    Resource,
    codings,
    concept_texts,
    obj,
    objects,
    reference_of,
    text,
    type_and_id,
)
from terminology.coding import Coding


def named_drug(
    resource: Resource, known: Mapping[str, Resource]
) -> tuple[tuple[Coding, ...], tuple[str, ...], Resource, bool]:
    """Codes, texts and Medication resource of an order, and whether it names a drug at all."""
    concept = resource.get("medicationCodeableConcept")
    pointer = resource.get("medicationReference")
    inline = resource.get("medication")  # DSTU1 reference, or the R5 form {concept, reference}
    if isinstance(inline, dict):
        concept = concept or inline.get("concept") or (inline if "coding" in inline else None)
        pointer = pointer or inline.get("reference") or (inline if "reference" in inline else None)
    has_drug = concept is not None or pointer is not None
    product = _resolve(pointer, resource, known)
    coded = (*codings(concept), *codings(product.get("code")))
    identifier = obj(obj(pointer).get("identifier") if isinstance(pointer, dict) else None)
    texts = [
        *concept_texts(concept),
        *concept_texts(product.get("code")),
        text(obj(pointer).get("display")) if isinstance(pointer, dict) else "",
        text(identifier.get("value")),
        *(text(entry.get("value")) for entry in objects(product.get("identifier"))),
    ]
    if not coded and not any(texts):
        for part in objects(product.get("ingredient")):
            coded = (*coded, *codings(part.get("itemCodeableConcept")))
            texts.extend(concept_texts(part.get("itemCodeableConcept")))
    return coded, tuple(dict.fromkeys(name for name in texts if name)), product, has_drug


def _resolve(pointer: object, resource: Resource, known: Mapping[str, Resource]) -> Resource:
    reference = reference_of(pointer)
    if reference.startswith("#"):
        contained = objects(resource.get("contained"))
        return next((part for part in contained if text(part.get("id")) == reference[1:]), {})
    if not reference:
        return {}
    kind, bare = type_and_id(reference)
    if kind:
        return known.get(f"{kind}/{bare}", {})
    return known.get(f"Medication/{reference.rpartition(':')[2]}", {})
