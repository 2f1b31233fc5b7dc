"""From the few words of patients.yaml to the FHIR R4 resources of one patient's chart."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from terminology.coding import ICD10CM, LOINC, RXNORM, SNOMED, UCUM

_HL7: Final = "http://terminology.hl7.org/CodeSystem"
# The tag by which a receiver knows data that were made up for tests.
TEST_DATA: Final = {"system": f"{_HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}
_VITAL_SIGNS: Final = frozenset({"29463-7", "8302-2"})


def chart_of(words: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The resources of one patient, the Patient first; every id begins with the patient's."""
    owner = str(words["id"])
    made = [_person(words)]
    for kind, make in _KINDS.items():
        for number, entry in enumerate(words.get(kind, ()), start=1):
            made.append({**make(entry, owner), "id": f"{owner}-{kind}-{number}"})
    made.extend(words.get("as_it_came", ()))
    return tuple(_numbers(_tagged(one)) for one in made)


def _tagged(resource: dict[str, Any]) -> dict[str, Any]:
    """With type, id and the test tag in front, as people expect to read a resource."""
    front = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    return front | {"meta": {"tag": [TEST_DATA]}} | resource


def _numbers(value: Any) -> Any:
    """JSON knows no Decimal; the values of the file are short enough to survive as they are written."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return value


def _person(words: Mapping[str, Any]) -> dict[str, Any]:
    person = words["person"]
    made = {
        "resourceType": "Patient",
        "id": words["id"],
        "active": True,
        "name": [{"use": "official", "family": "Synthetic", "given": [person["given"]]}],
        "gender": person["sex"],
        "birthDate": person["born"],
    }
    if "died" in person:
        made["deceasedDateTime"] = person["died"]
    return made


def _subject(owner: str) -> dict[str, str]:
    return {"reference": f"Patient/{owner}"}


def _coded(system: str, code: Any, text: str | None) -> dict[str, Any]:
    """A concept of one coding; the text alone where there is no code."""
    concept: dict[str, Any] = {}
    if code is not None:
        concept["coding"] = [{"system": system, "code": str(code)} | ({"display": text} if text else {})]
    return concept | ({"text": text} if text else {})


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


def _problem(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    made = {
        "resourceType": "Condition",
        "clinicalStatus": _status("condition-clinical", "active"),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "category": [_status("condition-category", "problem-list-item")],
        "code": _coded(ICD10CM, entry["icd10cm"], entry["text"]),
        "subject": _subject(owner),
    }
    return made | ({"onsetDateTime": entry["since"]} if "since" in entry else {})


def _result(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    category = "vital-signs" if str(entry["loinc"]) in _VITAL_SIGNS else "laboratory"
    made = {
        "resourceType": "Observation",
        "status": "final",
        "category": [_status("observation-category", category)],
        "code": _coded(LOINC, entry["loinc"], entry["text"]),
        "subject": _subject(owner),
        "effectiveDateTime": entry["at"],
    }
    return made | _value(entry)


def _value(entry: Mapping[str, Any]) -> dict[str, Any]:
    if "day" in entry:
        return {"valueDateTime": entry["day"]}
    if "answer" in entry:
        return {"valueCodeableConcept": _coded(LOINC, entry["answer"]["loinc"], entry["answer"]["text"])}
    unit = entry["unit"]
    return {"valueQuantity": {"value": entry["value"], "unit": unit, "system": UCUM, "code": unit}}


def _order(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    instruction: dict[str, Any] = {"text": entry["sig"]}
    if "dose" in entry:
        value, _, unit = str(entry["dose"]).partition(" ")
        instruction["timing"] = {"repeat": {"frequency": entry["times"], "period": 1, "periodUnit": "d"}}
        instruction["route"] = _coded(SNOMED, "26643006", "Oral route")
        quantity = {"value": Decimal(value), "unit": unit, "system": UCUM, "code": f"{{{unit}}}"}
        instruction["doseAndRate"] = [{"doseQuantity": quantity}]
    return {
        "resourceType": "MedicationRequest",
        "status": entry.get("status", "active"),
        "intent": "order",
        "medicationCodeableConcept": _coded(RXNORM, entry["rxnorm"], entry["text"]),
        "subject": _subject(owner),
        "authoredOn": entry["since"],
        "dosageInstruction": [instruction],
    }


def _device(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "status": "active",
        "type": _coded(SNOMED, entry.get("snomed"), entry["text"]),
        "patient": _subject(owner),
    }


def _procedure(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": _coded(SNOMED, entry.get("snomed"), entry["text"]),
        "subject": _subject(owner),
        "performedDateTime": entry["at"],
    }


def _planned(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": _coded(SNOMED, entry.get("snomed"), entry["text"]),
        "subject": _subject(owner),
        "occurrenceDateTime": entry["for"],
    }


def _stay(entry: Mapping[str, Any], owner: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": f"{_HL7}/v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
        "subject": _subject(owner),
        "period": {"start": entry["since"]},
    }


_KINDS: Final = {
    "problems": _problem,
    "results": _result,
    "medications": _order,
    "devices": _device,
    "procedures": _procedure,
    "planned": _planned,
    "stays": _stay,
}


def stay_of(resources: tuple[dict[str, Any], ...]) -> str | None:
    """The id of the encounter that goes on, for `context.encounterId`."""
    return next(_running(resources), None)


def _running(resources: tuple[dict[str, Any], ...]) -> Iterator[str]:
    for one in resources:
        if one["resourceType"] == "Encounter" and one.get("status") == "in-progress":
            yield one["id"]
