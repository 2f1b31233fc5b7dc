"""Synthetic populations for the back-test: the same seed gives the same bytes. No real person is in them."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import orjson

from terminology.coding import LOINC, UCUM

Resource = dict[str, Any]

BEGIN = datetime(2022, 1, 3, 8, 0, tzinfo=UTC)
DRUGS = (
    ("gabapentin 600 MG Oral Tablet", (600, 1200), 3),
    ("pregabalin 150 MG Oral Capsule", (150, 300), 2),
    ("duloxetine 60 MG Delayed Release Oral Capsule", (60, 60), 1),
    ("warfarin sodium 5 MG Oral Tablet", (5, 5), 1),
    ("oxycodone hydrochloride 10 MG Oral Tablet", (10, 10), 4),
    ("naproxen 500 MG Oral Tablet", (500, 500), 2),
    ("lisinopril 10 MG Oral Tablet", (10, 10), 1),
    ("metformin hydrochloride 500 MG Oral Tablet", (500, 500), 2),
)
PROBLEMS = (("N18.4", "Chronic kidney disease, stage 4"), ("M54.5", "Low back pain"), ("J44.9", "COPD"))
FILLERS = ("4548-4", "2345-7", "718-7", "8310-5", "8867-4", "9279-1")


def person(number: int, seed: int = 7, more_results: int = 0) -> Iterator[Resource]:
    """The 20 or 21 resources of one patient, and so many results a visit that no statement asks for."""
    chance = Random(seed * 1_000_003 + number)
    name = f"p{number}"
    subject = {"reference": f"Patient/{name}"}
    yield {
        "resourceType": "Patient",
        "id": name,
        "gender": chance.choice(("female", "male")),
        "birthDate": f"{chance.randint(1935, 2000)}-0{chance.randint(1, 9)}-11",
        "name": [{"family": f"Secretname{number}", "given": ["Private"]}],
    }
    visits = sorted(
        BEGIN + timedelta(days=chance.randint(0, 900), hours=chance.randint(0, 8)) for _ in range(3)
    )
    for place, visit in enumerate(visits):
        yield {
            "resourceType": "Encounter",
            "id": f"{name}-e{place}",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": subject,
            "period": {"start": visit.isoformat(), "end": (visit + timedelta(hours=1)).isoformat()},
        }
        for loinc, value, unit in (
            ("2160-0", round(chance.uniform(0.6, 3.4), 2), "mg/dL"),
            ("29463-7", round(chance.uniform(48, 110), 1), "kg"),
            (chance.choice(FILLERS), 5, "1"),
            (chance.choice(FILLERS), 6, "1"),
        ):
            yield result(
                f"{name}-o{place}-{loinc}-{value}", loinc, value, unit, visit - timedelta(days=2), subject
            )
        for filler in range(more_results):
            name_of_it, loinc = f"{name}-f{place}-{filler}", FILLERS[filler % len(FILLERS)]
            yield result(name_of_it, loinc, filler, "1", visit, subject)
        drug, doses, times = chance.choice(DRUGS)
        made = order(f"{name}-m{place}", drug, chance.choice(doses), times, visit, subject)
        made["requester"] = {"reference": f"Practitioner/d{chance.randint(1, 40)}"}
        made["encounter"] = {"reference": f"Encounter/{name}-e{place}"}
        if number % 5 == 0 and place == 0:
            del made["medicationCodeableConcept"]
            made["medicationReference"] = {"reference": f"Medication/{name}-drug"}
            yield {"resourceType": "Medication", "id": f"{name}-drug", "code": {"text": drug}}
        yield made
    code, words = chance.choice(PROBLEMS)
    yield {
        "resourceType": "Condition",
        "id": f"{name}-c",
        "subject": subject,
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}], "text": words},
        "recordedDate": visits[0].date().isoformat(),
    }


def order(name: str, drug: str, dose: int, times: int, when: datetime, subject: Any, **more: Any) -> Resource:
    """A MedicationRequest with a readable dose."""
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "completed",
        "intent": "order",
        "medicationCodeableConcept": {"text": drug},
        "subject": subject,
        "authoredOn": when.isoformat(),
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [
                    {"doseQuantity": {"value": dose, "unit": "mg", "system": UCUM, "code": "mg"}}
                ],
            }
        ],
        **more,
    }


def result(name: str, loinc: str, value: float, unit: str, when: datetime, subject: Any) -> Resource:
    """A final Observation."""
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": subject,
        "effectiveDateTime": when.isoformat(),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }


def population(people: int, seed: int = 7, more_results: int = 0) -> Iterator[Resource]:
    """The resources of so many patients."""
    for number in range(people):
        yield from person(number, seed, more_results)


def write_export(folder: Path, resources: Iterable[Resource], *, packed: bool = False) -> int:
    """Writes NDJSON, one file per type, as a Bulk Data server does; returns the number of resources."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with ExitStack() as stack:
        files: dict[str, Any] = {}
        for one in resources:
            kind = one["resourceType"]
            if kind not in files:
                path = folder / f"{kind}.ndjson{'.gz' if packed else ''}"
                files[kind] = stack.enter_context(_opened(path, packed))
            files[kind].write(orjson.dumps(one) + b"\n")
            count += 1
    return count


def _opened(path: Path, packed: bool) -> Any:
    return gzip.open(path, "wb") if packed else path.open("wb")
