"""Which entries of the medication list count as therapy in force, seen by naproxen on warfarin."""

from datetime import timedelta

import pytest
from make_fhir import NOW, patient
from make_request import drug, run, spoken

from cards.card import Indicator
from cards.facts.record import KeyResult

PERSON = {"patient": [patient(50, "male")]}
NAPROXEN = drug("naproxen 500 MG Oral Tablet", 500, 2, identifier="n")
PAIR = "nsaid-with-vka"


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def day(offset):
    return (NOW + timedelta(days=offset)).date().isoformat()


def warfarin(status="active", **more):
    return drug("warfarin sodium 5 MG Oral Tablet", 5, 1, status=status, identifier="w", **more)


def statement(status="active", **more):
    return {
        "resourceType": "MedicationStatement",
        "id": "s",
        "status": status,
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "warfarin sodium 5 MG Oral Tablet"},
        **more,
    }


def speaks(engine, *entries, **keys):
    return PAIR in spoken(run(engine, NAPROXEN, **PERSON | {"medications": entries} | keys))


@pytest.mark.parametrize("status", ["active", "on-hold"])
def test_an_active_or_paused_order_counts(engine, status):
    assert speaks(engine, warfarin(status))


@pytest.mark.parametrize("years", [1, 5])
def test_the_age_of_an_active_order_is_no_reason_to_ignore_it(engine, years):
    assert speaks(engine, warfarin(authoredOn=day(-365 * years)))


@pytest.mark.parametrize("status", ["stopped", "cancelled", "completed", "entered-in-error", "draft"])
def test_an_order_that_is_not_in_force_does_not_count(engine, status):
    assert not speaks(engine, warfarin(status))


def test_an_order_that_ended_by_date_does_not_count_and_one_that_ends_today_does(engine):
    def until(offset):
        timing = {"repeat": {"boundsPeriod": {"start": day(-30), "end": day(offset)}}}
        return warfarin(dosageInstruction=[{"timing": timing}])

    assert not speaks(engine, until(-1))
    assert speaks(engine, until(0))


@pytest.mark.parametrize("status", ["active", "intended", "on-hold"])
def test_a_reported_drug_counts(engine, status):
    assert speaks(engine, medications=(), statements=[statement(status)])


@pytest.mark.parametrize("status", ["completed", "not-taken", "stopped", "entered-in-error"])
def test_a_drug_reported_as_no_longer_taken_does_not_count(engine, status):
    assert not speaks(engine, medications=(), statements=[statement(status)])


def test_a_reported_drug_counts_until_its_period_ends(engine):
    assert speaks(engine, statement(effectivePeriod={"start": day(-9), "end": day(1)}))
    assert not speaks(engine, statement(effectivePeriod={"start": day(-9), "end": day(-1)}))


def test_a_contained_and_a_referenced_medication_count(engine):
    product = {"resourceType": "Medication", "id": "m", "code": {"text": "warfarin sodium 5 MG Oral Tablet"}}
    contained = warfarin(contained=[product], medicationReference={"reference": "#m"})
    contained.pop("medicationCodeableConcept")
    referenced = warfarin(medicationReference={"reference": "Medication/m"})
    referenced.pop("medicationCodeableConcept")
    assert speaks(engine, contained)
    assert speaks(engine, referenced, product)
    assert not speaks(engine, referenced)


def test_an_order_not_to_be_carried_out_or_only_planned_does_not_count(engine):
    assert not speaks(engine, warfarin(doNotPerform=True))
    assert not speaks(engine, warfarin(intent="plan"))


def test_two_entries_of_one_drug_are_one_partner(engine):
    evaluation = run(
        engine, NAPROXEN, **PERSON | {"medications": [warfarin(), warfarin() | {"id": "w2"}, statement()]}
    )
    (card,) = evaluation.cards
    assert card.summary.startswith("Naproxen with warfarin (")
    assert card.drugs == ("naproxen", "warfarin")


def test_entries_without_an_id_are_different_entries(engine):
    aspirin = drug("aspirin 81 MG Oral Tablet", 81, 1, status="active")
    nameless = [{key: value for key, value in one.items() if key != "id"} for one in (aspirin, warfarin())]
    assert len(run(engine, NAPROXEN, **PERSON | {"medications": nameless}).medications) == 2


def test_a_draft_that_stops_or_replaces_the_other_drug_takes_it_away(engine):
    stop = warfarin("stopped")
    apixaban = drug(
        "apixaban 5 MG Oral Tablet",
        5,
        2,
        identifier="a",
        priorPrescription={"reference": "MedicationRequest/w"},
    )
    listed = PERSON | {"medications": [warfarin()]}
    assert PAIR not in spoken(run(engine, stop, NAPROXEN, **listed))
    changed = spoken(run(engine, apixaban, NAPROXEN, **listed))
    assert PAIR not in changed
    assert "nsaid-with-doac" in changed


def test_a_dispense_counts_for_its_supply_and_an_administration_for_the_look_back(engine):
    def given(kind, **more):
        return {"resourceType": kind, "status": "completed", "id": "g", **more} | {
            "medicationCodeableConcept": {"text": "warfarin sodium 5 MG Oral Tablet"},
            "subject": {"reference": "Patient/p1"},
        }

    supply = {"value": 30, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    assert speaks(engine, given("MedicationDispense", whenHandedOver=day(-29), daysSupply=supply))
    assert not speaks(engine, given("MedicationDispense", whenHandedOver=day(-32), daysSupply=supply))
    assert speaks(engine, given("MedicationDispense", whenHandedOver=day(-99)))
    assert not speaks(engine, given("MedicationDispense", whenHandedOver=day(-102)))
    assert speaks(engine, given("MedicationAdministration", effectiveDateTime=day(-99)))
    assert not speaks(engine, given("MedicationAdministration", effectiveDateTime=day(-102)))
    assert not speaks(engine, given("MedicationDispense", whenHandedOver=day(-1)) | {"status": "declined"})


def test_a_dispense_adds_no_dose_to_the_order_it_fills(engine):
    listed = drug("gabapentin 300 MG Oral Capsule", 300, 3, status="active", identifier="g")
    filled = listed | {"resourceType": "MedicationDispense", "status": "completed", "id": "f"}
    evaluation = run(engine, NAPROXEN, **PERSON | {"medications": [listed, filled]})
    assert [order.id for order in evaluation.medications] == ["MedicationRequest/g"]


def test_the_route_of_the_instruction_tells_a_gel_from_a_tablet(engine):
    def diclofenac(route):
        return drug("diclofenac", identifier="n") | {"dosageInstruction": [{"route": {"text": route}}]}

    listed = PERSON | {"medications": [warfarin()]}
    assert PAIR in spoken(run(engine, diclofenac("oral"), **listed))
    assert PAIR not in spoken(run(engine, diclofenac("topical"), **listed))


def test_a_failed_medication_list_is_said_and_the_pair_among_the_drafts_still_speaks(engine):
    failed = KeyResult("medications", "failed", (), "timeout", "the list of active medications")
    evaluation = run(engine, warfarin("draft"), NAPROXEN, **PERSON | {"medications": failed})
    assert [(card.indicator, card.source.topic) for card in evaluation.cards] == [
        (Indicator.critical, "interaction"),
        (Indicator.warning, "data"),
    ]
    assert "not" in evaluation.cards[1].summary.lower()


def test_a_failed_medication_list_alone_is_never_silence(engine):
    failed = KeyResult("medications", "failed", (), "timeout", "the list of active medications")
    (card,) = run(engine, NAPROXEN, **PERSON | {"medications": failed}).cards
    assert card.source.topic == "data"
    assert "active medications" in card.summary + card.detail
