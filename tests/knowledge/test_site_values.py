"""A site changes values of shipped statements, never logic; what is wrong names file, line and field."""

from decimal import Decimal

import pytest
from site_overlay import CHANGE, write_knowledge, write_overlay

from cards.card import Indicator
from cards.knowledge.loader import load_knowledge
from cards.knowledge.stale_text import stale_texts
from cards.knowledge.strict_yaml import KnowledgeFileError


@pytest.fixture
def home(tmp_path):
    return write_knowledge(tmp_path / "home")


@pytest.fixture
def site(tmp_path, home):
    def made(**files):
        return load_knowledge(home, overlay=write_overlay(tmp_path / "site", **files))

    (tmp_path / "site").mkdir()
    return made


def change(path, value, base, statement="mexiletine-renal-dose"):
    return (
        f"changes:\n  - statement: {statement}\n    set:\n      {path}: {value}\n    base:\n      {path}: {base}\n"
        "    why: Decision 12\n    owner: Drug committee\n"
    )


def band(knowledge):
    return knowledge.statements["mexiletine-renal-dose"].rule.bands[1]


def test_an_empty_overlay_changes_nothing(home, site):
    shipped, own = load_knowledge(home), site()
    assert own.statements == shipped.statements
    assert own.dormant == {}
    assert own.version == f"{shipped.version}.site-{own.overlay}"


def test_a_ceiling_is_changed_and_the_change_stays_visible(home, site):
    knowledge = site(overlay=CHANGE)
    assert band(load_knowledge(home)).max_mg_per_day == 600
    assert band(knowledge).max_mg_per_day == 400
    (made,) = knowledge.statements["mexiletine-renal-dose"].changed
    assert (made.shipped, made.site, made.owner) == ("600", "400", "Drug committee")
    assert not made.vendor_changed
    assert knowledge.statements["mexiletine-usual-maximum"].changed == ()


def test_changes_stand_in_files_of_their_own_too(site):
    assert band(site(changes__renal=CHANGE)).max_mg_per_day == 400


def test_a_number_in_a_condition_is_a_value(site):
    knowledge = site(
        overlay=change("rule.when_missing.any[age-at-least 60]", "age-at-least 65", "age-at-least 60")
    )
    asked = knowledge.statements["mexiletine-renal-dose"].rule.when_missing.predicates
    assert [str(one) for one in asked] == ["condition ckd", "age-at-least 65"]


def test_a_severity_is_changed(site):
    knowledge = site(overlay=change("severity", "critical", "warning"))
    assert knowledge.statements["mexiletine-renal-dose"].severity is Indicator.critical


def test_a_limit_that_the_statement_leaves_out_can_be_added(site):
    assert band(site(overlay=change("rule.bands[1].max_single_mg", "200", "null"))).max_single_mg == 200


def test_the_edges_of_two_bands_move_together(site):
    moved = CHANGE.replace("crcl < 30].max_mg_per_day: 400", "crcl < 30].crcl: crcl < 25").replace(
        "crcl < 30].max_mg_per_day: 600", "crcl < 30].crcl: crcl < 30"
    )
    with pytest.raises(
        KnowledgeFileError, match=r"overlay\.yaml: line 4: .*would not be sound.*gap or overlap"
    ):
        site(overlay=moved)
    both = moved.replace("crcl < 25\n", "crcl < 25\n      rule.bands[crcl >= 30].crcl: crcl >= 25\n").replace(
        "crcl < 30\n    why", "crcl < 30\n      rule.bands[crcl >= 30].crcl: crcl >= 30\n    why"
    )
    assert [one.low for one in site(overlay=both).statements["mexiletine-renal-dose"].rule.bands] == [
        Decimal(25),
        Decimal(0),
    ]


@pytest.mark.parametrize(
    ("path", "value", "base", "said"),
    [
        ("rule.bands[crcl < 30].max_mg_per_day", "much", "600", "needs a number"),
        ("rule.bands[crcl < 30].max_mg_per_day", "-1", "600", "needs a number"),
        ("rule.bands[crcl < 30].max_mg_per_day", "true", "600", "needs a number"),
        ("rule.bands[crcl < 20].max_mg_per_day", "400", "600", "there is no entry [crcl < 20]"),
        ("rule.bands[7].max_mg_per_day", "400", "600", "there is no entry [7]"),
        ("rule.critical_rate", "2", "1.5", "there is no critical_rate"),
        ("rule.when_missing.any[age-at-least 60]", "age-below 60", "age-at-least 60", "only the numbers"),
        ("rule.when_missing.any[condition ckd]", "condition heart", "condition ckd", "only the numbers"),
        ("rule.when_missing.any", "[age-at-least 65]", "[age-at-least 60]", "is logic"),
        ("severity", "grave", "warning", "needs info, warning or critical"),
        ("kind", "dose-limit", "renal-dose", "not a value that a site can change"),
        ("order", "1", "10", "not a value that a site can change"),
        ("applies_to", "[opioid]", "null", "not a value that a site can change"),
        ("rule..x", "1", "1", "is no path"),
    ],
)
def test_what_is_no_value_is_refused_with_file_line_and_field(site, path, value, base, said):
    with pytest.raises(KnowledgeFileError, match=r"overlay\.yaml: line \d+: changes\.0\.set\.") as raised:
        site(overlay=change(path, value, base))
    assert said in str(raised.value)


def test_the_shipped_value_has_to_be_written_down(site):
    with pytest.raises(KnowledgeFileError, match=r"overlay\.yaml: line 4: .*base of .* is missing.*600"):
        site(overlay=CHANGE.partition("    base:")[0] + "    why: Decision 12\n    owner: Drug committee\n")


def test_a_base_of_something_that_is_not_set_is_refused(site):
    with pytest.raises(KnowledgeFileError, match=r"overlay\.yaml: line 6: .*not among what is set"):
        site(overlay=CHANGE.replace("rule.bands[crcl < 30].max_mg_per_day: 600", "rule.critical_ratio: 1.5"))


def test_a_release_that_changes_a_changed_value_is_noticed(home, site, day_of):
    path = home / "dosing/mexiletine.yaml"
    path.write_text(
        path.read_text().replace("crcl < 30, max_mg_per_day: 600", "crcl < 30, max_mg_per_day: 500")
    )
    knowledge = site(overlay=CHANGE)
    assert band(knowledge).max_mg_per_day == 400
    (notice,) = knowledge.notices(day_of("2026-06-15"))
    assert (notice.kind, notice.statement) == ("vendor-changed", "mexiletine-renal-dose")
    assert "is now 500, and was 600 when the site set 400" in notice.text


def test_a_change_of_the_present_release_is_no_notice(site, day_of):
    assert site(overlay=CHANGE).notices(day_of("2026-06-15")) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("mexiletine-renal-dose", "mexiletine-renal", 2, "there is no statement mexiletine-renal"),
        ("    owner: Drug committee\n", "", 2, "owner"),
        ("    why: Decision 12 of the drug committee\n", "", 2, "why"),
        ("    owner:", "    ownr: x\n    owner:", 8, "ownr: Unknown field"),
        ("changes:", "change:", 2, "change: Unknown field"),
    ],
)
def test_a_wrong_file_of_changes_names_line_and_field(site, old, new, line, said):
    with pytest.raises(KnowledgeFileError, match=rf"overlay\.yaml: line {line}: ") as raised:
        site(overlay=CHANGE.replace(old, new))
    assert said in str(raised.value)


def test_one_value_cannot_be_set_twice(site):
    with pytest.raises(KnowledgeFileError, match=r"again\.yaml: line 4: .*set twice"):
        site(overlay=CHANGE, changes__again=CHANGE)


@pytest.mark.parametrize("name", ["polcy", "changes/more/x", "dosng/x", "dosing/x.cases", "cases/dosing/x"])
def test_a_file_that_nobody_reads_is_refused(site, name):
    with pytest.raises(KnowledgeFileError, match="nothing reads a file of this name"):
        site(**{name.replace("/", "__"): "[]\n"})


def test_hidden_folders_are_nobodys_business(site):
    assert site(**{".git__x": "[]\n"}).dormant == {}


def test_a_protected_statement_keeps_a_severity_that_is_seen(site):
    with pytest.raises(KnowledgeFileError, match="cannot go below warning: a gross overdose"):
        site(overlay=change("severity", "info", "warning"))
    lowered = site(overlay=change("severity", "info", "warning", "mexiletine-usual-maximum"))
    assert lowered.statements["mexiletine-usual-maximum"].severity is Indicator.info


def test_a_text_that_still_names_the_old_number_is_found(site):
    statement = site(overlay=CHANGE).statements["mexiletine-renal-dose"]
    assert stale_texts(statement) == ("600",)
    reworded = CHANGE.replace(
        ": 400\n", ": 400\n      rule.bands[crcl < 30].note: At most 400 mg a day.\n"
    ).replace(": 600\n", ": 600\n      rule.bands[crcl < 30].note: At most 600 mg a day.\n")
    assert stale_texts(site(overlay=reworded).statements["mexiletine-renal-dose"]) == ()
