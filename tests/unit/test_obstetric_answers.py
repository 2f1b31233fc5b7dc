import pytest

from terminology.coding import LOINC, SNOMED, Coding
from terminology.csv_tables import TableError
from terminology.obstetric_answers import TABLE, answer_to, load_answers


@pytest.mark.parametrize(
    ("question", "coding", "answer"),
    [
        ("pregnancy-status", Coding(SNOMED, "77386006"), "yes"),
        ("pregnancy-status", Coding(LOINC, "LA15173-0"), "yes"),
        ("pregnancy-status", Coding(LOINC, "LA26683-5"), "no"),
        ("pregnancy-status", Coding(LOINC, "LA4489-6"), "unknown"),
        ("pregnancy-test", Coding(LOINC, "LA6577-6"), "no"),
        ("breastfeeding", Coding(LOINC, "LA29252-6"), "yes"),
        ("breastfeeding", Coding(LOINC, "LA29253-4"), "no"),
        ("breastfeeding", Coding(LOINC, "LA15173-0"), None),
        ("pregnancy-status", Coding("", "77386006"), None),
    ],
)
def test_an_answer_is_read_by_its_system_and_code(question, coding, answer):
    assert answer_to(question, [coding], []) == answer


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("pregnancy-status", "Not pregnant (finding)", "no"),
        ("pregnancy-status", "Pregnant", "yes"),
        ("pregnancy-status", "Possible pregnancy", "possible"),
        ("pregnancy-status", "Pregnancy not yet confirmed", "possible"),
        ("pregnancy-test", "Negative", "no"),
        ("pregnancy-test", "  POSITIVE. ", "yes"),
        ("pregnancy-test", "Non-Reactive", "no"),
        ("pregnancy-status", "pregnant with twins", None),
        ("pregnancy-status", "no record of a pregnancy", None),
    ],
)
def test_a_written_answer_must_be_the_whole_text(question, text, answer):
    assert answer_to(question, [], [text]) == answer


def test_a_code_leads_and_contradictions_give_no_answer():
    yes, no = Coding(LOINC, "LA15173-0"), Coding(LOINC, "LA26683-5")
    assert answer_to("pregnancy-status", [yes], ["not pregnant"]) == "yes"
    assert answer_to("pregnancy-status", [yes, no], []) is None
    assert answer_to("pregnancy-test", [], ["positive", "negative"]) is None


def test_an_unknown_code_is_read_by_its_display():
    coded = Coding(SNOMED, "60001007", "Not pregnant")
    assert answer_to("pregnancy-status", [coded], [coded.display]) == "no"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("pregnancy,yes,,,indeed,design,me", "question must be one of"),
        ("pregnancy-status,maybe,,,indeed,design,me", "answer must be one of"),
        ("pregnancy-status,yes,loinc,,,design,me", "needs a system and a code, or a text"),
        ("pregnancy-status,yes,local,1,,design,me", "system must be one of"),
        ("pregnancy-status,no,,,Pregnant,design,me", "stands twice"),
        ("pregnancy-status,yes,,,indeed,design,", "needs a source"),
    ],
)
def test_a_wrong_row_stops_the_start(tmp_path, row, message):
    path = tmp_path / "obstetric_answers.csv"
    path.write_text(TABLE.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=message):
        load_answers(path)
