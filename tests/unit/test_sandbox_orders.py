import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.card import Action, Suggestion
from cds_service.sandbox.drug_search import drug_named, drug_of, find_drugs
from cds_service.sandbox.form import Written
from cds_service.sandbox.orders import (
    OFTEN,
    UNITS,
    NotWrittenError,
    applied,
    as_written,
    drug_order,
    order_words,
)
from cds_service.sandbox.procedure_choices import concept_of, procedure_groups


def names(typed, terminology):
    return [one.name for one in find_drugs(typed, terminology).drugs]


def test_a_search_takes_beginnings_of_words_in_any_order(terminology):
    for typed in ("gabapentin 300 capsule", "300 gaba", "GABA cap 300"):
        assert "gabapentin 300 MG Oral Capsule" in names(typed, terminology)


def test_strengths_rise_and_the_ingredient_leads(terminology):
    found = names("gabapentin", terminology)
    assert found[0] == "gabapentin"
    capsules = [one for one in found if one.startswith("gabapentin") and one.endswith("MG Oral Capsule")]
    assert capsules == [f"gabapentin {mg} MG Oral Capsule" for mg in (100, 300, 400)]


@pytest.mark.parametrize("typed", ["", " ", "g", "-", "zzzzzz"])
def test_too_little_or_nothing_known_finds_nothing(terminology, typed):
    assert find_drugs(typed, terminology).drugs == ()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("gabapentin 300 MG Oral Capsule", "capsule"),
        ("gabapentin 600 MG Oral Tablet", "tablet"),
        ("gabapentin 50 MG/ML Oral Solution", "mL"),
    ],
)
def test_a_product_is_counted_in_its_own_unit(terminology, name, unit):
    drug = drug_named(name.upper(), terminology)
    assert drug.unit == unit
    assert drug_of(drug.code, terminology) == drug


def test_a_name_or_code_that_is_none_finds_no_drug(terminology):
    assert drug_named("gabapentine fort", terminology) is None
    assert drug_of("0", terminology) is None


def test_every_choice_of_procedure_names_its_value_set(terminology):
    for group in procedure_groups():
        for name, text in group.choices.items():
            assert name in terminology.named_sets(text)
            assert concept_of(name, terminology)["text"] == text


@pytest.mark.parametrize("often", OFTEN)
@pytest.mark.parametrize("unit", UNITS)
def test_an_order_is_written_and_read_back_into_the_same_fields(terminology, often, unit):
    written = Written(
        q="gabapentin 300 MG Oral Capsule",
        drug="310431",
        amount="1.5",
        unit=unit,
        often=often,
        as_needed=True,
    )
    order = drug_order(written, "p1", (), terminology)
    back = as_written(order, terminology)
    assert back.editing == "MedicationRequest/draft-1"
    assert (back.q, back.drug, back.amount, back.unit, back.often, back.as_needed) == (
        written.q, written.drug, "1.5", unit, often, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "right"),
    [("0.000001", True), ("1000000", True), ("1000001", False), ("0", False), ("1e9", False)],
)
def test_an_amount_is_a_number_above_zero(terminology, amount, right):
    written = Written(q="gabapentin", amount=amount, unit="mg", often="1")
    if right:
        assert drug_order(written, "p1", (), terminology)["dosageInstruction"]
    else:
        with pytest.raises(NotWrittenError):
            drug_order(written, "p1", (), terminology)


def test_an_edited_order_keeps_its_id_and_a_new_one_gets_the_next(terminology):
    taken = [{"resourceType": "MedicationRequest", "id": "draft-7"}]
    assert drug_order(Written(q="x"), "p1", taken, terminology)["id"] == "draft-8"
    edited = drug_order(Written(q="x", editing="MedicationRequest/draft-7"), "p1", taken, terminology)
    assert edited["id"] == "draft-7"


def draft(name, **more):
    return {"resourceType": "MedicationRequest", "id": name, **more}


def suggestion(*actions):
    return Suggestion(label="x", uuid="u", actions=actions)


def test_an_update_replaces_its_draft_in_place_and_a_deletion_takes_one_away():
    drafts = (draft("draft-1"), draft("draft-2"))
    changed = draft("draft-1", status="draft")
    assert applied(suggestion(Action("update", "", changed)), drafts) == (changed, drafts[1])
    deleted = Action("delete", "", resource_id="MedicationRequest/draft-1")
    assert applied(suggestion(deleted), drafts) == (drafts[1],)


def test_a_creation_is_a_new_draft_with_an_id_of_its_own():
    made = Action("create", "", {"resourceType": "ServiceRequest", "status": "draft"})
    drafts = applied(suggestion(made, made), (draft("draft-4"),))
    assert [one["id"] for one in drafts] == ["draft-4", "draft-5", "draft-6"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "coding",
                    "code",
                    "text",
                    "timing",
                    "repeat",
                    "doseAndRate",
                    "doseQuantity",
                    "value",
                    "unit",
                    "display",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
TYPES = ["MedicationRequest", "ServiceRequest", "DeviceRequest", "MedicationStatement"]
MEMBERS = [
    "id", "status", "code", "medicationCodeableConcept", "medicationReference", "dosageInstruction", "bodySite",
    "occurrenceDateTime", "contained",
]  # fmt: skip
ORDER = st.fixed_dictionaries({"resourceType": st.sampled_from(TYPES)}, optional=dict.fromkeys(MEMBERS, JSON))


@given(order=ORDER)
def test_an_order_of_any_shape_is_listed_and_can_be_asked_for_its_fields(terminology, order):
    title, details = order_words(order)
    assert title
    assert details or not order["resourceType"].startswith("Medication")
    as_written(order, terminology)
    assert json.dumps(order)
