"""Resources about pregnancy in one line each, dated in days before TODAY, and the facts read from them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from cards.facts.patient import read_patient
from cards.facts.pregnancy import read_pregnancy
from cards.facts.problems import read_problems
from cards.facts.record import KeyResult, Record
from terminology.coding import ICD10CM, LOINC, SNOMED, UCUM

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


def patient(age: int = 33, gender: str | None = "female", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": f"{2026 - age}-01-15"}
    return made | ({"gender": gender} if gender else {}) | more


def concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def condition(code: str, ago: int | None, *, system: str = ICD10CM, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Condition",
        "id": f"c-{code}-{ago}",
        "code": concept(system, code),
        "clinicalStatus": {"coding": [{"code": "active"}]},
    }
    return made | ({"recordedDate": day(ago)} if ago is not None else {}) | more


def observation(code: str, ago: int | None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"o-{code}-{ago}",
        "status": "final",
        "code": concept(LOINC, code),
    }
    return made | ({"effectiveDateTime": day(ago)} if ago is not None else {}) | more


def answer(code: str, value: str, ago: int | None, **more: Any) -> dict[str, Any]:
    """An Observation answered in words, or by a LOINC answer code."""
    said = concept(LOINC, value) if value.startswith("LA") else {"text": value}
    return observation(code, ago, valueCodeableConcept=said, **more)


def pregnant(ago: int | None, **more: Any) -> dict[str, Any]:
    return observation("82810-3", ago, valueCodeableConcept=concept(SNOMED, "77386006"), **more)


def not_pregnant(ago: int | None, **more: Any) -> dict[str, Any]:
    return answer("82810-3", "LA26683-5", ago, **more)


def hcg(value: str, ago: int | None, code: str = "2106-3", **more: Any) -> dict[str, Any]:
    return answer(code, value, ago, **more)


def hcg_level(value: Any, ago: int, unit: str | None = "m[IU]/mL", **more: Any) -> dict[str, Any]:
    quantity = {"value": value} | ({"unit": unit} if unit else {}) | more.pop("quantity", {})
    return observation("19080-1", ago, valueQuantity=quantity, **more)


def due(in_days: int | str, ago: int | None, code: str = "11778-8", **more: Any) -> dict[str, Any]:
    said = in_days if isinstance(in_days, str) else day(-in_days)
    return observation(code, ago, valueDateTime=said, **more)


def last_period(days_ago: int | str, ago: int = 1) -> dict[str, Any]:
    said = days_ago if isinstance(days_ago, str) else day(days_ago)
    return observation("8665-2", ago, valueDateTime=said)


def gestational_age(
    value: Any, ago: int | None, unit: str | None = "wk", code: str = "49051-6", **more: Any
) -> dict[str, Any]:
    quantity = {"value": value} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    return observation(code, ago, valueQuantity=quantity, **more)


def breastfeeding(value: str, ago: int | None, **more: Any) -> dict[str, Any]:
    return answer("63895-7", {"yes": "LA29252-6", "no": "LA29253-4"}.get(value, value), ago, **more)


def record(*resources: dict[str, Any], who: dict[str, Any] | None = None) -> Record:
    keys = {
        "patient": [who if who is not None else patient()],
        "conditions": [one for one in resources if one.get("resourceType") == "Condition"],
        "pregnancy": [one for one in resources if one.get("resourceType") != "Condition"],
    }
    given = {key: KeyResult(key, "given", tuple(found)) for key, found in keys.items()}
    return Record(patient_id="p1", keys=given)


def read(terms, *resources, who=None, medications=(), now=NOW, zone=UTC):
    """The pregnancy facts of a 33-year-old woman, or of `who`, with these resources."""
    person = who if who is not None else patient()
    whole = record(*resources, who=person)
    problems = read_problems(whole.of_type("Condition"), terms, now, zone)
    return read_pregnancy(read_patient(person, now, zone), problems, whole, medications, terms, now, zone)
