from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cards.facts.resources import (
    bundle_resources,
    codings,
    concept_texts,
    interval,
    number,
    type_and_id,
)
from terminology.coding import ICD10CM, LOINC, RXNORM, SNOMED, Coding, canonical_system


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, "5"),
        (1.87, "1.87"),
        ("2.5", "2.5"),
        (" 3 ", "3"),
        (0, "0"),
        (0.000001, "0.000001"),
        (10**9, "1000000000"),
    ],
)
def test_numbers_are_read_from_json_numbers_and_numeric_strings(value, expected):
    assert number(value) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "abc",
        "1_000",
        1e300,
        1e-9,
        "1e400",
        float("nan"),
        float("inf"),
        10**30,
        [],
        {},
        "9" * 50,
    ],
)
def test_what_is_no_plausible_number_reads_as_none(value):
    assert number(value) is None


def test_a_year_is_the_interval_of_its_days():
    read = interval("2026", UTC)
    assert read is not None
    assert (read.earliest.isoformat(), read.latest.isoformat()[:19]) == (
        "2026-01-01T00:00:00+00:00",
        "2026-12-31T23:59:59",
    )


def test_a_month_ends_on_its_last_day():
    read = interval("2024-02", UTC)
    assert read is not None
    assert read.latest.day == 29


def test_a_time_without_zone_is_local():
    read = interval("2026-06-01T10:00:00", ZoneInfo("Europe/Berlin"))
    assert read is not None
    assert read.earliest.isoformat() == "2026-06-01T08:00:00+00:00"


@pytest.mark.parametrize(
    "value", ["2026-13-40", "2026-02-30", "soon", "", None, 2026, "2026-01-01T25:00:00Z", "0000"]
)
def test_what_is_no_date_reads_as_none(value):
    assert interval(value, UTC) is None


def test_codings_are_read_from_object_list_and_bare_coding():
    coding = {"system": "urn:oid:2.16.840.1.113883.6.88", "code": "310431"}
    expected = (Coding(RXNORM, "310431"),)
    assert codings({"coding": [coding]}) == expected
    assert codings({"coding": coding}) == expected
    assert codings([{"coding": [coding]}]) == expected
    assert codings(coding) == expected
    assert codings("text") == codings(None) == codings([None, 3]) == ()


def test_concept_text_comes_before_displays():
    concept = {"text": "Gabapentin", "coding": [{"display": "gabapentin 300 MG Oral Capsule"}]}
    assert concept_texts(concept) == ("Gabapentin", "gabapentin 300 MG Oral Capsule")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/1", ("Patient", "1")),
        ("https://ehr.example/fhir/Patient/1/_history/2", ("Patient", "1")),
        ("#m1", ("", "")),
        ("urn:uuid:0c3f", ("", "")),
        ("1", ("", "")),
    ],
)
def test_reference_to_type_and_id(reference, expected):
    assert type_and_id(reference) == expected


def test_bundles_are_read_wrapped_bare_and_as_lists():
    patient = {"resourceType": "Patient", "id": "1"}
    assert list(bundle_resources({"resourceType": "Bundle", "entry": [{"resource": patient}]})) == [patient]
    assert list(bundle_resources({"entry": [patient, None, "x", {"resource": None}]})) == [patient]
    assert list(bundle_resources([patient])) == [patient]
    assert list(bundle_resources(patient)) == [patient]
    assert list(bundle_resources({"resourceType": "Bundle"})) == []


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("http://www.nlm.nih.gov/research/umls/rxnorm ", RXNORM),
        ("http://snomed.info/sct/83821000000107", SNOMED),
        ("http://loinc.org/", LOINC),
        ("http://hospital.example/codesystem/d_icd_diagnoses/icd10", ICD10CM),
        ("http://fhir.mimic.mit.edu/CodeSystem/mimic-diagnosis-icd10", ICD10CM),
        ("http://hospital.example/local", "http://hospital.example/local"),
    ],
)
def test_one_system_has_many_spellings(system, expected):
    assert canonical_system(system) == expected
