"""Third step: one bucket's rows, written as two files; and how the run's folder is laid out."""

import os
import resource
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cds_service.backtest.buckets import read_bucket
from cds_service.backtest.patient_orders import Bench, evaluate_patient
from cds_service.backtest.rows import CARDS, ORDERS, Row


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one run. `work` holds patient data and is removed when the run is complete."""

    out: Path

    @property
    def work(self) -> Path:
        """For this run only."""
        return self.out / "work"

    @property
    def staged(self) -> Path:
        """One table per piece of the sources."""
        return self.work / "staged"

    @property
    def buckets(self) -> Path:
        """Whole patients."""
        return self.work / "buckets"

    @property
    def scratch(self) -> Path:
        """What DuckDB spills."""
        return self.work / "scratch"

    @property
    def done(self) -> Path:
        """One file of facts per bucket that is evaluated."""
        return self.work / "done"

    @property
    def orders(self) -> Path:
        """The table of orders."""
        return self.out / "orders"

    @property
    def cards(self) -> Path:
        """The table of cards."""
        return self.out / "cards"

    @property
    def plan(self) -> Path:
        """What this folder is for, written before the first step."""
        return self.out / "run.json"

    @property
    def manifest(self) -> Path:
        """Written last: its presence means that the run is complete."""
        return self.out / "manifest.json"


def evaluate_bucket(layout: Layout, number: int, bench: Bench) -> dict[str, Any]:
    """Evaluates a bucket, unless that is done, and returns its facts."""
    facts_file = layout.done / f"{number:05d}.json"
    if facts_file.exists():
        done: dict[str, Any] = orjson.loads(facts_file.read_bytes())
        return done
    orders: list[Row] = []
    cards: list[Row] = []
    counts: Counter[str] = Counter()
    patients = 0
    for patient, resources in read_bucket(layout.buckets, number):
        rows = evaluate_patient(patient, resources, bench)
        orders.extend(rows.orders)
        cards.extend(rows.cards)
        counts.update(rows.counts)
        patients += any(row["patient"] for row in rows.orders)
    write_part(layout.orders, number, orders, ORDERS)
    write_part(layout.cards, number, cards, CARDS)
    facts = {"orders": len(orders), "cards": len(cards), "patients": patients, "left_out": dict(counts)}
    write_json(facts_file, facts)
    return facts


def write_part(folder: Path, number: int, rows: Iterable[Row], schema: pa.Schema) -> None:
    """One part of a table, its rows in a fixed order; it appears whole or not at all."""
    listed = sorted(rows, key=lambda row: (row["order"], row.get("position", 0)))
    path = folder / f"part-{number:05d}.parquet"
    own = path.with_suffix(f".{os.getpid()}.tmp")
    pq.write_table(pa.Table.from_pylist(listed, schema), own, compression="zstd")
    own.replace(path)


def write_json(path: Path, value: Any) -> None:
    """A JSON file that appears whole or not at all."""
    own = path.with_suffix(f".{os.getpid()}.tmp")
    own.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    own.replace(path)


def peak_memory_mb() -> int:
    """The most memory that this process has held, in MB.

    On Linux ru_maxrss begins at the peak of the process that started this one, so VmHWM is read there.
    """
    try:
        status = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
