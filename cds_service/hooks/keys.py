"""The prefetch keys: an interface, since analysts of an EHR type them in by hand.

Adding one is one row. Templates keep to reads and searches that every R4 server answers: no _include, no
chaining, no repeated parameter. Each key asks for one group of analytes, because a shared `_count` would
let the frequent one hide the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cards.facts.dispensed import GIVEN_TYPES
from cards.facts.procedures import SERVICE_TYPES
from terminology.coding import LOINC
from terminology.value_sets import ValueSet

PATIENT = "patient"
_ORDERS = frozenset({"MedicationRequest", "MedicationOrder", "MedicationPrescription"})
_MEDICATION = frozenset({"Medication"})
_OBSERVATION = frozenset({"Observation"})
_RESULTS = "Observation?patient={{context.patientId}}&code={codes}&_sort=-date&_count="


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefetchKey:
    """One key: its search and what its answer may hold.

    `codes` names the value sets whose LOINC codes the search lists. `types` are the resource types that
    answer it, those of older FHIR versions included; `beside` may stand with them unread. `newest` is
    the page size of a search sorted newest first: a page of that many needs no further page.
    """

    key: str
    query: str
    words: str
    types: frozenset[str]
    topic: str
    codes: tuple[str, ...] = ()
    beside: frozenset[str] = frozenset()
    newest: int | None = None
    required: bool = False


KEYS = (
    PrefetchKey(
        key=PATIENT,
        query="Patient/{{context.patientId}}",
        words="the patient",
        types=frozenset({"Patient"}),
        topic="patient",
        required=True,
    ),
    PrefetchKey(
        key="medications",
        query="MedicationRequest?patient={{context.patientId}}&status=active,on-hold&_count=200",
        words="the list of active medications",
        types=_ORDERS | {"MedicationStatement"} | _MEDICATION | GIVEN_TYPES,
        topic="medications",
    ),
    PrefetchKey(
        key="endedMedications",
        query=(
            "MedicationRequest?patient={{context.patientId}}&status=stopped,completed"
            "&_sort=-authoredon&_count=100"
        ),
        words="the list of ended medications",
        types=_ORDERS | {"MedicationStatement"} | _MEDICATION,
        topic="medications",
        newest=100,
    ),
    PrefetchKey(
        key="statements",
        query="MedicationStatement?patient={{context.patientId}}&_count=200",
        words="reported medications",
        types=frozenset({"MedicationStatement"}) | _ORDERS | _MEDICATION,
        topic="medications",
    ),
    PrefetchKey(
        key="conditions",
        query="Condition?patient={{context.patientId}}&_count=200",
        words="the problem list",
        types=frozenset({"Condition", "Problem"}),
        topic="conditions",
    ),
    PrefetchKey(
        key="kidney",
        query=_RESULTS + "30",
        words="creatinine and eGFR results",
        types=_OBSERVATION,
        topic="kidney",
        codes=("creatinine", "egfr", "creatinine-clearance"),
        newest=30,
    ),
    PrefetchKey(
        key="body",
        query=_RESULTS + "30",
        words="weight and height",
        types=_OBSERVATION,
        topic="kidney",
        codes=("body-weight", "body-height"),
        newest=30,
    ),
    PrefetchKey(
        key="inr",
        query=_RESULTS + "10",
        words="INR results",
        types=_OBSERVATION,
        topic="bleeding",
        codes=("inr",),
        newest=10,
    ),
    PrefetchKey(
        key="bleeding",
        query=_RESULTS + "20",
        words="platelets and haemoglobin",
        types=_OBSERVATION,
        topic="bleeding",
        codes=("platelets", "haemoglobin"),
        newest=20,
    ),
    PrefetchKey(
        key="pregnancy",
        query=_RESULTS + "50",
        words="results about pregnancy and lactation",
        types=_OBSERVATION,
        topic="pregnancy",
        codes=(
            "pregnancy-status",
            "hcg-presence",
            "hcg-quantity",
            "gestational-age",
            "delivery-date-estimated",
            "last-menstrual-period",
            "delivery-time",
            "breastfeeding-status",
            "pregnancy-intention",
        ),
        newest=50,
    ),
    PrefetchKey(
        key="sodium",
        query=_RESULTS + "10",
        words="sodium results",
        types=_OBSERVATION,
        topic="results",
        codes=("sodium",),
        newest=10,
    ),
    PrefetchKey(
        key="potassium",
        query=_RESULTS + "10",
        words="potassium results",
        types=_OBSERVATION,
        topic="results",
        codes=("potassium",),
        newest=10,
    ),
    PrefetchKey(
        key="liver",
        query=_RESULTS + "10",
        words="liver results",
        types=_OBSERVATION,
        topic="results",
        codes=("alt",),
        newest=10,
    ),
    PrefetchKey(
        key="ecg",
        query=_RESULTS + "10",
        words="QTc results",
        types=_OBSERVATION,
        topic="results",
        codes=("qtc",),
        newest=10,
    ),
    PrefetchKey(
        key="bloodPressure",
        query=_RESULTS + "10",
        words="blood pressure",
        types=_OBSERVATION,
        topic="results",
        codes=("blood-pressure", "systolic", "diastolic"),
        newest=10,
    ),
    PrefetchKey(
        # No code of an allele could be confirmed, so the class of result is asked for (HL7 table 0074).
        key="genetics",
        query=(
            "Observation?patient={{context.patientId}}"
            "&category=http://terminology.hl7.org/CodeSystem/v2-0074|GE&_sort=-date&_count=100"
        ),
        words="genetic results",
        types=_OBSERVATION,
        topic="results",
        newest=100,
    ),
    PrefetchKey(
        key="orders",
        query="ServiceRequest?patient={{context.patientId}}&status=active&_count=100",
        words="planned procedures",
        types=SERVICE_TYPES,
        topic="procedures",
    ),
    PrefetchKey(
        key="procedures",
        query="Procedure?patient={{context.patientId}}&_sort=-date&_count=100",
        words="past procedures",
        types=frozenset({"Procedure"}),
        topic="procedures",
        newest=100,
    ),
    PrefetchKey(
        key="devices",
        query="Device?patient={{context.patientId}}&_count=100",
        words="devices and implants",
        types=frozenset({"Device", "DeviceUseStatement", "DeviceUsage"}),
        topic="procedures",
    ),
    PrefetchKey(
        key="encounter",
        query="Encounter/{{context.encounterId}}",
        words="the encounter",
        types=frozenset({"Encounter"}),
        topic="kidney",
    ),
)


def templates(sets: Mapping[str, ValueSet], keys: Iterable[PrefetchKey] = KEYS) -> dict[str, str]:
    """Key to FHIR query, the LOINC codes taken from the value sets that the evaluation uses."""
    return {row.key: row.query.replace("{codes}", _codes(row, sets)) for row in keys}


def _codes(row: PrefetchKey, sets: Mapping[str, ValueSet]) -> str:
    listed = {code for name in row.codes for system, code in sets[name].codes if system == LOINC}
    return ",".join(f"{LOINC}|{code}" for code in sorted(listed))
