"""What requests count, added up in the process and written to the counters once a second.

With several workers each counter stands in a file, and one request counts a hundred times. Statements, stages and the
like repeat, so that a second's worth is little to write.
"""

import threading
from bisect import bisect_left
from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from prometheus_client import Counter, Histogram

_SECONDS: Final = 1.0


class SummedHistogram(Histogram):
    """A histogram that takes many observations at once."""

    def bucket(self, amount: float) -> int:
        """The place of the bucket in which an amount counts."""
        return bisect_left(self._upper_bounds, amount)

    def add(self, total: float, buckets: "Counted[int]") -> None:
        """As `observe` of amounts that make this total, and fall so often into each bucket."""
        self._sum.inc(total)
        for place, times in buckets.items():
            self._buckets[place].inc(times)


class _Observed:
    """Amounts added up."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.buckets: Counted[int] = Counted()


class Gathered:
    """Counts and times that wait to be written; what comes while it is written waits for the next time."""

    def __init__(self) -> None:
        self._adding, self._writing = threading.Lock(), threading.Lock()
        self._written = perf_counter()
        self._renew()

    def _renew(self) -> None:
        self._counts: defaultdict[tuple[Counter, tuple[str, ...]], Counted[str]] = defaultdict(Counted)
        self._times: defaultdict[tuple[SummedHistogram, tuple[str, ...]], _Observed] = defaultdict(_Observed)

    def count(self, counter: Counter, each: Sequence[str], *alike: str) -> None:
        """Counts once for each of these first labels; the further ones are alike."""
        with self._adding:
            self._counts[counter, alike].update(each)

    def time(self, histogram: SummedHistogram, seconds: float, *labels: str) -> None:
        """One observation."""
        with self._adding:
            observed = self._times[histogram, labels]
            observed.total += seconds
            observed.buckets[histogram.bucket(seconds)] += 1

    def write_if_due(self) -> None:
        """Writes, unless that was done within the last second."""
        if perf_counter() - self._written > _SECONDS:
            self.write()

    def write(self) -> None:
        """Writes what waits; returns when it can be read."""
        with self._writing:
            self._written = perf_counter()
            with self._adding:
                counts, times = self._counts, self._times
                self._renew()
            for (counter, alike), found in counts.items():
                for first, often in found.items():
                    counter.labels(first, *alike).inc(often)
            for (histogram, labels), observed in times.items():
                histogram.labels(*labels).add(observed.total, observed.buckets)
