"""What nearly every EHR sends under a key, read in one walk; whatever else there is gets a closer look."""

from typing import Any

from cards.facts.resources import Resource

# Types that stand for themselves: not Bundle, nor Medication, to which other entries refer.
PLAIN = frozenset({"Observation", "Condition", "MedicationRequest", "MedicationStatement", "Procedure"})


def usual_resources(value: Any, types: frozenset[str], patient_id: str) -> tuple[Resource, ...] | None:
    """The resources of an answer that is whole and holds nothing else than `types` about the patient, else None.

    Whole: without a link, and with no `total` above its entries. About the patient: in the specification's words.
    """
    if not isinstance(value, dict) or "link" in value:
        return None
    if value.get("resourceType") != "Bundle":
        return (value,) if _is_usual_read(value, types, patient_id) else None
    entries, total = value.get("entry", ()), value.get("total", 0)
    if not isinstance(entries, list | tuple) or type(total) is not int or total > len(entries):
        return None
    if not entries:
        return ()
    own = f"Patient/{patient_id}"
    found: list[Resource] = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            return None
        kind, subject = resource.get("resourceType"), resource.get("subject")
        if not isinstance(kind, str) or kind not in PLAIN or kind not in types:
            return None
        if not isinstance(subject, dict) or subject.get("reference") != own:
            return None
        found.append(resource)
    return tuple(found)


def _is_usual_read(value: Resource, types: frozenset[str], patient_id: str) -> bool:
    """Whether it is the Patient, or the Encounter of the patient, which are read by id and stand alone."""
    kind, subject = value.get("resourceType"), value.get("subject")
    if kind not in ("Patient", "Encounter") or kind not in types or "resource" in value or "total" in value:
        return False
    if kind == "Patient":
        return bool(value.get("id") == patient_id)
    return isinstance(subject, dict) and subject.get("reference") == f"Patient/{patient_id}"
