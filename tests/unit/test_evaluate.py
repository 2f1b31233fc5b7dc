"""The flow as a whole: hooks, exposure, unknown drugs, and what fails."""

from datetime import timedelta

import pytest
from make_fhir import NOW, creatinine, egfr, height, patient, weight
from make_request import drug, run, rxnorm, spoken

from cards.card import Indicator
from cards.facts import medications
from cards.facts.record import KeyResult
from cards.rules import renal_dose

CKD4 = {"patient": [patient(74)], "kidney": [creatinine(1.87, days=12)], "body": [weight(60)]}
WELL = {"patient": [patient(45, "male")], "kidney": [creatinine(0.8)], "body": [weight(75)]}

WITHOUT_UNIT = {
    "doseAndRate": [{"doseQuantity": {"value": 1}}],
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
}


@pytest.fixture
def engine(knowledge, terminology):
    return knowledge, terminology


def test_a_dose_over_the_renal_ceiling_gives_one_critical_card_with_its_numbers(engine):
    (card,) = run(engine, drug("gabapentin 600 MG Oral Tablet", 1200, 3), **CKD4).cards
    assert card.indicator is Indicator.critical
    assert card.summary == "Gabapentin 3600 mg/day: CrCl 25 mL/min allows at most 700 mg/day"
    assert "2026-06-03" in card.detail
    assert card.suggestions[0].recommended


def test_the_same_drug_inside_the_label_gives_no_card(engine):
    evaluation = run(engine, drug("gabapentin 300 MG Oral Capsule", 300, 3), **WELL)
    assert evaluation.cards == ()
    assert {one.outcome.kind for one in evaluation.judged} <= {"not-fired", "suppressed", "cannot-evaluate"}


def test_a_deceased_patient_gets_one_card_that_says_nothing_was_evaluated(engine):
    gone = patient(74, deceasedBoolean=True)
    (card,) = run(engine, drug("gabapentin", 1200, 3), **CKD4 | {"patient": [gone]}).cards
    assert card.indicator is Indicator.info
    assert "deceased" in card.summary


def test_order_select_keeps_information_for_order_sign(engine):
    draft = drug("gabapentin 600 MG Oral Tablet", 600, 2)
    assert [card.indicator for card in run(engine, draft, **WELL).cards] == [Indicator.info]
    assert run(engine, draft, hook="order-select", **WELL).cards == ()


def test_order_select_still_says_what_failed(engine):
    failed = KeyResult("conditions", "failed", (), "timeout")
    evaluation = run(engine, drug("gabapentin", 300, 3), hook="order-select", **WELL | {"conditions": failed})
    assert [card.source.topic for card in evaluation.cards] == ["data"]


def test_only_the_selected_order_is_advised_on_and_the_others_are_its_context(engine):
    drafts = (
        drug("oxycodone 10 MG Oral Tablet", 10, 4, identifier="opioid"),
        drug("gabapentin 300 MG Oral Capsule", 300, 3, identifier="gaba"),
        drug("gabapentin 600 MG Oral Tablet", 2400, 3, identifier="other"),
    )
    evaluation = run(
        engine, *drafts, hook="order-select", selections=frozenset({"MedicationRequest/gaba"}), **WELL
    )
    assert {card.order for card in evaluation.cards} == {"MedicationRequest/gaba"}
    assert "gabapentinoid-with-opioid" in spoken(evaluation)


def test_a_selection_without_its_type_is_understood(engine):
    evaluation = run(
        engine,
        drug("gabapentin", 2400, 3, identifier="x"),
        hook="order-select",
        selections=frozenset({"x"}),
        **WELL,
    )
    assert spoken(evaluation)["gabapentin-label-maximum"] == "critical"


def test_patient_view_reviews_the_active_list_without_actions(engine):
    listed = [drug("gabapentin 600 MG Oral Tablet", 1200, 3, status="active", identifier="a")]
    (card,) = run(engine, hook="patient-view", **CKD4, medications=listed).cards
    assert card.indicator is Indicator.critical
    assert card.suggestions == ()


def test_drafts_of_one_ingredient_are_summed(engine):
    drafts = (drug("gabapentin", 600, 3, identifier="a"), drug("gabapentin", 800, 3, identifier="b"))
    assert "gabapentin-label-maximum" in spoken(run(engine, *drafts, **WELL))


def test_a_draft_that_replaces_another_is_not_summed_with_it(engine):
    drafts = (
        drug("gabapentin", 600, 3, identifier="a"),
        drug("gabapentin", 800, 3, identifier="b", priorPrescription={"reference": "MedicationRequest/a"}),
    )
    assert "gabapentin-label-maximum" not in spoken(run(engine, *drafts, **WELL))


@pytest.mark.parametrize("identifier", ["d1", "other"])
def test_an_active_order_of_the_same_product_counts_as_replaced(engine, identifier):
    active = drug("gabapentin 800 MG Oral Tablet", 800, 3, status="active", identifier=identifier)
    evaluation = run(engine, drug("gabapentin 800 MG Oral Tablet", 800, 4), **WELL, medications=[active])
    assert "gabapentin-label-maximum" not in spoken(evaluation)


def test_another_formulation_of_the_ingredient_is_summed(engine):
    active = drug("Gralise 600 MG Oral Tablet", 1800, 1, status="active", identifier="a")
    evaluation = run(engine, drug("gabapentin 600 MG Oral Tablet", 800, 3), **WELL, medications=[active])
    assert "gabapentin-label-maximum" in spoken(evaluation)


@pytest.mark.parametrize(
    "more",
    [{"doNotPerform": True}, {"status": "entered-in-error"}, {"intent": "plan"}, {"intent": "proposal"}],
)
def test_what_is_no_exposure_on_the_list_is_not_summed(engine, more):
    listed = drug("Gralise 600 MG Oral Tablet", 1800, 1, status="active", identifier="a") | more
    evaluation = run(engine, drug("gabapentin 600 MG Oral Tablet", 800, 3), **WELL, medications=[listed])
    assert "gabapentin-label-maximum" not in spoken(evaluation)


def test_an_unknown_code_without_text_gives_an_information(engine):
    draft = drug("", 300, 3, medicationCodeableConcept=rxnorm("99999999"))
    (card,) = run(engine, draft, **WELL).cards
    assert (card.indicator, card.source.topic) == (Indicator.info, "data")
    assert "could not be recognised" in card.summary


def test_a_text_that_names_no_drug_in_scope_is_silent_and_in_the_trace(engine):
    evaluation = run(engine, drug("Obscurimab 5 mg", 5, 1), **WELL)
    assert evaluation.cards == ()
    assert evaluation.orders[0].lookup.why


def test_a_draft_without_a_drug_yet_gives_no_card(engine):
    draft = drug("x")
    del draft["medicationCodeableConcept"]
    assert run(engine, draft, **WELL).cards == ()


def test_code_and_text_that_name_different_drugs_are_both_evaluated_and_said(engine):
    draft = drug("", 2400, 3, medicationCodeableConcept=rxnorm("310431", "pregabalin 75 MG Oral Capsule"))
    evaluation = run(engine, draft, **WELL)
    assert {"gabapentin-label-maximum", "pregabalin-label-maximum"} <= spoken(evaluation).keys()
    assert any("different drugs" in card.summary for card in evaluation.cards)


def test_an_order_for_another_patient_is_left_out_and_named(engine):
    evaluation = run(engine, drug("gabapentin", 2400, 3, subject="p2"), **WELL)
    assert [issue.code for issue in evaluation.issues] == ["other-patient"]
    assert [card.source.topic for card in evaluation.cards] == ["data"]


def test_a_crashing_rule_is_named_and_takes_no_other_advice_away(engine, monkeypatch):
    def crash(*_):
        raise ZeroDivisionError("patient Smith")

    monkeypatch.setattr(renal_dose, "check", crash)
    evaluation = run(engine, drug("gabapentin", 2400, 3), **CKD4)
    topics = [card.source.topic for card in evaluation.cards]
    assert topics == ["dosing", "data"]
    assert "Smith" not in str([card.as_json() for card in evaluation.cards])


def test_an_order_whose_reading_crashes_is_named_and_takes_no_other_advice_away(engine, monkeypatch):
    read = medications._orders

    def crash(resource, *rest):
        if resource["id"] == "bad":
            raise KeyError("patient Smith")
        return read(resource, *rest)

    monkeypatch.setattr(medications, "_orders", crash)
    drafts = (drug("gabapentin", 300, 3, identifier="bad"), drug("gabapentin", 2400, 3, identifier="good"))
    evaluation = run(engine, *drafts, **WELL)
    assert [card.source.topic for card in evaluation.cards] == ["dosing", "data"]
    assert "Smith" not in str([card.as_json() for card in evaluation.cards])


def test_the_same_input_on_the_same_day_gives_the_same_cards(engine):
    draft = drug("gabapentin 600 MG Oral Tablet", 1200, 3)
    first = run(engine, draft, **CKD4)
    later = run(engine, draft, **CKD4, now=NOW + timedelta(hours=3))
    assert [card.as_json() for card in first.cards] == [card.as_json() for card in later.cards]


def test_another_hook_instance_gives_other_card_ids(engine):
    draft = drug("gabapentin 600 MG Oral Tablet", 1200, 3)
    ids = {run(engine, draft, **CKD4, scope=scope).cards[0].uuid for scope in ("a", "b")}
    assert len(ids) == 2


def test_the_draft_is_not_changed_by_its_evaluation(engine):
    draft = drug("gabapentin 600 MG Oral Tablet", 1200, 3)
    before = str(draft)
    run(engine, draft, **CKD4)
    assert str(draft) == before


def test_an_overdose_in_the_readable_instruction_speaks_although_another_is_unreadable(engine):
    draft = drug("gabapentin 800 MG Oral Tablet", 1600, 3)
    draft["dosageInstruction"].append(WITHOUT_UNIT)
    evaluation = run(engine, draft, **WELL)
    assert spoken(evaluation)["gabapentin-label-maximum"] == "critical"


def test_a_readable_instruction_inside_the_label_says_nothing_where_another_is_unreadable(engine):
    draft = drug("gabapentin 300 MG Oral Capsule", 300, 3)
    draft["dosageInstruction"].append(WITHOUT_UNIT)
    evaluation = run(engine, draft, **WELL)
    judged = {one.statement.id: one.outcome.kind for one in evaluation.judged}
    assert judged["gabapentin-label-maximum"] == "cannot-evaluate"


def test_a_single_dose_over_the_days_ceiling_speaks_although_its_frequency_is_not_stated(engine):
    evaluation = run(engine, drug("gabapentin 800 MG Oral Tablet", 800), **CKD4)
    assert "gabapentin-renal-dose" in spoken(evaluation)


@pytest.mark.parametrize(("reported", "said"), [(50.17, True), (29, False)])
def test_a_card_says_when_the_reported_egfr_would_give_another_band(engine, reported, said):
    small = {
        "patient": [patient(82)],
        "kidney": [creatinine(1.1), egfr(reported)],
        "body": [weight(45), height(150)],
    }
    (card,) = run(engine, drug("gabapentin 600 MG Oral Tablet", 600, 3), **small).cards
    assert "CrCl 28 mL/min" in card.summary
    assert ("another band" in card.detail) is said
