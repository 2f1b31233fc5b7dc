"""What of an export the evaluation can use: of whom a resource is, and which drugs it points at."""

from collections.abc import Iterator
from dataclasses import dataclass

from cards.facts.medications import LIST_TYPES, ORDER_TYPES
from cards.facts.resources import Resource, reference_of, text, type_and_id
from cds_service.backtest.asked import USED_TYPES, keys_asking
from terminology.load import Terminology

_WITHOUT_PATIENT = ORDER_TYPES | {"Medication"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource worth keeping: its type and id, whose it is ("" for nobody's), the Medications it needs."""

    kind: str
    id: str
    patient: str
    needs: tuple[str, ...]
    resource: Resource


def keep(resource: Resource, terms: Terminology) -> Kept | str:
    """The resource as it is kept, else why not: type not used, code not known, no patient."""
    kind = text(resource.get("resourceType"))
    if kind not in USED_TYPES:
        return "type not used"
    if kind == "Observation" and not keys_asking(resource, terms):
        # Most results of a hospital are of analytes that no statement asks for.
        return "code not used"
    name = text(resource.get("id"))
    patient = name if kind == "Patient" else _patient(resource)
    if not patient and kind not in _WITHOUT_PATIENT:
        return "no patient reference"
    if "text" in resource and kind not in ORDER_TYPES:
        resource = {key: value for key, value in resource.items() if key != "text"}
    needs = tuple(sorted(set(_needs(resource)))) if kind in LIST_TYPES else ()
    return Kept(kind, name, patient, needs, resource)


def _patient(resource: Resource) -> str:
    reference = reference_of(resource.get("subject")) or reference_of(resource.get("patient"))
    kind, name = type_and_id(reference)
    if kind:
        return name if kind == "Patient" else ""
    if reference.startswith("urn:uuid:"):
        return reference.rpartition(":")[2]
    return "" if set("/#:?") & set(reference) else reference


def _needs(resource: Resource) -> Iterator[str]:
    inline = resource.get("medication")
    pointers = [resource.get("medicationReference")]
    if isinstance(inline, dict):
        pointers += [inline.get("reference"), inline]
    for pointer in pointers:
        reference = reference_of(pointer)
        kind, name = type_and_id(reference)
        if kind == "Medication":
            yield name
        elif reference.startswith("urn:"):
            yield reference.rpartition(":")[2]
