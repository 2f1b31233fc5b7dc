"""The synthetic patients: each shows what it is there for, and is what a strict server would take."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from fhir.resources.R4B.bundle import Bundle

from cards.facts.value_sets import value_sets_of
from cds_service.hooks.discovery import service_for
from cds_service.hooks.invoke import answer, load_engine
from cds_service.hooks.schemas import read_request
from cds_service.relative_dates import dated
from cds_service.sandbox.example_requests import hook_request, transaction
from cds_service.sandbox.patients import MESSY, PRESCRIBER, synthetic_patients
from cds_service.settings import Settings
from terminology.coding import ICD10CM, LOINC, RXNORM, SNOMED, Coding
from terminology.obstetric_codes import obstetric_code

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PATIENTS = synthetic_patients(TODAY)
# What the suggested order of each patient is there to show: topic and indicator of the leading card.
SHOWN = {
    "kidney-45": ("dosing", "critical"),
    "kidney-25": ("dosing", "critical"),
    "kidney-12": ("dosing", "critical"),
    "haemodialysis": ("dosing", "critical"),
    "kidney-injury": ("dosing", "critical"),
    "opioid-copd": ("interaction", "warning"),
    "warfarin": ("interaction", "critical"),
    "warfarin-protected": ("interaction", "warning"),
    "apixaban": ("contraindication", "critical"),
    "pregnant-8-weeks": ("pregnancy", "critical"),
    "pregnant-32-weeks": ("pregnancy", "critical"),
    "may-become-pregnant": ("pregnancy", "critical"),
    "breastfeeding": ("lactation", "critical"),
    "implants": ("contraindication", "critical"),
    "messy-chart": ("dosing", "critical"),
    "deceased": ("data", "info"),
    "healthy": None,
}
# What the title of each renal patient promises, as the card must have found it.
CLEARANCES = {"kidney-45": "CrCl 45", "kidney-25": "CrCl 25", "kidney-12": "CrCl 12"}


@pytest.fixture(scope="module")
def engine():
    return load_engine(Settings())


def evaluation(name, engine, now=NOW, hook="order-sign"):
    patient = synthetic_patients(now.date())[name]
    body = hook_request(patient, engine.fhir.templates, now.date(), hook)
    return answer(read_request(body, service_for(hook)), engine, now)


def codings(value):
    """Every coding of a resource with the concept it stands in."""
    if isinstance(value, dict):
        for coding in value.get("coding", ()):
            yield value, coding
        for name, item in value.items():
            if name != "meta":
                yield from codings(item)
    elif isinstance(value, list):
        for item in value:
            yield from codings(item)


def test_the_patients_of_every_topic_are_there():
    assert list(PATIENTS) == list(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_the_suggested_order_shows_what_the_patient_is_there_for(name, engine):
    found = evaluation(name, engine)
    cards = [card.as_json() for card in found.cards]
    if SHOWN[name] is None:
        assert cards == []
        return
    assert (cards[0]["source"]["topic"]["code"], cards[0]["indicator"]) == SHOWN[name]
    assert CLEARANCES.get(name, "") in cards[0]["summary"]


@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2027, 3, 1), date(2026, 12, 31)])
def test_the_advice_does_not_depend_on_the_day(day, engine):
    now = datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)
    for name in SHOWN:
        then = [card.as_json()["summary"] for card in evaluation(name, engine, now).cards]
        assert then == [card.as_json()["summary"] for card in evaluation(name, engine).cards]


@pytest.mark.parametrize("name", sorted(set(SHOWN) - {"messy-chart"}))
def test_their_resources_conform_to_fhir_r4(name):
    for resource in PATIENTS[name].resources:
        kind = resource["resourceType"]
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        assert model.model_validate(resource).id == resource["id"]


def test_the_messy_chart_has_faults_that_a_strict_server_refuses():
    refused = []
    for resource in PATIENTS["messy-chart"].resources:
        kind = resource["resourceType"]
        model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
        try:
            model.model_validate(resource)
        except ValueError:
            refused.append(resource["id"])
    assert refused == ["messy-chart-creatinine", "messy-chart-opioid", "messy-chart-unclear"]


@pytest.mark.parametrize("name", sorted(set(SHOWN) - {"messy-chart"}))
def test_every_code_is_one_that_the_terminology_knows(name, engine):
    terms = engine.terminology
    for resource in PATIENTS[name].resources:
        for concept, coding in codings(resource):
            system, code = coding["system"], coding["code"]
            if system == RXNORM:
                found = terms.medication([Coding(system, code)], []).medications
                assert found, coding
                assert coding["display"] == concept["text"]
            elif system in (ICD10CM, LOINC) and not code.startswith("LA"):
                known = value_sets_of({"coding": [coding]}, terms)
                assert known or obstetric_code(Coding(system, code)), coding
            elif system == SNOMED:
                assert (system, code) in terms.route_codes or value_sets_of({"coding": [coding]}, terms)


@pytest.mark.parametrize("name", [name for name, one in PATIENTS.items() if "rxnorm" in (one.order or {})])
def test_code_and_text_of_a_suggested_order_name_the_same_drug(name, engine):
    order = PATIENTS[name].order
    by_code = engine.terminology.medication([Coding(RXNORM, str(order["rxnorm"]))], []).medications
    by_text = engine.terminology.medication([], [order["text"]]).medications
    assert [one.ingredients for one in by_code] == [one.ingredients for one in by_text] != []


def test_they_are_plainly_synthetic_and_tagged_as_test_data():
    ids = []
    for patient in PATIENTS.values():
        first = patient.resources[0]
        assert (first["resourceType"], first["id"]) == ("Patient", patient.id)
        assert first["name"][0]["family"] == "Synthetic"
        for resource in patient.resources:
            ids.append((resource["resourceType"], resource["id"]))
            assert resource["id"].startswith(patient.id)
            assert [tag["code"] for tag in resource["meta"]["tag"]] == ["HTEST"]
    assert len(ids) == len(set(ids))


def test_every_resource_is_of_its_patient():
    for patient in PATIENTS.values():
        for resource in patient.resources[1:]:
            if resource["resourceType"] != "Medication":
                subject = resource.get("subject") or resource["patient"]
                assert subject == {"reference": f"Patient/{patient.id}"}


def test_they_are_the_same_all_day_and_dated_anew_the_next():
    assert synthetic_patients(TODAY) == PATIENTS
    assert synthetic_patients(TODAY)["kidney-25"] is PATIENTS["kidney-25"]
    then = synthetic_patients(date(2027, 6, 15))["kidney-25"].resources[0]["birthDate"]
    assert (PATIENTS["kidney-25"].resources[0]["birthDate"], then) == ("1952-06-15", "1953-06-15")


def test_a_dictionary_given_out_can_be_changed_without_harm():
    synthetic_patients(TODAY).clear()
    assert len(synthetic_patients(TODAY)) == len(SHOWN)


def test_nothing_lies_in_the_future_but_due_dates_and_plans():
    for patient in PATIENTS.values():
        for resource in patient.resources:
            for member in (
                "effectiveDateTime",
                "onsetDateTime",
                "authoredOn",
                "birthDate",
                "performedDateTime",
            ):
                assert resource.get(member, "")[:10] <= TODAY.isoformat()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("$date(-0d)", "2028-02-29"),
        ("$date(+1d)", "2028-03-01"),
        ("$date(-1y)", "2027-02-28"),
        ("$date(-4y)", "2024-02-29"),
        ("$time(-1d)", "2028-02-28T09:00:00Z"),
        ("$date(-20d)T07:31:00", "2028-02-09T07:31:00"),
        ("$date(12d)", "$date(12d)"),
    ],
)
def test_relative_dates_are_written_out(text, written):
    assert dated(text, date(2028, 2, 29)) == written


def test_a_request_is_the_same_for_the_same_day_and_names_the_running_stay(engine):
    patient = PATIENTS["kidney-injury"]
    request = hook_request(patient, engine.fhir.templates, TODAY)
    assert request == hook_request(patient, engine.fhir.templates, TODAY)
    assert request["context"]["encounterId"] == "kidney-injury-stays-1"
    assert request["prefetch"]["encounter"]["id"] == "kidney-injury-stays-1"
    assert set(request["prefetch"]) == set(engine.fhir.templates)
    other = hook_request(PATIENTS["healthy"], engine.fhir.templates, TODAY, "order-select")
    assert other["prefetch"]["encounter"] is None
    assert other["context"]["selections"] == ["MedicationRequest/draft-1"]
    assert "draftOrders" not in hook_request(patient, engine.fhir.templates, TODAY, "patient-view")["context"]


def test_the_transaction_puts_each_resource_under_its_own_id_and_conforms():
    bundle = transaction(PATIENTS.values())
    assert Bundle.model_validate(bundle).type == "transaction"
    kept = [one for name, patient in PATIENTS.items() if name != MESSY for one in patient.resources]
    assert [entry["resource"] for entry in bundle["entry"]] == [PRESCRIBER, *kept]
    for entry in bundle["entry"]:
        one = entry["resource"]
        assert entry["request"] == {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}
