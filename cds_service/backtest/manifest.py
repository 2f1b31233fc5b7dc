"""What a run read, left out and wrote, summed up for its manifest."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson

from cds_service.backtest.parts import Layout
from cds_service.backtest.sources import Source

_SAMPLES = 50


def totals(layout: Layout, found: list[Source], read: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of lines, resources and rows; and a sample of the lines that could not be read."""
    facts = read_facts(layout)
    return {
        "read": {
            "lines": sum(one["lines"] for one in read),
            "resources": sum(one["resources"] for one in read),
            "kept": sum(one["kept"] for one in read),
            "types": summed(one["types"] for one in read),
            "not_used": summed(one["unused"] for one in read),
        },
        "bad_lines": {
            "count": sum(sum(one["bad"].values()) for one in read),
            "reasons": summed(one["bad"] for one in read),
            "sample": _samples(found, read),
        },
        "left_out": summed(one["left_out"] for one in facts),
        "rows": {
            "orders": sum(one["orders"] for one in facts),
            "cards": sum(one["cards"] for one in facts),
            "patients": sum(one["patients"] for one in facts),
        },
    }


def read_facts(layout: Layout) -> list[dict[str, Any]]:
    """The facts of all buckets that are done."""
    return [orjson.loads(path.read_bytes()) for path in sorted(layout.done.glob("*.json"))]


def summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Counts added up, most first."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total.most_common())


def _samples(found: list[Source], read: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """File, line and reason of some bad lines; never what stands there."""
    out: list[dict[str, Any]] = []
    names = {source.number: str(source.path) for source in found}
    before: Counter[int] = Counter()
    for one in sorted(read, key=lambda facts: (facts["file"], facts["start"])):
        for line, reason in one["samples"]:
            out.append({"file": names[one["file"]], "line": before[one["file"]] + line, "reason": reason})
        before[one["file"]] += one["lines"]
    return out[:_SAMPLES]
