"""A chart in a few lines, as an EHR shows it beside the orders: problems, medicines, results, what else there is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cards.facts.resources import Resource, codings, concept_texts, obj, objects, text
from cds_service.sandbox.orders import medications_of, order_words

_MOST: Final = 60
_WHEN: Final = (
    "effectiveDateTime",
    "onsetDateTime",
    "performedDateTime",
    "occurrenceDateTime",
    "authoredOn",
    "recordedDate",
    "issued",
)
_HEADINGS: Final = {
    "Condition": "Problems",
    "MedicationRequest": "Medicines",
    "MedicationOrder": "Medicines",
    "MedicationStatement": "Medicines",
    "Observation": "Results",
    "Procedure": "Procedures and devices",
    "Device": "Procedures and devices",
    "ServiceRequest": "Planned",
    "Encounter": "Encounters",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One resource: what, value or instruction, and the day as recorded."""

    what: str
    value: str
    day: str


def chart_summary(resources: Iterable[Resource]) -> dict[str, list[Line]]:
    """Heading to lines, in the order of `_HEADINGS`; at most 60 lines a heading, the newest first."""
    found: dict[str, list[Line]] = {heading: [] for heading in _HEADINGS.values()}
    chart = tuple(resources)
    known = medications_of(chart)
    for one in chart:
        heading = _HEADINGS.get(text(one.get("resourceType")))
        if heading is not None:
            found[heading].append(_line(one, known))
    for lines in found.values():
        lines.sort(key=lambda line: line.day, reverse=True)
    return {heading: lines[:_MOST] for heading, lines in found.items() if lines}


def _line(one: Resource, known: Mapping[str, Resource]) -> Line:
    kind = one["resourceType"]
    day = next((written for name in _WHEN if (written := text(one.get(name)))), "")[:10]
    if kind.startswith("Medication"):
        what, value = order_words(one, known)
        return Line(what, value, day)
    concept = one.get("code") or one.get("type") or one.get("class")
    what = next(iter(concept_texts(concept)), "") or next((c.code for c in codings(concept)), "") or kind
    status = next(iter(concept_texts(one.get("clinicalStatus"))), "") or next(
        (c.code for c in codings(one.get("clinicalStatus"))), ""
    )
    return Line(what, _value(one) or status, day)


def _value(one: Resource) -> str:
    quantity = obj(one.get("valueQuantity"))
    if quantity:
        return _quantity(quantity)
    parts = [
        f"{next(iter(concept_texts(part.get('code'))), '')} {_quantity(obj(part.get('valueQuantity')))}".strip()
        for part in objects(one.get("component"))
    ]
    coded = next(iter(concept_texts(one.get("valueCodeableConcept"))), "")
    return coded or text(one.get("valueDateTime")) or text(one.get("valueString")) or ", ".join(parts)


def _quantity(quantity: dict[str, Any]) -> str:
    value, unit = quantity.get("value"), text(quantity.get("unit")) or text(quantity.get("code"))
    unit = "" if unit.startswith("{") and unit.endswith("}") else unit  # an annotation of UCUM is no unit
    shown = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    return f"{shown} {unit}".strip()
