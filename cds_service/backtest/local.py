"""The local engine: a pool of processes on this machine."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any

from cds_service.backtest.parts import Layout, evaluate_bucket, peak_memory_mb
from cds_service.backtest.settings import RunSettings, bench_for
from cds_service.backtest.sources import Piece, digest
from cds_service.backtest.staging import stage

_AHEAD = 4  # tasks handed out per process: enough to keep it busy, few enough to hold nothing back
_PARENT_S = 1.0

Submit = Callable[..., "Future[Any]"]


class WorkerLost(RuntimeError):  # noqa: N818  named for what happened
    """A process of the pool died; what it had finished is kept."""


@contextmanager
def pool(jobs: int) -> Iterator[Submit]:
    """Hands out tasks to `jobs` processes, or does them here where that is one.

    Processes are started afresh, not forked, since the libraries use threads.
    """
    if jobs == 1:
        yield _done_here
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_end_with_parent, initargs=(os.getpid(),)
    )
    try:
        yield executor.submit
    except BrokenProcessPool as error:
        raise WorkerLost(
            "a worker process was killed, perhaps for want of memory; run the same command again to go on "
            "where it stopped, with fewer --jobs if memory is short"
        ) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _done_here(function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(function(*arguments))
    return future


def each(submit: Submit, jobs: int, calls: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """The results of `submit(*call)`, as they come; only a few calls are under way at once."""
    waiting = iter(calls)
    running = {submit(*call) for call in islice(waiting, jobs * _AHEAD)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()
        running.update(submit(*call) for call in islice(waiting, len(done)))


def stage_piece(
    piece: Piece, layout: Layout, buckets: int, settings: RunSettings, key: bytes
) -> dict[str, Any]:
    """In a worker: reads one piece. The facts say which, and how much memory the process has used."""
    facts = stage(piece, layout.staged, buckets, bench_for(settings, key).terminology)
    return {**facts, "file": piece.source.number, "start": piece.start, "peak_memory_mb": peak_memory_mb()}


def evaluate_one(layout: Layout, number: int, settings: RunSettings, key: bytes) -> dict[str, Any]:
    """In a worker: evaluates one bucket."""
    facts = evaluate_bucket(layout, number, bench_for(settings, key))
    return {**facts, "bucket": number, "peak_memory_mb": peak_memory_mb()}


def digest_of(number: int, path: Any) -> tuple[int, str]:
    """In a worker: the digest of one source."""
    return number, digest(path)


def _end_with_parent(parent: int) -> None:
    """A worker whose parent was killed would wait for ever; it ends itself instead."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
