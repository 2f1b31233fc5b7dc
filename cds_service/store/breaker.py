"""Keeps a store that does not answer from slowing every call: after a failure it is left alone for a while."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from time import monotonic
from typing import Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
_PAUSE_SECONDS: Final = 5.0
_SHORTEST_SECONDS: Final = 0.1


class StoreDownError(Exception):
    """The store gave no answer in time; holds no text of the driver, which may quote values."""


class Breaker:
    """Runs calls to the store in threads of its own, each with a time limit of the caller's."""

    def __init__(self, threads: int, clock: Callable[[], float] = monotonic) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._clock = clock
        self._lock = threading.Lock()
        self._shut_until = float("-inf")
        self.down_as = ""

    @property
    def resting(self) -> bool:
        """Whether the store failed a moment ago and is not asked."""
        return self._clock() < self._shut_until

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """The result of `work`. Raises StoreDownError when it fails, takes too long, or is not tried."""
        if self.resting or seconds <= 0:
            raise StoreDownError
        try:
            result = self._threads.submit(work).result(timeout=seconds)
        except FutureTimeout as error:
            if seconds >= _SHORTEST_SECONDS:  # less than that is no proof of anything
                self.failed(error)
            raise StoreDownError from None
        except (SQLAlchemyError, OSError, RuntimeError) as error:
            self.failed(error)
            raise StoreDownError from None
        self.succeeded()
        return result

    def failed(self, error: BaseException) -> None:
        """Leaves the store alone for some seconds."""
        with self._lock:
            self.down_as = type(error).__name__
            self._shut_until = self._clock() + _PAUSE_SECONDS

    def succeeded(self) -> None:
        """The store answers."""
        if self.down_as:
            with self._lock:
                self.down_as = ""
                self._shut_until = float("-inf")

    def close(self) -> None:
        """Ends the threads; calls that hang are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
