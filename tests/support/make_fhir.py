"""FHIR resources in one line each, dated relative to NOW."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cards.facts.patient import read_patient
from cards.facts.problems import read_problems
from cards.facts.renal_reading import RenalInputs, read_renal_function
from cards.facts.stay import read_stay
from terminology.coding import ICD10CM, LOINC, UCUM

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def ago(days: float = 0, hours: float = 0) -> str:
    return (NOW - timedelta(days=days, hours=hours)).isoformat()


def patient(age: int | None = 60, sex: str | None = "female", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "id": "p1", **more}
    if age is not None:
        made.setdefault("birthDate", f"{NOW.year - age}-01-01")
    if sex is not None:
        made["gender"] = sex
    return made


def observation(loinc: str, value: Any, unit: str | None, when: str | None, **more: Any) -> dict[str, Any]:
    quantity = {"value": value}
    if unit is not None:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"{loinc}-{when}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "valueQuantity": quantity,
    }
    if when is not None:
        made["effectiveDateTime"] = when
    return made | more


def creatinine(
    value: Any, unit: str | None = "mg/dL", *, days: float = 0, hours: float = 0, **more: Any
) -> dict[str, Any]:
    return observation("2160-0", value, unit, ago(days, hours), **more)


def egfr(value: Any, *, days: float = 0, **more: Any) -> dict[str, Any]:
    return observation("98979-8", value, "mL/min/{1.73_m2}", ago(days), **more)


def weight(
    value: Any, unit: str = "kg", *, days: float = 1, code: str = "29463-7", **more: Any
) -> dict[str, Any]:
    return observation(code, value, unit, ago(days), **more)


def height(value: Any, unit: str = "cm", *, days: float = 1) -> dict[str, Any]:
    return observation("8302-2", value, unit, ago(days))


def condition(icd: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD10CM, "code": icd}]}
    return {"resourceType": "Condition", "id": f"c-{icd}", "code": coded} | more


def inpatient(days: float = 1) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "period": {"start": ago(days)},
    }


def renal(terms, who, *observations, conditions=(), zone=UTC, now=NOW, **inputs):
    """The kidney function read from these resources."""
    stay = read_stay(inputs.get("encounter"), terms, now, zone)
    return read_renal_function(
        read_patient(who, now, zone),
        read_problems(conditions, terms, now, zone),
        RenalInputs(observations=observations, stay=stay, **inputs),
        terms,
        now,
        zone,
    )


def rounded(value, places=2):
    """As printed with so many decimals; None stays None."""
    return None if value is None else f"{value:.{places}f}"
