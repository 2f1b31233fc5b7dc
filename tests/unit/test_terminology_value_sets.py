import shutil
from itertools import pairwise

import pytest

from terminology.coding import ACT_CODE, HCPCS, ICD10CM, LOINC, SNOMED, Coding
from terminology.csv_tables import TABLES, TableError
from terminology.load import load
from terminology.medication_lookup import product


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (LOINC, "2160-0", "creatinine"),
        (LOINC, "38483-4", "creatinine"),
        (LOINC, "33914-3", "egfr"),
        (LOINC, "35591-7", "creatinine-clearance"),
        (LOINC, "29463-7", "body-weight"),
        (LOINC, "8302-2", "body-height"),
        (LOINC, "57979-7", "hla-b-1502"),
        (HCPCS, "L8680", "neurostimulator"),
        (HCPCS, "L8688", "neurostimulator"),
        (ICD10CM, "Z99.2", "haemodialysis"),
        (ICD10CM, "Z992", "haemodialysis"),
        (ICD10CM, "Z49.02", "peritoneal-dialysis"),
        (ICD10CM, "N18.32", "ckd"),
        (ICD10CM, "n18.4", "ckd-stage-4-5"),
        (ICD10CM, "N179", "aki"),
        (ICD10CM, "J44.1", "copd"),
        (ICD10CM, "G47.33", "sleep-apnoea"),
        (ICD10CM, "G40.909", "epilepsy"),
        (ICD10CM, "E11.42", "diabetic-neuropathy"),
        (ICD10CM, "E11.9", "diabetes"),
        (ICD10CM, "B02.29", "postherpetic-neuralgia"),
        (ICD10CM, "I10", "hypertension"),
        (ICD10CM, "R64", "cachexia"),
        (ICD10CM, "Z51.5", "hospice-palliative"),
        (ICD10CM, "Z94.0", "kidney-transplant"),
        (SNOMED, "46177005", "haemodialysis"),
        (SNOMED, "302497006", "dialysis-procedure"),
        (SNOMED, "14669001", "aki"),
        (ACT_CODE, "IMP", "encounter-inpatient"),
        (ACT_CODE, "AMB", "encounter-ambulatory"),
    ],
)
def test_a_code_is_in_its_value_set(terminology, system, code, expected):
    assert expected in terminology.value_sets(Coding(system, code))


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "2160-0"),
        ("", "2160-0"),
        (LOINC, "1558-6"),
        (ICD10CM, "N1"),
        (ICD10CM, ""),
        (ICD10CM, "Z99.1"),
        (LOINC, "N18.6"),
        (ACT_CODE, "N18.6"),
        (SNOMED, "275552000"),
    ],
)
def test_a_code_of_another_system_or_meaning_is_in_no_set(terminology, system, code):
    assert terminology.value_sets(Coding(system, code)) == frozenset()


def test_the_neighbour_of_a_family_is_outside(terminology):
    assert "ckd-stage-4-5" not in terminology.value_sets(Coding(ICD10CM, "N18.32"))
    assert "diabetic-neuropathy" not in terminology.value_sets(Coding(ICD10CM, "E11.39"))
    assert "haemodialysis" not in terminology.value_sets(Coding(ICD10CM, "Z49.02"))
    assert "epilepsy" not in terminology.value_sets(Coding(ICD10CM, "R56.9"))


def dihedral(one, other):
    if one < 5:
        return (one + other) % 5 if other < 5 else 5 + (one + other) % 5
    return 5 + (one - other) % 5 if other < 5 else (one - other) % 5


def verhoeff(code):
    """SNOMED CT identifiers end in a Verhoeff check digit (SNOMED CT technical guide, SCTID)."""
    permute = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = permute[value]
        check = dihedral(check, value)
    return check == 0


def loinc_check_digit(code):
    digits, _, check = code.partition("-")
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
        for place, digit in enumerate(reversed(digits))
    )
    return check == str(-total % 10)


def codes_of(terminology, system):
    return sorted(
        {code for one in terminology.sets.sets.values() for held, code in one.codes if held == system}
    )


def test_every_snomed_code_has_a_valid_check_digit(terminology):
    codes = codes_of(terminology, SNOMED)
    assert not verhoeff("46177006")
    assert [code for code in codes if not verhoeff(code)] == []
    assert len(codes) > 20


def test_every_loinc_code_has_a_valid_check_digit(terminology):
    codes = codes_of(terminology, LOINC)
    assert not loinc_check_digit("2160-1")
    assert [code for code in codes if not loinc_check_digit(code)] == []
    assert len(codes) > 20


def test_every_product_in_the_table_is_read_with_its_ingredients_and_strength(terminology):
    tables = terminology.medication_tables
    read = {code: product(code, tables) for code in tables.products}
    assert [code for code, found in read.items() if found is None] == []
    single = [found for found in read.values() if len(found.ingredients) == 1 and found.marketed]
    assert [found.name for found in single if found.ingredients[0].strength is None] == []


def test_ingredient_codes_are_unique(terminology):
    codes = sorted(part.rxcui for part in terminology.medication_tables.ingredients.values() if part.rxcui)
    assert [one for one, other in pairwise(codes) if one == other] == []


def test_the_version_changes_with_the_tables(tmp_path, terminology):
    folder = copied(tmp_path)
    assert load(folder).version == terminology.version
    with (folder / "forms.csv").open("a") as stream:
        stream.write("troche,Oral Lozenge,oral,,a test\n")
    assert load(folder).version != terminology.version


def copied(tmp_path):
    folder = tmp_path / "tables"
    shutil.copytree(TABLES, folder)
    return folder


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("id: aki\ntitle: A\nsource: S\nicd10cm: [N17]\nicd9: [584]\n", "aki.yaml: unknown field 'icd9'"),
        (
            "id: aki\ntitle: A\nsource: S\nicd10cm: [N17.9, N179]\n",
            "aki.yaml: icd10cm code N179 stands twice",
        ),
        ("id: aki\ntitle: A\nicd10cm: [N17]\n", "aki.yaml: field 'source' is missing"),
        ("id: aki\ntitle: A\nsource: ' '\nicd10cm: [N17]\n", "aki.yaml: field 'source' is missing"),
        ("id: acute\ntitle: A\nsource: S\nicd10cm: [N17]\n", "not the file's name"),
        ("id: aki\ntitle: A\nsource: S\n", "aki.yaml: the set is empty"),
        ("id: aki\ntitle: A\nsource: S\nicd10cm: N17\n", "must be a list of texts"),
        ("id: aki\nid: aki\ntitle: A\nsource: S\nicd10cm: [N17]\n", "field 'id' stands twice"),
        ("id: aki\ntitle: A\nsource: S\nincludes: [nothing]\n", "includes 'nothing'"),
        ("id: aki\ntitle: A\nsource: S\nincludes: [aki]\n", "includes itself"),
        ("id: aki\ntitle: A\nsource: S\ningredients: [unobtainium]\n", "not in ingredients.csv"),
        ("- a\n", "must be a mapping"),
        ("id: [\n", "aki.yaml"),
    ],
)
def test_a_wrong_value_set_stops_the_load_and_names_its_file(tmp_path, document, says):
    folder = copied(tmp_path)
    (folder / "value_sets" / "aki.yaml").write_text(document)
    with pytest.raises(TableError) as stopped:
        load(folder)
    assert says in str(stopped.value)


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("ingredients.csv", "gabapentin,1,,single,a source", "stands twice"),
        ("ingredients.csv", "newdrug,25480,,single,a source", "code 25480 stands twice"),
        ("ingredients.csv", "newdrug,1,,single,", "needs a source"),
        ("ingredients.csv", "newdrug,1", "must have 5 fields"),
        ("ingredients.csv", "newdrug,,slowly,single,a source", "release 'slowly'"),
        ("products.csv", "310431,SCD,gabapentin 300 MG Oral Capsule,,single,s", "rxcui 310431 stands twice"),
        ("medication_codes.csv", "http://www.whocc.no/atc,X,unobtainium,,single,s", "not in ingredients.csv"),
        ("names.csv", "Neurontin,brand,gabapentin,,,s", "'Neurontin' stands twice"),
        ("names.csv", "Newbrand,nickname,gabapentin,,,s", "synonym or brand"),
        ("names.csv", "Newbrand,brand,gabapentin,,mouthwards,s", "route must be one of"),
        ("forms.csv", "troche,Oral Lozenge,mouthwards,,s", "route must be one of"),
    ],
)
def test_a_wrong_table_row_stops_the_load_and_names_its_line(tmp_path, name, line, says):
    folder = copied(tmp_path)
    with (folder / name).open("a") as stream:
        stream.write(f"{line}\n")
    with pytest.raises(TableError) as stopped:
        load(folder)
    assert says in str(stopped.value)
    assert f"{name} line" in str(stopped.value)
