"""The threads that ask FHIR servers: one bounded pool per process, begun on first use, after any fork."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from requests import Session

from cds_service.fhir.connections import new_session
from cds_service.per_process import PerProcess


@dataclass(frozen=True, slots=True)
class _Running:
    """What belongs to one process."""

    session: Session
    threads: ThreadPoolExecutor
    places: threading.BoundedSemaphore


class Workers:
    """`threads` fetch at a time and `most` may be under way or waiting; beyond that nothing is begun."""

    def __init__(self, threads: int, most: int, ca_file: str | None = None) -> None:
        self._running = PerProcess(
            lambda: _Running(
                session=new_session(threads, ca_file),
                threads=ThreadPoolExecutor(threads, thread_name_prefix="fhir"),
                places=threading.BoundedSemaphore(most),
            )
        )

    def begin(self, work: Callable[[Session], None]) -> "Future[None] | None":
        """Hands the work to a thread; None where the pool is full."""
        running = self._running.get()
        if not running.places.acquire(blocking=False):
            return None
        try:
            future = running.threads.submit(work, running.session)
        except RuntimeError:  # the process is ending
            running.places.release()
            return None
        future.add_done_callback(lambda _: running.places.release())
        return future
