"""Where the time of a request goes: the stages of a call in one process and one thread, each without those inside it.

Without server, sockets and other threads, and with everything warm, so the sum is less than what a request costs
the server; what counts is the share of each stage.
"""

import gc
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest import mock

from tests.performance.bodies import ADVISED, OTHER, Drugs, bodies
from tests.performance.load import PATH

_ROUNDS: Final = 5
_SIZES: Final = ((12, 300, ADVISED), (100, 100, ADVISED), (12, 300, OTHER), (100, 100, OTHER))
_REST: Final = "headers, log, audit event, counters, and Flask around them"

# Stage, and the functions that are it: module that calls them, and names.
_STAGES: Final = (
    ("read the JSON", "cds_service.hooks.routes", ("json_body",)),
    ("read the envelope and the drafts", "cds_service.hooks.routes", ("read_request",)),
    ("keyed hashes, earlier answers", "cds_service.hooks.routes", ("subject_of", "_earlier")),
    ("sort the prefetch", "cds_service.hooks.invoke", ("obtained",)),
    (
        "facts: patient, problems, stay, kidneys",
        "cards.evaluate",
        ("read_patient", "read_ancestry", "read_problems", "read_stay", "renal_function"),
    ),
    (
        "facts: orders, medication list, procedures, pregnancy",
        "cards.evaluate",
        ("read_therapy", "read_drafts", "read_service_orders", "read_events", "read_pregnancy"),
    ),
    ("judge the statements (results are read here)", "cards.evaluate", ("judge_orders",)),
    ("put what is left into words", "cards.evaluate", ("settled",)),
    ("compose cards, try suggestions on the drafts", "cards.evaluate", ("compose",)),
    ("the evaluation around these", "cds_service.hooks.invoke", ("evaluated",)),
    ("write the answer, hand its cards to the store", "cds_service.hooks.routes",
     ("response", "as_written", "to_bytes", "issued_cards")),
)  # fmt: skip


def stage_rows() -> Iterator[tuple[str, ...]]:
    """For each stage: us a request for a small and a large body, and for the same with orders of other drugs."""
    columns = [_measured(*size) for size in _SIZES]
    for stage in ("the bare app", *(name for name, *_ in _STAGES), _REST, "all"):
        yield stage, *(f"{column[stage]:.0f}" for column in columns)


def _measured(resources: int, count: int, drugs: Drugs) -> dict[str, float]:
    from cds_service.app import create_app
    from cds_service.settings import read_settings
    from cds_service.store.settings import prepare, store_settings
    from tests.performance.bare_app import app as bare

    sent = list(bodies(count, resources, drugs=drugs))
    with TemporaryDirectory() as folder, redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        with mock.patch.dict(os.environ, {"CDS_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite"}):
            settings = read_settings()
        if (store := store_settings(settings)) is not None:
            prepare(store)
        with _timed() as spent, _collected_as_in_a_worker():
            app = create_app(settings)
            ceiling = _least(bare, sent, {})
            found = _least(app, sent, spent)
            app.extensions["cds_worker"].get().close()
    found["the bare app"] = ceiling["all"]
    found[_REST] = found["all"] - sum(found[name] for name, *_ in _STAGES)
    return found


def _least(app: Any, sent: Sequence[bytes], spent: dict[str, float]) -> dict[str, float]:
    """The stages in the round that took least, us a request."""
    least: dict[str, float] = {"all": float("inf")}
    for turn in range(_ROUNDS + 1):  # the first warms up
        spent.update(dict.fromkeys(spent, 0.0))
        began = time.perf_counter()
        for body in sent:
            _call(app, body)
        took = {"all": time.perf_counter() - began, **spent}
        if turn and took["all"] < least["all"]:
            least = took
    return {name: seconds / len(sent) * 1e6 for name, seconds in least.items()}


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """Puts a timer around each function; gives the seconds of each stage without the stages inside it."""
    spent = {name: 0.0 for name, *_ in _STAGES}
    inside = [0.0]

    def around(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            inside.append(0.0)
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - began
                spent[stage] += took - inside.pop()
                inside[-1] += took

        return timed

    changed = []
    for stage, module, names in _STAGES:
        for name in names:
            of = import_module(module)
            changed.append((of, name, getattr(of, name)))
            setattr(of, name, around(stage, getattr(of, name)))
    try:
        yield spent
    finally:
        for of, name, function in changed:
            setattr(of, name, function)


@contextmanager
def _collected_as_in_a_worker() -> Iterator[None]:
    """The collector's thresholds of gunicorn_conf, which cannot be imported without becoming a master."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _call(app: Any, body: bytes) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    said: list[str] = []
    answer = app(environ, lambda status, *_: said.append(status))
    for _ in answer:
        pass
    answer.close()
    if not said[0].startswith("200"):
        raise RuntimeError(f"HTTP {said[0]}")
