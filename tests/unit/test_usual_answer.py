"""What nearly every EHR sends is read in one walk, and just as the table of prefetch reads it."""

import pytest

from cds_service.hooks.keys import KEYS
from cds_service.hooks.prefetch import read_key
from cds_service.hooks.usual_answer import usual_resources

ROWS = {row.key: row for row in KEYS}
CONDITIONS = ROWS["conditions"]
CONDITION = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}


def searchset(*resources, **members):
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **members}


USUAL = [
    searchset(),
    searchset(total=0),
    {"resourceType": "Bundle", "type": "searchset"},
    searchset(CONDITION),
    searchset(CONDITION, CONDITION | {"id": "c2"}, total=2),
    searchset(CONDITION, total=1, type="searchset", id="b"),
]
UNUSUAL = [
    None,
    [CONDITION],
    CONDITION,
    {"entry": [{"resource": CONDITION}]},
    {"resourceType": "Bundle", "entry": None},
    {"resourceType": "Bundle", "entry": {"resource": CONDITION}},
    {"resourceType": "Bundle", "entry": [CONDITION]},
    searchset(CONDITION, link=[]),
    searchset(CONDITION, total=2),
    searchset(CONDITION, total="1"),
    searchset(CONDITION, total=True),
    searchset(CONDITION, None),
    searchset(CONDITION, {"resourceType": "Medication", "subject": {"reference": "Patient/p1"}}),
    searchset(CONDITION, {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}}),
    searchset(CONDITION, {"resourceType": ["Condition"], "subject": {"reference": "Patient/p1"}}),
    searchset({"resourceType": "OperationOutcome"}),
    searchset(CONDITION | {"subject": {"reference": "Patient/other"}}),
    searchset(CONDITION | {"subject": {"reference": "https://ehr.example/Patient/p1"}}),
    searchset(CONDITION | {"subject": "Patient/p1"}),
    searchset({"resourceType": "Condition", "id": "c1"}),
]


@pytest.mark.parametrize("bundle", USUAL)
def test_a_usual_answer_is_read_as_the_table_reads_a_list_that_holds_it(bundle):
    assert usual_resources(bundle, CONDITIONS.types, "p1") is not None
    assert read_key(CONDITIONS, bundle, "p1") == read_key(CONDITIONS, [bundle], "p1")


READ = [
    ("patient", {"resourceType": "Patient", "id": "p1"}),
    ("encounter", {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/p1"}}),
]
UNUSUAL_READS = [
    ("patient", {"resourceType": "Patient"}),
    ("patient", {"resourceType": "Patient", "id": "other"}),
    ("patient", {"resourceType": "Patient", "id": "p1", "link": []}),
    ("patient", {"resourceType": "Patient", "id": "p1", "total": 2}),
    ("patient", {"resourceType": "Patient", "id": "p1", "resource": CONDITION}),
    ("patient", {"resourceType": ["Patient"], "id": "p1"}),
    ("patient", READ[1][1]),
    ("encounter", {"resourceType": "Encounter", "id": "e1"}),
    ("encounter", {"resourceType": "Encounter", "id": "e1", "subject": {"reference": "Patient/other"}}),
]


@pytest.mark.parametrize(("key", "resource"), READ)
def test_a_usual_read_is_read_as_the_table_reads_a_list_that_holds_it(key, resource):
    assert usual_resources(resource, ROWS[key].types, "p1") == (resource,)
    assert read_key(ROWS[key], resource, "p1") == read_key(ROWS[key], [resource], "p1")


@pytest.mark.parametrize(("key", "resource"), UNUSUAL_READS)
def test_a_read_that_is_not_usual_is_left_to_the_table(key, resource):
    assert usual_resources(resource, ROWS[key].types, "p1") is None


@pytest.mark.parametrize("value", UNUSUAL)
def test_whatever_is_not_usual_is_left_to_the_table(value):
    assert usual_resources(value, CONDITIONS.types, "p1") is None
