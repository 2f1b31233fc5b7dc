"""A dose that a statement offers is one that a pharmacy can dispense."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.rule_types import Regimen
from cards.portion import MOST_UNITS_PER_DOSE


def regimens(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Regimen]]:
    if isinstance(value, Regimen):
        yield path, value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from regimens(getattr(value, one.name), (*path, one.name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from regimens(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from regimens(inner, path)


def offered(knowledge) -> Iterator[tuple[str, str, str, Regimen]]:
    """(statement, ingredient, release, regimen) of every regimen for a named drug."""
    for statement in knowledge.statements.values():
        for path, regimen in regimens(statement.rule):
            if path[0] == "regimens" and len(path) > 1:
                yield statement.id, path[1], "immediate", regimen
            elif statement.drug is not None:
                yield statement.id, statement.drug.ingredient, statement.drug.release, regimen


def test_every_offered_dose_can_be_made_of_a_marketed_product(knowledge, terminology):
    lacking = []
    for statement, ingredient, release, regimen in offered(knowledge):
        strengths = [
            product.ingredients[0].strength.mg
            for product in terminology.marketed(ingredient, release)
            if product.ingredients[0].strength is not None and product.ingredients[0].strength.per == "unit"
        ]
        counts = [regimen.mg / mg for mg in strengths]
        if not any(count == int(count) and 1 <= count <= MOST_UNITS_PER_DOSE for count in counts):
            lacking.append(f"{statement}: {ingredient} {regimen.mg} mg")
    assert not lacking


@pytest.mark.parametrize(
    ("ingredient", "release", "least"),
    [("lamotrigine", "immediate", 4), ("imipramine", "immediate", 3), ("desipramine", "immediate", 6),
     ("oxcarbazepine", "immediate", 3), ("tapentadol", "immediate", 3), ("tapentadol", "extended", 5),
     ("carbamazepine", "immediate", 2)],
)  # fmt: skip
def test_the_usual_strengths_of_a_drug_are_marked_as_marketed(terminology, ingredient, release, least):
    assert len(terminology.marketed(ingredient, release)) >= least


@pytest.mark.parametrize(
    ("draft", "product"),
    [
        (
            {"drug": "lamotrigine 100 MG Oral Tablet", "dose": "1 tablet", "times": 1},
            "lamotrigine 25 MG Oral Tablet",
        ),
        (
            {"drug": "lamotrigine 100 MG Disintegrating Oral Tablet", "dose": "1 tablet", "times": 1},
            "lamotrigine 25 MG Disintegrating Oral Tablet",
        ),
        # 200 mg cannot be made of the ordered tablets or others of their form
        (
            {"drug": "gabapentin 600 MG Oral Tablet", "dose": "2 tablet", "times": 3},
            "gabapentin 100 MG Oral Capsule",
        ),
    ],
)
def test_a_change_of_product_keeps_the_ordered_form_where_the_dose_can_be_made_of_it(
    knowledge, terminology, draft, product
):
    case = {
        "name": "change of product",
        "patient": {"age": 74, "sex": "male", "weight_kg": 60},
        "creatinine": {"value": 2.2, "days_ago": 12},
        "drafts": [draft],
    }
    cards = evaluate_case(case, knowledge, terminology).cards
    changed = [
        action.resource["medicationCodeableConcept"]["text"]
        for card in cards
        for suggestion in card.suggestions
        for action in suggestion.actions
        if action.type == "update"
    ]
    assert changed == [product]
