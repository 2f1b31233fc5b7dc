import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from make_pregnancy import read

PATH = Path(__file__).parents[1] / "fixtures" / "pregnancy-cases.jsonl"
CASES = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[f"{one['id']} {one['title']}" for one in CASES])
def test_the_case_holds(terminology, case):
    who = next(one for one in case["resources"] if one["resourceType"] == "Patient")
    others = [one for one in case["resources"] if one["resourceType"] != "Patient"]
    now = datetime.fromisoformat(f"{case['asOf']}T09:00:00").replace(tzinfo=UTC)
    found = read(terminology, *others, who=who, now=now)
    assert {
        "pregnant": found.status,
        "gaWeeks": found.ga_weeks,
        "trimester": found.trimester,
        "lactating": found.lactating,
    } == case["expected"]
    assert found.why
