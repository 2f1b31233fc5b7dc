"""Synthetic order-sign requests for the measurements: each of another patient, with other values, dates and ids.

They are as wordy as those of a large EHR (meta, identifiers, categories, encounters, performers), about 1 kB a
resource. Drugs, problems and tests come from short lists, as they do in a hospital; nothing else repeats, so
that nothing but vocabulary can be remembered between requests.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from terminology.coding import ICD10CM, LOINC, RXNORM, SNOMED, UCUM

Resource = dict[str, Any]

Drugs = Sequence[tuple[str, str, tuple[int, ...]]]
"""(RxCUI, name, doses a day that are ordered)."""

# What prescribers order for neuropathic pain: nearly every such order of this made-up patient gets a card.
ADVISED: Drugs = (
    ("310431", "gabapentin 300 MG Oral Capsule", (1, 2, 3)),
    ("310433", "gabapentin 600 MG Oral Tablet", (2, 3)),
    ("310434", "gabapentin 800 MG Oral Tablet", (3, 4)),
    ("483450", "pregabalin 75 MG Oral Capsule", (2, 3)),
    ("483440", "pregabalin 150 MG Oral Capsule", (2, 3)),
    ("596934", "duloxetine 60 MG Delayed Release Oral Capsule", (1, 2)),
    ("856834", "amitriptyline hydrochloride 25 MG Oral Tablet", (1,)),
    ("835603", "tramadol hydrochloride 50 MG Oral Tablet", (3, 4)),
    ("308979", "carbamazepine 200 MG Oral Tablet", (2,)),
    ("197806", "ibuprofen 600 MG Oral Tablet", (3,)),
)
# What the knowledge says little or nothing of, as of most orders in a hospital.
OTHER: Drugs = (
    ("314076", "lisinopril 10 MG Oral Tablet", (1,)),
    ("861007", "metformin hydrochloride 500 MG Oral Tablet", (2,)),
    ("617310", "atorvastatin 20 MG Oral Tablet", (1,)),
    ("197361", "amlodipine 5 MG Oral Tablet", (1,)),
    ("313988", "furosemide 40 MG Oral Tablet", (1, 2)),
)
_TAKEN: Drugs = (
    ("855332", "warfarin sodium 5 MG Oral Tablet", (1,)),
    ("1364445", "apixaban 5 MG Oral Tablet", (2,)),
    ("312941", "sertraline 50 MG Oral Tablet", (1,)),
    ("314076", "lisinopril 10 MG Oral Tablet", (1,)),
    ("861007", "metformin hydrochloride 500 MG Oral Tablet", (2,)),
    ("617310", "atorvastatin 20 MG Oral Tablet", (1,)),
    ("198051", "omeprazole 20 MG Delayed Release Oral Capsule", (1,)),
    ("197361", "amlodipine 5 MG Oral Tablet", (1,)),
    ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet", (4, 6)),
    ("197901", "lorazepam 1 MG Oral Tablet", (1, 2)),
    ("313988", "furosemide 40 MG Oral Tablet", (1, 2)),
)
_PROBLEMS = (
    ("E11.42", "Type 2 diabetes mellitus with diabetic polyneuropathy", "422034002"),
    ("I10", "Essential (primary) hypertension", "59621000"),
    ("N18.32", "Chronic kidney disease, stage 3b", "700379002"),
    ("J44.9", "Chronic obstructive pulmonary disease, unspecified", "13645005"),
    ("I48.91", "Unspecified atrial fibrillation", "49436004"),
    ("G47.33", "Obstructive sleep apnea (adult)", "78275009"),
    ("F33.1", "Major depressive disorder, recurrent, moderate", "832007"),
    ("M54.16", "Radiculopathy, lumbar region", "128196005"),
    ("K21.9", "Gastro-esophageal reflux disease without esophagitis", "235595009"),
    ("E78.5", "Hyperlipidemia, unspecified", "55822004"),
)
# Code, name, unit, range and decimals of its results.
_RESULTS = {
    "kidney": (("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", (60, 320), 2),),
    "body": (
        ("29463-7", "Body weight", "kg", (480, 1150), 1),
        ("8302-2", "Body height", "cm", (1500, 1900), 1),
    ),
    "inr": (("6301-6", "INR in Platelet poor plasma by Coagulation assay", "{INR}", (10, 38), 1),),
    "bleeding": (
        ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", (90, 400), 0),
        ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", (85, 160), 1),
    ),
    "sodium": (("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", (126, 146), 0),),
    "potassium": (("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", (33, 56), 1),),
    "liver": (
        ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum", "U/L", (9, 90), 0),
    ),
    "bloodPressure": (("8480-6", "Systolic blood pressure", "mm[Hg]", (98, 178), 0),),
}
_PROCEDURES = (
    ("73761001", "Colonoscopy"),
    ("80146002", "Appendectomy"),
    ("52734007", "Total hip replacement"),
)
_EVERY_KEY = (
    "patient", "medications", "endedMedications", "statements", "conditions", "kidney", "body", "inr", "bleeding",
    "pregnancy", "sodium", "potassium", "liver", "ecg", "bloodPressure", "genetics", "orders", "procedures",
    "devices", "encounter",
)  # fmt: skip
# How the resources of a record spread over the keys; creatinine, weight, two drugs and two problems come first.
_SHARES = (
    ("medications", 10), ("conditions", 14), ("kidney", 14), ("body", 8), ("endedMedications", 12), ("inr", 4),
    ("bleeding", 12), ("sodium", 4), ("potassium", 4), ("liver", 4), ("bloodPressure", 6), ("procedures", 5),
)  # fmt: skip
_FIRST = ("kidney", "body", "medications", "conditions", "medications", "conditions")
_HL7 = "http://terminology.hl7.org/CodeSystem"


def bodies(count: int, resources: int, drafts: int = 2, drugs: Drugs = ADVISED) -> Iterator[bytes]:
    """`count` requests of `resources` resources, `drafts` of them orders of these drugs, all different."""
    now = datetime.now(UTC)
    for number in range(count):
        yield body(number, resources, drafts, now, drugs)


def body(number: int, resources: int, drafts: int, now: datetime, drugs: Drugs = ADVISED) -> bytes:
    """One request; the same number, time and drugs give the same."""
    made = _Maker(Random(f"{number}/{resources}/{drafts}"), now)
    ordered = made.random.sample(drugs, min(drafts, len(drugs)))
    ordered += [made.random.choice(drugs) for _ in range(drafts - len(ordered))]
    orders = [made.medication(drug, "draft") for drug in ordered]
    keys: dict[str, list[Resource]] = {key: [] for key in _EVERY_KEY}
    spread = [key for key, share in _SHARES for _ in range(share)]
    for place in range(max(0, resources - drafts - 2)):
        key = _FIRST[place] if place < len(_FIRST) else made.random.choice(spread)
        keys[key].append(_MAKERS.get(key, _Maker.result)(made, key))
    prefetch: dict[str, Any] = {key: _bundle(listed) for key, listed in keys.items()}
    prefetch |= {"patient": made.person(), "encounter": made.encounter()}
    return orjson.dumps(
        {
            "hookInstance": made.identifier(),
            "hook": "order-sign",
            "fhirServer": "https://ehr.example/fhir/r4",
            "context": {
                "userId": f"Practitioner/{made.identifier()}",
                "patientId": made.patient,
                "encounterId": made.visit,
                "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": _entries(orders)},
            },
            "prefetch": prefetch,
        }
    )


class _Maker:
    """Makes the resources of one patient."""

    def __init__(self, random: Random, now: datetime) -> None:
        self.random, self.now = random, now
        self.patient = self.identifier()
        self.visit = self.identifier()

    def identifier(self) -> str:
        return f"e{self.random.getrandbits(128):032x}"

    def when(self, most_days: int) -> str:
        ago = timedelta(seconds=self.random.randrange(3600, most_days * 86_400))
        return (self.now - ago).isoformat(timespec="seconds").replace("+00:00", "Z")

    def common(self, kind: str) -> Resource:
        identifier = self.identifier()
        return {
            "resourceType": kind,
            "id": identifier,
            "meta": {"versionId": str(self.random.randrange(1, 9)), "lastUpdated": self.when(300)},
            "identifier": [
                {"use": "usual", "system": "urn:oid:2.16.840.1.113883.19", "value": identifier[1:9]}
            ],
        }

    def subject(self) -> Resource:
        return {"reference": f"Patient/{self.patient}", "display": f"Patient, {self.patient[1:7]}"}

    def during(self) -> Resource:
        return {"encounter": {"reference": f"Encounter/{self.visit}", "display": "Outpatient visit"}}

    def person(self) -> Resource:
        born = self.now - timedelta(days=self.random.randrange(22 * 365, 92 * 365))
        return self.common("Patient") | {
            "id": self.patient,
            "name": [{"use": "official", "family": self.patient[1:7], "given": [self.patient[7:12]]}],
            "gender": self.random.choice(("female", "male")),
            "birthDate": born.date().isoformat(),
        }

    def encounter(self) -> Resource:
        place = {"reference": f"Location/{self.random.randrange(9)}"}
        return self.common("Encounter") | {
            "id": self.visit,
            "status": "in-progress",
            "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
            "subject": self.subject(),
            "period": {"start": self.when(1)},
            "location": [{"location": place, "status": "active"}],
        }

    def medication(self, drug: tuple[str, str, tuple[int, ...]], status: str) -> Resource:
        code, name, times = drug
        often = self.random.choice(times)
        words = ("once", "twice", "three times", "four times", "five times", "six times")[often - 1]
        unit = "capsule" if "Capsule" in name else "tablet"
        repeat: Resource = {"frequency": often, "period": 1, "periodUnit": "d"}
        if status != "draft":
            repeat["boundsPeriod"] = {"start": self.when(400)[:10]}
        dosage = {
            "text": f"Take 1 {unit} by mouth {words} a day",
            "timing": {"repeat": repeat},
            "asNeededBoolean": False,
            "route": _concept(SNOMED, "26643006", "Oral route"),
            "doseAndRate": [
                {"doseQuantity": {"value": 1, "unit": unit, "system": UCUM, "code": f"{{{unit}}}"}}
            ],
        }
        return (
            self.common("MedicationRequest")
            | {
                "status": status,
                "intent": "order",
                "category": [_concept(f"{_HL7}/medicationrequest-category", "community", "Community")],
                "medicationCodeableConcept": _concept(RXNORM, code, name) | {"text": name},
                "subject": self.subject(),
                "authoredOn": self.when(1 if status == "draft" else 300),
                "requester": {"reference": f"Practitioner/{self.identifier()}"},
                "dosageInstruction": [dosage],
                "dispenseRequest": {
                    "validityPeriod": {"start": self.when(300)[:10]},
                    "numberOfRepeatsAllowed": self.random.randrange(4),
                    "quantity": {"value": often * 30, "unit": unit},
                },
            }
            | self.during()
        )

    def listed(self, key: str) -> Resource:
        status = "active" if key == "medications" else "completed"
        return self.medication(self.random.choice(_TAKEN), status)

    def condition(self, _: str) -> Resource:
        code, name, snomed = self.random.choice(_PROBLEMS)
        concept = _concept(ICD10CM, code, name)
        concept["coding"].append({"system": SNOMED, "code": snomed, "display": name})
        return (
            self.common("Condition")
            | {
                "clinicalStatus": _concept(f"{_HL7}/condition-clinical", "active"),
                "verificationStatus": _concept(f"{_HL7}/condition-ver-status", "confirmed"),
                "category": [
                    _concept(f"{_HL7}/condition-category", "problem-list-item", "Problem List Item")
                ],
                "code": concept | {"text": name},
                "subject": self.subject(),
                "onsetDateTime": self.when(3000)[:10],
                "recordedDate": self.when(1000),
            }
            | self.during()
        )

    def result(self, key: str) -> Resource:
        code, name, unit, (least, most), places = self.random.choice(_RESULTS[key])
        value = self.random.randrange(least, most) / 10**places
        when = self.when(90)
        kind = "vital-signs" if key in ("body", "bloodPressure") else "laboratory"
        return (
            self.common("Observation")
            | {
                "status": "final",
                "category": [_concept(f"{_HL7}/observation-category", kind, kind)],
                "code": _concept(LOINC, code, name) | {"text": name},
                "subject": self.subject(),
                "effectiveDateTime": when,
                "issued": when,
                "performer": [{"reference": f"Organization/{self.identifier()}"}],
                "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
            }
            | self.during()
        )

    def procedure(self, _: str) -> Resource:
        code, name = self.random.choice(_PROCEDURES)
        return (
            self.common("Procedure")
            | {
                "status": "completed",
                "code": _concept(SNOMED, code, name) | {"text": name},
                "subject": self.subject(),
                "performedDateTime": self.when(2000),
            }
            | self.during()
        )


_MAKERS: dict[str, Callable[[_Maker, str], Resource]] = {
    "medications": _Maker.listed,
    "endedMedications": _Maker.listed,
    "conditions": _Maker.condition,
    "procedures": _Maker.procedure,
}


def _concept(system: str, code: str, display: str = "") -> Resource:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def _bundle(resources: list[Resource]) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": _entries(resources),
    }


def _entries(resources: list[Resource]) -> list[Resource]:
    return [{"fullUrl": f"urn:uuid:{one['id'][1:]}", "resource": one} for one in resources]
