"""Orders of services and devices in the shapes of every FHIR version, and what the record tells of them."""

from datetime import UTC

import pytest
from make_fhir import NOW, ago

from cards.facts.problems import read_problems
from cards.facts.procedures import as_order, read_events, read_service_orders
from cards.facts.record import KeyResult, Record
from terminology.coding import HCPCS, SNOMED

CPT = "http://www.ama-assn.org/go/cpt"


def order(terminology, **resource):
    orders, issues = read_service_orders([{"id": "1", **resource}], "p1", terminology, UTC)
    assert not issues
    return orders[0] if orders else None


def events(terminology, *resources, conditions=()):
    record = Record(patient_id="p1", keys={"any": KeyResult("any", "given", resources)})
    return read_events(record, terminology, NOW, UTC, read_problems(conditions, terminology, NOW, UTC))


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "ServiceRequest", "code": {"text": "TENS unit"}},
        {"resourceType": "ServiceRequest", "code": {"coding": [{"system": HCPCS, "code": "E0730"}]}},
        {
            "resourceType": "ServiceRequest",
            "code": {"coding": [{"system": CPT, "code": "1", "display": "TENS"}]},
        },
        {"resourceType": "ServiceRequest", "code": {"concept": {"text": "TENS unit"}}},
        {
            "resourceType": "ServiceRequest",
            "code": {"text": "Durable equipment"},
            "orderDetail": [{"text": "TENS"}],
        },
        {"resourceType": "ServiceRequest", "code": [{"text": "TENS"}]},
        {"resourceType": "DeviceRequest", "codeCodeableConcept": {"text": "TENS unit, four leads"}},
        {"resourceType": "DeviceRequest", "codeReference": {"reference": "Device/1", "display": "TENS unit"}},
        {
            "resourceType": "DeviceRequest",
            "codeReference": {"reference": "#d"},
            "contained": [{"resourceType": "Device", "id": "d", "type": {"text": "TENS"}}],
        },
        {"resourceType": "ProcedureRequest", "code": {"text": "TENS unit"}, "intent": "order"},
        {"resourceType": "DeviceUseRequest", "device": {"display": "TENS unit"}},
        {"resourceType": "DiagnosticOrder", "item": [{"code": {"text": "TENS trial"}}]},
    ],
)
def test_an_order_for_tens_is_read_in_every_shape(terminology, resource):
    read = order(terminology, **resource)
    assert "tens" in read.classes
    assert not read.has_drug


def test_a_known_code_wins_over_the_text_beside_it(terminology):
    lab = {
        "coding": [{"system": "http://loinc.org", "code": "6301-6"}],
        "text": "INR, on the day of the epidural injection",
    }
    assert order(terminology, resourceType="ServiceRequest", code=lab).classes == {"inr"}


def test_a_code_that_only_says_physical_therapy_leaves_the_rest_to_the_text(terminology):
    code = {"coding": [{"system": SNOMED, "code": "91251008"}], "text": "Short-wave diathermy"}
    assert {"physical-therapy", "diathermy"} <= order(
        terminology, resourceType="ServiceRequest", code=code
    ).classes


def test_an_unknown_service_belongs_to_no_set(terminology):
    assert (
        order(terminology, resourceType="ServiceRequest", code={"text": "Colonoscopy"}).classes == frozenset()
    )


@pytest.mark.parametrize("left_out", [{"status": "entered-in-error"}, {"doNotPerform": True}])
def test_what_is_not_to_be_done_is_no_order(terminology, left_out):
    assert order(terminology, resourceType="ServiceRequest", code={"text": "TENS"}, **left_out) is None


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"bodySite": [{"text": "Left thigh"}]}, "left thigh"),
        ({"bodySite": {"text": "Left thigh"}}, "left thigh"),
        ({"bodySite": [{"concept": {"text": "Left thigh"}}]}, "left thigh"),
        ({"bodySite": [{"coding": [{"system": SNOMED, "code": "61396006"}]}]}, f"{SNOMED}|61396006"),
        ({"code": {"text": "TENS left thigh"}}, "left thigh"),
    ],
)
def test_the_site_of_an_order_is_read(terminology, resource, expected):
    read = order(terminology, **{"resourceType": "ServiceRequest", "code": {"text": "TENS"}} | resource)
    assert expected in read.sites


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Device", "type": {"text": "Spinal cord stimulator"}},
        {
            "resourceType": "Device",
            "deviceName": [{"name": "WaveWriter Alpha 16", "type": "user-friendly-name"}],
        },
        {"resourceType": "Device", "udi": {"name": "Implanted SCS generator"}},
        {"resourceType": "Device", "type": {"coding": [{"system": SNOMED, "code": "25937001"}]}},
        {
            "resourceType": "DeviceUseStatement",
            "status": "active",
            "device": {"display": "Spinal cord stimulator"},
        },
        {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"text": "Spinal cord stimulator check"},
        },
    ],
)
def test_a_stimulator_in_place_is_read_from_devices_and_procedures(terminology, resource):
    (event,) = events(terminology, {"id": "1", **resource})
    assert "neurostimulator" in event.value_sets
    assert event.kind != "planned"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Device", "status": "inactive", "type": {"text": "Spinal cord stimulator"}},
        {"resourceType": "Device", "status": "entered-in-error", "type": {"text": "Spinal cord stimulator"}},
        {
            "resourceType": "DeviceUseStatement",
            "status": "active",
            "timingPeriod": {"end": ago(days=5)},
            "device": {"display": "Spinal cord stimulator"},
        },
        {"resourceType": "Procedure", "status": "not-done", "code": {"text": "Spinal cord stimulator check"}},
        {"resourceType": "Procedure", "notDone": True, "code": {"text": "Spinal cord stimulator check"}},
        {"resourceType": "Procedure", "code": {"text": "Evaluation, no spinal cord stimulator"}},
    ],
)
def test_what_is_gone_or_was_not_done_is_no_stimulator(terminology, resource):
    assert events(terminology, {"id": "1", **resource}) == ()


def test_a_problem_without_a_known_code_tells_of_a_device_by_its_text(terminology):
    local = {"resourceType": "Condition", "id": "c", "code": {"text": "Spinal cord stimulator in situ"}}
    (event,) = events(terminology, conditions=[local])
    assert event.kind == "device"
    assert event.source == "Condition/c"
    over = local | {"clinicalStatus": {"coding": [{"code": "resolved"}]}}
    assert events(terminology, conditions=[over]) == ()


def test_a_booked_service_reads_as_an_order_with_its_date(terminology):
    booked = {
        "resourceType": "ServiceRequest",
        "id": "7",
        "status": "active",
        "code": {"text": "SCS trial"},
        "occurrenceDateTime": "2026-06-20",
    }
    (event,) = events(terminology, booked)
    read = as_order(event)
    assert (event.kind, read.id, read.planned.precision) == ("planned", "ServiceRequest/7", "day")
    assert "spinal-cord-stimulator-trial" in read.classes
