"""What every card on pregnancy, lactation and childbearing potential has to keep."""

import re

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import cases_file, knowledge_files
from cards.knowledge.rule_types import Circumstance
from cards.knowledge.strict_yaml import read

FILES = [path for path in knowledge_files() if path.parent.name == "pregnancy"]
# Stopping these at once harms: withdrawal, seizures, clots.
NOT_AT_ONCE = (
    "gabapentin", "pregabalin", "duloxetine", "venlafaxine", "desvenlafaxine", "tca", "carbamazepine",
    "valproate", "topiramate", "tramadol", "tapentadol", "vitamin-k-antagonist", "doac", "clopidogrel",
)  # fmt: skip
LIST = [
    {"drug": "topiramate 25 MG Oral Tablet", "dose": "1 tablet", "times": 2, "days_ago": 90},
    {"drug": "naproxen 250 MG Oral Tablet", "dose": "1 tablet", "times": 2, "days_ago": 9},
    {"drug": "pregabalin 75 MG Oral Capsule", "dose": "1 capsule", "times": 2, "days_ago": 90},
]


def of_pregnancy(knowledge):
    found = [one for one in knowledge.statements.values() if one.file.startswith("pregnancy/")]
    assert found
    return found


def evaluated(knowledge, terminology, **case):
    return evaluate_case({"name": "a case", "drafts": [], **case}, knowledge, terminology)


def test_each_statement_belongs_to_the_fetal_problem_and_gives_advice(knowledge):
    for one in of_pregnancy(knowledge):
        assert isinstance(one.rule, Circumstance), one.id
        assert one.problem == "fetal", one.id
        assert one.topic in ("pregnancy", "lactation"), one.id
        assert all(one.rule.advice), one.id


def test_a_pregnancy_statement_on_a_pregnant_patient_states_the_week(knowledge):
    for one in of_pregnancy(knowledge):
        asked = {predicate.name for predicate in one.rule.when.predicates}
        if one.id.startswith("pregnancy-") and asked & {"pregnant", "gestation-at-least", "gestation-below"}:
            assert "{weeks}" in one.rule.summary, one.id


def test_no_statement_pushes_to_stop_at_once_what_harms_when_stopped(knowledge):
    for one in of_pregnancy(knowledge):
        # Starting is their subject: a test before the first dose, contraception with a new pregabalin.
        starts = any(predicate.name == "new-start" for predicate in one.rule.when.predicates)
        alone = one.severity.name == "info" and one.topic == "lactation"
        if starts or alone or not set(one.applies_to) & set(NOT_AT_ONCE):
            continue
        said = " ".join((one.rule.summary, *one.rule.advice))
        assert re.search(r"do not stop (abruptly|without)", said, re.IGNORECASE), one.id
        for name in one.offers:
            offer = knowledge.offers[name]
            assert offer.only_new or not (offer.replaces or offer.kind == "delete"), one.id


def test_no_limit_of_weeks_on_tricyclics_is_ever_given(knowledge):
    for one in knowledge.statements.values():
        assert "SC054" not in one.seed_claims, one.id
    for path in knowledge_files():
        if "SC054" in path.read_text(encoding="utf-8"):
            pytest.fail(f"{path.name} names the claim that no source supports")
    for one in of_pregnancy(knowledge):
        text = " ".join((one.title, one.rule.summary, one.rule.reason, *one.rule.advice))
        assert not re.search(r"(three|3) weeks", text, re.IGNORECASE), one.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cards_of_the_cases_fit_say_the_source_of_the_week_and_take_an_answer(path, knowledge, terminology):
    shown = 0
    for case in read(cases_file(path)):
        evaluation = evaluate_case(case, knowledge, terminology)
        for card in evaluation.cards:
            if card.source.topic not in ("pregnancy", "lactation"):
                continue
            shown += 1
            assert not card.summary.endswith("…"), card.summary
            assert card.override_reasons[0].code == "not-pregnant"
            assert "data-wrong" in {reason.code for reason in card.override_reasons}
            if card.summary.startswith("Pregnant"):
                assert re.search(r"- Pregnancy: .+\(.*/.+\)", card.detail), card.detail
            if card.summary.startswith("Breastfeeding"):
                assert "- Breastfeeding: " in card.detail
    assert shown


def test_other_cards_do_not_ask_whether_the_patient_is_pregnant(knowledge, terminology):
    draft = {"drug": "gabapentin 600 MG Oral Tablet", "dose": "2 tablet", "times": 3}
    patient = {"age": 74, "sex": "female", "weight_kg": 60}
    (card,) = evaluated(
        knowledge, terminology, patient=patient, creatinine={"value": 1.87}, drafts=[draft]
    ).cards
    assert "not-pregnant" not in {reason.code for reason in card.override_reasons}


def test_the_list_of_a_pregnant_patient_gives_one_fetal_card_that_names_every_drug(knowledge, terminology):
    patient = {"age": 29, "sex": "female", "pregnant_weeks": 22}
    cards = evaluated(knowledge, terminology, hook="patient-view", patient=patient, active=LIST).cards
    (card,) = [one for one in cards if one.source.topic == "pregnancy"]
    assert card.summary == "Pregnant, 22w0d: review topiramate, naproxen, pregabalin"
    assert card.indicator.name == "critical"
    assert card.detail.startswith("**Pregnant, 22w0d: avoid topiramate")
    for name in ("Topiramate", "Naproxen", "Pregabalin"):
        assert name.lower() in card.detail
    assert not card.suggestions


def test_one_drug_of_concern_on_the_list_keeps_its_own_summary(knowledge, terminology):
    patient = {"age": 29, "sex": "female", "pregnant_weeks": 22}
    cards = evaluated(knowledge, terminology, hook="patient-view", patient=patient, active=LIST[:1]).cards
    (card,) = [one for one in cards if one.source.topic == "pregnancy"]
    assert card.summary.startswith("Pregnant, 22w0d: avoid topiramate")


def test_the_list_of_a_breastfeeding_patient_gives_one_card(knowledge, terminology):
    patient = {"age": 29, "sex": "female", "breastfeeding": True, "contraception": "sterilisation"}
    active = [
        {"drug": "tramadol hydrochloride 50 MG Oral Tablet", "dose": "1 tablet", "times": 3, "days_ago": 9},
        {"drug": "clopidogrel 75 MG Oral Tablet", "dose": "1 tablet", "times": 1, "days_ago": 9},
    ]
    cards = evaluated(knowledge, terminology, hook="patient-view", patient=patient, active=active).cards
    (card,) = [one for one in cards if one.source.topic == "lactation"]
    assert card.summary == "Breastfeeding: review tramadol, clopidogrel"


def test_the_list_of_someone_who_can_become_pregnant_gives_one_card(knowledge, terminology):
    warfarin = {"drug": "warfarin sodium 5 MG Oral Tablet", "dose": "1 tablet", "times": 1, "days_ago": 90}
    patient = {"age": 29, "sex": "female"}
    cards = evaluated(
        knowledge, terminology, hook="patient-view", patient=patient, active=[LIST[0], warfarin]
    ).cards
    (card,) = [one for one in cards if one.source.topic == "pregnancy"]
    assert card.summary == "Can become pregnant: review topiramate, warfarin"


def test_an_earlier_answer_silences_no_pregnancy_card(knowledge, terminology):
    answer = {
        "statement": "pregnancy-nsaid-20-to-29-weeks", "drugs": ["naproxen"], "daily_mg": 1000,
        "reason": "benefit-outweighs", "days_ago": 2,
    }  # fmt: skip
    draft = {"drug": "naproxen 500 MG Oral Tablet", "dose": "1 tablet", "times": 2}
    patient = {"age": 29, "sex": "female", "pregnant_weeks": 22}
    cards = evaluated(knowledge, terminology, patient=patient, drafts=[draft], acknowledged=[answer]).cards
    assert [card.indicator.name for card in cards] == ["warning"]
