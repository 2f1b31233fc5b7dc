"""One JSON line per request on standard output, without patient data.

A line holds only what this program names: endpoint, service, hook, status, duration, counts, statement
ids and issue codes. No path, query, header, id, text or exception message: any of them may tell of a patient.
"""

import sys
import traceback
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# What a line may hold: a member that is not named here is dropped, whoever adds it.
_KEYS = frozenset(
    {
        "event", "level", "timestamp", "request", "endpoint", "client", "service", "hook", "status", "ms", "cards",
        "statements", "issues", "refused", "entries", "type", "where", "trouble", "what",
    }
)  # fmt: skip


def _only_known(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in fields.items() if name in _KEYS}


_PROCESSORS = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _only_known,
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
    client: str = "",
    entries: int | None = None,
) -> None:
    """Writes the line of one request; refusals as warnings, faults as errors, health checks as debug."""
    level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    if endpoint in ("healthz", "readyz", "metrics") and status < 400:
        level = "debug"
    if _LEVELS[level] < _least:
        return
    fields: dict[str, Any] = {
        "event": "request",
        "level": level,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "request": request_id,
        "endpoint": endpoint,
        "client": client,
        "service": service,
        "hook": hook,
        "status": status,
        "ms": round(duration_ms, 1),
        "cards": cards,
        "statements": list(statements),
        "issues": list(issues),
        "refused": list(refused),
        "entries": entries,
    }
    # Every request writes this line, and its members are fixed above: it needs no chain of processors.
    line = {name: value for name, value in fields.items() if value not in ("", None, [])}
    stream = sys.stdout.buffer
    stream.write(orjson.dumps(line) + b"\n")
    stream.flush()


def log_crash(error: BaseException, request_id: str) -> None:
    """Writes the type of an exception and the file:line of its frames; no message, no locals, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    _write("error", "crash", {"request": request_id, "type": type(error).__name__, "where": where})


def log_trouble(trouble: str, what: str) -> None:
    """Writes a line about the service itself; `what` names settings and files, nothing of a request."""
    _write("error", "trouble", {"trouble": trouble, "what": what})


def _write(level: str, event: str, fields: dict[str, Any]) -> None:
    # Made per line: it costs microseconds, and the stream may be replaced (fork, tests).
    logger = structlog.wrap_logger(
        structlog.BytesLogger(sys.stdout.buffer),
        processors=_PROCESSORS,
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
    )
    getattr(logger, level)(event, **fields)
