"""How often a lookup of vocabulary is found remembered: the function caches of the program, over different patients."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import _lru_cache_wrapper, partial
from typing import Any, Final

import orjson

from cds_service.hooks.discovery import service_for
from cds_service.hooks.invoke import answer, load_engine
from cds_service.hooks.schemas import read_request
from cds_service.settings import read_settings
from tests.performance.bodies import bodies

_BEFORE, _COUNTED, _SHOWN = 200, 500, 8
_OURS: Final = ("cards.", "terminology.", "cds_service.")


def cache_rows() -> Iterator[tuple[str, ...]]:
    """The caches that are asked most, and all of them, after some requests have filled them."""
    engine, now = load_engine(read_settings()), datetime.now(UTC)
    service = service_for("order-sign")
    if service is None:
        raise RuntimeError("there is no service of order-sign")
    evaluate = partial(answer, engine=engine, now=now)
    sent = [read_request(orjson.loads(one), service) for one in bodies(_BEFORE + _COUNTED, 12)]
    for request in sent[:_BEFORE]:
        evaluate(request)
    before = _counts()
    for request in sent[_BEFORE:]:
        evaluate(request)
    rows = []
    for cache, (name, hits, misses) in _counts().items():
        _, hits_before, misses_before = before.get(cache, ("", 0, 0))
        found, asked = hits - hits_before, hits + misses - hits_before - misses_before
        if asked:
            rows.append((name, asked, found))
    rows.sort(key=lambda row: -row[1])
    for name, asked, found in [*rows[:_SHOWN], ("all", sum(r[1] for r in rows), sum(r[2] for r in rows))]:
        yield name, f"{asked / _COUNTED:.1f}", f"{100 * found / max(asked, 1):.1f} %"


def _counts() -> dict[int, tuple[str, int, int]]:
    found: dict[int, tuple[str, int, int]] = {}
    for one in gc.get_objects():
        if isinstance(one, _lru_cache_wrapper) and str(one.__module__).startswith(_OURS):
            cache: Any = one
            info = cache.cache_info()
            found[id(one)] = (f"{one.__module__}.{cache.__qualname__}", info.hits, info.misses)
    return found
