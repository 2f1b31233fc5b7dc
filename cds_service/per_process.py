"""What each process makes for itself after the fork: connections, threads and locks do not survive one."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Pid:
    """The id of this process, looked up once: asking the system on every call is not free."""

    value = os.getpid()

    @classmethod
    def renew(cls) -> None:
        """Looks it up again; for the child of a fork."""
        cls.value = os.getpid()


os.register_at_fork(after_in_child=_Pid.renew)


def own_pid() -> int:
    """The id of this process."""
    return _Pid.value


class PerProcess(Generic[T]):
    """A value made on first use in each process."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[int, T] | None = None

    def get(self) -> T:
        """The value of this process."""
        made = self._made
        if made is not None and made[0] == own_pid():
            return made[1]
        with self._lock:
            if self._made is None or self._made[0] != own_pid():
                self._made = (own_pid(), self._make())
            return self._made[1]

    def made(self) -> T | None:
        """The value of this process if it has been made, else None."""
        made = self._made
        return made[1] if made is not None and made[0] == own_pid() else None
