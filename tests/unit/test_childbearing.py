from dataclasses import dataclass

import pytest
from make_pregnancy import condition, day, patient, pregnant, read


@dataclass(frozen=True)
class Drug:
    id: str
    classes: frozenset[str]


@pytest.mark.parametrize(
    ("who", "resources", "potential"),
    [
        (patient(), [], "yes"),
        (patient(age=11), [], "no"),
        (patient(age=57), [], "no"),
        (patient(gender="male"), [], "no"),
        (patient(gender=None), [], "unknown"),
        ({"resourceType": "Patient", "gender": "female"}, [], "unknown"),
        (patient() | {"birthDate": "1970"}, [], "unknown"),
        (patient(), [condition("Z90.710", 900)], "no"),
        (patient(), [condition("Z90.711", 900)], "no"),
        (patient(), [condition("Z90.712", 900)], "yes"),
        (patient(), [condition("Z98.51", 900)], "no"),
        (patient(age=50), [condition("N95.1", 900)], "no"),
        (patient(age=50), [condition("Z78.0", 900)], "no"),
        (patient(age=50), [condition("N95.2", 900)], "yes"),
        (patient(), [condition("Z98.51", 900, clinicalStatus={"coding": [{"code": "inactive"}]})], "yes"),
        (patient(), [condition("Z98.51", 900), pregnant(5)], "yes"),
    ],
)
def test_childbearing_potential(terminology, who, resources, potential):
    found = read(terminology, *resources, who=who)
    assert found.childbearing_potential == potential
    assert found.childbearing_why


@pytest.mark.parametrize(
    ("resources", "contraception"),
    [
        ([], "none-recorded"),
        ([condition("Z97.5", 1826)], "effective"),
        ([condition("Z97.5", 1827)], "none-recorded"),
        ([condition("Z97.5", None)], "effective"),
        ([condition("Z30.430", 100)], "effective"),
        ([condition("Z30.430", 100), condition("Z30.432", 50)], "none-recorded"),
        ([condition("Z30.432", 50), condition("Z30.430", 49)], "effective"),
        ([condition("Z30.433", 10), condition("Z30.432", 50)], "effective"),
        ([condition("Z98.51", 5000)], "effective"),
        ([condition("Z79.3", 365)], "hormonal"),
        ([condition("Z79.3", 366)], "none-recorded"),
        ([condition("Z30.41", 10)], "hormonal"),
        ([condition("Z30.46", 10)], "hormonal"),
        ([condition("Z30.9", 10)], "recorded"),
        ([condition("Z30.09", 10)], "none-recorded"),
        ([condition("Z30.012", 10)], "none-recorded"),
        ([condition("Z30.9", 10), condition("Z79.3", 10), condition("Z97.5", 10)], "effective"),
    ],
)
def test_the_best_contraception_on_record_counts(terminology, resources, contraception):
    assert read(terminology, *resources).contraception == contraception


def test_contraceptives_on_the_medication_list_count(terminology):
    pill = Drug("MedicationRequest/1", frozenset({"contraceptive-hormonal"}))
    coil = Drug("MedicationRequest/2", frozenset({"contraceptive-intrauterine"}))
    other = Drug("MedicationRequest/3", frozenset({"opioid"}))
    assert read(terminology, medications=(other, pill)).contraception == "hormonal"
    found = read(terminology, medications=(pill, coil))
    assert (found.contraception, found.contraception_sources) == ("effective", ("MedicationRequest/2",))


def test_an_inserted_device_is_read_from_a_procedure(terminology):
    done = {
        "resourceType": "Procedure",
        "id": "r",
        "status": "completed",
        "performedPeriod": {"end": day(30)},
    }
    found = read(terminology, done | {"code": condition("Z30.430", 1)["code"]})
    assert found.contraception == "effective"
    assert found.contraception_sources == ("Procedure/r",)
