"""Answers the prefetch templates from the resources of one chart, as an EHR would answer them from its own."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cards.facts.dispensed import GIVEN_TYPES
from cards.facts.medications import ORDER_TYPES
from cards.facts.resources import Resource, codings, objects, text
from cds_service.hooks.keys import KEYS, PATIENT, PrefetchKey

_ENCOUNTER: Final = "encounter"
# Types that the reader takes under several keys, and those whose searches would find them.
_OWN: Final = {
    **dict.fromkeys(ORDER_TYPES, ("medications", "endedMedications")),
    "MedicationStatement": ("statements",),
    "Medication": ("medications",),  # no search finds it, but what an order refers to comes along
}


def prefetch_of(
    resources: Iterable[Resource], patient_id: str, encounter_id: str, templates: Mapping[str, str]
) -> tuple[dict[str, Any], Counter[str]]:
    """The value of each key that has a template, and how many resources of each type no key asks for.

    An order without a status is listed as active: a chart that was pasted is read tolerantly.
    """
    chart = list(resources)
    asked: set[int] = set()
    values: dict[str, Any] = {}
    for row in (one for one in KEYS if one.key in templates):
        found = [one for one in chart if _answers(one, row, templates[row.key])]
        if row.key in (PATIENT, _ENCOUNTER):
            wanted = patient_id if row.key == PATIENT else encounter_id
            found = [one for one in found if text(one.get("id")) == wanted][:1]
            values[row.key] = found[0] if found else None
        else:
            values[row.key] = _searchset(found)
        asked.update(id(one) for one in found)
    rest = Counter(str(one["resourceType"]) for one in chart if id(one) not in asked)
    return values, rest


def _answers(resource: Resource, row: PrefetchKey, template: str) -> bool:
    kind = text(resource.get("resourceType"))
    if kind not in row.types or row.key not in _OWN.get(kind, (row.key,)):
        return False
    asked = parse_qs(urlsplit(template).query)
    status = text(resource.get("status"))
    if "status" in asked and kind not in GIVEN_TYPES:
        listed = asked["status"][0].split(",")
        if status not in listed and (status or "active" not in listed):
            return False
    return all(_coded(resource, name, asked[name][0]) for name in ("code", "category") if name in asked)


def _coded(resource: Resource, name: str, wanted: str) -> bool:
    listed = set(wanted.split(","))
    concepts = objects(resource.get(name))
    return any(f"{one.system}|{one.code}" in listed for concept in concepts for one in codings(concept))


def _searchset(found: list[Resource]) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return bundle
