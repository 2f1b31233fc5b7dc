"""Lets the first request of a worker find what later ones find: patterns compiled, vocabulary read, texts made."""

import gc
from datetime import datetime
from importlib.resources import files
from typing import Final

import orjson

from cds_service.hooks.discovery import service_for
from cds_service.hooks.invoke import Engine, answer, response
from cds_service.hooks.schemas import read_request
from cds_service.json_bytes import to_bytes
from cds_service.relative_dates import dated

_EXAMPLES: Final = files("cds_service") / "examples"


def warm_up(engine: Engine, now: datetime) -> None:
    """Answers the shipped examples once; nothing is kept, counted or sent."""
    today = now.astimezone(engine.policy.zone).date()
    for one in _EXAMPLES.iterdir():
        if one.name.endswith(".json"):
            body = orjson.loads(dated(one.read_text(encoding="utf-8"), today))
            service = service_for(body["hook"])
            if service is not None:
                to_bytes(response(answer(read_request(body, service), engine, now)))


def settle() -> None:
    """Takes all that is loaded out of the collector's sight: it stays for good, and forked workers share it."""
    gc.collect()
    gc.freeze()
