"""Runs the cases that stand beside each knowledge file, through the same evaluation as a request.

A case writes a patient and orders in a few words; they become FHIR resources here, so that a case
covers reading, terminology, rules and cards alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cards.evaluate import Evaluation, evaluate
from cards.facts.record import KeyResult, Record
from cards.knowledge.loader import HOME, Knowledge, cases_file, knowledge_files
from cards.knowledge.strict_yaml import KnowledgeFileError, read
from cards.policy import Policy
from terminology.coding import GTS_ABBREVIATION, ICD10CM, LOINC, UCUM
from terminology.load import Terminology

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

_CASE = {
    "name", "jurisdiction", "hook", "patient", "creatinine", "egfr", "drafts", "active", "expect", "silent",
    "summary", "suggest", "no_suggestion", "cards",
}  # fmt: skip
_PATIENT = {"age", "birth_date", "sex", "weight_kg", "height_cm", "conditions", "inpatient"}
_ORDER = {"drug", "dose", "times", "code", "at", "sig", "steps", "as_needed", "stop", "days_ago", "ends_in", "id"}
_LAB = {"value", "unit", "days_ago", "hours_ago"}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what did not hold in it; no problems means it passed."""

    file: str
    name: str
    problems: tuple[str, ...]


def run_cases(knowledge: Knowledge, terminology: Terminology, home: Path = HOME) -> Iterator[CaseResult]:
    """Every case of every file under `home`, in file order."""
    for path in knowledge_files(home):
        yield from run_file(cases_file(path), knowledge, terminology, home)


def run_file(
    path: Path, knowledge: Knowledge, terminology: Terminology, home: Path = HOME
) -> Iterator[CaseResult]:
    """The cases of one file. Raises KnowledgeFileError for a case that is not well formed."""
    name = str(path.relative_to(home)) if path.is_relative_to(home) else path.name
    cases = read(path)
    if not isinstance(cases, list):
        raise KnowledgeFileError(f"{name}: needs a list of cases")
    for case in cases:
        _known(name, case, _CASE)
        yield CaseResult(name, case["name"], tuple(_problems(case, knowledge, terminology)))


def _problems(case: Mapping[str, Any], knowledge: Knowledge, terminology: Terminology) -> Iterator[str]:
    evaluation = evaluate_case(case, knowledge, terminology)
    said = {
        judged.statement.id: judged.outcome.finding.severity.name
        for judged in evaluation.judged
        if judged.outcome.finding is not None
    }
    for statement, indicator in (case.get("expect") or {}).items():
        if said.get(statement) != indicator:
            yield f"{statement}: expected {indicator}, got {said.get(statement, 'nothing')}"
    for statement in case.get("silent") or ():
        if statement in said:
            yield f"{statement}: expected silence, got {said[statement]}"
        if statement not in knowledge.statements:
            yield f"{statement}: no such statement"
    if "cards" in case and len(evaluation.cards) != case["cards"]:
        yield f"expected {case['cards']} cards, got {[card.summary for card in evaluation.cards]}"
    lead = evaluation.cards[0] if evaluation.cards else None
    if "summary" in case and (lead is None or case["summary"] not in lead.summary):
        yield f"expected summary with {case['summary']!r}, got {lead.summary if lead else None!r}"
    labels = [one.label for card in evaluation.cards for one in card.suggestions]
    if "suggest" in case and not any(case["suggest"] in label for label in labels):
        yield f"expected a suggestion with {case['suggest']!r}, got {labels}"
    if case.get("no_suggestion") and any("Change to" in label for label in labels):
        yield f"expected no dose suggestion, got {labels}"


def evaluate_case(case: Mapping[str, Any], knowledge: Knowledge, terminology: Terminology) -> Evaluation:
    """The evaluation of one case at the fixed time NOW."""
    patient = case.get("patient") or {}
    _known(case["name"], patient, _PATIENT)
    active = [_order(entry, number, "active") for number, entry in enumerate(case.get("active") or ())]
    drafts = [_order(entry, number, "draft") for number, entry in enumerate(case.get("drafts") or ())]
    keys = {
        "patient": [_patient(patient)],
        "conditions": [_condition(code, number) for number, code in enumerate(patient.get("conditions") or ())],
        "kidney": [*_labs(case, "creatinine", "2160-0"), *_labs(case, "egfr", "98979-8")],
        "body": list(_body(patient)),
        "encounter": [_inpatient()] if patient.get("inpatient") else [],
        "medications": active,
    }
    record = Record(
        patient_id="p1",
        keys={key: KeyResult(key, "given", tuple(resources)) for key, resources in keys.items()},
    )
    return evaluate(
        case.get("hook", "order-sign"),
        record,
        tuple(drafts),
        None,
        now=NOW,
        policy=Policy(jurisdiction=case.get("jurisdiction", "us")),
        knowledge=knowledge,
        terminology=terminology,
        card_scope=case["name"],
    )


def _known(where: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(given) - known
    if unknown:
        raise KnowledgeFileError(f"{where}: unknown member {sorted(unknown)[0]}; known are {sorted(known)}")


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _ago(days: Any = 0, hours: Any = 0) -> str:
    return (NOW - timedelta(days=int(days), hours=int(hours))).isoformat()


def _patient(patient: Mapping[str, Any]) -> dict[str, Any]:
    out = {"resourceType": "Patient", "id": "p1", "gender": patient.get("sex", "female")}
    if "birth_date" in patient:
        out["birthDate"] = str(patient["birth_date"])
    elif "age" in patient:
        out["birthDate"] = date(NOW.year - int(patient["age"]), 1, 1).isoformat()
    return out


def _condition(code: str, number: int) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD10CM, "code": str(code)}]},
        "subject": {"reference": "Patient/p1"},
    }


def _observation(identifier: str, code: str, value: Any, unit: str, when: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": when,
        "valueQuantity": {"value": _number(value), "unit": unit, "system": UCUM, "code": unit},
    }


def _labs(case: Mapping[str, Any], name: str, code: str) -> Iterator[dict[str, Any]]:
    listed = case.get(name) or ()
    for number, lab in enumerate(listed if isinstance(listed, list) else [listed]):
        _known(case["name"], lab, _LAB)
        default = "mg/dL" if name == "creatinine" else "mL/min/{1.73_m2}"
        when = _ago(lab.get("days_ago", 0), lab.get("hours_ago", 0))
        yield _observation(f"{name}{number}", code, lab["value"], lab.get("unit", default), when)


def _body(patient: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "weight_kg" in patient:
        yield _observation("weight", "29463-7", patient["weight_kg"], "kg", _ago(10))
    if "height_cm" in patient:
        yield _observation("height", "8302-2", patient["height_cm"], "cm", _ago(10))


def _inpatient() -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    }


def _order(entry: Mapping[str, Any], number: int, status: str) -> dict[str, Any]:
    _known(str(entry.get("drug")), entry, _ORDER)
    order: dict[str, Any] = {
        "resourceType": "MedicationRequest",
        "id": entry.get("id", f"{status}{number}"),
        "status": "stopped" if entry.get("stop") else status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": entry["drug"]},
        "authoredOn": _ago(entry.get("days_ago", 0)),
    }
    steps = [_dosage(step) for step in entry.get("steps", ())]
    for position, step in enumerate(steps, start=1):
        step["sequence"] = position
    instructions = steps or [_dosage(entry)]
    if "ends_in" in entry:
        end = (NOW + timedelta(days=int(entry["ends_in"]))).date().isoformat()
        instructions[0].setdefault("timing", {}).setdefault("repeat", {})["boundsPeriod"] = {"end": end}
    if any(instructions):
        order["dosageInstruction"] = instructions
    return order


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
    return dosage
