"""The value sets and code maps of the tables as FHIR R4B resources, for terminology servers and reviewers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from terminology.canonical import CANONICAL_BASE
from terminology.coding import ATC, ICD10CM, ICD10PCS, NDC, RXNORM, UNII
from terminology.load import Terminology
from terminology.value_sets import ValueSet

INGREDIENT_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/ingredient"
_PUBLISHER = "neuropathic-cds-hooks"
_ICD_DOT = 3
_COPYRIGHT = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief "
    "Institute, Inc. and the LOINC Committee and is available at no cost under the license at "
    "http://loinc.org/license. It includes SNOMED CT content of the SNOMED International IPS Terminology, "
    "distributed under the Creative Commons Attribution 4.0 International Public License. RxNorm: courtesy "
    "of the U.S. National Library of Medicine, which does not endorse this product. ATC: WHO Collaborating "
    "Centre for Drug Statistics Methodology."
)

Resource = dict[str, Any]


def value_set_url(name: str) -> str:
    """The canonical URL of a value set."""
    return f"{CANONICAL_BASE}/ValueSet/{name}"


def resources(terms: Terminology) -> Iterator[Resource]:
    """All value sets, the ingredient code system, and the maps from drug codes to ingredients."""
    for name in sorted(terms.sets.sets):
        yield value_set(terms.sets.sets[name], terms)
    yield ingredient_code_system(terms)
    yield from concept_maps(terms)


def value_set(one: ValueSet, terms: Terminology) -> Resource:
    """One value set. ICD-10 families are filters: a code and all that is below it."""
    include: list[Resource] = []
    by_system: dict[str, list[str]] = {}
    for system, code in sorted(one.codes):
        by_system.setdefault(system, []).append(code)
    for system, codes in by_system.items():
        if system in (ICD10CM, ICD10PCS):
            include += [
                {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": _dotted(code)}]}
                for code in codes
            ]
        else:
            include.append({"system": system, "concept": [{"code": code} for code in codes]})
    if one.ingredients:
        include.append(
            {
                "system": INGREDIENT_SYSTEM,
                "concept": [
                    {"code": ingredient_code(name), "display": name} for name in sorted(one.ingredients)
                ],
            }
        )
    include += [{"valueSet": [value_set_url(name)]} for name in sorted(one.includes)]
    include += [{"valueSet": [url]} for url in sorted(one.expand)]
    resource: Resource = {
        "resourceType": "ValueSet",
        "id": one.id,
        "url": value_set_url(one.id),
        "version": terms.version,
        "name": _computer_name(one.id),
        "title": one.title,
        "status": "draft",
        "experimental": False,
        "publisher": _PUBLISHER,
        "description": f"{one.title}. Source: {one.source}.",
        "copyright": _COPYRIGHT,
    }
    if one.texts:
        resource["purpose"] = f"Also recognised by name in orders: {', '.join(sorted(one.texts))}."
    if include:
        resource["compose"] = {"include": include}
    return resource


def ingredient_code_system(terms: Terminology) -> Resource:
    """The active ingredients by name, with their RxNorm codes as a property where one is known."""
    concepts = [
        {
            "code": ingredient_code(name),
            "display": name,
            **({"property": [{"code": "rxcui", "valueCode": part.rxcui}]} if part.rxcui else {}),
        }
        for name, part in sorted(terms.medication_tables.ingredients.items())
    ]
    return {
        "resourceType": "CodeSystem",
        "id": "ingredient",
        "url": INGREDIENT_SYSTEM,
        "version": terms.version,
        "name": "Ingredient",
        "title": "Active ingredients by name",
        "status": "draft",
        "experimental": False,
        "publisher": _PUBLISHER,
        "content": "complete",
        "caseSensitive": True,
        "property": [{"code": "rxcui", "description": "RxNorm ingredient code", "type": "code"}],
        "concept": concepts,
    }


def concept_maps(terms: Terminology) -> Iterator[Resource]:
    """From ATC, UNII, NDC (labeler and product) and RxNorm codes to the ingredients they name."""
    for name, system in (("atc", ATC), ("unii", UNII), ("ndc-product", NDC), ("rxnorm", RXNORM)):
        elements: list[Resource] = []
        for (held, code), drug in sorted(terms.medication_tables.codes.items()):
            if held != system:
                continue
            drugs = drug.ingredients or tuple(
                part.name
                for one in terms.medication((), (drug.product,)).medications
                for part in one.ingredients
            )
            # A combination is more than each of its parts.
            equivalence = "equivalent" if len(drugs) == 1 and not drug.product else "relatedto"
            targets = [
                {"code": ingredient_code(part), "display": part, "equivalence": equivalence} for part in drugs
            ]
            if targets:
                elements.append({"code": code, "target": targets})
        yield {
            "resourceType": "ConceptMap",
            "id": f"{name}-to-ingredient",
            "url": f"{CANONICAL_BASE}/ConceptMap/{name}-to-ingredient",
            "version": terms.version,
            "name": _computer_name(f"{name}-to-ingredient"),
            "title": f"{name} codes and the ingredients they name",
            "status": "draft",
            "experimental": False,
            "publisher": _PUBLISHER,
            "copyright": _COPYRIGHT,
            "group": [{"source": system, "target": INGREDIENT_SYSTEM, "element": elements}],
        }


def export(terms: Terminology, folder: Path) -> Mapping[str, int]:
    """Writes every resource as `<type>-<id>.json` into the folder; how many of each type."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for resource in resources(terms):
        kind = resource["resourceType"]
        path = folder / f"{kind}-{resource['id']}.json"
        path.write_text(json.dumps(resource, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def ingredient_code(name: str) -> str:
    """The code of an ingredient: its name with hyphens for blanks, as a FHIR code allows."""
    return "-".join(name.split())


def _dotted(code: str) -> str:
    return f"{code[:_ICD_DOT]}.{code[_ICD_DOT:]}" if len(code) > _ICD_DOT else code


def _computer_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
