"""The threads that ask FHIR servers: one bounded pool per process, begun on first use, after any fork."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from requests import Session

from cds_service.fhir.connections import new_session


@dataclass(slots=True)
class _Running:
    """What belongs to one process."""

    pid: int
    session: Session
    threads: ThreadPoolExecutor
    places: threading.BoundedSemaphore


class Workers:
    """`threads` fetch at a time and `most` may be under way or waiting; beyond that nothing is begun."""

    def __init__(self, threads: int, most: int, ca_file: str | None = None) -> None:
        self._threads, self._most, self._ca_file = threads, most, ca_file
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def begin(self, work: Callable[[Session], None]) -> "Future[None] | None":
        """Hands the work to a thread; None where the pool is full."""
        running = self._of_this_process()
        if not running.places.acquire(blocking=False):
            return None
        try:
            future = running.threads.submit(work, running.session)
        except RuntimeError:  # the process is ending
            running.places.release()
            return None
        future.add_done_callback(lambda _: running.places.release())
        return future

    def _of_this_process(self) -> _Running:
        running = self._running
        if running is not None and running.pid == os.getpid():
            return running
        with self._lock:
            if self._running is None or self._running.pid != os.getpid():
                self._running = _Running(
                    pid=os.getpid(),
                    session=new_session(self._threads, self._ca_file),
                    threads=ThreadPoolExecutor(self._threads, thread_name_prefix="fhir"),
                    places=threading.BoundedSemaphore(self._most),
                )
            return self._running
