from decimal import Decimal

import pytest

from terminology.medications import Strength
from terminology.product_names import read_name
from terminology.strength_text import strengths, tokens


@pytest.fixture(scope="module")
def read(terminology):
    return lambda text: read_name(text, terminology.medication_tables.index)


def unit(mg):
    return Strength(Decimal(mg))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("800 MG", [(800, "unit")]),
        ("300mg", [(300, "unit")]),
        ("300-mg", [(300, "unit")]),
        ("1,200 mg", [(1200, "unit")]),
        ("82,5 mg", [("82.5", "unit")]),
        (".5 mg", [("0.5", "unit")]),
        ("0.6 g", [(600, "unit")]),
        ("250 mg/5 mL", [(50, "mL")]),
        ("20 MG/ML", [(20, "mL")]),
        ("250 mg per 5 ml", [(50, "mL")]),
        ("250 mg in 5 mL", [(50, "mL")]),
        ("250 mg in water", [(250, "unit")]),
        ("0.05 MG/MG", [(50, "g")]),
        ("10 mg/g", [(10, "g")]),
        ("50 mcg/hr", [("0.05", "h")]),
        ("10-325 mg", [(10, "unit"), (325, "unit")]),
        ("5 mg/325 mg", [(5, "unit"), (325, "unit")]),
        ("7.5-500 mg/15 mL", [("0.5", "mL"), (Decimal(500) / 15, "mL")]),
        ("0.1 MG/ACTUAT", [("0.1", "unit")]),
    ],
)
def test_a_strength_is_read_with_what_it_is_in(text, expected):
    (found,) = strengths(tokens(text))
    assert [(one.mg, one.per) for one in found.values] == [(Decimal(mg), per) for mg, per in expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "300",
        "24 HR",
        "5 mL",
        "1800 mg/day",
        "1800 mg daily",
        "5 mg/kg",
        "1e300 mg",
        "0 mg",
        "0 mg/0 mL",
        "mg",
    ],
)
def test_what_is_no_strength_is_not_read_as_one(text):
    assert strengths(tokens(text)) == ()


@pytest.mark.parametrize(
    ("text", "mg", "form", "release"),
    [
        ("gabapentin 400 MG Oral Capsule [Neurontin]", 400, "Oral Capsule", None),
        ("GABAPENTIN 600 MG TABLET", 600, "Oral Tablet", None),
        ("gabapentin (NEURONTIN) 100 mg capsule", 100, "Oral Capsule", None),
        ("GABAPENTIN 800 MG PO TABS", 800, "Oral Tablet", None),
        ("Once-Daily gabapentin 450 MG Oral Tablet", 450, "Oral Tablet", "once-daily"),
        ("gabapentin 300 MG Oral Tablet [Gralise]", 300, "Oral Tablet", "once-daily"),
        ("Gralise 900 mg tablets", 900, "Oral Tablet", "once-daily"),
    ],
)
def test_gabapentin_names_give_strength_form_and_release(read, text, mg, form, release):
    found = read(text)
    assert found.ingredients == (("gabapentin", unit(mg)),)
    assert (found.form, found.release) == (form, release)


@pytest.mark.parametrize(
    "text",
    [
        "24 HR pregabalin 330 MG Extended Release Oral Tablet",
        "Lyrica CR 330 mg",
        "pregabalin ER 330 mg tablet",
        "PREGABALIN 330 MG PO TB24",
        "pregabalin extended-release 330 mg",
    ],
)
def test_extended_release_pregabalin_is_recognised_however_it_is_written(read, text):
    found = read(text)
    assert found.ingredients == (("pregabalin", unit(330)),)
    assert found.release == "extended"


def test_once_daily_as_an_instruction_is_no_release(read):
    assert read("pregabalin 150 mg capsule once daily").release is None


def test_gabapentin_enacarbil_is_another_drug_than_gabapentin(read):
    assert (
        read("gabapentin enacarbil 300 MG Extended Release Oral Tablet").ingredients[0][0]
        == "gabapentin enacarbil"
    )
    assert read("Horizant 600 mg").ingredients == (("gabapentin enacarbil", unit(600)),)


@pytest.mark.parametrize(
    "text",
    [
        "oxycodone hydrochloride 10 MG / acetaminophen 325 MG Oral Tablet",
        "oxyCODONE-acetaminophen 10-325 mg tablet",
        "oxycodone/acetaminophen 10 mg/325 mg",
        "Percocet 10-325 mg",
        "oxycodone 10 mg and acetaminophen 325 mg",
    ],
)
def test_a_combination_keeps_each_strength_with_its_ingredient(read, text):
    assert dict(read(text).ingredients) == {"oxycodone": unit(10), "acetaminophen": unit(325)}


def test_a_partner_outside_the_tables_keeps_its_place(read):
    found = read("amlodipine 5 MG / benazepril hydrochloride 20 MG Oral Capsule")
    assert dict(found.ingredients) == {"amlodipine": unit(5), "benazepril": unit(20)}


def test_a_pack_is_no_combination_and_has_no_single_strength(read):
    found = read("{7 (gabapentin 300 MG Oral Tablet) / 14 (gabapentin 600 MG Oral Tablet) } Pack [Starter]")
    assert found.ingredients == (("gabapentin", None),)
    assert (found.form, found.brand) == ("Pack", "Starter")


@pytest.mark.parametrize(
    "text", ["gabapentin, pregabalin", "gabapentin or pregabalin 75 mg", "Lyrica / Neurontin 300 mg"]
)
def test_a_text_that_names_several_drugs_is_no_product(read, text):
    found = read(text)
    assert found.ingredients == ()
    assert set(found.names) == {"gabapentin", "pregabalin"}


@pytest.mark.parametrize(
    "text",
    ["gabapentin 300 mg capsule 600 mg", "gabapentin 300-600 mg", "gabapentin 300 mg / gabapentin 600 mg"],
)
def test_two_strengths_for_one_drug_are_none(read, text):
    assert read(text).ingredients == (("gabapentin", None),)


@pytest.mark.parametrize(
    "text", ["gabapentinoid study drug", "gaba 300", "pregabalinx 75 mg", "fosgabapentin"]
)
def test_only_whole_words_are_names(read, text):
    found = read(text)
    assert (found.ingredients, found.problem) == ((), "no known drug name")


def test_a_name_past_a_thousand_characters_is_not_read(read):
    assert read("gabapentin 300 mg".ljust(1000)).ingredients
    assert not read("gabapentin 300 mg".ljust(1001)).ingredients


def test_a_mass_without_a_volume_is_no_strength_of_a_liquid(read):
    assert read("gabapentin 250 mg oral solution").ingredients == (("gabapentin", None),)
    assert read("pregabalin 20 MG/ML Oral Solution").ingredients == (
        ("pregabalin", Strength(Decimal(20), "mL")),
    )


def test_a_patch_labelled_by_its_rate_is_transdermal(read):
    found = read("fentaNYL 50 mcg/hr patch")
    assert found.ingredients == (("fentanyl", Strength(Decimal("0.05"), "h")),)
    assert found.route == "transdermal"
