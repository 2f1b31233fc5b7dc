"""First step: the pieces of the sources, read by many processes, each into one table of kept resources."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from cds_service.backtest.keeping import keep
from cds_service.backtest.reading import Bad, Deleted, Lines, read_piece
from cds_service.backtest.sources import Piece
from terminology.load import Terminology

STAGED = pa.schema(
    [
        ("bucket", pa.int32()),
        ("patient", pa.string()),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("file", pa.int32()),
        ("place", pa.int64()),
        ("item", pa.int32()),
        ("needs", pa.list_(pa.string())),
        ("body", pa.binary()),
    ]
)
DELETED = "#deleted"
_BATCH = 5_000
_SAMPLES = 20


@dataclass(slots=True)
class PieceFacts:
    """What reading one piece told, as plain JSON."""

    lines: int
    resources: int
    kept: int
    types: Counter[str]
    unused: Counter[str]
    bad: Counter[str]
    samples: list[tuple[int, str]]

    def as_json(self) -> dict[str, Any]:
        """For the facts file beside the table."""
        return {
            "lines": self.lines,
            "resources": self.resources,
            "kept": self.kept,
            "types": dict(self.types),
            "unused": dict(self.unused),
            "bad": dict(self.bad),
            "samples": self.samples,
        }


def bucket_of(patient: str, buckets: int) -> int:
    """The bucket of a patient: the same in every engine and run."""
    return crc32(patient.encode("utf-8", "surrogatepass")) % buckets


def stage(piece: Piece, folder: Path, buckets: int, terms: Terminology) -> dict[str, Any]:
    """Reads a piece into `folder`, unless that is done, and returns its facts.

    Table and facts appear by renaming, facts last: a facts file means that the table is whole.
    """
    facts_file = folder / f"{piece.name}.json"
    if facts_file.exists():
        done: dict[str, Any] = orjson.loads(facts_file.read_bytes())
        return done
    lines = Lines()
    facts = PieceFacts(0, 0, 0, Counter(), Counter(), Counter(), [])
    own = f".{os.getpid()}.part"
    table_file = folder / f"{piece.name}.parquet"
    with pq.ParquetWriter(folder / (piece.name + own), STAGED, compression="zstd") as writer:
        batch: list[dict[str, Any]] = []
        for found in read_piece(piece, lines):
            if isinstance(found, Bad):
                facts.bad[found.reason] += 1
                if len(facts.samples) < _SAMPLES:
                    facts.samples.append((found.line, found.reason))
                continue
            place, item = found
            row = {"file": piece.source.number, "place": place.offset, "item": place.item, "needs": []}
            if isinstance(item, Deleted):
                facts.types[f"deleted {item.kind}"] += 1
                batch.append(
                    {**row, "bucket": -1, "patient": "", "kind": DELETED, "id": f"{item.kind}/{item.id}"}
                )
            else:
                facts.resources += 1
                kept = keep(item, terms)
                if isinstance(kept, str):
                    facts.unused[kept] += 1
                    continue
                facts.kept += 1
                facts.types[kept.kind] += 1
                batch.append(
                    {
                        **row,
                        "bucket": bucket_of(kept.patient, buckets),
                        "patient": kept.patient,
                        "kind": kept.kind,
                        "id": kept.id,
                        "needs": kept.needs,
                        "body": orjson.dumps(kept.resource),
                    }
                )
            if len(batch) >= _BATCH:
                writer.write_table(pa.Table.from_pylist(batch, STAGED))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, STAGED))
    facts.lines = lines.count
    (folder / (piece.name + own)).replace(table_file)
    written = orjson.dumps(facts.as_json())
    (folder / (piece.name + own)).write_bytes(written)
    (folder / (piece.name + own)).replace(facts_file)
    read_back: dict[str, Any] = orjson.loads(written)
    return read_back
