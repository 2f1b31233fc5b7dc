import pytest

from terminology.coding import ICD10CM, SNOMED, Coding
from terminology.csv_tables import TableError
from terminology.obstetric_codes import TABLE, load_families, obstetric_code


def stage_and_trimester(code, system=ICD10CM):
    read = obstetric_code(Coding(system, code))
    return (read.stage, read.trimester) if read else None


@pytest.mark.parametrize(
    ("code", "stage", "trimester"),
    [
        ("O99.03", "puerperium", None),
        ("O99.013", "pregnant", 3),
        ("O88.211", "pregnant", 1),
        ("O88.23", "puerperium", None),
        ("O10.03", "puerperium", None),
        ("O10.013", "pregnant", 3),
        ("O24.410", "pregnant", None),
        ("O24.435", "puerperium", None),
        ("O24.013", "pregnant", 3),
        ("O14.05", "puerperium", None),
        ("O14.03", "pregnant", 3),
        ("O99.345", "puerperium", None),
        ("O99.343", "pregnant", 3),
        ("O99.893", "puerperium", None),
        ("O99.891", "pregnant", None),
        ("O9A.213", "pregnant", 3),
        ("O9A.23", "puerperium", None),
        ("O36.4XX3", "loss", None),
        ("O36.5930", "pregnant", 3),
        ("O36.5935", "pregnant", 3),
        ("O60.02", "pregnant", 2),
        ("O60.14X0", "labour", None),
        ("O72.1", "labour", None),
        ("O80", "delivered", None),
        ("O90.6", "puerperium", None),
        ("O91.03", "lactation", None),
        ("O91.013", "pregnant", 3),
        ("O92.5", "puerperium", None),
        ("O20.0", "pregnant", None),
        ("O03.9", "loss", None),
        ("O07.4", "possible", None),
        ("O94", "ignore", None),
        ("O09.93", "pregnant", 3),
        ("O26.613", "pregnant", 3),
        ("O26.63", "puerperium", None),
        ("O26.893", "pregnant", 3),
        ("O48.0", "pregnant", 3),
        ("O42.913", "pregnant", 3),
        ("O30.033", "pregnant", 3),
        ("Z34.82", "pregnant", 2),
        ("Z34.90", "pregnant", None),
        ("Z33.1", "pregnant", None),
        ("Z33.2", "loss", None),
        ("Z39.1", "lactation", None),
        ("Z39.2", "puerperium", None),
        ("Z37.0", "delivered", None),
        ("Z3A.22", "pregnant", None),
        ("Z3A.00", "ignore", None),
        ("Z32.02", "negative", None),
        ("Z87.59", "ignore", None),
        ("O98.513", "pregnant", 3),
        ("O98.53", "puerperium", None),
        ("O25.13", "pregnant", 3),
        ("O15.2", "puerperium", None),
    ],
)
def test_a_code_is_read_by_its_family(code, stage, trimester):
    assert stage_and_trimester(code) == (stage, trimester)


@pytest.mark.parametrize(
    ("code", "stage", "trimester"),
    [
        # the same digit says another thing in each family
        ("O10.011", "pregnant", 1),
        ("O10.02", "labour", None),
        ("O11.1", "pregnant", 1),
        ("O11.4", "labour", None),
        ("O11.5", "puerperium", None),
        ("O11.9", "pregnant", None),
        ("O12.14", "labour", None),
        ("O16.2", "pregnant", 2),
        ("O15.1", "labour", None),
        ("O15.00", "pregnant", None),
        ("O15.02", "pregnant", 2),
        ("O15.9", "possible", None),
        ("O24.425", "labour", None),
        ("O24.02", "labour", None),
        ("O24.419", "pregnant", None),
        ("O25.2", "labour", None),
        ("O25.3", "puerperium", None),
        ("O26.62", "labour", None),
        ("O26.642", "pregnant", 2),
        ("O26.12", "pregnant", 2),
        ("O99.210", "pregnant", None),
        ("O99.214", "labour", None),
        ("O99.215", "puerperium", None),
        ("O99.810", "pregnant", None),
        ("O99.820", "pregnant", None),
        ("O99.830", "pregnant", None),
        ("O99.834", "labour", None),
        ("O99.892", "labour", None),
        ("O99.89", "possible", None),
        ("O99.52", "labour", None),
        ("O98.02", "labour", None),
        # lactation
        ("O91.13", "lactation", None),
        ("O91.23", "lactation", None),
        ("O91.22", "puerperium", None),
        ("O91.211", "pregnant", 1),
        ("O92.03", "lactation", None),
        ("O92.13", "lactation", None),
        ("O92.012", "pregnant", 2),
        ("O92.20", "possible", None),
        ("O92.29", "possible", None),
        ("O92.3", "puerperium", None),
        ("O92.4", "lactation", None),
        ("O92.6", "lactation", None),
        ("O92.70", "lactation", None),
        ("O92.79", "lactation", None),
        # losses and their neighbours
        ("O00.101", "loss", None),
        ("O01.9", "loss", None),
        ("O02.1", "loss", None),
        ("O04.80", "loss", None),
        ("O08.0", "loss", None),
        ("O36.5110", "pregnant", 1),
        ("O36.80X0", "pregnant", None),
        # numbers that are no trimester
        ("O21.1", "pregnant", None),
        ("O28.3", "pregnant", None),
        ("O32.1XX0", "pregnant", None),
        ("O34.211", "pregnant", None),
        ("O34.01", "pregnant", 1),
        ("O35.1XX2", "pregnant", None),
        ("O40.1XX0", "pregnant", 1),
        ("O41.8X20", "pregnant", 2),
        ("O42.02", "pregnant", 3),
        ("O42.012", "pregnant", 2),
        ("O47.1", "pregnant", 3),
        ("O47.02", "pregnant", 2),
        ("Z33.3", "pregnant", None),
        ("Z36.3", "pregnant", None),
        ("Z64.0", "pregnant", None),
        # labour, delivery, after it
        ("O60.23X0", "labour", None),
        ("O61.0", "labour", None),
        ("O77.9", "labour", None),
        ("O82", "delivered", None),
        ("O85", "puerperium", None),
        ("O87.0", "puerperium", None),
        ("O89.9", "puerperium", None),
        ("Z39.0", "puerperium", None),
        # tests and history
        ("Z32.00", "possible", None),
        ("Z32.01", "test-positive", None),
        ("Z87.51", "ignore", None),
        ("Z86.32", "ignore", None),
    ],
)
def test_the_deciding_character_stands_where_its_family_puts_it(code, stage, trimester):
    assert stage_and_trimester(code) == (stage, trimester)


@pytest.mark.parametrize("code", ["o36.4xx3", "O364XX3", " O36.4XX3 "])
def test_dot_case_and_blanks_do_not_matter(code):
    assert stage_and_trimester(code) == ("loss", None)


@pytest.mark.parametrize("code", ["O10.0", "O24", "O99.3", "O91", "O13", "O14.1"])
def test_a_truncated_code_of_a_mixed_family_leaves_it_open(code):
    assert stage_and_trimester(code) == ("possible", None)


@pytest.mark.parametrize("code", ["K92.2", "Z32.2", "Z32", "Z38.00", "P07.30", "N91.0", "O", "", "Z87.5"])
def test_other_codes_say_nothing(code):
    assert obstetric_code(Coding(ICD10CM, code)) is None


@pytest.mark.parametrize("system", [SNOMED, "", "http://loinc.org"])
def test_the_same_characters_of_another_system_say_nothing(system):
    assert obstetric_code(Coding(system, "O80")) is None


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("Z3A.01", (0, 55)),
        ("Z3A.08", (56, 62)),
        ("Z3A.19", (133, 139)),
        ("Z3A.42", (294, 300)),
        ("Z3A.49", (295, None)),
        ("Z33.1", None),
    ],
)
def test_week_codes_give_the_days_of_their_week(code, days):
    assert obstetric_code(Coding(ICD10CM, code)).days == days


def test_a_week_not_specified_is_no_evidence():
    assert obstetric_code(Coding(ICD10CM, "Z3A.00")).stage == "ignore"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("O01,,,loss", "O01,,,lost", "stage must be one of"),
        ("O01,,,loss", "O.1,,,loss", "family must be"),
        ("O01,,,loss", "O01,4,,loss", "digit_at and digits go together"),
        ("O01,,,loss", "O01,x,1,loss", "digit_at must be a whole number"),
        ("O01,,,loss", "O00,,,loss", "two rows of family O00"),
        ("O01,,,loss,,,,,seen", "O01,,,loss,,,,,sure", "verification must be one of"),
    ],
)
def test_a_wrong_row_stops_the_start(tmp_path, old, new, message):
    shipped = TABLE.read_text(encoding="utf-8")
    assert f"\n{old}," in shipped
    path = tmp_path / "icd10cm_ob_stage.csv"
    path.write_text(shipped.replace(f"\n{old},", f"\n{new},", 1), encoding="utf-8")
    with pytest.raises(TableError, match=message):
        load_families(path)
