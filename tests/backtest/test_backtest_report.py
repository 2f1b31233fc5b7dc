"""The report of a run: its numbers, what it hides, and what it says of a change."""

import csv
import json
import re
import shutil
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest
from back_test import cli, run, table
from make_population import population, write_export

from cds_service.backtest.parts import write_part
from cds_service.backtest.rows import CARDS, ORDERS
from cds_service.figures.tables import HIDDEN, Column, Line, Table, enough, suppressed, written


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_export(folder / "export", population(40))
    run(folder / "export", folder / "out")
    cli("report", folder / "out", "--small-cells", 1)
    return folder / "out"


def content(out):
    return json.loads((out / "report" / "report.json").read_text())


def made(*patients, partition="", ordered=False):
    return Table(
        id="t",
        title="T",
        columns=(Column("name", "Name", "text"), Column("n", "N", "count")),
        lines=tuple(Line((name, number * 10), number) for name, number in patients),
        partition=partition,
        ordered=ordered,
        least=11,
    )


def test_the_numbers_are_those_of_the_tables(done):
    report, orders, cards = content(done), table(done, "orders"), table(done, "cards")
    by_indicator = {row["indicator"]: row for row in report["tables"]["indicators"]["rows"]}
    for name in ("critical", "warning", "info"):
        count = sum(card["indicator"] == name for card in cards)
        assert by_indicator[name]["cards"] == count
        assert by_indicator[name]["per_100_orders"] == pytest.approx(100 * count / len(orders))
    years = {(row["patient"], row["year"]) for row in orders}
    assert report["totals"]["patient_years"] == len(years)
    for row in report["tables"]["drugs"]["rows"]:
        mine = [one for one in orders if one["drug"] == row["drug"]]
        assert row["orders"] == len(mine)
        assert row["cards"] == sum(one["cards"] for one in mine)
    assert sum(row["cards"] for row in report["tables"]["topics"]["rows"]) == len(cards)


def test_every_table_is_a_csv_file_with_the_same_rows(done):
    for name, one in content(done)["tables"].items():
        with (done / "report" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(one["rows"])


def test_the_page_needs_nothing_from_elsewhere(done):
    page = (done / "report" / "report.html").read_text()
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://", page)


class _Outline(HTMLParser):
    """What the page's structure must keep, collected while parsing."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.targets, self.tables, self.captions, self.lang = [], [], [], 0, 0, ""

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.lang = values.get("lang", self.lang)
        self.ids += [values["id"]] if "id" in values else []
        self.targets += [values["href"][1:]] if values.get("href", "").startswith("#") else []
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "th":
            assert values.get("scope") in ("row", "col")
        if tag not in ("meta", "rect", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_its_tables_are_named(done):
    outline = _Outline()
    outline.feed((done / "report" / "report.html").read_text())
    assert outline.open == []
    assert outline.lang == "en"
    assert outline.tables == outline.captions > 5
    assert set(outline.targets) <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_numbers_about_few_patients_are_hidden_in_every_file(done):
    cli("report", done, "--small-cells", 11, "--to", done / "hidden")
    report = json.loads((done / "hidden" / "report.json").read_text())
    shown = 0
    for one in report["tables"].values():
        for row in one["rows"]:
            if row.get("suppressed"):
                assert all(
                    value is None or isinstance(value, str)
                    for key, value in row.items()
                    if key != "suppressed"
                )
            elif "patients" in row:
                assert row["patients"] == 0 or row["patients"] >= 11
                shown += row["patients"] > 0
    assert shown
    assert HIDDEN in (done / "hidden" / "report.md").read_text()


def test_a_row_at_the_limit_is_shown_and_one_below_is_hidden():
    found = suppressed(made(("a", 11), ("b", 10), ("c", 0)))
    assert [(line.cells, line.hidden) for line in found.lines] == [
        (("a", 110), False),
        (("c", 0), False),
        (("b", None), True),
    ]
    assert written(found, found.lines[2], 1) == HIDDEN


def test_a_row_that_the_total_would_give_away_takes_the_next_smallest_with_it():
    found = suppressed(made(("a", 50), ("b", 20), ("c", 3), partition="all", ordered=True))
    assert [line.hidden for line in found.lines] == [False, True, True]
    two = suppressed(made(("a", 50), ("b", 4), ("c", 3), partition="all", ordered=True))
    assert [line.hidden for line in two.lines] == [False, True, True]


def test_parts_of_a_number_are_shown_together_or_not_at_all():
    assert enough(((5, 12), (7, 11)), 11) == [5, 7]
    assert enough(((5, 12), (0, 0)), 11) == [5, 0]
    assert enough(((5, 12), (7, 10)), 11) == [None, None]


def test_two_runs_with_the_same_rows_show_no_change(done, tmp_path):
    cli("report", done, "--against", done, "--to", tmp_path, "--small-cells", 1)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["tables"]["changes"]["rows"] == []
    assert "Nothing changed" not in (tmp_path / "report.md").read_text()


def test_what_changed_between_two_runs_is_told_with_examples(done, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(done, before)
    cards = table(done, "cards")
    gone = next(card for card in cards if card["indicator"] != "critical" and card["statements"])
    added = {**cards[-1], "statements": ["of-before-only"], "statement": "of-before-only", "position": 9}
    raised = [{**card, "indicator": "critical"} if card is gone else card for card in cards]
    for path in (before / "cards").glob("*.parquet"):
        path.unlink()
    write_part(before / "cards", 0, [*raised, added], CARDS)
    cli("report", done, "--against", before, "--to", tmp_path / "r", "--small-cells", 1)
    rows = json.loads((tmp_path / "r" / "report.json").read_text())["tables"]["changes"]["rows"]
    found = {(row["statement"], row["change"]): row for row in rows}
    assert found["of-before-only", "spoke before, does not now"]["examples"] == [cards[-1]["order"]]
    lowered = found[gone["statements"][0], "on a card with a lower indicator"]
    assert lowered["orders"] == 1
    assert gone["order"] in lowered["examples"]


def test_of_a_small_change_one_example_is_shown_and_no_number(done, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(done, before)
    for path in (before / "cards").glob("*.parquet"):
        path.unlink()
    write_part(before / "cards", 0, [], CARDS)
    cli("report", done, "--against", before, "--to", tmp_path / "r", "--small-cells", 1000)
    rows = json.loads((tmp_path / "r" / "report.json").read_text())["tables"]["changes"]["rows"]
    assert rows
    assert all(row["orders"] is None and len(row["examples"]) == 1 for row in rows)


def test_runs_with_different_keys_cannot_be_compared(done, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(done, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps({**manifest, "hash_key": "x"}))
    assert "different hash keys" in cli(
        "report", done, "--against", other, "--to", tmp_path / "r", fails=True
    )


def test_a_folder_without_a_complete_run_is_refused(tmp_path):
    assert "holds no complete run (none)" in cli("report", tmp_path, fails=True)
    (tmp_path / "run.json").write_text("{}")
    assert "run the same command again" in cli("report", tmp_path, fails=True)


def test_a_run_without_any_order_has_a_report(tmp_path):
    (tmp_path / "x.ndjson").write_text('{"resourceType": "Patient", "id": "p"}\n')
    run(tmp_path / "x.ndjson", tmp_path / "out")
    cli("report", tmp_path / "out")
    assert "Orders evaluated" in (tmp_path / "out" / "report" / "report.html").read_text()


def test_the_columns_of_the_tables_are_the_documented_ones(done):
    for name, schema in (("orders", ORDERS), ("cards", CARDS)):
        part = next((done / name).glob("*.parquet"))
        assert pq.read_schema(part).names == schema.names
