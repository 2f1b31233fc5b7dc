from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.facts.patient import read_patient
from cards.facts.problems import read_problems
from cards.facts.record import KeyResult, Record
from cards.facts.renal_reading import RenalInputs, read_renal_function
from cards.facts.renal_record import renal_function
from cards.facts.stay import read_stay
from terminology.coding import ICD10CM, LOINC

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))

creatinines = st.integers(20, 2500).map(lambda hundredths: Decimal(hundredths) / 100)
weights = st.integers(300, 3000).map(lambda tenths: Decimal(tenths) / 10)
heights = st.none() | st.integers(130, 210)
ages = st.integers(18, 120)
genders = st.sampled_from(["female", "male", "unknown"])


def _observation(code, value, unit, when=NOW):
    return {
        "resourceType": "Observation",
        "id": f"{code}-{value}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": when.isoformat(),
        "valueQuantity": {"value": str(value), "unit": unit},
    }


def _read(terminology, age, gender, creatinine, weight, height=None, *more):
    patient = {"resourceType": "Patient", "gender": gender, "birthDate": f"{2026 - age}-01-01"}
    observations = [_observation("2160-0", creatinine, "mg/dL"), _observation("29463-7", weight, "kg"), *more]
    if height is not None:
        observations.append(_observation("8302-2", height, "cm"))
    inputs = RenalInputs(observations=tuple(observations))
    return read_renal_function(read_patient(patient, NOW, UTC), (), inputs, terminology, NOW, UTC)


@QUICK
@given(age=ages, gender=genders, low=creatinines, high=creatinines, kg=weights, cm=heights)
def test_clearance_falls_as_creatinine_rises(terminology, age, gender, low, high, kg, cm):
    low, high = sorted((low, high))
    better = _read(terminology, age, gender, low, kg, cm)
    worse = _read(terminology, age, gender, high, kg, cm)
    for name in ("crcl", "crcl_low", "crcl_high", "egfr"):
        assert getattr(better, name) >= getattr(worse, name) > 0


@QUICK
@given(age=ages, gender=genders, value=creatinines, one=weights, other=weights)
def test_clearance_rises_with_weight(terminology, age, gender, value, one, other):
    light, heavy = sorted((one, other))
    lighter = _read(terminology, age, gender, value, light)
    heavier = _read(terminology, age, gender, value, heavy)
    assert 0 < lighter.crcl <= heavier.crcl


@QUICK
@given(age=ages, gender=genders, value=creatinines, kg=weights, cm=heights)
def test_the_deciding_clearance_lies_between_its_bounds(terminology, age, gender, value, kg, cm):
    read = _read(terminology, age, gender, value, kg, cm)
    assert 0 < read.crcl_low <= read.crcl <= read.crcl_high
    assert all(read.crcl_low <= reading <= read.crcl_high for reading in read.weight_readings.values())
    assert read.weight_kg <= read.body_weight_kg == kg


@QUICK
@given(
    age=ages,
    kg=weights,
    order=st.permutations(range(4)),
    ago=st.lists(st.integers(0, 900), min_size=4, max_size=4),
)
def test_the_order_of_the_observations_does_not_matter(terminology, age, kg, order, ago):
    made = [
        _observation("2160-0", Decimal(value), "mg/dL", NOW - timedelta(days=days))
        for value, days in zip((1, 2, 3, 4), ago, strict=True)
    ]
    one = _read(terminology, age, "male", Decimal("1.5"), kg, None, *made)
    other = _read(terminology, age, "male", Decimal("1.5"), kg, None, *(made[index] for index in order))
    assert one == other


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "2026-06-15",
            "2026",
            "9999-12-31",
            "0001-01-01T00:00:00+14:00",
            "mg/dL",
            "kg",
            "<",
            "final",
            "active",
            LOINC,
        ]
    ),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)

_MEMBERS = {
    "Patient": ["birthDate", "gender", "deceasedBoolean", "deceasedDateTime", "extension", "id"],
    "Observation": [
        "status", "effectiveDateTime", "effectivePeriod", "effectiveTiming", "issued", "valueQuantity",
        "valueString", "component", "id",
    ],
    "Condition": [
        "clinicalStatus", "verificationStatus", "onsetDateTime", "onsetPeriod", "recordedDate",
        "abatementDateTime", "abatementPeriod", "abatementAge", "code", "id",
    ],
    "Procedure": ["status", "performedDateTime", "performedPeriod", "code"],
    "ServiceRequest": ["status", "intent", "doNotPerform", "authoredOn", "code"],
    "CarePlan": ["status", "category", "activity", "period"],
    "Encounter": ["status", "class", "type", "serviceType", "period"],
    "MedicationRequest": [
        "status", "authoredOn", "medicationCodeableConcept", "medicationReference", "dispenseRequest",
        "effectivePeriod",
    ],
}  # fmt: skip
_CODES = st.sampled_from(
    [
        {"coding": [{"system": LOINC, "code": code}]}
        for code in ("2160-0", "98979-8", "29463-7", "8302-2", "35591-7")
    ]
    + [{"coding": [{"system": ICD10CM, "code": code}]} for code in ("N18.6", "N17.9", "Z94.0", "R34")]
)
_QUANTITIES = st.fixed_dictionaries(
    {},
    optional={
        "value": json_values | st.decimals(allow_nan=False).map(str),
        "unit": json_values | st.sampled_from(["mg/dL", "umol/L", "kg", "cm"]),
        "comparator": json_values,
        "code": json_values,
        "system": json_values,
    },
)


@st.composite
def resources(draw):
    kind = draw(st.sampled_from(sorted(_MEMBERS)))
    made = {"resourceType": kind}
    for member in _MEMBERS[kind]:
        if draw(st.booleans()):
            made[member] = draw(json_values)
    if draw(st.booleans()):
        made["code"] = draw(_CODES)
    if kind == "Observation" and draw(st.booleans()):
        made["valueQuantity"] = draw(_QUANTITIES)
    if kind == "MedicationRequest" and draw(st.booleans()):
        made["medicationCodeableConcept"] = {"text": draw(st.sampled_from(["ibuprofen", "lisinopril"]))}
    return made


def _survives(terminology, found, zone):
    patient = read_patient(next((one for one in found if one["resourceType"] == "Patient"), None), NOW, zone)
    problems = read_problems(found, terminology, NOW, zone)
    keys = ("kidney", "body", "procedures", "orders", "encounter", "medications", "statements")
    record = Record(patient_id="p", keys={key: KeyResult(key, "given", tuple(found)) for key in keys})
    stay = read_stay(next(iter(record.of_type("Encounter")), None), terminology, NOW, zone)
    read = renal_function(patient, problems, record, stay, terminology, NOW, zone)
    assert (read.crcl is None) == (read.crcl_low is None) == (read.crcl_high is None)
    assert read.crcl is None or 0 < read.crcl_low <= read.crcl <= read.crcl_high
    assert read.crcl is not None or read.why


zones = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Kiritimati")])


@QUICK
@given(found=st.lists(resources(), max_size=8), zone=zones)
def test_no_resources_make_the_reading_raise(terminology, found, zone):
    _survives(terminology, found, zone)


@pytest.mark.full
@LONG
@given(found=st.lists(resources(), max_size=12), zone=zones)
def test_no_resources_make_the_reading_raise_in_a_long_run(terminology, found, zone):
    _survives(terminology, found, zone)
