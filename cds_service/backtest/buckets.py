"""Second step: the kept resources sorted into buckets of whole patients, on disk, by DuckDB.

Buckets are small enough for one process; DuckDB spills to disk past its memory limit.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cards.facts.resources import Resource
from cds_service.backtest.staging import DELETED

_BUCKET_BYTES = 32 * 2**20
_MOST = 4096
MEMORY = "512MB"

# One row per resource of a patient, and one of each Medication that a patient's entries point at. What the
# server deleted is gone with all its versions.
RESOURCES = f"""
    WITH deleted AS (SELECT DISTINCT id FROM staged WHERE kind = '{DELETED}'),
    standing AS (
        SELECT * FROM staged
        WHERE kind <> '{DELETED}' AND kind || '/' || id NOT IN (SELECT id FROM deleted)
    ),
    wanted AS (SELECT DISTINCT bucket, patient, unnest(needs) AS need FROM standing WHERE len(needs) > 0)
    SELECT bucket, patient, kind, id, file, place, item, body FROM standing WHERE kind <> 'Medication'
    UNION ALL
    SELECT wanted.bucket, wanted.patient, one.kind, one.id, one.file, one.place, one.item, one.body
    FROM wanted JOIN standing AS one ON one.kind = 'Medication' AND one.id = wanted.need
"""  # noqa: S608  the only value is a constant of this program


def how_many(unpacked_bytes: int, jobs: int) -> int:
    """The number of buckets for an export of that size."""
    return max(4 * jobs, min(_MOST, unpacked_bytes // _BUCKET_BYTES + 1))


def connect(scratch: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills into `scratch` and keeps to the memory limit."""
    scratch.mkdir(parents=True, exist_ok=True)
    return duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "threads": threads,
            "temp_directory": str(scratch),
            "preserve_insertion_order": False,
        }
    )


def fill(staged: Sequence[Path], folder: Path, scratch: Path, threads: int) -> None:
    """Writes the buckets under `folder`, anew: bucket=N/*.parquet."""
    shutil.rmtree(folder, ignore_errors=True)
    with connect(scratch, threads) as database:
        database.execute("SET partitioned_write_max_open_files = 64")
        database.from_parquet([str(path) for path in staged]).create_view("staged")
        database.execute(
            f"COPY ({RESOURCES}) TO '{_quoted(folder)}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (bucket))"
        )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def read_bucket(folder: Path, number: int) -> Iterator[tuple[str, list[Resource]]]:
    """Each patient of a bucket with the resources in file order, patients by id."""
    files = sorted((folder / f"bucket={number}").glob("*.parquet"))
    if not files:
        return
    columns = ["patient", "file", "place", "item", "body"]
    table = pa.concat_tables([pq.ParquetFile(file).read(columns=columns) for file in files])
    order = [(name, "ascending") for name in columns[:4]]
    table = table.sort_by(order)
    yield from by_patient(row for batch in table.to_batches(2_000) for row in batch.to_pylist())


def by_patient(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[str, list[Resource]]]:
    """Consecutive rows of one patient, with their JSON read."""
    for patient, listed in groupby(rows, key=lambda row: row["patient"]):
        yield patient, [orjson.loads(row["body"]) for row in listed]
