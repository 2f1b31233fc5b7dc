import pytest

from cards.facts.pregnancy_limits import PATH, load_pregnancy_limits
from cards.knowledge.strict_yaml import KnowledgeFileError, read


def test_each_limit_names_a_source_and_how_it_is_known():
    document = read(PATH)
    for name, entry in document["limits"].items():
        source = document["sources"][entry["source"]]
        assert entry["evidence"] == "design" or source["url"].startswith("https://"), name
    assert len(document["limits"]) > 25


def test_a_changed_window_is_taken_over(tmp_path):
    path = tmp_path / "pregnancy.yaml"
    shipped = PATH.read_text(encoding="utf-8")
    path.write_text(
        shipped.replace("pregnant_days: {value: 294", "pregnant_days: {value: 300"), encoding="utf-8"
    )
    assert load_pregnancy_limits(path).pregnant_days == 300


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pregnant_days: {value: 294, unit: d", "pregnant_days: {value: 294, unit: wk", "the unit must be d"),
        ("  labour_days:", "  labor_days:", "labor_days: no such limit"),
        ("labour_days: {value: 3", "labour_days: {value: 0", "not above 0"),
        ("[maternity, antenatal", "[1, antenatal", "wrong type"),
        ("unit: mIU/mL", "unit: IU/mL", "the unit must be mIU/mL"),
    ],
)
def test_a_wrong_file_stops_the_start_and_names_what_is_wrong(tmp_path, old, new, message):
    shipped = PATH.read_text(encoding="utf-8")
    assert old in shipped
    path = tmp_path / "pregnancy.yaml"
    path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeFileError, match=message) as caught:
        load_pregnancy_limits(path)
    assert "pregnancy.yaml line " in str(caught.value)
