"""Makes the FHIR resources of a case from its few words, dated relative to one fixed day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cards.acknowledged import Acknowledged
from cards.facts.lab_table import LABS
from cards.facts.record import KeyResult, Record
from cards.knowledge.case_pregnancy import pregnancy_codes, pregnancy_observations
from cards.knowledge.strict_yaml import KnowledgeFileError
from terminology.coding import GTS_ABBREVIATION, ICD10CM, LOINC, SNOMED, UCUM
from terminology.load import Terminology

US_CORE_RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

CASE_MEMBERS = frozenset({
    "name", "jurisdiction", "hook", "patient", "creatinine", "egfr", "labs", "results", "drafts", "active", "ended",
    "done", "devices", "planned", "missing", "acknowledged", "expect", "silent", "summary", "suggest",
    "no_suggestion", "cards", "replaces",
})  # fmt: skip
_PATIENT = frozenset({
    "age", "birth_date", "sex", "weight_kg", "height_cm", "conditions", "inpatient", "pregnant_weeks",
    "pregnant", "delivered_days_ago", "breastfeeding", "pregnancy_test", "contraception", "observations", "ancestry",
})  # fmt: skip
_ORDER = frozenset({
    "drug", "dose", "times", "code", "at", "sig", "steps", "as_needed", "stop", "days_ago", "ends_in",
    "ended_days_ago", "for_days", "id", "site", "procedure", "device", "in_days", "statement", "dispense",
    "on_hold",
})  # fmt: skip
_LAB = frozenset({"value", "unit", "days_ago", "hours_ago"})
_CONDITION = frozenset({"code", "snomed", "text", "site", "days_ago", "resolved"})
_EVENT = frozenset({"set", "lab", "days_ago", "in_days", "site"})
_ANSWER = frozenset({"statement", "drugs", "daily_mg", "reason", "days_ago"})


@dataclass(frozen=True, slots=True)
class MadeCase:
    """The record, drafts and earlier answers of a case."""

    record: Record
    drafts: tuple[dict[str, Any], ...]
    acknowledged: tuple[Acknowledged, ...]


def make_case(case: Mapping[str, Any], terms: Terminology) -> MadeCase:
    """The FHIR resources of a case. Raises KnowledgeFileError for a member that is not known.

    `missing` lists prefetch keys that nobody supplied; every other key is supplied, if need be empty.
    """
    patient = case.get("patient") or {}
    check_members(case["name"], patient, _PATIENT)
    conditions = list(
        enumerate((*(patient.get("conditions") or ()), *pregnancy_codes(case["name"], patient)))
    )
    keys: dict[str, list[dict[str, Any]]] = {
        "patient": [_patient(patient)],
        "conditions": [_condition(code, number) for number, code in conditions],
        "kidney": [*_labs(case, "creatinine", "2160-0"), *_labs(case, "egfr", "98979-8")],
        "body": list(_body(patient)),
        "encounter": [_inpatient()] if patient.get("inpatient") else [],
        "medications": [_order(entry, number, "active", terms) for number, entry in _listed(case, "active")],
        "endedMedications": [
            _order(entry, number, "completed", terms) for number, entry in _listed(case, "ended")
        ],
        **{LABS[name].key: [] for name in LABS},
        "results": list(_results(case, terms)),
        "genetics": list(_coded_results(case, terms)),
        "pregnancy": list(_pregnancy(patient)),
        "procedures": list(_events(case, "done", terms)),
        "devices": list(_events(case, "devices", terms)),
        "orders": list(_events(case, "planned", terms)),
    }
    left_out = frozenset(case.get("missing") or ())
    record = Record(
        patient_id="p1",
        keys={
            key: KeyResult(key, "given", tuple(found)) for key, found in keys.items() if key not in left_out
        },
    )
    drafts = tuple(_order(entry, number, "draft", terms) for number, entry in _listed(case, "drafts"))
    return MadeCase(record, drafts, tuple(_answers(case)))


def check_members(where: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raises KnowledgeFileError naming a member that is not known."""
    unknown = set(given) - known
    if unknown:
        raise KnowledgeFileError(f"{where}: unknown member {min(unknown)}; known are {sorted(known)}")


def _listed(case: Mapping[str, Any], name: str) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(case.get(name) or ()))


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _ago(days: Any = 0, hours: Any = 0) -> str:
    return (NOW - timedelta(days=int(days), hours=int(hours))).isoformat()


def _day(offset: Any) -> str:
    return (NOW + timedelta(days=int(offset))).date().isoformat()


def _patient(patient: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "gender": patient.get("sex", "female")}
    if "ancestry" in patient:
        race = [{"url": "text", "valueString": str(patient["ancestry"])}]
        out["extension"] = [{"url": US_CORE_RACE, "extension": race}]
    if "birth_date" in patient:
        out["birthDate"] = str(patient["birth_date"])
    elif "age" in patient:
        out["birthDate"] = date(NOW.year - int(patient["age"]), 1, 1).isoformat()
    return out


def _condition(entry: Any, number: int) -> dict[str, Any]:
    entry = {"code": entry} if isinstance(entry, str) else entry
    check_members(f"condition {number}", entry, _CONDITION)
    coded = (SNOMED, entry["snomed"]) if "snomed" in entry else (ICD10CM, entry.get("code", ""))
    concept: dict[str, Any] = {"coding": [{"system": coded[0], "code": str(coded[1])}]} if coded[1] else {}
    if "text" in entry:
        concept["text"] = entry["text"]
    made: dict[str, Any] = {
        "resourceType": "Condition",
        "id": f"c{number}",
        "clinicalStatus": {"coding": [{"code": "resolved" if entry.get("resolved") else "active"}]},
        "code": concept,
        "subject": {"reference": "Patient/p1"},
    }
    if "site" in entry:
        made["bodySite"] = [{"text": entry["site"]}]
    if "days_ago" in entry:
        made["onsetDateTime"] = _day(-int(entry["days_ago"]))
    return made


def _observation(identifier: str, system: str, code: str, when: str, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": when,
        **value,
    }


def _quantity(value: Any, unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": _number(value), "unit": unit, "system": UCUM, "code": unit}}


def _labs(case: Mapping[str, Any], name: str, code: str) -> Iterator[dict[str, Any]]:
    listed = case.get(name) or []
    for number, lab in enumerate(listed if isinstance(listed, list) else [listed]):
        check_members(case["name"], lab, _LAB)
        unit = lab.get("unit", "mg/dL" if name == "creatinine" else "mL/min/{1.73_m2}")
        when = _ago(lab.get("days_ago", 0), lab.get("hours_ago", 0))
        yield _observation(f"{name}{number}", LOINC, code, when, **_quantity(lab["value"], unit))


def _results(case: Mapping[str, Any], terms: Terminology) -> Iterator[dict[str, Any]]:
    """`labs`: results of labs.yaml by name."""
    for name, given in (case.get("labs") or {}).items():
        if name not in LABS:
            raise KnowledgeFileError(f"{case['name']}: no lab {name}; known are {sorted(LABS)}")
        for number, lab in enumerate(given if isinstance(given, list) else [given]):
            check_members(case["name"], lab, _LAB)
            system, code = _code(case["name"], LABS[name].value_set, terms)
            when = _ago(lab.get("days_ago", 0), lab.get("hours_ago", 0))
            quantity = _quantity(lab["value"], lab.get("unit", LABS[name].unit))
            yield _observation(f"{name}{number}", system, code, when, **quantity)


def _coded_results(case: Mapping[str, Any], terms: Terminology) -> Iterator[dict[str, Any]]:
    """`results`: positive or negative, by value set."""
    for name, answer in (case.get("results") or {}).items():
        known = terms.sets.sets.get(name)
        concept: dict[str, Any] = (
            {"text": min(known.texts)} if known and not known.codes and known.texts else {}
        )
        if not concept:
            system, code = _code(case["name"], name, terms)
            concept = {"coding": [{"system": system, "code": code}]}
        made = _observation(f"r-{name}", "", "", _ago(30), valueCodeableConcept={"text": str(answer)})
        yield {**made, "code": concept}


def _pregnancy(patient: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for identifier, code, days_ago, value in pregnancy_observations(patient, NOW.date()):
        yield _observation(identifier, LOINC, code, _ago(days_ago), **value)
    for number, given in enumerate(patient.get("observations") or ()):
        yield {"resourceType": "Observation", "id": f"o{number}", "status": "final", **given}


def _code(where: str, value_set: str, terms: Terminology) -> tuple[str, str]:
    """A code of the set, always the same."""
    codes = sorted(terms.sets.sets[value_set].codes) if value_set in terms.sets.sets else []
    if not codes:
        raise KnowledgeFileError(f"{where}: there is no value set {value_set} with codes")
    return codes[0]


def _concept(name: str, terms: Terminology) -> dict[str, Any]:
    """A code of the value set, or where it has none the first of its names; any other `name` is a text itself."""
    if name not in terms.sets.sets:
        return {"text": name}
    one = terms.sets.sets[name]
    title = one.title.partition(";")[0]
    if one.codes:
        system, code = min(one.codes)
        return {"coding": [{"system": system, "code": code}], "text": title}
    if one.texts:
        usual = name.replace("-", " ")
        return {"text": usual if usual in one.texts else min(one.texts)}
    return _concept(min(one.includes), terms)


def _body(patient: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "weight_kg" in patient:
        yield _observation("weight", LOINC, "29463-7", _ago(10), **_quantity(patient["weight_kg"], "kg"))
    if "height_cm" in patient:
        yield _observation("height", LOINC, "8302-2", _ago(10), **_quantity(patient["height_cm"], "cm"))


def _inpatient() -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    }


def _events(case: Mapping[str, Any], name: str, terms: Terminology) -> Iterator[dict[str, Any]]:
    """`done` procedures, `devices` in place, and `planned` services, each by a value set (or `lab`)."""
    for number, event in _listed(case, name):
        check_members(case["name"], event, _EVENT)
        value_set = LABS[event["lab"]].value_set if "lab" in event else event["set"]
        concept = _concept(value_set, terms)
        made: dict[str, Any] = {"id": f"{name}{number}", "subject": {"reference": "Patient/p1"}}
        if "site" in event:
            made["bodySite"] = [{"text": event["site"]}]
        if name == "done":
            made |= {"resourceType": "Procedure", "status": "completed", "code": concept}
            if "days_ago" in event:
                made["performedDateTime"] = _ago(event["days_ago"])
        elif name == "devices":
            made |= {"resourceType": "Device", "status": "active", "type": concept}
        else:
            made |= {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": concept}
            if "in_days" in event:
                made["occurrenceDateTime"] = _day(event["in_days"])
        yield made


def _answers(case: Mapping[str, Any]) -> Iterator[Acknowledged]:
    for answer in case.get("acknowledged") or ():
        check_members(case["name"], answer, _ANSWER)
        yield Acknowledged(
            statement=answer["statement"],
            drugs=frozenset(answer["drugs"]),
            daily_mg=Decimal(answer["daily_mg"]) if "daily_mg" in answer else None,
            reason=answer["reason"],
            at=NOW - timedelta(days=int(answer["days_ago"])),
        )


def _order(entry: Mapping[str, Any], number: int, status: str, terms: Terminology) -> dict[str, Any]:
    check_members(str(entry.get("drug") or entry.get("procedure")), entry, _ORDER)
    identifier = entry.get("id", f"{status}{number}")
    if "procedure" in entry:
        return _service(entry, identifier, status, terms)
    order: dict[str, Any] = {
        "resourceType": "MedicationStatement" if entry.get("statement") else "MedicationRequest",
        "id": identifier,
        "status": "stopped" if entry.get("stop") or "ended_days_ago" in entry else status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": entry["drug"]},
        "authoredOn": _ago(entry.get("days_ago", entry.get("ended_days_ago", 0))),
    }
    if entry.get("on_hold"):
        order["status"] = "on-hold"
    if entry.get("dispense"):
        order["dispenseRequest"] = {"numberOfRepeatsAllowed": 0}
    steps = [_dosage(step) for step in entry.get("steps", ())]
    for position, step in enumerate(steps, start=1):
        step["sequence"] = position
    instructions = steps or [_dosage(entry)]
    if "for_days" in entry:
        repeat = instructions[0].setdefault("timing", {}).setdefault("repeat", {})
        repeat["boundsDuration"] = {
            "value": _number(entry["for_days"]),
            "unit": "d",
            "system": UCUM,
            "code": "d",
        }
    end = -int(entry["ended_days_ago"]) if "ended_days_ago" in entry else entry.get("ends_in")
    if end is not None:
        repeat = instructions[0].setdefault("timing", {}).setdefault("repeat", {})
        repeat["boundsPeriod"] = {"end": _day(end)}
    if any(instructions):
        order["dosage" if entry.get("statement") else "dosageInstruction"] = instructions
    return order


def _service(entry: Mapping[str, Any], identifier: str, status: str, terms: Terminology) -> dict[str, Any]:
    concept = _concept(entry["procedure"], terms)
    made: dict[str, Any] = {
        "resourceType": "DeviceRequest" if entry.get("device") else "ServiceRequest",
        "id": identifier,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "codeCodeableConcept" if entry.get("device") else "code": concept,
    }
    if "in_days" in entry:
        made["occurrenceDateTime"] = _day(entry["in_days"])
    if "site" in entry:
        made["bodySite"] = [{"text": entry["site"]}]
    return made


def _dosage(entry: Mapping[str, Any]) -> dict[str, Any]:
    dosage: dict[str, Any] = {}
    if "sig" in entry:
        dosage["text"] = entry["sig"]
    if "dose" in entry:
        value, _, unit = str(entry["dose"]).partition(" ")
        dosage["doseAndRate"] = [{"doseQuantity": {"value": _number(Decimal(value)), "unit": unit}}]
    if "times" in entry:
        dosage["timing"] = {"repeat": {"frequency": entry["times"], "period": 1, "periodUnit": "d"}}
    if "code" in entry:
        dosage["timing"] = {"code": {"coding": [{"system": GTS_ABBREVIATION, "code": entry["code"]}]}}
    if "at" in entry:
        dosage["timing"] = {"repeat": {"timeOfDay": entry["at"]}}
    if entry.get("as_needed"):
        dosage["asNeededBoolean"] = True
    if "site" in entry:
        dosage["site"] = {"text": entry["site"]}
    return dosage
