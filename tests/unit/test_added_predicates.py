"""Blood pressure, doses in units and per kg, dispensing, starts on alternate days, and hints beside what to avoid."""

import pytest
from make_fhir import ago, patient, weight
from make_request import drug, run, spoken

SYSTOLIC, DIASTOLIC, PANEL = "8480-6", "8462-4", "85354-9"


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def pressure(systolic, diastolic, days=5, **more):
    def part(code, value):
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": value,
                "unit": "mm[Hg]",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }

    return {
        "resourceType": "Observation",
        "id": f"bp{days}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": PANEL}]},
        "effectiveDateTime": ago(days),
        "component": [part(SYSTOLIC, systolic), part(DIASTOLIC, diastolic)],
        **more,
    }


VENLAFAXINE = drug("venlafaxine 75 MG Extended Release Oral Capsule", 75, 1)


@pytest.mark.parametrize(
    ("reading", "speaks"),
    [((160, 80), True), ((159, 99), False), ((120, 100), True), ((178, 104), True)],
)
def test_a_panel_speaks_when_one_of_its_values_reaches_the_limit(engine, reading, speaks):
    evaluation = run(engine, VENLAFAXINE, results=[pressure(*reading)])
    assert ("venlafaxine-high-blood-pressure" in spoken(evaluation)) is speaks
    if speaks:
        assert f"Blood pressure {reading[0]}/{reading[1]}" in evaluation.cards[0].summary


def test_the_newest_reading_counts(engine):
    readings = [pressure(178, 104, days=20), pressure(130, 80, days=2)]
    assert "venlafaxine-high-blood-pressure" not in spoken(run(engine, VENLAFAXINE, results=readings))


@pytest.mark.parametrize(
    ("more", "speaks"),
    [
        ({"dispenseRequest": {"quantity": {"value": 1}}}, True),
        ({"category": [{"coding": [{"code": "community"}]}]}, True),
        ({"category": {"coding": [{"code": "discharge"}]}}, True),
        ({"category": [{"coding": [{"code": "outpatient"}]}]}, False),
        ({"dispenseRequest": {}}, False),
        ({"dispenseRequest": "x", "category": 3}, False),
    ],
)
def test_an_order_to_be_dispensed_is_told_by_its_supply_or_category(engine, more, speaks):
    assert ("capsaicin-patch-dispensed" in spoken(run(engine, drug("Qutenza", **more)))) is speaks


@pytest.mark.parametrize(("units", "speaks"), [(300, None), (301, "info"), (401, "warning")])
def test_units_are_compared_with_units(engine, units, speaks):
    dose = {"doseAndRate": [{"doseQuantity": {"value": units, "unit": "U"}}]}
    ordered = drug("onabotulinumtoxinA 100 UNT Injection", dosageInstruction=[dose])
    assert spoken(run(engine, ordered)).get("botulinum-toxin-units") == speaks


def test_mg_per_kg_needs_a_weight(engine):
    ordered = drug("cannabidiol 100 MG/ML Oral Solution", 1_000, 2)
    assert "cannabidiol-maximum" not in spoken(run(engine, ordered))
    assert "cannabidiol-maximum" in spoken(run(engine, ordered, body=[weight(70)]))
    assert "cannabidiol-maximum" not in spoken(run(engine, ordered, body=[weight(80)]))


VALPROATE = drug("valproate 500 MG Oral Tablet", 500, 2, status="active", identifier="v", authoredOn=ago(200))


def test_a_start_on_alternate_days_is_offered_and_settles_the_card(engine):
    taken = {"patient": [patient(50, "male")], "medications": [VALPROATE]}
    evaluation = run(engine, drug("lamotrigine 25 MG Oral Tablet", 25, 1), **taken)
    assert spoken(evaluation)["lamotrigine-start-with-valproate"] == "critical"
    (change,) = [one for card in evaluation.cards for one in card.suggestions if "Change to" in one.label]
    assert "25 mg every other day" in change.label
    (dosage,) = change.actions[0].resource["dosageInstruction"]
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 2, "periodUnit": "d"}
    assert "every other day" in dosage["text"]
    assert spoken(run(engine, change.actions[0].resource, **taken)) == {}


def test_how_to_start_a_drug_is_not_said_beside_the_advice_not_to_give_it(engine):
    linezolid = drug(
        "linezolid 600 MG Oral Tablet", 600, 2, status="active", identifier="l", authoredOn=ago(2)
    )
    ordered = drug("amitriptyline 50 MG Oral Tablet", 50, 1)
    assert spoken(run(engine, ordered))["amitriptyline-start-dose"] == "info"
    beside = run(engine, ordered, medications=[linezolid])
    assert spoken(beside) == {"reversible-maoi-with-serotonergic": "critical"}
    why = {one.statement.id: one.outcome.reason() for one in beside.judged}
    assert why["amitriptyline-start-dose"] == "reversible-maoi-with-serotonergic advises against the drug"


def test_a_start_card_carries_one_line_of_supportive_advice_and_its_sources_as_links(engine, knowledge):
    (card,) = run(engine, drug("amitriptyline 50 MG Oral Tablet", 50, 1)).cards
    assert card.detail.count(knowledge.information["review"]) == 1
    (older,) = run(engine, drug("amitriptyline 75 MG Oral Tablet", 75, 1), patient=[patient(80)]).cards
    assert older.detail.count(knowledge.information["review"]) == 1
    assert [link.url for link in older.links] == ["https://doi.org/10.1111/jgs.18372"]
