"""Hold intervals where the hour counts, and what one drug or one booking that is listed twice gives."""

from datetime import UTC, timedelta

import pytest
from make_fhir import NOW, patient

from cards.evaluate import evaluate
from cards.facts.record import KeyResult, Record
from cards.policy import Policy

HOLD = "procedure-antithrombotic-hold"


def drug(name, identifier="m1", **more):
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": name},
        "authoredOn": (NOW - timedelta(days=90)).isoformat(),
    } | more


def service(text, when=None, identifier="s1", **more):
    made = {
        "resourceType": "ServiceRequest",
        "id": identifier,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": text},
    } | more
    return made | ({"occurrenceDateTime": when} if when else {})


def said(knowledge, terminology, drafts, medications=(), orders=(), hook="order-sign", given=True):
    keys = {
        "patient": KeyResult("patient", "given", (patient(),)),
        "orders": KeyResult("orders", "given", orders),
    }
    if given:
        keys["medications"] = KeyResult("medications", "given", medications)
    done = evaluate(
        hook,
        Record(patient_id="p1", keys=keys),
        tuple(drafts),
        None,
        now=NOW,
        policy=Policy(),
        knowledge=knowledge,
        terminology=terminology,
    )
    return [one.outcome for one in done.judged if one.statement.id == HOLD], done


def severity(outcomes):
    return [one.finding.severity.name for one in outcomes if one.finding is not None]


@pytest.mark.parametrize(("hours", "expected"), [(11.9, "critical"), (12, "warning")])
def test_a_procedure_with_a_time_is_compared_in_hours(knowledge, terminology, hours, expected):
    dose = [
        {
            "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg"}}],
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        }
    ]
    enoxaparin = drug("enoxaparin sodium 100 MG/ML Prefilled Syringe", dosageInstruction=dose)
    when = (NOW + timedelta(hours=hours)).isoformat()
    outcomes, _ = said(
        knowledge, terminology, [service("Lumbar epidural steroid injection", when)], (enoxaparin,)
    )
    assert severity(outcomes) == [expected]


@pytest.mark.parametrize(("days", "expected"), [(2, "critical"), (3, "warning")])
def test_a_procedure_with_a_day_is_compared_in_days(knowledge, terminology, days, expected):
    when = (NOW + timedelta(days=days)).date().isoformat()
    outcomes, _ = said(
        knowledge, terminology, [service("SCS trial", when)], (drug("apixaban 5 MG Oral Tablet"),)
    )
    assert severity(outcomes) == [expected]


def test_a_drug_that_is_listed_twice_is_named_once(knowledge, terminology):
    twice = (
        drug("apixaban 5 MG Oral Tablet"),
        drug("apixaban 5 MG Oral Tablet", "m2", resourceType="MedicationStatement", dosage=[]),
    )
    _, done = said(knowledge, terminology, [service("SCS trial")], twice)
    (card,) = done.cards
    assert card.detail.count("Apixaban before SCS trial") == 1


def test_two_antithrombotics_are_both_named_the_graver_first(knowledge, terminology):
    both = (drug("aspirin 81 MG Oral Tablet", "m1"), drug("warfarin 5 MG Oral Tablet", "m2"))
    _, done = said(
        knowledge, terminology, [service("SCS trial", (NOW + timedelta(days=2)).date().isoformat())], both
    )
    lead = next(card for card in done.cards if HOLD in card.statements)
    assert "hold of" in lead.summary
    assert "Aspirin before" in lead.detail
    assert "Warfarin before" in lead.detail


def test_the_same_pair_speaks_whichever_is_ordered(knowledge, terminology):
    when = (NOW + timedelta(days=1)).date().isoformat()
    one, _ = said(knowledge, terminology, [service("SCS trial", when)], (drug("apixaban 5 MG Oral Tablet"),))
    draft = drug("apixaban 5 MG Oral Tablet", status="draft")
    other, _ = said(knowledge, terminology, [draft], orders=(service("SCS trial", when, status="active"),))
    assert severity(one) == severity(other) == ["critical"]


def test_a_booking_that_is_also_the_draft_counts_once(knowledge, terminology):
    when = (NOW + timedelta(days=1)).date().isoformat()
    draft = drug("apixaban 5 MG Oral Tablet", status="draft")
    booked = service("SCS trial", when, status="active")
    outcomes, done = said(knowledge, terminology, [service("SCS trial", when), draft], orders=(booked,))
    assert severity(outcomes) == ["critical"]
    assert len(done.cards) == 1


def test_a_booking_without_a_date_or_in_the_past_says_nothing(knowledge, terminology):
    draft = drug("apixaban 5 MG Oral Tablet", status="draft")
    past = service("SCS trial", (NOW - timedelta(days=2)).date().isoformat(), "s1", status="active")
    undated = service("SCS trial", None, "s2", status="active")
    outcomes, _ = said(knowledge, terminology, [draft], orders=(past, undated))
    assert severity(outcomes) == []


def test_without_a_medication_list_the_hold_cannot_be_judged(knowledge, terminology):
    outcomes, _ = said(knowledge, terminology, [service("SCS trial")], given=False)
    assert [one.kind for one in outcomes] == ["cannot-evaluate"]


def test_a_row_that_was_not_checked_says_so(knowledge, terminology):
    _, done = said(knowledge, terminology, [service("SCS trial")], (drug("ticlopidine 250 MG Oral Tablet"),))
    (card,) = done.cards
    assert "not yet checked" in card.detail
    _, done = said(knowledge, terminology, [service("SCS trial")], (drug("warfarin 5 MG Oral Tablet"),))
    (card,) = done.cards
    assert "not yet checked" not in card.detail


def test_a_failed_fetch_is_a_warning_for_a_procedure_in_scope_and_info_for_another(knowledge, terminology):
    failed = {"medications": KeyResult("medications", "failed", (), "timeout", "medications")}
    keys = {"patient": KeyResult("patient", "given", (patient(),))} | failed
    indicators = []
    for name in ("SCS trial", "Colonoscopy"):
        done = evaluate(
            "order-sign",
            Record(patient_id="p1", keys=keys),
            (service(name),),
            None,
            now=NOW,
            policy=Policy(zone=UTC),
            knowledge=knowledge,
            terminology=terminology,
        )
        indicators += [card.indicator.name for card in done.cards]
    assert indicators == ["warning", "info"]
