"""`cds-service terminology` coverage, import-rxnorm and export."""

import gzip
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import main

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from make_rrf import small_release

ORDER = {
    "resourceType": "MedicationRequest",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "310431"}]
    },
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("CDS_RXNORM_FILE", "CDS_VALUE_SETS", "CDS_TERMINOLOGY_URL", "CDS_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["terminology", *map(str, arguments)])
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    assert "Traceback" not in result.output + result.stderr
    return result


def test_coverage_reads_json_ndjson_and_gzip_and_folders(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(ORDER))
    (tmp_path / "two.ndjson").write_text(f"{json.dumps(ORDER)}\n\n{json.dumps(ORDER)}\n")
    (tmp_path / "three.ndjson.gz").write_bytes(gzip.compress(json.dumps(ORDER).encode()))
    (tmp_path / "four.json.gz").write_bytes(
        gzip.compress(json.dumps({"entry": [{"resource": ORDER}]}).encode())
    )
    (tmp_path / "notes.txt").write_text("not read")
    assert "medications in scope: 5 of 5 recognised (100.00%)" in run("coverage", tmp_path).stdout
    assert "1 of 1" in run("coverage", tmp_path / "one.json").stdout


def test_coverage_names_what_it_could_not_read_and_counts_the_rest(tmp_path):
    (tmp_path / "good.ndjson").write_text(f"{json.dumps(ORDER)}\n{{broken\n")
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(b"{}" * 1000)[:20])
    result = run("coverage", tmp_path, code=1)
    assert "1 of 1" in result.stdout
    assert "good.ndjson: line 2: " in result.stderr
    assert "cut.json.gz" in result.stderr


def test_coverage_of_a_file_that_is_not_there_is_refused(tmp_path):
    assert "does not exist" in run("coverage", tmp_path / "none.json", code=2).stderr


def test_import_writes_a_table_that_the_service_then_uses(tmp_path, monkeypatch):
    small_release(tmp_path / "RxNorm_full_10062025")
    target = tmp_path / "site" / "rxnorm.sqlite"
    result = run("import-rxnorm", tmp_path / "RxNorm_full_10062025", "--to", target)
    assert "RxNorm release 2025-10-06" in result.stdout
    assert "ingredients: 6" in result.stdout
    assert "RXNSAT.RRF" in result.stderr
    assert "nothing is known" in run("lookup", "rxnorm|308191", code=1).stdout
    monkeypatch.setenv("CDS_RXNORM_FILE", str(target))
    assert "amoxicillin" in run("lookup", "rxnorm|308191").stdout


def test_import_writes_to_the_file_of_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("CDS_RXNORM_FILE", str(tmp_path / "ours.sqlite"))
    run("import-rxnorm", small_release(tmp_path / "a"))
    assert (tmp_path / "ours.sqlite").is_file()


def test_import_of_what_is_no_release_says_where_and_replaces_nothing(tmp_path):
    target = tmp_path / "site.sqlite"
    target.write_bytes(b"old")
    folder = small_release(tmp_path / "a", RXNREL=["not a release"])
    result = run("import-rxnorm", folder, "--to", target, code=2)
    assert "nothing was imported: RXNREL.RRF line 1, column 1" in result.stderr
    assert target.read_bytes() == b"old"


def test_export_writes_fhir_resources(tmp_path):
    assert "ValueSet: " in run("export", tmp_path / "out").stdout
    assert json.loads((tmp_path / "out" / "ValueSet-doac.json").read_text())["resourceType"] == "ValueSet"


def test_export_to_a_place_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "Traceback" not in run("export", tmp_path / "file" / "below", code=2).stderr


def test_lookup_says_which_row_states_a_code_and_how_well_it_is_checked():
    text = run("lookup", "rxnorm|310431").stdout
    assert "stated in products.csv line" in text
    assert "(confirmed)" in text
    assert "stated in medication_codes.csv" in run("lookup", "ndc|0071-0805").stdout


def test_lookup_says_by_which_entry_a_code_is_in_a_value_set_and_whose_that_is():
    by_family = run("lookup", "N18.32").stdout
    assert "stated as N18 (confirmed): ICD-10-CM" in by_family
    assert "stated as L8685 (single): " in run("lookup", "hcpcs|L8685").stdout
    included = run("lookup", "hcpcs|L8686").stdout
    assert "stated as L8686 (confirmed): " in included
    assert "  electronic-implant: Implanted electronic device\n    includes neurostimulator\n" in included


def test_lookup_says_how_sure_a_drug_is_and_why_a_text_is_none():
    assert "recognised by product, confidence high" in run("lookup", "rxnorm|310431").stdout
    assert "recognised by text, confidence medium" in run("lookup", "gabapentin 300 mg capsule").stdout
    several = run("lookup", "gabapentin or pregabalin", code=1).stdout
    assert "the text names several drugs: gabapentin, pregabalin" in several
    assert "names that look alike: gabapentin" in run("lookup", "gabapentn", code=1).stdout
    assert "code 1 of http://www.nlm.nih.gov/research/umls/rxnorm is not in the tables" in (
        run("lookup", "rxnorm|1", code=1).stdout
    )


def test_lookup_names_orders_by_text():
    assert "names, in an order: " in run("lookup", "TENS").stdout
    assert "nothing is known" in run("lookup", "something else", code=1).stdout


@pytest.mark.parametrize("name", ["CDS_RXNORM_FILE", "CDS_VALUE_SETS"])
def test_a_setting_that_names_nothing_stops_the_command(monkeypatch, name):
    monkeypatch.setenv(name, "/nowhere/at/all")
    assert f"{name}: there is no /nowhere/at/all" in run("lookup", "gabapentin", code=2).stderr


def test_a_terminology_server_needs_a_url(monkeypatch):
    monkeypatch.setenv("CDS_TERMINOLOGY_URL", "tx.example.org")
    assert "CDS_TERMINOLOGY_URL must be an absolute" in run("lookup", "gabapentin", code=2).stderr
