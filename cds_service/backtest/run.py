"""A whole run: digests, staging, buckets, evaluation, manifest. Each step goes on where an earlier try stopped."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import orjson

import cds_service
from cards.facts.medications import ORDER_TYPES
from cds_service.backtest import buckets
from cds_service.backtest.identity import fingerprint
from cds_service.backtest.local import digest_of, each, evaluate_one, pool, stage_piece
from cds_service.backtest.manifest import read_facts, totals
from cds_service.backtest.parts import Layout, peak_memory_mb, write_json
from cds_service.backtest.progress import Progress
from cds_service.backtest.settings import RunSettings, bench_for, engine_digest, folder_digest
from cds_service.backtest.sources import Source, find_sources, passed_over, pieces
from cds_service.installation import version

Engine = Literal["local", "spark"]
_NAMED = 50  # so many files that were not read are named in the manifest


class RunRefused(ValueError):  # noqa: N818  named for what happened
    """The run cannot start or go on; the message says why and what to do."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One call of `backtest run`."""

    sources: list[Path]
    out: Path
    settings: RunSettings
    key: bytes
    engine: Engine
    jobs: int
    spark_master: str
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    peaks: list[int] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        """Where its files are."""
        return Layout(self.out)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Adds the time of the block to that of the step."""
        began = time.monotonic()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.monotonic() - began


def begun_on(out: Path) -> date | None:
    """The local day whose knowledge the run in that folder was begun with; None where there is none yet."""
    try:
        return date.fromisoformat(orjson.loads(Layout(out).plan.read_bytes())["settings"]["in_force_on"])
    except (OSError, ValueError, KeyError):
        return None


def run(call: Run) -> dict[str, Any]:
    """Runs, or goes on with, a back-test and returns its manifest.

    Raises SourceError, RunRefused, WorkerLost, KnowledgeFileError, TableError, SettingsError.
    """
    bench = bench_for(call.settings, call.key)  # what is wrong with the knowledge is said before any work
    found = find_sources(call.sources)
    layout = call.layout
    layout.out.mkdir(parents=True, exist_ok=True)
    with _only_one(layout), pool(call.jobs) as submit:
        with call.timed("digests"):
            wanted = _plan(call, found, submit, bench.knowledge.version, bench.terminology.version)
        plan = _planned(call, wanted, found)
        if layout.manifest.exists():
            done: dict[str, Any] = orjson.loads(layout.manifest.read_bytes())
            return {**done, "already_complete": True}
        for folder in (layout.work, layout.staged, layout.done, layout.orders, layout.cards):
            folder.mkdir(mode=0o700 if folder == layout.work else 0o755, exist_ok=True)
        if call.engine == "spark":
            from cds_service.backtest.spark import run_on_spark  # 456 MB that a local run does not need

            read = run_on_spark(call, found, plan["buckets"])
        else:
            read = _run_here(call, found, plan["buckets"], submit)
    manifest = {
        **plan,
        **totals(layout, found, read),
        "files_not_read": _named(passed_over(call.sources)),
        "titles": {one.id: one.title for one in bench.knowledge.statements.values()},
        "engine": call.engine,
        "jobs": call.jobs,
        "seconds": {name: round(spent, 2) for name, spent in call.seconds.items()},
        "peak_memory_mb_per_process": max([*call.peaks, peak_memory_mb()]),
        "rates_per_second": _rates(call, layout, read),
    }
    write_json(layout.manifest, manifest)
    shutil.rmtree(layout.work)
    return manifest


def _named(paths: list[Path]) -> dict[str, Any]:
    return {"count": len(paths), "sample": [str(path) for path in paths[:_NAMED]]}


def _run_here(call: Run, found: list[Source], count: int, submit: Any) -> list[dict[str, Any]]:
    layout, progress = call.layout, call.progress
    read: list[dict[str, Any]] = []
    with call.timed("reading"):
        progress.begin("reading", 0, "resources")
        calls = ((stage_piece, one, layout, count, call.settings, call.key) for one in pieces(found))
        for facts in each(submit, call.jobs, calls):
            read.append(facts)
            call.peaks.append(facts["peak_memory_mb"])
            progress.total = max(progress.total, progress.done + facts["resources"])
            progress.advance(facts["resources"])
        progress.total = progress.done
        progress.finish()
    with call.timed("sorting"):
        filled = layout.work / "filled.json"
        if not filled.exists():
            staged = sorted(layout.staged.glob("*.parquet"))
            buckets.fill(staged, layout.buckets, layout.scratch, call.jobs)
            write_json(filled, {"buckets": count})
    with call.timed("evaluating"):
        kept = sum(facts["kept"] for facts in read)
        orders = sum(facts["types"].get(kind, 0) for facts in read for kind in ORDER_TYPES)
        progress.begin("evaluating", orders or kept, "orders")
        numbered = ((evaluate_one, layout, number, call.settings, call.key) for number in range(count))
        for facts in each(submit, call.jobs, numbered):
            call.peaks.append(facts["peak_memory_mb"])
            progress.advance(facts["orders"])
        progress.finish()
    return read


def _plan(call: Run, found: list[Source], submit: Any, knowledge: str, terminology: str) -> dict[str, Any]:
    """What decides the rows of this run, with a digest of everything."""
    digests = dict(each(submit, call.jobs, ((digest_of, one.number, one.path) for one in found)))
    home = Path(cds_service.__file__).resolve().parent.parent
    return {
        "sources": [
            {"path": str(one.path), "bytes": one.size, "sha256": digests[one.number]} for one in found
        ],
        "settings": call.settings.as_json(),
        "versions": {
            "software": version(),
            "engine": engine_digest(home),
            "knowledge": knowledge,
            "terminology": terminology,
            "overlay": folder_digest(call.settings.overlay),
        },
        "hash_key": fingerprint(call.key),
    }


def _planned(call: Run, wanted: dict[str, Any], found: list[Source]) -> dict[str, Any]:
    """The plan of the folder: the one begun there, which must be the same, or this one."""
    path = call.layout.plan
    if path.exists():
        plan: dict[str, Any] = orjson.loads(path.read_bytes())
        changed = [name for name in wanted if plan.get(name) != wanted[name]]
        if changed:
            raise RunRefused(
                f"{call.out} holds a run with other {', '.join(changed)}. Give another --out, or remove that "
                "folder to start again."
            )
        return plan
    count = buckets.how_many(sum(source.unpacked_size for source in found), call.jobs)
    plan = {**wanted, "buckets": count}
    write_json(path, plan)
    return plan


def _rates(call: Run, layout: Layout, read: list[dict[str, Any]]) -> dict[str, float]:
    resources = sum(facts["resources"] for facts in read)
    spent = sum(call.seconds.get(name, 0.0) for name in ("digests", "reading", "sorting", "evaluating"))
    orders = sum(facts["orders"] for facts in read_facts(layout))
    return {
        "resources": round(resources / max(spent, 1e-9), 1),
        "orders_evaluating": round(orders / max(call.seconds.get("evaluating", 0.0), 1e-9), 1),
    }


@contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    """Two runs in one folder would mix; the lock ends with the process, however it ends."""
    with (layout.out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunRefused(f"another run is writing to {layout.out}") from None
        yield
