"""What differs between two states of the knowledge, in words."""

from dataclasses import replace
from decimal import Decimal

import pytest
from site_overlay import CHANGE, OFF, write_knowledge, write_overlay

from cards.knowledge.compare import differences
from cards.knowledge.overlay import read_overlay
from cards.knowledge.snapshot import Snapshot, site_snapshot, snapshot


@pytest.fixture
def day(day_of):
    return day_of("2026-06-15")


@pytest.fixture
def release(tmp_path, day):
    """Makes a release folder from the small knowledge, with texts replaced."""
    count = 0

    def made(*changes):
        nonlocal count
        count += 1
        home = write_knowledge(tmp_path / f"release-{count}")
        (home / "ruleset.yaml").write_text(f'release: "2026.11.{count}"\ndate: "2026-11-25"\n')
        path = home / "dosing/mexiletine.yaml"
        content = path.read_text()
        for old, new in changes:
            assert old in content
            content = content.replace(old, new)
        path.write_text(content)
        return snapshot(home, day)

    return made


def lines(old, new):
    return [one.line() for one in differences(old, new)]


def test_two_equal_releases_differ_in_nothing(release):
    assert lines(release(), release()) == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        (
            "crcl < 30, max_mg_per_day: 600",
            "crcl < 30, max_mg_per_day: 400",
            "value",
            "mexiletine-renal-dose: ceiling for CrCl < 30 mL/min 600 -> 400 mg/day",
        ),
        (
            "haemodialysis: {max_mg_per_day: 600}",
            "haemodialysis: {max_mg_per_day: 300}",
            "value",
            "mexiletine-renal-dose: ceiling on haemodialysis 600 -> 300 mg/day",
        ),
        (
            "severity: info",
            "severity: warning",
            "severity",
            "mexiletine-monitoring: severity info -> warning",
        ),
        (
            "reason: The label asks for one.",
            "reason: The label asks for it.",
            "text",
            "mexiletine-monitoring: reason “The label asks for one.” -> “The label asks for it.”",
        ),
        (
            "[condition ckd, age-at-least 60]",
            "[condition ckd, age-at-least 65]",
            "condition",
            "mexiletine-renal-dose: condition for speaking about missing data: "
            "age-at-least 60 -> age-at-least 65",
        ),
        (
            "{max_mg_per_day: 900, reason",
            "{max_mg_per_day: 900, max_single_mg: 300, reason",
            "value",
            "mexiletine-usual-maximum: highest single dose nothing -> 300 mg",
        ),
    ],
)
def test_a_difference_is_said_in_words(release, old, new, kind, said):
    (found,) = differences(release(), release((old, new)))
    assert (found.kind, found.line()) == (kind, said)
    (back,) = differences(release((old, new)), release())
    assert (back.old, back.new) == (found.new, found.old)


def test_a_changed_source_is_said_of_each_statement_that_cites_it(release):
    found = differences(release(), release(('section: "2"', 'section: "2.1"')))
    assert {one.kind for one in found} == {"source"}
    assert len(found) == 3
    assert found[0].line() == "mexiletine-monitoring: section of source LABEL 2 -> 2.1"


def test_added_and_removed_statements_are_named_with_their_titles(release):
    old, new = release(), release(("id: mexiletine-monitoring", "id: mexiletine-liver"))
    assert lines(old, new) == [
        "mexiletine-liver: added: Mexiletine without a liver test (info; Mexiletine US prescribing information, 2)",
        "mexiletine-monitoring: removed: Mexiletine without a liver test",
    ]


def test_numbers_written_otherwise_are_no_difference(release):
    assert lines(release(), release(("critical_ratio: 1.5", "critical_ratio: 1.50"))) == []


def test_switch_offs_policy_and_topics_are_differences(release):
    old = release()
    new = replace(
        old,
        off={"mexiletine-monitoring": "until 2026-12-31 (A: b)"},
        policy={"repeat_days": 60},
        topics_off={"procedure": "A: b"},
    )
    old = replace(old, policy={"repeat_days": 30})
    assert lines(old, new) == [
        "policy: repeat days 30 -> 60",
        "policy: topic procedure turned off (A: b)",
        "mexiletine-monitoring: switched off until 2026-12-31 (A: b)",
    ]
    assert lines(new, old) == [
        "policy: repeat days 60 -> 30",
        "policy: topic procedure turned on again",
        "mexiletine-monitoring: no longer switched off",
    ]


def test_other_files_of_a_release_are_compared_too(release):
    old = replace(release(), others={"risks.yaml": {"bleeding": [{"says": "age", "weight": Decimal(1)}]}})
    new = replace(old, others={"risks.yaml": {"bleeding": [{"says": "age", "weight": Decimal(2)}]}})
    assert lines(old, new) == ["risks.yaml: bleeding[age].weight 1 -> 2"]


def test_an_overlay_is_compared_with_what_is_shipped(tmp_path, day_of):
    shipped = "gabapentin-renal-dose"
    folder = tmp_path / "site"
    folder.mkdir()
    write_overlay(
        folder,
        overlay=CHANGE.replace("mexiletine-renal-dose", shipped)
        .replace("[crcl < 30].max_mg_per_day: 400", "[30 < crcl < 60].max_mg_per_day: 1200")
        .replace("[crcl < 30].max_mg_per_day: 600", "[30 < crcl < 60].max_mg_per_day: 1400")
        + OFF.replace("mexiletine-usual-maximum", "gabapentinoid-with-opioid"),
    )
    last = day_of("2026-06-30")
    base = site_snapshot(read_overlay(None), last)
    ceiling = f"{shipped}: ceiling for 30 < CrCl < 60 mL/min 1400 -> 1200 mg/day"
    off = "gabapentinoid-with-opioid: switched off until 2026-06-30 (Drug committee: the pharmacy checks it)"
    assert lines(base, snapshot(folder, last)) == [ceiling, off]
    assert lines(base, snapshot(folder, day_of("2026-07-01"))) == [ceiling]
    assert lines(base, base) == []


def test_a_snapshot_of_another_release_needs_no_schema_of_this_one():
    old = Snapshot(name="old", statements={"x": {"id": "x", "title": "X", "rule": {"unheard_of": 1}}})
    new = Snapshot(name="new", statements={"x": {"id": "x", "title": "X", "rule": {"unheard_of": 2}}})
    assert lines(old, new) == ["x: unheard of 1 -> 2"]
