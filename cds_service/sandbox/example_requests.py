"""Hook requests about the synthetic patients: prefetch as an EHR would send it, and the suggested order as a draft."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid5

from cds_service.sandbox.chart import stay_of
from cds_service.sandbox.patients import MESSY, PRESCRIBER, SyntheticPatient
from cds_service.sandbox.search import search
from terminology.coding import RXNORM

_DRAFT: Final = "draft-1"


def hook_request(
    patient: SyntheticPatient, templates: Mapping[str, str], today: date, hook: str = "order-sign"
) -> dict[str, Any]:
    """A request about the patient with everything prefetched; the same for the same day."""
    context: dict[str, Any] = {"userId": f"Practitioner/{PRESCRIBER['id']}", "patientId": patient.id}
    stay = stay_of(patient.resources)
    if stay is not None:
        context["encounterId"] = stay
    if hook != "patient-view":
        draft = draft_order(patient, today)
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft}],
        }
        if hook == "order-select":
            context["selections"] = [f"{draft['resourceType']}/{draft['id']}"]
    return {
        "hookInstance": str(uuid5(NAMESPACE_URL, f"{hook}/{patient.id}")),
        "hook": hook,
        "context": context,
        "prefetch": prefetched(templates, patient.resources, patient.id, stay),
    }


def draft_order(patient: SyntheticPatient, today: date) -> dict[str, Any]:
    """The suggested order as the draft of an EHR; without one, a draft that has no drug yet."""
    order = patient.order or {}
    procedure = order.get("kind") == "procedure"
    made: dict[str, Any] = {
        "resourceType": "ServiceRequest" if procedure else "MedicationRequest",
        "id": _DRAFT,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient.id}"},
        "authoredOn": today.isoformat(),
    }
    if procedure:
        return made | {"code": {"text": order["text"]}}
    if "text" in order:
        concept: dict[str, Any] = {"text": order["text"]}
        if "rxnorm" in order:
            code = str(order["rxnorm"])
            concept["coding"] = [{"system": RXNORM, "code": code, "display": order["text"]}]
        made["medicationCodeableConcept"] = concept
    if "sig" in order:
        made["dosageInstruction"] = [{"text": order["sig"]}]
    return made


def prefetched(
    templates: Mapping[str, str],
    resources: Iterable[dict[str, Any]],
    patient_id: str,
    encounter_id: str | None,
) -> dict[str, Any]:
    """The answer to each prefetch template. A read of what is not there is null, as the standard has it."""
    listed = tuple(resources)
    found: dict[str, Any] = {}
    for key, template in templates.items():
        filled = template.replace("{{context.patientId}}", patient_id)
        filled = filled.replace("{{context.encounterId}}", encounter_id or "")
        target, asks, query = filled.partition("?")
        found[key] = _searchset(search(listed, target, parse_qsl(query))) if asks else _read(listed, target)
    return found


def _read(resources: Iterable[dict[str, Any]], target: str) -> dict[str, Any] | None:
    return next((one for one in resources if f"{one['resourceType']}/{one['id']}" == target), None)


def _searchset(found: list[dict[str, Any]]) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return bundle


def transaction(patients: Iterable[SyntheticPatient]) -> dict[str, Any]:
    """A Bundle that puts their resources on a FHIR server, under the same ids each time it is sent.

    Without the messy chart: a server that checks what it stores would refuse the Bundle for it.
    """
    kept = (patient for patient in patients if patient.id != MESSY)
    resources = [PRESCRIBER, *(one for patient in kept for one in patient.resources)]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in resources
        ],
    }
