"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

_WIDTH = 30
_EVERY_S = 0.5
_EVERY_LOGGED_S = 30.0


@dataclass(slots=True)
class Progress:
    """One stage after the other; `clock` is monotonic seconds."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    stage: str = ""
    unit: str = ""
    total: int = 0
    done: int = 0
    skipped: int = 0
    _began: float = 0.0
    _shown: float = 0.0

    def begin(self, stage: str, total: int, unit: str, skipped: int = 0) -> None:
        """Starts a stage; `skipped` of the total was done before and says nothing about the rate."""
        self.stage, self.unit, self.total = stage, unit, total
        self.done = self.skipped = skipped
        self._began = self.clock()
        self._shown = float("-inf")
        self._show()

    def advance(self, more: int) -> None:
        """So many more are done."""
        self.done += more
        self._show()

    def finish(self) -> None:
        """Ends the stage; shows it as done."""
        self._shown = float("-inf")
        self.total = max(self.total, self.done)
        self._show()
        if self.stream.isatty():
            self.stream.write("\n")
            self.stream.flush()

    @property
    def rate(self) -> float:
        """Units a second since the stage began."""
        return (self.done - self.skipped) / max(self.clock() - self._began, 1e-9)

    def line(self) -> str:
        """Stage, share, rate and time left in words."""
        share = self.done / self.total if self.total else 1.0
        filled = int(share * _WIDTH)
        bar = "#" * filled + "." * (_WIDTH - filled)
        left = (self.total - self.done) / self.rate if self.done > self.skipped else None
        remaining = f", {_duration(left)} left" if left is not None and left > 0 else ""
        return (
            f"{self.stage:<10} [{bar}] {share:4.0%}  {self.done:,}/{self.total:,} {self.unit}, "
            f"{self.rate:,.0f}/s{remaining}"
        )

    def _show(self) -> None:
        terminal = self.stream.isatty()
        now = self.clock()
        if now - self._shown < (_EVERY_S if terminal else _EVERY_LOGGED_S):
            return
        self._shown = now
        self.stream.write(f"\r\x1b[K{self.line()}" if terminal else f"{self.line()}\n")
        self.stream.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
