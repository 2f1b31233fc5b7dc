"""The Spark engine: the same reading and the same evaluation, on executors, for exports that outgrow one machine.

Sources and the run's folder must be on storage that every executor sees under the same path. Every task may run
twice, on another executor: what it writes appears by renaming, and what it returns is counted once.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
import pyarrow.parquet as pq
import pyspark
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

import cds_service
from cds_service.backtest.buckets import RESOURCES, by_patient
from cds_service.backtest.local import stage_piece
from cds_service.backtest.parts import Layout, write_json, write_part
from cds_service.backtest.patient_orders import evaluate_patient
from cds_service.backtest.rows import CARDS, ORDERS
from cds_service.backtest.settings import RunSettings, bench_for
from cds_service.backtest.sources import Source, pieces

if TYPE_CHECKING:
    from cds_service.backtest.run import Run


class SparkFailed(RuntimeError):  # noqa: N818  named for what happened
    """A job failed for good; the message says what to do."""


# What crosses back from the executors: the rows of one patient, as JSON, under their bucket.
_BACK = "bucket int, patient string, rows binary"
_POLL_S = 0.5


def run_on_spark(call: "Run", found: list[Source], buckets: int) -> list[dict[str, Any]]:
    """Reads and evaluates on Spark, writes the parts of both tables, and returns the facts of reading."""
    layout = _absolute(call.layout)
    try:
        session = _session(call, buckets)
    except (PySparkException, Py4JError) as error:
        raise SparkFailed(
            f"Spark did not start ({type(error).__name__}): is Java 17 or newer installed?"
        ) from error
    try:
        return _run(session, call, layout, found, buckets)
    except (PySparkException, Py4JError) as error:
        # Its text holds the stack of every attempt, and may hold what a task was given.
        raise SparkFailed(
            f"Spark gave up ({type(error).__name__}); run the same command again: what was read is kept"
        ) from error
    finally:
        session.stop()


def _run(
    session: SparkSession, call: "Run", layout: Layout, found: list[Source], buckets: int
) -> list[dict[str, Any]]:
    settings, key, progress = call.settings, call.key, call.progress
    listed = list(pieces(found))
    with call.timed("reading"):
        progress.begin("reading", len(listed), "pieces")
        tasks = session.sparkContext.parallelize(listed, len(listed))
        with _watched(session, progress.advance):
            read = tasks.map(lambda piece: stage_piece(piece, layout, buckets, settings, key)).collect()
        progress.advance(progress.total - progress.done)
        progress.finish()
    with call.timed("evaluating"):
        progress.begin("evaluating", buckets, "buckets")
        back = layout.work / "spark"
        session.read.parquet(str(layout.staged / "*.parquet")).createOrReplaceTempView("staged")
        rows = (
            session.sql(_spark_sql(RESOURCES))
            .repartition(buckets, "bucket")
            .sortWithinPartitions("bucket", "patient", "file", "place", "item")
        )
        with _watched(session, progress.advance):
            rows.mapInPandas(_evaluator(settings, key), _BACK).write.mode("overwrite").parquet(str(back))
        progress.advance(progress.total - progress.done)
        progress.finish()
    with call.timed("writing"):
        _write(back, layout, buckets)
    return list(read)


def _evaluator(
    settings: RunSettings, key: bytes
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """The function for `mapInPandas`: rows sorted by patient in, one row per patient out."""

    def evaluated(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        bench = bench_for(settings, key)
        rows = (row for frame in frames for row in frame.to_dict("records"))
        for bucket, inside in groupby(rows, key=lambda row: row["bucket"]):
            for patient, resources in by_patient(inside):
                found = evaluate_patient(patient, resources, bench)
                packed = orjson.dumps({"orders": found.orders, "cards": found.cards, "counts": found.counts})
                yield pd.DataFrame({"bucket": [bucket], "patient": [patient], "rows": [packed]})

    return evaluated


def _write(back: Path, layout: Layout, buckets: int) -> None:
    """The tables' parts, bucket by bucket, as the local engine writes them."""
    files = sorted(back.glob("*.parquet"))
    by_bucket: dict[int, list[Path]] = {}
    for file in files:
        numbers = pq.ParquetFile(file).read(columns=["bucket"]).column("bucket").unique().to_pylist()
        for number in numbers:
            by_bucket.setdefault(number, []).append(file)
    for number in range(buckets):
        orders: list[Any] = []
        cards: list[Any] = []
        facts: dict[str, Any] = {"patients": 0, "left_out": {}}
        for file in by_bucket.get(number, []):
            table = pq.read_table(file, filters=[("bucket", "=", number)])
            for packed in table.column("rows").to_pylist():
                found = orjson.loads(packed)
                orders.extend(found["orders"])
                cards.extend(found["cards"])
                facts["patients"] += any(row["patient"] for row in found["orders"])
                for name, more in found["counts"].items():
                    facts["left_out"][name] = facts["left_out"].get(name, 0) + more
        write_part(layout.orders, number, orders, ORDERS)
        write_part(layout.cards, number, cards, CARDS)
        write_json(layout.done / f"{number:05d}.json", {**facts, "orders": len(orders), "cards": len(cards)})


def _session(call: "Run", buckets: int) -> SparkSession:
    home = str(Path(cds_service.__file__).resolve().parent.parent)
    # Executors run this interpreter with this installation; a pip-installed Spark knows no SPARK_HOME.
    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = (
        SparkSession.builder.master(call.spark_master)
        .appName("cds-service backtest")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "OFF")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.executorEnv.PYTHONPATH", home)
        .config("spark.task.maxFailures", "8")
        .config("spark.sql.shuffle.partitions", str(max(buckets, call.jobs)))
        .config("spark.sql.adaptive.enabled", "false")  # it would merge the buckets' partitions
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "2000")
    )
    if call.spark_master.startswith("local"):
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config(
            "spark.driver.host", "127.0.0.1"
        )
    return builder.getOrCreate()


class _watched:  # noqa: N801  reads as a phrase
    """Tells `advance` of finished tasks while the block runs."""

    def __init__(self, session: SparkSession, advance: Callable[[int], None]) -> None:
        self._tracker = session.sparkContext.statusTracker()
        self._advance = advance
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        shown = 0
        while not self._over.wait(_POLL_S):
            done = self._finished_tasks()
            if done > shown:
                self._advance(done - shown)
                shown = done

    def _finished_tasks(self) -> int:
        """Of the stage that is running last: those before it only move data."""
        running: list[tuple[int, int]] = []
        for job in self._tracker.getActiveJobsIds():
            info = self._tracker.getJobInfo(job)
            stages = list(info.stageIds) if info else []
            facts = self._tracker.getStageInfo(max(stages)) if stages else None
            if facts is not None:
                running.append((facts.stageId, facts.numCompletedTasks))
        return max(running, default=(0, 0))[1]


def _spark_sql(query: str) -> str:
    """The query in Spark's dialect."""
    return query.replace("unnest(needs)", "explode(needs)").replace("len(needs)", "size(needs)")


def _absolute(layout: Layout) -> Layout:
    return Layout(layout.out.resolve())
