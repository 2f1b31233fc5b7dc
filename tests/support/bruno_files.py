"""Reads Bruno's text files as far as deploy/bruno uses them, and judges answers by their `assert` blocks.

An equivalent of its command-line tool without node: a construct that is not known here is an error, so that
no request is passed over.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from cds_service.relative_dates import dated

_BLOCK = re.compile(r"^([a-z:-]+) \{\n(.*?)\n?^\}$", re.MULTILINE | re.DOTALL)
_METHODS = ("get", "post")
_KNOWN = {"meta", "headers", "body:json", "body:text", "assert", "docs", "script:pre-request", *_METHODS}
_STEP = re.compile(r"([A-Za-z_-]+)|\[(\d+)\]|\['([^']+)'\]")


@dataclass(frozen=True)
class BrunoRequest:
    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    asserts: list[tuple[str, str, str]]
    script: str = ""


def read_request_file(path):
    blocks = dict(_BLOCK.findall(path.read_text(encoding="utf-8")))
    unknown = set(blocks) - _KNOWN
    assert not unknown, f"{path.name}: {unknown}"
    (method,) = [one for one in _METHODS if one in blocks]
    call = _pairs(blocks[method])
    headers = _pairs(blocks.get("headers", ""))
    body = blocks.get(f"body:{call['body']}")
    if call["body"] == "json":
        headers.setdefault("Content-Type", "application/json")
    asserts = []
    for what, rest in _pairs(blocks["assert"]).items():
        operator, _, wanted = rest.partition(" ")
        asserts.append((what, operator, wanted))
    return BrunoRequest(
        name=f"{path.parent.name}/{path.stem}",
        method=method,
        url=call["url"],
        headers=headers,
        body=None if body is None else re.sub(r"^  ", "", body, flags=re.MULTILINE),
        asserts=asserts,
        script=blocks.get("script:pre-request", ""),
    )


def collection(folder, *parts):
    return [read_request_file(path) for part in parts for path in sorted((folder / part).glob("*.bru"))]


def filled(request, base, today):
    """URL and body with the base and the dates of a day."""
    body = request.body and dated(request.body.replace("{{base}}", base), today).encode()
    return request.url.replace("{{base}}", base), body


def failed(request, status, headers, content):
    """The asserts that an answer does not meet, in words."""
    answer = {"status": status, "headers": {name.lower(): value for name, value in headers.items()}}
    try:
        answer["body"] = json.loads(content)
    except ValueError:
        answer["body"] = content.decode()
    found = []
    for what, operator, wanted in request.asserts:
        value = _at(answer, what)
        if not _JUDGES[operator](value, wanted):
            found.append(f"{request.name}: {what} {operator} {wanted}, is {str(value)[:200]}")
    return found


def _pairs(block):
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    return {name: value.strip() for name, _, value in (line.partition(": ") for line in lines)}


def _at(answer, what):
    """The value at a path such as res.body.cards[0].indicator; None where there is none."""
    assert what.startswith("res."), what
    value = answer
    for name, place, quoted in _STEP.findall(what.removeprefix("res.")):
        try:
            value = value[int(place)] if place else value[name or quoted]
        except (KeyError, IndexError, TypeError):
            return None
    return value


_JUDGES = {
    "eq": lambda value, wanted: str(value) == wanted,
    "length": lambda value, wanted: isinstance(value, list) and len(value) == int(wanted),
    "contains": lambda value, wanted: isinstance(value, str) and wanted in value,
    "isDefined": lambda value, _: value is not None,
    "isUndefined": lambda value, _: value is None,
}

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "bruno"
