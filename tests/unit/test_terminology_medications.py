"""Codes and texts of one medication; the wrong codes are ones that circulate in public code."""

from decimal import Decimal

import pytest

from terminology.coding import ATC, NDC, RXNORM, SNOMED, UNII, Coding


def rx(*codes):
    return tuple(Coding(RXNORM, code) for code in codes)


@pytest.fixture(scope="module")
def find(terminology):
    return lambda codings=(), *texts: terminology.medication(codings, texts)


@pytest.fixture(scope="module")
def only(find):
    def lookup(codings=(), *texts):
        (medication,) = find(codings, *texts).medications
        return medication

    return lookup


def strength(medication):
    (part,) = medication.ingredients
    return part.strength.mg if part.strength else None


@pytest.mark.parametrize(
    ("code", "name", "mg", "release"),
    [
        ("310432", "gabapentin", "400", "immediate"),
        ("310434", "gabapentin", "800", "immediate"),
        ("105030", "gabapentin", "400", "immediate"),
        ("1806382", "gabapentin", "600", "once-daily"),
        ("1115013", "gabapentin", "600", "once-daily"),
        ("1482820", "gabapentin enacarbil", "300", "extended"),
        ("483450", "pregabalin", "75", "immediate"),
        ("1988977", "pregabalin", "330", "extended"),
        ("898715", "pregabalin", "20", "immediate"),
    ],
)
def test_a_product_code_alone_gives_ingredient_strength_and_release(only, code, name, mg, release):
    found = only(rx(code))
    assert (found.ingredients[0].name, strength(found), found.release) == (name, Decimal(mg), release)
    assert (found.rxcui, found.recognised_by) == (code, "product")


def test_an_ingredient_code_has_no_strength(only):
    found = only(rx("187832"))
    assert (found.recognised_by, strength(found)) == ("ingredient", None)


def test_the_text_completes_an_ingredient_code(only):
    found = only(rx("25480"), "gabapentin 100 mg capsule")
    assert (found.recognised_by, strength(found), found.form) == ("ingredient", 100, "Oral Capsule")


def test_the_product_wins_over_the_ingredient_whatever_their_order(only):
    assert only(rx("25480", "310431")).rxcui == "310431"
    assert only(rx("310431", "25480")).rxcui == "310431"


def test_two_ingredient_codes_are_a_combination(only):
    assert {part.name for part in only(rx("7804", "161")).ingredients} == {"oxycodone", "acetaminophen"}


def test_an_ingredient_code_is_one_part_of_the_combination_in_the_text(only):
    assert len(only(rx("7804"), "oxycodone-acetaminophen 5-325 mg").ingredients) == 2


def test_a_pack_code_beside_its_members_is_the_pack(only):
    found = only(rx("2398512", "1115012", "1115013", "25480"))
    assert (found.form, found.release, strength(found)) == ("Pack", "once-daily", None)


def test_gralise_is_once_daily_under_an_old_generic_code(only):
    assert only(rx("310433"), "gabapentin 600 MG Oral Tablet [Gralise]").release == "once-daily"
    assert only(rx("310433")).release == "immediate"


def test_a_strength_that_differs_between_code_and_text_gives_both_the_larger_first(find):
    found = find(rx("310430"), "gabapentin 300 MG Capsule")
    assert [strength(one) for one in found.medications] == [300, 100]
    assert "strengths disagree" in found.why


def test_a_rounded_concentration_is_no_disagreement(find):
    assert len(find(rx("283523"), "gabapentin 250 mg/5 mL oral solution").medications) == 1


@pytest.mark.parametrize(
    ("code", "actual"),
    [
        ("197901", "lorazepam"),
        ("311700", "midazolam"),
        ("321988", "escitalopram"),
        ("197732", "furosemide"),
        ("41493", "meloxicam"),
        ("1364430", "apixaban"),
        ("596927", "duloxetine"),
        ("312940", "sertraline"),
        ("310385", "fluoxetine"),
        ("39998", "zonisamide"),
        ("42463", "pravastatin"),
    ],
)
def test_a_wrong_code_in_circulation_means_what_it_means_and_the_text_is_kept(find, code, actual):
    found = find(rx(code), "pregabalin 75 MG Oral Capsule")
    assert [one.ingredients[0].name for one in found.medications] == [actual, "pregabalin"]
    assert "different drugs" in found.why


@pytest.mark.parametrize("code", ["197318", "99999999"])
def test_a_wrong_code_outside_the_tables_is_not_taken_for_the_drug(find, only, code):
    assert find(rx(code)).medications == ()
    assert only(rx(code), "gabapentin 300 MG Oral Capsule").recognised_by == "text"


def test_percocet_code_with_a_pregabalin_text_names_both(find):
    found = find(rx("1049640"), "pregabalin 75 mg oral capsule")
    assert {part.name for part in found.medications[0].ingredients} == {"acetaminophen", "oxycodone"}
    assert found.medications[1].ingredients[0].name == "pregabalin"


def test_an_unknown_code_with_a_text_is_matched_by_text(only):
    assert only((Coding(SNOMED, "386845007", "Gabapentin 400 mg capsule"),)).recognised_by == "text"
    assert (
        strength(only((Coding("urn:oid:1.2", "GABA300"), *rx("99999999")), "GABAPENTIN 300 MG CAPSULE"))
        == 300
    )


def test_a_code_without_its_system_decides_nothing(find):
    found = find((Coding("", "310431"),))
    assert found.medications == ()
    assert "no system" in found.why


@pytest.mark.parametrize("code", ["00071080524", "00071-0805-24", "0071-0805-24", "0071-0805", "00071080540"])
def test_an_ndc_is_read_with_or_without_hyphens_and_package(only, code):
    found = only((Coding(NDC, code),))
    assert (found.recognised_by, found.ingredients[0].name, strength(found)) == ("ndc", "gabapentin", 300)


@pytest.mark.parametrize("code", ["0071080524", "71-0805-24", "abc", "", "00071-0807-24", "٠٠٠٧١٠٨٠٥٢٤"])
def test_an_ndc_that_is_uncertain_or_unknown_is_not_guessed(find, code):
    assert find((Coding(NDC, code),)).medications == ()


@pytest.mark.parametrize("code", ["N03AX12", "N02BF01", "n02bf01"])
def test_old_and_new_atc_codes_are_gabapentin(only, code):
    assert only((Coding(ATC, code),)).ingredients[0].name == "gabapentin"


def test_unii_tells_gabapentin_from_its_prodrug(only):
    assert only((Coding(UNII, "6CW7F3G59X"),)).ingredients[0].name == "gabapentin"
    assert only((Coding(UNII, "75OCL1SPBQ"),)).ingredients[0].name == "gabapentin enacarbil"


def test_a_misspelled_name_is_listed_and_never_decides(find):
    found = find((), "gabapentn 300 mg capsule")
    assert found.medications == ()
    assert found.near[0] == "gabapentin"


def test_a_drug_outside_the_tables_has_nothing_near(find):
    found = find((), "amoxicillin 500 mg capsule")
    assert (found.medications, found.near) == ((), ())
    assert "matches no drug known here" in found.why


def test_no_code_and_no_text_says_so(find):
    assert find().why == "no code and no text"


def test_a_text_that_names_several_drugs_is_unknown_and_says_so(find):
    assert "gabapentin, pregabalin" in find((), "gabapentin or pregabalin").why


def test_extended_release_gabapentin_is_the_once_daily_product(only):
    assert only((), "gabapentin ER 600 mg tablet").release == "once-daily"


def test_a_component_code_without_a_form_keeps_its_strength(only):
    found = only(rx("483439"))
    assert (strength(found), found.form) == (150, None)


def test_a_discontinued_product_is_matched_and_not_marketed(only, terminology):
    assert only(rx("476677")).marketed is False
    assert "476677" not in {one.rxcui for one in terminology.marketed("gabapentin", "immediate")}


@pytest.mark.parametrize(
    ("name", "release", "expected"),
    [
        ("gabapentin", "immediate", {100, 300, 400, 600, 800}),
        ("gabapentin", "once-daily", {300, 450, 600, 750, 900}),
        ("gabapentin enacarbil", "extended", {300, 600}),
        ("pregabalin", "immediate", {25, 50, 75, 100, 150, 200, 225, 300}),
        ("pregabalin", "extended", {Decimal("82.5"), 165, 330}),
        ("gabapentin", "extended", set()),
    ],
)
def test_marketed_strengths_per_unit(terminology, name, release, expected):
    parts = [one.ingredients for one in terminology.marketed(name, release)]
    assert {part.strength.mg for (part,) in parts if part.strength.per == "unit"} == expected


@pytest.mark.parametrize(
    ("ingredient", "drug_class"),
    [
        ("oxycodone", "opioid"),
        ("lorazepam", "benzodiazepine"),
        ("zolpidem", "z-drug"),
        ("naloxone", "opioid-antagonist"),
        ("baclofen", "muscle-relaxant"),
        ("phenobarbital", "barbiturate"),
        ("hydroxyzine", "sedating-antihistamine"),
        ("ibuprofen", "nsaid"),
        ("lisinopril", "ace-inhibitor"),
        ("losartan", "arb"),
        ("furosemide", "diuretic"),
        ("tacrolimus", "nephrotoxin"),
        ("gabapentin enacarbil", "gabapentinoid"),
        ("zolpidem", "sedative"),
        ("zolpidem", "cns-depressant"),
        ("oxycodone", "cns-depressant"),
    ],
)
def test_drug_classes(terminology, ingredient, drug_class):
    assert drug_class in terminology.classes(ingredient)


def test_an_antagonist_is_no_opioid_and_an_opioid_no_sedative(terminology):
    assert "opioid" not in terminology.classes("naloxone")
    assert "sedative" not in terminology.classes("oxycodone")
    assert terminology.classes("digoxin") == frozenset()


def test_fifty_thousand_codes_and_a_long_text_are_answered(find):
    found = find(rx(*map(str, range(50_000))), "x" * 1_000_000)
    assert len(found.text) <= 1000
