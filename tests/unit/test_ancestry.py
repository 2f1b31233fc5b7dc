"""Ancestry is what the record states, in US Core's extension or another country's, and nothing else."""

import pytest
from make_fhir import patient

from cards.facts.ancestry import read_ancestry

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
AT_RISK = "hla-b-1502-ancestry"


def omb(code, display=None, system="urn:oid:2.16.840.1.113883.6.238"):
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"url": US_CORE, "extension": [{"url": "ombCategory", "valueCoding": coding}]}


def said(text, url=US_CORE):
    return {"url": url, "extension": [{"url": "text", "valueString": text}]}


@pytest.mark.parametrize(
    "extension",
    [
        omb("2028-9"),
        omb("2028-9", system="http://terminology.hl7.org/CodeSystem/v3-Race"),
        omb("xx", "Asian"),
        said("Thai"),
        said("Asian - Vietnamese"),
        {
            "url": "https://example.org/ethnicity",
            "valueCodeableConcept": {"text": "x", "coding": [{"display": "Chinese", "code": "R"}]},
        },
        {"url": "https://example.org/StructureDefinition/ancestry", "valueString": "Filipino"},
    ],
)
def test_recorded_ancestry_is_read(terminology, extension):
    assert AT_RISK in read_ancestry(patient(extension=[extension]), terminology)


@pytest.mark.parametrize(
    "extension", [omb("2106-3", "White"), said("Black or African American"), said("American Indian")]
)
def test_other_ancestry_is_recorded_and_not_at_risk(terminology, extension):
    assert read_ancestry(patient(extension=[extension]), terminology) == frozenset()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"name": [{"family": "Nguyen"}], "communication": [{"language": {"text": "Vietnamese"}}]},
        {"extension": [{"url": "http://example.org/birthplace", "valueString": "Thai"}]},
        {"extension": "Asian"},
        {"extension": [None, 3, {"url": US_CORE, "extension": {"valueCoding": 7}}]},
    ],
)
def test_nothing_is_inferred_from_anything_else(terminology, more):
    assert read_ancestry(patient(**more), terminology) is None


def test_no_patient_has_no_ancestry(terminology):
    assert read_ancestry(None, terminology) is None
