"""`cds-service evaluate` and `explain`: a hook request from a file, through the functions of the service."""

import sys
from pathlib import Path
from time import monotonic
from typing import Any

import click

from cards.facts.record import Issue
from cards.trace import trace
from cds_service.commands.as_of import as_of_option, moment
from cds_service.commands.failures import Failed, reported
from cds_service.errors import Refused
from cds_service.hooks.discovery import SERVICES, service_for
from cds_service.hooks.invoke import (
    Engine,
    answer,
    engine_on,
    evaluated,
    load_engine,
    obtained,
    refuse_without_required,
    response,
)
from cds_service.hooks.schemas import HookRequest, read_request
from cds_service.json_bytes import UnreadableJson, from_bytes, to_text
from cds_service.settings import read_settings


@click.command("evaluate")
@click.argument("file", metavar="FILE")
@as_of_option
def evaluate_command(file: str, as_of: str | None) -> None:
    """Print the response to a hook request in FILE ("-": standard input)."""
    with reported():
        settings = read_settings()
        now = moment(as_of, settings.zone)
        request = _request(_json(file))
        evaluation = answer(request, load_engine(settings), now)
        click.echo(to_text(response(evaluation)))


@click.command("explain")
@click.argument("file", metavar="FILE")
@as_of_option
def explain_command(file: str, as_of: str | None) -> None:
    """Print what a hook request in FILE ("-": standard input) was read as, and why each card came or not.

    A request that the service would refuse for want of the patient is explained as far as it can be read.
    """
    with reported():
        settings = read_settings()
        now = moment(as_of, settings.zone)
        body = _json(file)
        out = explained(_request(body), body, load_engine(settings), now)
        click.echo(to_text(out))


def explained(request: HookRequest, body: Any, engine: Engine, now: Any) -> dict[str, Any]:
    """The trace of one request, with what in it, and in the suggestions, does not conform to FHIR R4."""
    from cds_service.hooks.conformance import nonconformant  # loads the FHIR models: seconds

    engine = engine_on(engine, now)
    found = obtained(request, engine, monotonic() + engine.settings.time_budget_ms / 1000)
    refused: list[Issue] = []
    try:
        refuse_without_required(request, found.record)
    except Refused as error:
        refused = [
            Issue("refused", f"the service answers {error.status}: {one.diagnostics}")
            for one in error.problems
        ]
    out = trace(evaluated(request, found, engine, now), engine.knowledge)
    issues = (*refused, *nonconformant(body, "request"), *nonconformant(out["cards"], "suggestion"))
    out["issues"] += [
        {"code": one.code, "text": one.text, **({"resource": one.resource} if one.resource else {})}
        for one in issues
    ]
    return out


def _json(file: str) -> Any:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Failed(f"cannot read {file}: {error.strerror}") from None
    try:
        return from_bytes(content)
    except UnreadableJson as error:
        raise Failed(f"{file} is not JSON: {error}") from None


def _request(body: Any) -> HookRequest:
    hook = body.get("hook") if isinstance(body, dict) else None
    if not isinstance(hook, str):
        raise Failed("this is no hook request: it needs a JSON object with a member 'hook'")
    service = service_for(hook)
    if service is None:
        known = ", ".join(sorted(name for one in SERVICES for name in one.accepts))
        raise Failed(f"no service reads the hook {hook!r}; known are {known}")
    return read_request(body, service)
