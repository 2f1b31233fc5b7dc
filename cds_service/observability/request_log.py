"""One JSON line per request on standard output, without patient data.

A line holds only what this program names: endpoint, service, hook, status, duration, counts, statement
ids and issue codes. No path, query, header, id, text or exception message: any of them may tell of a patient.
"""

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_PROCESSORS = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(serializer=orjson.dumps),
)
_least = _LEVELS["info"]


def set_log_level(name: str) -> None:
    """Lines below this level ("debug", "info", "warning", "error") are not written."""
    global _least  # one level for the process, set at start
    _least = _LEVELS[name]


def log_request(
    *,
    request_id: str,
    endpoint: str,
    service: str,
    hook: str,
    status: int,
    duration_ms: float,
    cards: int | None,
    statements: Iterable[str],
    issues: Iterable[str],
    refused: Iterable[str],
) -> None:
    """Writes the line of one request; refusals as warnings, faults as errors, health checks as debug."""
    level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    if endpoint in ("healthz", "readyz", "metrics") and status < 400:
        level = "debug"
    if _LEVELS[level] < _least:
        return
    fields: dict[str, Any] = {
        "request": request_id,
        "endpoint": endpoint,
        "service": service,
        "hook": hook,
        "status": status,
        "ms": round(duration_ms, 1),
        "cards": cards,
        "statements": list(statements),
        "issues": list(issues),
        "refused": list(refused),
    }
    _write(level, "request", {name: value for name, value in fields.items() if value not in ("", None, [])})


def log_crash(error: BaseException, request_id: str) -> None:
    """Writes the type of an exception and the file:line of its frames; no message, no locals, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    _write("error", "crash", {"request": request_id, "type": type(error).__name__, "where": where})


def _write(level: str, event: str, fields: dict[str, Any]) -> None:
    # Made per line: it costs microseconds, and the stream may be replaced (fork, tests).
    logger = structlog.wrap_logger(
        structlog.BytesLogger(sys.stdout.buffer),
        processors=_PROCESSORS,
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    )
    getattr(logger, level)(event, **fields)
