"""`knowledge check, test, list, diff, export, approve` on a site's overlay."""

import csv
import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from site_overlay import approval, write_overlay

from cards.knowledge.loader import HOME, load_knowledge
from cds_service.cli import main

RENAL = "gabapentin-renal-dose"
CEILING = "rule.bands[30 < crcl < 60].max_mg_per_day"
CHANGE = f"""\
changes:
  - statement: {RENAL}
    set:
      {CEILING}: 1200
    base:
      {CEILING}: 1400
    why: Decision 12 of the drug committee
    owner: Drug committee
"""
OFF = """\
off:
  - {statement: gabapentinoid-with-opioid, owner: Drug committee, reason: the pharmacy asks it, expires: 2999-12-31}
"""
SAID = f"{RENAL}: ceiling for 30 < CrCl < 60 mL/min 1400 -> 1200 mg/day"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("CDS_TIMEZONE", "CDS_KNOWLEDGE_OVERLAY", "CDS_REQUIRE_APPROVAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def overlay(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    return write_overlay(folder, overlay=CHANGE)


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ("knowledge", *map(str, arguments)))
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    return result.output


def own_cases(overlay, *replaced, name="dosing/gabapentin"):
    listed = "".join(f"    - {one}\n" for one in replaced)
    replaces = f"  replaces:\n{listed}" if listed else ""
    text = f"""\
- name: 1200 mg a day at a CrCl of 43 is what the committee allows
  patient: {{age: 70, sex: female, weight_kg: 60}}
  creatinine: {{value: 1.15, days_ago: 5}}
  drafts: [{{drug: gabapentin 400 MG Oral Capsule, dose: 1 capsule, times: 3}}]
  active: [{{drug: gabapentin 400 MG Oral Capsule, dose: 1 capsule, times: 3, days_ago: 90}}]
  silent: [{RENAL}]
{replaces}- name: 1400 mg a day is above it
  patient: {{age: 70, sex: female, weight_kg: 60}}
  creatinine: {{value: 1.15, days_ago: 5}}
  drafts: [{{drug: gabapentin 100 MG Oral Capsule, dose: 7 capsule, times: 2}}]
  expect: {{{RENAL}: warning}}
"""
    write_overlay(overlay, **{f"cases__{name}.cases".replace("/", "__"): text})


def failing(output):
    return [
        line.partition(": ")[2]
        for line in output.splitlines()
        if ".cases.yaml: " in line and not line.startswith(" ")
    ]


def test_a_change_makes_the_shipped_cases_of_its_value_fail_and_own_cases_put_that_right(overlay):
    output = run("test", "--overlay", overlay, code=1)
    names = failing(output)
    assert names
    assert output.splitlines()[-1].endswith(f" {len(names)} failing")
    assert all("gabapentin.cases.yaml" in line for line in output.splitlines() if ".cases.yaml: " in line)
    own_cases(overlay, *names)
    output = run("test", "--overlay", overlay)
    assert output.splitlines()[-1].endswith(" 0 failing")
    assert "set aside: replaced by the site's case “1200 mg a day" in output


def test_the_setting_names_the_overlay_as_the_option_does(overlay, monkeypatch):
    monkeypatch.setenv("CDS_KNOWLEDGE_OVERLAY", str(overlay))
    assert f"{RENAL}: changed by the site" in run("check")


def test_own_cases_that_do_not_hold_fail(overlay):
    own_cases(overlay)
    path = overlay / "cases/dosing/gabapentin.cases.yaml"
    path.write_text(path.read_text().replace("dose: 7 capsule", "dose: 6 capsule"))
    assert "1400 mg a day is above it" in failing(run("test", "--overlay", overlay, code=1))


def test_a_case_cannot_replace_one_that_does_not_exist(overlay):
    own_cases(overlay, "no such case")
    for command in ("test", "check"):
        output = run(command, "--overlay", overlay, code=2)
        assert "gabapentin.cases.yaml: line 8: 0.replaces: dosing/gabapentin.cases.yaml has no case" in output


def test_what_expects_a_switched_off_statement_is_set_aside(tmp_path):
    output = run("test", "--overlay", write_overlay(tmp_path, overlay=OFF))
    assert "set aside: gabapentinoid-with-opioid: this site has switched it off until 2999-12-31" in output
    assert output.splitlines()[-1].endswith(" 0 failing")


def test_check_says_what_somebody_has_to_look_at(overlay):
    output = run("check", "--overlay", overlay)
    assert f"{RENAL}: changed by the site, without a case of its own" in output
    assert output.endswith("no problem found\n")
    own_cases(overlay)
    assert "without a case" not in run("check", "--overlay", overlay)
    write_overlay(overlay, overlay=CHANGE.replace(": 1400", ": 1500"))
    assert "is now 1400, and was 1500 when the site set 1200" in run("check", "--overlay", overlay)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("overlay", CHANGE.replace("1200", "much"), "overlay.yaml: line 4: changes.0.set"),
        ("policy", "repeat_days: never\n", "policy.yaml: line 1: repeat_days"),
        ("polciy", "repeat_days: 7\n", "polciy.yaml: nothing reads a file of this name here"),
    ],
)
def test_check_covers_the_overlay_and_its_policy(tmp_path, name, content, said):
    assert said in run("check", "--overlay", write_overlay(tmp_path, **{name: content}), code=2)


def test_diff_says_in_words_what_an_overlay_changes(overlay):
    assert run("diff", "base", overlay).splitlines()[1:] == [SAID, "1 differences"]
    assert run("diff", overlay, "base").splitlines()[1] == SAID.replace("1400 -> 1200", "1200 -> 1400")


def test_diff_of_the_same_is_no_difference(overlay):
    for same in ("base", overlay, HOME):
        assert run("diff", same, same).endswith("no difference\n")
    assert run("diff", "base", HOME).endswith("no difference\n")


def test_diff_as_json_has_each_difference_apart(overlay):
    (found,) = json.loads(run("diff", "base", overlay, "--format", "json"))
    assert (found["about"], found["kind"], found["old"], found["new"]) == (RENAL, "value", "1400", "1200")
    assert json.loads(run("diff", "base", "base", "--format", "json")) == []


def test_an_export_and_a_wheel_are_releases_to_compare_with(overlay, tmp_path):
    exported = tmp_path / "knowledge.json"
    exported.write_text(run("export"))
    assert run("diff", exported, overlay).splitlines()[1:] == [SAID, "1 differences"]
    assert run("diff", exported, "base").endswith("no difference\n")
    wheel = tmp_path / "release.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in HOME.rglob("*.yaml"):
            text = path.read_text().replace("crcl: 30 < crcl < 60\n          max_mg_per_day: 1400", "@")
            text = text.replace("@", "crcl: 30 < crcl < 60\n          max_mg_per_day: 1300")
            archive.writestr(f"cards/knowledge/{path.relative_to(HOME)}", text)
    assert "1300 -> 1400 mg/day" in run("diff", wheel, "base")


def test_an_export_of_a_site_has_the_sites_values(overlay, tmp_path):
    exported = tmp_path / "site.json"
    exported.write_text(run("export", "--overlay", overlay))
    assert run("diff", exported, overlay).endswith("no difference\n")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "other"}', "no json"])
def test_diff_refuses_a_file_that_is_no_export(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    assert "is no file of `knowledge export`" in run("diff", tmp_path / "x.json", "base", code=2)
    assert "there is no" in run("diff", tmp_path / "none", "base", code=2)


def test_an_approval_is_kept_with_who_when_and_of_which_content(overlay):
    said = run(
        "approve", "--statement", RENAL, "--by", "Dr A. Example", "--role", "clinical pharmacist",
        "--date", "2026-01-15", "--overlay", overlay,
    )  # fmt: skip
    assert "approved by Dr A. Example (clinical pharmacist) on 2026-01-15" in said
    statement = load_knowledge(overlay=overlay).statements[RENAL]
    assert statement.review.current.fingerprint == statement.fingerprint
    assert statement.review.current.release.startswith(load_knowledge().version)
    listed = csv.DictReader(io.StringIO(run("list", "--overlay", overlay, "--format", "csv")))
    (row,) = [one for one in listed if one["id"] == RENAL]
    assert row["approved_by"] == "Dr A. Example"
    assert row["review_due"] == "2027-01-15"
    assert row["changed_by_site"] == "ceiling for 30 < CrCl < 60 mL/min 1400 -> 1200"


def test_a_statement_that_changes_loses_its_approval(overlay):
    run("approve", "--statement", RENAL, "--by", "Dr A. Example", "--overlay", overlay)
    assert RENAL in run("list", "--review", "approved", "--overlay", overlay)
    write_overlay(overlay, overlay=CHANGE.replace(": 1200", ": 1100"))
    assert RENAL not in run("list", "--review", "approved", "--overlay", overlay)
    assert "approval lapsed: the statement has changed since Dr A. Example" in run(
        "list", "--review", "lapsed", "--overlay", overlay
    )


def test_later_approvals_are_added_and_comments_stay(overlay):
    fingerprint = load_knowledge().statements["pregabalin-renal-dose"].fingerprint
    write_overlay(
        overlay, approvals="# our own words\napprovals:\n" + approval("pregabalin-renal-dose", fingerprint)
    )
    run(
        "approve",
        "--statement",
        RENAL,
        "--statement",
        "gabapentin-label-maximum",
        "--by",
        "Dr B",
        "--overlay",
        overlay,
    )
    text = (overlay / "approvals.yaml").read_text()
    assert text.startswith("# our own words\n")
    approved = {
        name
        for name, one in load_knowledge(overlay=overlay).statements.items()
        if one.approved_by is not None
    }
    assert approved == {"pregabalin-renal-dose", RENAL, "gabapentin-label-maximum"}


def test_a_list_in_another_style_is_written_anew(overlay):
    write_overlay(overlay, approvals="{approvals: []}\n")
    run("approve", "--statement", RENAL, "--by", "Dr B: the second, 'quoted'", "--overlay", overlay)
    run("approve", "--statement", RENAL, "--by", "Dr C", "--overlay", overlay)
    review = load_knowledge(overlay=overlay).statements[RENAL].review
    assert [one.by for one in review.history] == ["Dr B: the second, 'quoted'", "Dr C"]
    assert sorted(path.name for path in overlay.iterdir()) == ["approvals.yaml", "overlay.yaml"]


def test_overdue_reviews_are_listed(overlay):
    run("approve", "--statement", RENAL, "--by", "Dr A. B", "--date", "2020-01-15", "--overlay", overlay)
    output = run("list", "--overdue", "--overlay", overlay)
    assert "review overdue since 2021-01-15" in output
    assert len(output.splitlines()) == 2


def test_nothing_that_is_shipped_is_approved_or_overdue():
    assert len(run("list", "--overdue").splitlines()) == 1
    assert len(run("list", "--review", "none").splitlines()) == len(load_knowledge().statements) + 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--statement", "no-such", "--by", "Dr A. Example"), "there is no statement no-such"),
        (("--statement", RENAL, "--by", "  "), "--by needs the name"),
        (("--statement", RENAL, "--by", "Dr A. Example", "--date", "2999-01-01"), "still to come"),
        (("--statement", RENAL, "--by", "Dr A. Example", "--date", "tomorrow"), "--date"),
    ],
)
def test_an_approval_that_cannot_be_is_refused_and_nothing_is_written(overlay, arguments, said):
    assert said in run("approve", *arguments, "--overlay", overlay, code=2)
    assert not (overlay / "approvals.yaml").exists()


def test_an_approval_needs_an_overlay_to_be_kept_in():
    assert "CDS_KNOWLEDGE_OVERLAY" in run("approve", "--statement", RENAL, "--by", "Dr A. Example", code=2)
