"""`cds-service backtest run` and `explain` over small exports."""

import gzip
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from back_test import cli, run, table
from make_population import order, person, population, result, write_export

from cds_service.backtest.patient_orders import order_hash
from cds_service.backtest.reading import Bad, Deleted, Lines, read_piece
from cds_service.backtest.sources import find_sources, pieces
from cds_service.store.keyed_hash import read_key

T = datetime(2023, 6, 15, 12, 0, tzinfo=UTC)
SUBJECT = {"reference": "Patient/p1"}
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "male",
    "birthDate": "1950-01-01",
    "name": [{"family": "Secretname"}],
}
GABAPENTIN = order("g", "gabapentin 600 MG Oral Tablet", 1200, 3, T, SUBJECT)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    write_export(folder / "plain", population(20))
    write_export(folder / "packed", population(20), packed=True)
    return folder


@pytest.fixture(scope="module")
def done(export, tmp_path_factory):
    out = tmp_path_factory.mktemp("done") / "out"
    return run(export / "plain", out), out


def lines(path, *values):
    path.write_text(
        "".join((value if isinstance(value, str) else json.dumps(value)) + "\n" for value in values)
    )
    return path


def test_every_order_is_one_row_and_every_card_one(done):
    manifest, out = done
    orders, cards = table(out, "orders"), table(out, "cards")
    assert len(orders) == manifest["rows"]["orders"] == 60
    assert len(cards) == manifest["rows"]["cards"] == sum(row["cards"] for row in orders)
    assert len({row["order"] for row in orders}) == 60
    assert {row["outcome"] for row in orders} == {"evaluated"}


def test_every_statement_that_could_not_be_evaluated_has_a_listed_reason(done):
    said = {one for row in table(done[1], "orders") for one in row["unchecked"]}
    assert said
    assert [one for one in sorted(said) if one.endswith(": other")] == []


def test_patients_are_those_who_had_an_order(tmp_path):
    other, nobody = {**PATIENT, "id": "p2"}, {**GABAPENTIN, "id": "n", "subject": {"display": "x"}}
    manifest = run(
        lines(tmp_path / "a.ndjson", PATIENT, other, GABAPENTIN, {**GABAPENTIN, "id": "h"}, nobody),
        tmp_path / "o",
    )
    assert manifest["rows"]["orders"] == 3
    assert manifest["rows"]["patients"] == 1


def test_nothing_that_names_a_person_is_in_the_results(done):
    _, out = done
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    rows = str(table(out, "orders")) + str(table(out, "cards"))
    for word in ("Secretname", "Private", "Patient/", "Practitioner/", "p3-m1"):
        assert word not in rows
        assert word.encode() not in written


def test_the_work_folder_with_patient_data_is_gone_when_the_run_is_complete(done):
    _, out = done
    assert not (out / "work").exists()


def test_the_manifest_says_what_was_read_and_with_what(done):
    manifest, _ = done
    lying = [Path(one["path"]) for one in manifest["sources"]]
    assert len(lying) == len(list(lying[0].parent.iterdir()))
    assert [sha256(path.read_bytes()).hexdigest() for path in lying] == [
        one["sha256"] for one in manifest["sources"]
    ]
    assert {"software", "engine", "knowledge", "terminology"} <= manifest["versions"].keys()
    assert manifest["read"]["resources"] == sum(1 for _ in population(20))
    assert manifest["bad_lines"]["count"] == 0


def test_packed_files_and_several_processes_give_the_same_rows(export, done, tmp_path):
    out = tmp_path / "out"
    key = done[1].parent / "key"
    cli("run", export / "packed", "--out", out, "--jobs", 2, "--hash-key", key)
    assert table(out, "orders") == table(done[1], "orders")
    assert table(out, "cards") == table(done[1], "cards")


def test_bundles_with_urn_references_give_the_same_rows_as_files(done, tmp_path):
    source = tmp_path / "bundles"
    source.mkdir()
    for number in range(20):
        resources = list(person(number))
        text = json.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": f"urn:uuid:{one['resourceType']}-{one['id']}", "resource": one}
                    for one in resources
                ],
            }
        )
        for one in resources:
            text = text.replace(
                f'"reference": "{one["resourceType"]}/{one["id"]}"',
                f'"reference": "urn:uuid:{one["resourceType"]}-{one["id"]}"',
            )
        (source / f"{number}.json").write_text(text)
    out = tmp_path / "out"
    cli("run", source, "--out", out, "--jobs", 1, "--hash-key", done[1].parent / "key")
    assert table(out, "orders") == table(done[1], "orders")
    assert table(out, "cards") == table(done[1], "cards")


def test_lines_that_cannot_be_read_are_counted_and_shown_without_their_content(tmp_path):
    source = lines(
        tmp_path / "mixed.ndjson",
        PATIENT,
        '{"resourceType": "Patient", "id": "secret-1"',
        "",
        '["secret-2"]',
        '{"no": "type"}',
        GABAPENTIN,
    )
    manifest = run(source, tmp_path / "out")
    assert manifest["rows"]["orders"] == 1
    assert [one["line"] for one in manifest["bad_lines"]["sample"]] == [2, 4, 5]
    assert manifest["bad_lines"]["count"] == 3
    assert "secret" not in json.dumps(manifest["bad_lines"])


def test_files_that_are_not_read_are_named_and_one_named_itself_is_read(tmp_path):
    folder = tmp_path / "a"
    (folder / "sub").mkdir(parents=True)
    lines(folder / "a.ndjson", PATIENT)
    lines(folder / "sub" / "part-0000", GABAPENTIN)
    (folder / ".DS_Store").write_text("x")
    manifest = run(folder, tmp_path / "o")
    assert manifest["files_not_read"] == {"count": 1, "sample": [str(folder / "sub" / "part-0000")]}
    assert manifest["rows"]["orders"] == 0
    said = cli("run", folder, "--out", tmp_path / "o", "--hash-key", tmp_path / "key", "--jobs", 1)
    assert f"1 files of other kinds were not read; the first: {folder}/sub/part-0000" in said
    cli("report", tmp_path / "o")
    assert "Files of other kinds, not read" in (tmp_path / "o" / "report" / "report.html").read_text()
    named = folder / "sub" / "part-0000"
    cli("run", folder, named, "--out", tmp_path / "p", "--hash-key", tmp_path / "key", "--jobs", 1)
    assert len(table(tmp_path / "p", "orders")) == 1


def test_a_packed_file_that_breaks_off_gives_what_it_held_and_one_bad_line(tmp_path):
    whole = gzip.compress(b"".join(json.dumps(one).encode() + b"\n" for one in population(40)))
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    manifest = run(tmp_path / "cut.ndjson.gz", tmp_path / "out")
    assert manifest["bad_lines"]["count"] == 1
    assert 0 < manifest["read"]["resources"] < 800


def test_a_file_in_many_pieces_is_read_line_by_line_once(tmp_path):
    source = lines(tmp_path / "x.ndjson", *population(3), "broken", PATIENT)
    (found,) = find_sources([source])
    whole = [item for piece in pieces([found]) for item in read_piece(piece, Lines())]
    for size in (1, 57, 1000, 4096):
        cut = [item for piece in pieces([found], size) for item in read_piece(piece, Lines())]
        assert [item for item in cut if not isinstance(item, Bad)] == [
            item for item in whole if not isinstance(item, Bad)
        ]
        assert sum(isinstance(item, Bad) for item in cut) == 1


def test_what_the_server_deleted_is_gone(tmp_path):
    gone = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "MedicationRequest/g"}}],
    }
    other = {**GABAPENTIN, "id": "h"}
    source = lines(tmp_path / "all.ndjson", PATIENT, GABAPENTIN, other, gone)
    (found,) = find_sources([source])
    assert any(
        isinstance(item[1], Deleted)
        for piece in pieces([found])
        for item in read_piece(piece, Lines())
        if not isinstance(item, Bad)
    )
    assert run(source, tmp_path / "out")["rows"]["orders"] == 1


def test_a_medication_in_another_file_is_found(tmp_path):
    pointing = {key: value for key, value in GABAPENTIN.items() if key != "medicationCodeableConcept"}
    pointing["medicationReference"] = {"reference": "https://ehr.example.org/fhir/Medication/m"}
    source = tmp_path / "export"
    source.mkdir()
    lines(source / "a.ndjson", pointing, PATIENT)
    lines(
        source / "b.ndjson",
        {"resourceType": "Medication", "id": "m", "code": {"text": "gabapentin 600 MG Oral Tablet"}},
        {"resourceType": "Medication", "id": "n", "code": {"text": "warfarin"}},
    )
    run(source, tmp_path / "out")
    assert table(tmp_path / "out", "orders")[0]["drug"] == "gabapentin"


def test_the_period_limits_what_is_evaluated(tmp_path):
    source = lines(tmp_path / "x.ndjson", PATIENT, GABAPENTIN)
    assert (
        run(source, tmp_path / "in", "--since", "2023-06-15", "--until", "2023-06-15")["rows"]["orders"] == 1
    )
    assert run(source, tmp_path / "out", "--since", "2023-06-16")["rows"]["orders"] == 0


POLICY = """
max_cards: 1
topics_off:
- {topic: interaction, owner: Pharmacy committee, reason: another system checks interactions}
"""


def test_the_policy_of_the_site_counts(export, done, tmp_path):
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay" / "policy.yaml").write_text(POLICY)
    site = run(export / "plain", tmp_path / "o", "--overlay", tmp_path / "overlay")
    before, now = table(done[1], "cards"), table(tmp_path / "o", "cards")
    assert "interaction" in {row["topic"] for row in before}
    assert "interaction" not in {row["topic"] for row in now}
    # critical cards are never cut, and the last place lists what else there was
    assert max(row["cards"] - row["critical"] for row in table(tmp_path / "o", "orders")) == 1
    assert site["versions"]["overlay"]


def test_a_wrong_policy_stops_the_run_before_any_work(export, tmp_path):
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay" / "policy.yaml").write_text("max_cards: 0\n")
    more = ("--overlay", tmp_path / "overlay", "--hash-key", tmp_path / "key")
    assert "policy.yaml" in cli("run", export / "plain", "--out", tmp_path / "o", *more, fails=True)
    assert not (tmp_path / "o").exists()


OFF = """
off:
- {statement: gabapentin-start-dose, owner: Pain clinic, reason: started elsewhere, expires: 2026-03-31}
"""


@pytest.mark.parametrize(("day", "silent"), [("2026-03-31", True), ("2026-04-01", False)])
def test_what_is_switched_off_until_a_day_is_so_in_runs_begun_until_then(export, tmp_path, day, silent):
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay" / "overlay.yaml").write_text(OFF)
    with time_machine.travel(f"{day}T12:00:00Z", tick=False):
        manifest = run(export / "plain", tmp_path / "o", "--overlay", tmp_path / "overlay")
    assert manifest["settings"]["in_force_on"] == day
    spoke = {name for row in table(tmp_path / "o", "cards") for name in row["statements"]}
    assert ("gabapentin-start-dose" not in spoke) == silent
    # What was begun on one day goes on on another with the knowledge of the first.
    with time_machine.travel("2026-04-02T12:00:00Z", tick=False):
        said = cli(
            "run", export / "plain", "--out", tmp_path / "o", "--jobs", 1, "--hash-key", tmp_path / "key",
            "--overlay", tmp_path / "overlay",
        )  # fmt: skip
    assert "complete already" in said


def test_a_run_in_which_nothing_could_speak_is_refused(export, tmp_path, monkeypatch):
    monkeypatch.setenv("CDS_REQUIRE_APPROVAL", "on")
    said = cli("run", export / "plain", "--out", tmp_path / "o", "--hash-key", tmp_path / "key", fails=True)
    assert "no statement is approved" in said


def test_a_run_that_stopped_goes_on_and_gives_the_same_rows(export, done, tmp_path, monkeypatch):
    out = tmp_path / "out"
    arguments = ("run", export / "plain", "--out", out, "--jobs", 1, "--hash-key", done[1].parent / "key")
    import cds_service.backtest.run as module

    def killed(_layout, number, *_rest):
        if number == 2:
            raise KeyboardInterrupt
        return whole(_layout, number, *_rest)

    whole = module.evaluate_one
    monkeypatch.setattr(module, "evaluate_one", killed)
    cli(*arguments, fails=True)
    assert not (out / "manifest.json").exists()
    assert len(list((out / "work" / "done").glob("*.json"))) == 2
    monkeypatch.setattr(module, "evaluate_one", whole)
    cli(*arguments)
    assert table(out, "orders") == table(done[1], "orders")
    assert table(out, "cards") == table(done[1], "cards")


def test_a_complete_run_is_not_done_again(export, done):
    before = {path: path.stat().st_mtime_ns for path in done[1].rglob("*.parquet")}
    said = cli("run", export / "plain", "--out", done[1], "--jobs", 1, "--hash-key", done[1].parent / "key")
    assert "complete already" in said
    assert {path: path.stat().st_mtime_ns for path in done[1].rglob("*.parquet")} == before


def test_a_folder_of_another_run_is_refused_and_stays(export, done):
    said = cli(
        "run",
        export / "packed",
        "--out",
        done[1],
        "--jobs",
        1,
        "--hash-key",
        done[1].parent / "key",
        fails=True,
    )
    assert "holds a run with other sources" in said
    assert table(done[1], "orders")


def test_sources_that_are_not_there_are_named(tmp_path):
    assert "there is no file or folder" in cli("run", tmp_path / "no", "--out", tmp_path / "out", fails=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "no source holds a file" in cli("run", empty, "--out", tmp_path / "out", fails=True)


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    source = lines(tmp_path / "x.ndjson", PATIENT, GABAPENTIN)
    first = run(source, tmp_path / "a")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    assert run(source, tmp_path / "b")["hash_key"] == first["hash_key"]
    assert table(tmp_path / "a", "orders") == table(tmp_path / "b", "orders")


def test_explain_shows_the_trace_of_one_order(tmp_path):
    creatinine = result("cr", "2160-0", 2.6, "mg/dL", T, SUBJECT)
    weight = result("w", "29463-7", 70, "kg", T, SUBJECT)
    source = lines(tmp_path / "x.ndjson", PATIENT, GABAPENTIN, creatinine, weight, *population(2))
    out = tmp_path / "out"
    run(source, out)
    wanted = order_hash("p1", "MedicationRequest", "g", read_key(tmp_path / "key", make=False))
    trace = json.loads(cli("explain", out, "--order", wanted, "--hash-key", tmp_path / "key"))
    assert [one["id"] for one in trace["facts"]["orders"]] == ["MedicationRequest/g"]
    assert round(trace["facts"]["renal"]["crcl_ml_min"]) == 25
    assert trace["order"]["evaluated_at"].startswith("2023-06-15T12:00:00")
    cards = [card for card in table(out, "cards") if card["order"] == wanted]
    assert [card["indicator"] for card in trace["cards"]] == [card["indicator"] for card in cards]
    assert trace["issues"] == []
    assert json.loads(cli("explain", out, wanted, "--hash-key", tmp_path / "key")) == trace


def test_explain_says_what_it_cannot_do(done, tmp_path):
    key = done[1].parent / "key"
    assert "no order in the sources" in cli("explain", done[1], "00", "--hash-key", key, fails=True)
    assert "name the order" in cli("explain", done[1], "--hash-key", key, fails=True)
    other = tmp_path / "other"
    other.write_text("0" * 64)
    assert "not the hash key of the run" in cli("explain", done[1], "00", "--hash-key", other, fails=True)


def test_explain_says_when_the_sources_have_changed(tmp_path):
    source = lines(tmp_path / "x.ndjson", PATIENT, GABAPENTIN)
    out = tmp_path / "out"
    run(source, out)
    (row,) = table(out, "orders")
    lines(source, PATIENT, GABAPENTIN, *population(1))
    trace = json.loads(cli("explain", out, row["order"], "--hash-key", tmp_path / "key"))
    assert [one["code"] for one in trace["issues"]] == ["differs-from-run"]
