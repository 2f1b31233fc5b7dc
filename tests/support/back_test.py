"""Short ways into the back-test for its tests."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from click.testing import CliRunner

from cards.policy import Policy
from cds_service.backtest.patient_orders import Bench, PatientRows, evaluate_patient, order_hash
from cds_service.cli import main

KEY = b"k" * 64
Resource = dict[str, Any]


def bench_of(knowledge: Any, terminology: Any, since: date | None = None, until: date | None = None) -> Bench:
    return Bench(
        knowledge=knowledge, terminology=terminology, policy=Policy(), key=KEY, since=since, until=until
    )


def rows_of(resources: list[Resource], bench: Bench, patient: str = "p1") -> PatientRows:
    return evaluate_patient(patient, resources, bench)


def row_of(rows: PatientRows, name: str, patient: str = "p1", kind: str = "MedicationRequest") -> Resource:
    wanted = order_hash(patient, kind, name, KEY)
    return next(row for row in rows.orders if row["order"] == wanted)


def cards_of(rows: PatientRows, name: str, patient: str = "p1") -> list[Resource]:
    wanted = order_hash(patient, "MedicationRequest", name, KEY)
    return [card for card in rows.cards if card["order"] == wanted]


def cli(*arguments: object, fails: bool = False) -> str:
    """Runs `cds-service backtest ...` in this process, and returns what it printed."""
    result = CliRunner().invoke(main, ["backtest", *map(str, arguments)], catch_exceptions=False)
    assert (result.exit_code != 0) == fails, result.output
    return result.output


def run(source: Path, out: Path, *more: object) -> dict[str, Any]:
    """A run with one job and a key of its own; its manifest."""
    key = out.parent / "key"
    cli("run", source, "--out", out, "--jobs", 1, "--hash-key", key, *more)
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def table(out: Path, name: str) -> list[dict[str, Any]]:
    """All rows of a table of a run, in a fixed order."""
    rows = [row for part in sorted((out / name).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]
    return sorted(rows, key=lambda row: (row["order"], row.get("position", 0)))
