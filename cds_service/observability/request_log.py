"""One JSON line per request on standard output, without patient data.

A line holds only what this program names: endpoint, service, hook, status, duration, counts, statement
ids and issue codes. No path, query, header, id, text or exception message: any of them may tell of a patient.
"""

import sys
import traceback
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from cds_service.call import Call

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
    call: Call, endpoint: str, status: int, duration_ms: float, statements: Sequence[str]
) -> None:
    """Writes the line of one request; refusals as warnings, faults as errors, health checks as debug.

    `statements` are the ids of those that spoke.
    """
    level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    if endpoint in ("healthz", "readyz", "metrics") and status < 400:
        level = "debug"
    if _LEVELS[level] < _least:
        return
    evaluation = call.evaluation
    issues = evaluation.issues if evaluation is not None else ()
    fields: dict[str, Any] = {
        "event": "request",
        "level": level,
        "timestamp": datetime.now(UTC),
        "request": call.request_id,
        "endpoint": endpoint,
        "client": call.client.name if call.client is not None else "",
        "service": call.service,
        "hook": call.hook,
        "status": status,
        "ms": round(duration_ms, 1),
        "cards": len(evaluation.cards) if evaluation is not None else None,
        "statements": statements,
        "issues": list(dict.fromkeys([one.code for one in issues])),
        "refused": call.refused,
        "entries": call.entries,
    }
    # Every request writes this line, and its members are fixed above: it needs no chain of processors.
    line = {name: value for name, value in fields.items() if value or value == 0}
    stream = sys.stdout.buffer
    stream.write(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
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
