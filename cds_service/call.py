"""The HTTP call that is being answered, as far as it is known: its log line and its audit event are made of it."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from time import perf_counter
from typing import Any, NamedTuple, cast

from flask import Request
from flask.globals import request_ctx

from cards.evaluate import Evaluation
from cds_service.security.clients import Client


class Subject(NamedTuple):
    """Patient and user of a request as keyed hashes, and the place of care as "Location/id", "" if unknown."""

    patient_hash: str = ""
    user_hash: str = ""
    location: str = ""


class Call(Request):
    """Flask's request, filled in where more becomes known; what stands here is of a call that never came so far.

    `request_id` is ours: a client's could name a patient. `now` is read once per call, aware. `client` was proved by
    a token; one that was refused names but a `claimed_client`, and `unproved` says why. `refused` are codes of an
    OperationOutcome, `entries` those of feedback that were read.
    """

    now: datetime
    service = ""
    hook = ""
    client: Client | None = None
    claimed_client = ""
    unproved = ""
    refused: Sequence[str] = ()
    subject = Subject()
    evaluation: Evaluation | None = None
    entries: int | None = None

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        self.started = perf_counter()
        self.request_id = token_hex(16)


def this_call() -> Call:
    """The call of this thread, itself: Flask's `request` looks it up anew for every attribute."""
    return cast(Call, request_ctx.request)
