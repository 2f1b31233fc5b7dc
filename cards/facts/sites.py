"""Where on the body an order, procedure or problem is: coded sites, and regions that its texts name."""

from collections.abc import Iterable

from cards.facts.resources import Resource, codings, concept_texts, obj, objects, text
from terminology.body_sites import body_sites

PLACES = frozenset({"bodySite", "bodyLocation", "bodySiteCodeableConcept", "item"})
_INSTRUCTIONS = frozenset({"dosageInstruction", "dosage"})
_NONE: frozenset[str] = frozenset()


def names_places(resource: Resource) -> bool:
    """Whether the resource itself may say where, and not only the names of what it is about."""
    return not (PLACES.isdisjoint(resource) and _INSTRUCTIONS.isdisjoint(resource))


def sites_of(resource: Resource, named: Iterable[str] = ()) -> frozenset[str]:
    """Sites as codes ("system|code"), as worded, and as regions ("left thigh"); empty when none is given.

    `named` are further texts that may name a region: what the order is called.
    """
    concepts: list[object] = []
    if not PLACES.isdisjoint(resource):
        concepts = [*objects(resource.get("bodySite")), *objects(resource.get("bodyLocation"))]
        concepts += [obj(resource.get("bodySiteCodeableConcept"))]
        concepts += [obj(item.get("bodySite")) for item in objects(resource.get("item"))]
    texts = list(named)
    for dosage in (*objects(resource.get("dosageInstruction")), *objects(resource.get("dosage"))):
        if "site" in dosage or "siteCodeableConcept" in dosage:
            concepts += [obj(dosage.get("site")), obj(dosage.get("siteCodeableConcept"))]
        texts.append(text(dosage.get("text")))
    if not concepts:
        return _NONE.union(*map(body_sites, texts))
    concepts = [obj(obj(one).get("concept")) or one for one in concepts]  # R5 wraps the concept once more
    coded = {f"{one.system}|{one.code}" for concept in concepts for one in codings(concept)}
    worded = {name.lower() for concept in concepts for name in concept_texts(concept)}
    return frozenset(coded | worded).union(*map(body_sites, (*worded, *texts)))
