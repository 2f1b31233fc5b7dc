"""/sandbox/fhir: a read-only FHIR R4 server over the synthetic patients.

It can be named as `fhirServer` of a hook request. A segment before the type changes how searches are
answered, so that a base URL can ask for it: `slow-2000` (milliseconds, 5,000 at most), `failing-503` (that
status), `pages-1` (so many entries a page). Reads go on working: without the patient a service may not
answer at all, and what a failed search costs would not be seen.
"""

import re
from dataclasses import dataclass
from datetime import tzinfo
from time import sleep
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from cds_service.call import this_call
from cds_service.errors import Problem, operation_outcome
from cds_service.json_bytes import to_bytes
from cds_service.sandbox.capability import capability_statement
from cds_service.sandbox.patients import PRESCRIBER, synthetic_patients
from cds_service.sandbox.search import SEARCHES, UnsupportedParameterError, search
from cds_service.settings import SANDBOX_FHIR

_TYPE: Final = "application/fhir+json"
_SWITCH: Final = re.compile(r"(slow|failing|pages)-(\d{1,5})", re.ASCII)
_NAME: Final = re.compile(r"[a-z_][a-z-]{0,30}(?:[:.][A-Za-z.-]{1,30})?", re.ASCII)
_SLOWEST_MS: Final = 5_000
_USUAL_PAGE, _LARGEST_PAGE = 50, 200


class AnsweredError(Exception):
    """A request that is answered with an OperationOutcome."""

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        self.status, self.problem = status, Problem(code, diagnostics)


@dataclass(frozen=True, slots=True)
class Manner:
    """How searches are answered: after so long, with that status, and so many entries a page."""

    delay_ms: int = 0
    status: int = 200
    page: int = _LARGEST_PAGE


def sandbox_fhir(zone: tzinfo, *, switches: bool) -> Blueprint:
    """The blueprint of the endpoint. `switches`: whether base URLs may make it slow or failing."""
    routes = Blueprint("sandbox_fhir", __name__)

    @routes.get(f"{SANDBOX_FHIR}/<path:target>")
    def answer(target: str) -> Response:
        parts = target.removesuffix("/").split("/")
        manner = _manner(parts[0]) if switches else None
        base = request.url_root.rstrip("/") + SANDBOX_FHIR
        if manner is not None:
            base += f"/{parts.pop(0)}"
        try:
            return _json(_answered(parts, base, manner or Manner(), zone))
        except AnsweredError as error:
            return _json(operation_outcome([error.problem]), error.status)

    return routes


def _manner(segment: str) -> Manner | None:
    """The switch that a segment of the path is, None where it is none."""
    match = _SWITCH.fullmatch(segment)
    if match is None:
        return None
    kind, number = match[1], int(match[2])
    if kind == "slow":
        return Manner(delay_ms=min(number, _SLOWEST_MS))
    if kind == "pages":
        return Manner(page=max(1, min(number, _LARGEST_PAGE)))
    return Manner(status=number) if 400 <= number <= 599 else None


def _answered(parts: list[str], base: str, manner: Manner, zone: tzinfo) -> dict[str, Any]:
    today = this_call().now.astimezone(zone).date()
    if parts == ["metadata"]:
        return capability_statement(base, today)
    kind = parts[0] if parts else ""
    if kind not in SEARCHES:
        raise AnsweredError(404, "not-supported", f"There are no resources here but {', '.join(SEARCHES)}.")
    resources = [PRESCRIBER, *(one for p in synthetic_patients(today).values() for one in p.resources)]
    if len(parts) == 2:
        found = next((one for one in resources if [one["resourceType"], one["id"]] == parts), None)
        if found is None:
            raise AnsweredError(404, "not-found", f"There is no {kind} of this id.")
        return found
    if len(parts) > 2:
        raise AnsweredError(404, "not-supported", "Here are reads and searches alone.")
    sleep(manner.delay_ms / 1000)
    if manner.status != 200:
        raise AnsweredError(manner.status, "transient", "This base URL was asked to fail.")
    return _searched(kind, resources, base, manner.page)


def _searched(kind: str, resources: list[dict[str, Any]], base: str, most: int) -> dict[str, Any]:
    """One page of a search. A parameter that is not known is refused, by its name."""
    asked = list(request.args.items(multi=True))
    try:
        found = search(resources, kind, asked)
        size = min(_whole(asked, "_count", _USUAL_PAGE), most)
        start = _whole(asked, "_offset", 0)
        _check_format(asked)
    except UnsupportedParameterError as error:
        # A name as FHIR has them is told back; anything else could hold what nobody should read in an error.
        name = error.name if _NAME.fullmatch(error.name) else "A parameter"
        raise AnsweredError(400, "not-supported", f"{name} {error.why}.") from None
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    bundle["link"] = [{"relation": "self", "url": _link(base, kind, asked, start)}]
    if size and start + size < len(found):
        bundle["link"].append({"relation": "next", "url": _link(base, kind, asked, start + size)})
    page = found[start : start + size]
    if page:
        bundle["entry"] = [
            {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
            for one in page
        ]
    return bundle


def _whole(asked: list[tuple[str, str]], name: str, default: int) -> int:
    written = next((value for key, value in asked if key == name), str(default))
    if not re.fullmatch(r"\d{1,6}", written, re.ASCII):
        raise UnsupportedParameterError(name, "must be a whole number")
    return int(written)


def _check_format(asked: list[tuple[str, str]]) -> None:
    if any(key == "_format" and "json" not in value for key, value in asked):
        raise UnsupportedParameterError("_format", "can only be json")


def _link(base: str, kind: str, asked: list[tuple[str, str]], start: int) -> str:
    kept = [(name, value) for name, value in asked if name != "_offset"]
    if start:
        kept.append(("_offset", str(start)))
    query = urlencode(kept, quote_via=quote, safe=",:/")
    return f"{base}/{kind}" + (f"?{query}" if query else "")


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(to_bytes(body), status=status, content_type=_TYPE)
