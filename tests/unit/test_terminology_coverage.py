import pytest

from terminology.coding import LOINC, NDC, RXNORM, SNOMED, UCUM
from terminology.coverage import CoverageReader, concepts, report


def read(terminology, *documents):
    reader = CoverageReader(terminology)
    for document in documents:
        reader.read(document)
    return reader.coverage


def order(*codings, text=None):
    concept = {"coding": [{"system": system, "code": code, **more} for system, code, more in codings]}
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": {**concept, "text": text}}


def test_a_known_drug_counts_in_scope_and_its_code_as_recognised(terminology):
    found = read(terminology, order((RXNORM, "310431", {})))
    assert (found.in_scope, found.share, found.known[RXNORM]) == (1, 1.0, 1)


def test_a_drug_without_a_class_is_recognised_but_out_of_scope(terminology):
    found = read(terminology, order((RXNORM, "3407", {}), text="digoxin"))
    assert (found.in_scope, found.share, found.drugs["out of scope"]) == (0, None, 1)


def test_a_code_that_only_its_text_explains_is_listed_as_unknown_and_the_drug_counts(terminology):
    found = read(terminology, order((NDC, "99999-9999-99", {}), text="gabapentin 300 mg capsule"))
    assert found.share == 1.0
    assert found.unknown[NDC]["99999-9999-99", ""] == 1


@pytest.mark.parametrize("text", ["gabapentn 300 mg", "Gabapentinox caps", "ultraWarfarin mix and zolpidm"])
def test_a_missed_drug_in_scope_lowers_the_share(terminology, text):
    found = read(terminology, order((RXNORM, "310431", {})), order(("urn:local", "X", {}), text=text))
    assert (found.in_scope, found.share) == (2, 0.5)
    assert found.missed[text] == 1


def test_a_drug_that_resembles_nothing_known_is_out_of_scope(terminology):
    found = read(
        terminology, order((RXNORM, "310431", {})), order(("urn:local", "X", {}), text="amoxicillin 500 mg")
    )
    assert (found.in_scope, found.drugs["out of scope"]) == (1, 1)


def test_an_unknown_code_without_any_text_is_listed_apart(terminology):
    found = read(terminology, order(("urn:local", "GABA300", {})))
    assert found.unnamed == {"urn:local|GABA300": 1}


def test_other_codes_count_by_system(terminology):
    document = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": LOINC, "code": "2160-0"}, {"system": LOINC, "code": "99999-9"}]},
        "valueQuantity": {"value": 1, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                  "code": "laboratory"}]}],
        "bodySite": {"coding": [{"system": "http://snomed.info/sct/900000000000207008", "code": "26643006"}]},
    }  # fmt: skip
    found = read(terminology, document)
    assert (found.known[LOINC], found.known[UCUM], found.known[SNOMED]) == (1, 1, 1)
    assert found.unknown == {LOINC: {("99999-9", ""): 1}}
    assert sum(found.fhir_own.values()) == 1


def test_hook_requests_bundles_contained_and_references_are_walked(terminology):
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "warfarin 5 mg"}}
    request = {
        "hook": "order-sign",
        "context": {"draftOrders": {"resourceType": "Bundle", "entry": [
            {"resource": order((RXNORM, "310431", {}))},
            {"resource": {"resourceType": "MedicationRequest", "medicationReference": {"reference": "#m"},
                          "contained": [medication]}},
        ]}},
        "prefetch": {"medications": {"response": {}, "resource": {"entry": [{"resource": medication}]}}},
    }  # fmt: skip
    assert read(terminology, request).in_scope == 3


@pytest.mark.parametrize(
    "document",
    [None, 7, "text", [], {}, {"coding": 3}, {"medicationCodeableConcept": []}, {"coding": [None, {"code": 5}]},
     {"medicationCodeableConcept": {"text": ["x"]}}],
)  # fmt: skip
def test_what_is_no_fhir_is_walked_without_an_error(terminology, document):
    assert read(terminology, document).in_scope == 0


def test_deep_nesting_ends():
    document: object = {"coding": [{"system": LOINC, "code": "1"}]}
    for _ in range(500):
        document = {"a": [document]}
    assert list(concepts(document)) == []


def test_the_report_names_share_systems_and_what_is_unknown(terminology):
    found = read(
        terminology,
        order((RXNORM, "310431", {})),
        order(("urn:local", "X", {"display": "warfrin 5 mg"})),
        order(("urn:local", "Y", {})),
    )
    lines = list(report(found, most=1))
    assert lines[0] == "medications in scope: 1 of 2 recognised (50.00%)"
    assert "  not recognised: warfrin 5 mg (1)" in lines
    assert "  urn:local: 0 / 2" in lines
    assert "    and 1 more" in lines
    assert any("urn:local|Y" in line for line in lines)


def test_the_report_of_nothing_says_so(terminology):
    assert next(report(read(terminology, {}))) == "medications in scope: none"
