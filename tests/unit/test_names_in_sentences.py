"""How a card writes names: a drug inside a sentence, a long procedure, an order that is only a code."""

import pytest

from cards.card import MAX_SUMMARY
from cards.evaluate import evaluate
from cards.knowledge.case_record import NOW, make_case
from cards.policy import Policy
from cards.wording import Name, fill, with_name

TRAMADOL = Name("Tramadol ER", "tramadol ER")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{drug} {dose} mg/day", "Tramadol ER 50 mg/day"),
        ("Over 75 years: {drug} at most {dose} mg/day", "Over 75 years: tramadol ER at most 50 mg/day"),
    ],
)
def test_a_drug_begins_with_a_capital_only_where_the_sentence_does(text, written):
    assert fill(text, {"drug": TRAMADOL, "dose": "50"}) == written


def test_a_long_procedure_is_shortened_so_that_the_advice_stays_whole():
    name = "Injection(s), anesthetic agent(s) and/or steroid; transforaminal epidural, with imaging guidance"
    line = with_name(f"{name} on 2026-12-01 is inside the hold of apixaban (3 days); move the date", name)
    assert len(line) <= MAX_SUMMARY
    assert line.startswith("Injection(s), anesthetic agent(s)")
    assert line.endswith("… on 2026-12-01 is inside the hold of apixaban (3 days); move the date")


def test_a_line_that_fits_keeps_its_name():
    assert with_name("Lumbar ESI on apixaban", "Lumbar ESI") == "Lumbar ESI on apixaban"


@pytest.mark.parametrize(
    ("concept", "called"),
    [
        ({"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "310433"}]},
         "Order: gabapentin (code 310433), 4800 mg/day"),
        ({"text": "Neurontin 800 mg tablets"}, "Order: Neurontin 800 mg tablets (gabapentin), 4800 mg/day"),
        ({"text": "gabapentin 800 MG Oral Tablet"}, "Order: gabapentin 800 MG Oral Tablet, 4800 mg/day"),
    ],
)  # fmt: skip
def test_the_basis_names_the_drug_of_a_code_or_brand(knowledge, terminology, concept, called):
    made = make_case(
        {
            "name": "code",
            "patient": {"age": 50, "sex": "male"},
            "drafts": [{"drug": "gabapentin 800 MG Oral Tablet", "dose": "1600 mg", "times": 3}],
        },
        terminology,
    )
    draft = {**made.drafts[0], "medicationCodeableConcept": concept}
    cards = evaluate(
        "order-sign", made.record, (draft,), None,
        now=NOW, policy=Policy(), knowledge=knowledge, terminology=terminology,
    ).cards  # fmt: skip
    assert called in cards[0].detail
