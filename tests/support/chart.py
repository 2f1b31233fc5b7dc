"""One patient's chart as a FHIR server holds it, with something under every prefetch key."""

from typing import Any

from hook_requests import plain

from cards.facts.resources import obj
from terminology.coding import LOINC

SUBJECT = {"reference": "Patient/p1"}
DAY = "2026-06-03T08:00:00Z"


def result(code: str, value: Any, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o-{code}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": SUBJECT,
        "effectiveDateTime": DAY,
        "valueQuantity": {"value": value, "unit": unit},
        **more,
    }


def listed(identifier: str, status: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": status,
        "intent": "order",
        "subject": SUBJECT,
        "authoredOn": "2026-05-01",
        "medicationCodeableConcept": {"text": text},
        **more,
    }


def chart() -> list[dict[str, Any]]:
    """The patient of the plain request: 74 years, creatinine 1.87 mg/dL, 60 kg, an opioid on the list."""
    genetic = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "GE"}]}
    coded = {"subject": SUBJECT, "code": {"text": "something"}}
    return [
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1952-01-01"},
        listed("m1", "active", "oxycodone 10 mg tablet"),
        listed("m2", "completed", "pregabalin 75 mg capsule"),
        {**listed("m3", "active", "melatonin"), "resourceType": "MedicationStatement"},
        {"resourceType": "Condition", "id": "c1", **coded},
        result("2160-0", 1.87, "mg/dL"),
        result("29463-7", 60, "kg"),
        result("6301-6", 1.1, "{INR}"),
        result("777-3", 210, "10*9/L"),
        result("82810-3", 0, "", valueCodeableConcept={"text": "not pregnant"}),
        result("2951-2", 139, "mmol/L"),
        result("2823-3", 4.1, "mmol/L"),
        result("1742-6", 22, "U/L"),
        result("8636-3", 410, "ms"),
        result("85354-9", 1, "", component=[{"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}}]),
        result("0", 1, "", category=[genetic]) | {"code": {"text": "HLA-B*15:02"}},
        {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", **coded},
        {"resourceType": "Procedure", "id": "r1", "status": "completed", **coded},
        {"resourceType": "Device", "id": "v1", "patient": SUBJECT},
        {"resourceType": "Encounter", "id": "e1", "status": "planned", "class": {"code": "AMB"}, "subject": SUBJECT},
    ]  # fmt: skip


def asking(server: Any, **prefetch: Any) -> dict[str, Any]:
    """The plain request with the server in the place of its prefetch, but for what is given."""
    body = plain()
    body["prefetch"] = prefetch
    body["context"]["encounterId"] = "e1"
    body["fhirServer"] = getattr(server, "base", server)
    body["fhirAuthorization"] = {
        "access_token": "token-of-this-call",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "cds-service",
        "patient": "p1",
    }
    return body


def data_cards(response: Any) -> list[dict[str, Any]]:
    return [one for one in response.json["cards"] if one["source"]["topic"]["code"] == "data"]


def not_checked(response: Any) -> str:
    return " ".join(one["summary"] + one["detail"] for one in data_cards(response))


def told(cards: Any) -> list[Any]:
    """What a prescriber sees of cards."""
    return [(one["summary"], one["detail"], one["indicator"], one.get("suggestions")) for one in cards]


def is_bundle(value: Any) -> bool:
    return obj(value).get("resourceType") == "Bundle"
