"""The endpoints under /fhir: capabilities, read and search. What is not supported says so in an OperationOutcome."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from cds_service.call import this_call
from cds_service.errors import Problem, Refused
from cds_service.hooks.invoke import Engine
from cds_service.json_bytes import to_bytes
from cds_service.publish.artifacts.capability import SEARCH, capability_statement
from cds_service.publish.artifacts.metadata import Resource
from cds_service.publish.artifacts.repository import TYPES, Repository
from cds_service.publish.release_words import released_on

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
_FORMATS: Final = frozenset({"json", "application/json", "application/fhir+json", "application/fhir json"})
_PAGE, _MOST = 50, 500
_PAGING: Final = frozenset({"_count", "_offset", "_format"})
_NAMES: Final = tuple(name for name, _, _ in SEARCH)


def artifact_routes(engine: Engine) -> Blueprint:
    """The blueprint of /fhir."""
    routes = Blueprint("artifacts", __name__, url_prefix="/fhir")
    repository = Repository(engine.terminology)

    def held(kind: str) -> Mapping[str, Resource]:
        _check_format()
        day = this_call().now.astimezone(engine.policy.zone).date()
        if kind not in TYPES:
            raise Refused(
                404,
                Problem("not-supported", f"This type is not published here; there are {', '.join(TYPES)}."),
            )
        return repository.on(engine.knowledge.on(day), day)[kind]

    @routes.get("/metadata")
    def metadata() -> Response:
        _check_format()
        on = released_on()
        dated = on.isoformat() if on is not None else this_call().now.date().isoformat()
        return _answer(capability_statement(engine.knowledge, dated, _base()))

    @routes.get("/<kind>")
    def search(kind: str) -> Response:
        return _answer(_bundle(kind, held(kind), request.args))

    @routes.get("/<kind>/<identifier>")
    def read(kind: str, identifier: str) -> Response:
        found = held(kind).get(identifier)
        if found is None:
            raise Refused(404, Problem("not-found", f"There is no {kind} of this id."))
        return _answer(found)

    @routes.get("/<path:anything>")
    def other(anything: str) -> Response:  # noqa: ARG001  only what is above is supported
        raise Refused(404, Problem("not-supported", "Supported are read and search; see /fhir/metadata."))

    return routes


def _bundle(kind: str, held: Mapping[str, Resource], asked: MultiDict[str, str]) -> Resource:
    """A searchset, a page at a time."""
    for name in asked:
        if name not in _NAMES and name not in _PAGING:
            known = ", ".join(_NAMES)
            raise Refused(
                400, Problem("not-supported", f"This parameter is not supported; there are {known}.")
            )
    matching = [one for one in held.values() if _matches(one, asked)]
    count, offset = _number(asked, "_count", _PAGE, _MOST), _number(asked, "_offset", 0, 1_000_000)
    page = matching[offset : offset + count]
    base = _base()
    links = [{"relation": "self", "url": _link(kind, base, asked)}]
    if count and offset + count < len(matching):
        further = MultiDict(asked)
        further["_offset"] = str(offset + count)
        links.append({"relation": "next", "url": _link(kind, base, further)})
    entries = [
        {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in page
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(matching),
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _matches(one: Resource, asked: MultiDict[str, str]) -> bool:
    """Every parameter has to match; the values of one, with commas between, are alternatives."""
    return all(
        any(_MATCHES[of_type](_held(one, name), wanted) for wanted in written.split(","))
        for name, of_type, _ in SEARCH
        for written in asked.getlist(name)
    )


def _held(one: Resource, name: str) -> str:
    return str(one.get("id" if name == "_id" else name, ""))


_MATCHES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "token": lambda held, wanted: held == wanted,
    "uri": lambda held, wanted: held == wanted.partition("|")[0],
    "string": lambda held, wanted: held.lower().startswith(wanted.lower()),
}


def _number(asked: MultiDict[str, str], name: str, default: int, most: int) -> int:
    written = asked.get(name, "")
    if not written:
        return default
    if not (written.isascii() and written.isdigit()):
        raise Refused(400, Problem("value", "This has to be a whole number.", name))
    return min(int(written[:9]), most)


def _check_format() -> None:
    wanted = request.args.get("_format", "json").partition(";")[0].strip().lower()
    if wanted not in _FORMATS:
        raise Refused(406, Problem("not-supported", "Only JSON is served.", "_format"))


def _base() -> str:
    return f"{request.host_url.rstrip('/')}/fhir"


def _link(kind: str, base: str, asked: MultiDict[str, str]) -> str:
    query = urlencode(list(asked.items(multi=True)))
    return f"{base}/{kind}{'?' if query else ''}{query}"


def _answer(resource: Resource) -> Response:
    return Response(to_bytes(resource), content_type=FHIR_JSON)
