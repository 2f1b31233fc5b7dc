"""A FHIR server on a loopback socket that answers from a list of resources, and fails as it is told to."""

import gzip
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# What a fault does with a request: it writes the answer itself.
Fault = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Writes nothing: a connection that breaks off is what the faults are about."""


class FhirServer:
    """Serves reads and the searches of the prefetch table below /fhir; keeps what it was asked.

    `faults` maps a resource type, "Type/id" or path with query to a Fault; `page` limits the page size.
    """

    def __init__(self) -> None:
        self.store: list[dict[str, Any]] = []
        self.faults: dict[str, Fault] = {}
        self.page = 1000
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.closing = threading.Event()
        self.http = _Server(("127.0.0.1", 0), _handler(self))
        self.base = f"http://127.0.0.1:{self.http.server_address[1]}/fhir"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        target = url.path.removeprefix("/fhir/")
        self.asked.append(handler.path.removeprefix("/fhir/"))
        self.tokens.add(handler.headers.get("Authorization", ""))
        kind = target.partition("/")[0]
        query = parse_qs(url.query)
        named = (f"{target}?{url.query}", f"{kind}:{query.get('code', [''])[0]}", target, kind, "*")
        fault = next((self.faults[name] for name in named if name in self.faults), None)
        if fault is not None:
            fault(handler)
        elif "/" in target:
            found = [one for one in self.store if f"{one['resourceType']}/{one['id']}" == target]
            send(handler, found[0] if found else {"resourceType": "OperationOutcome"}, 200 if found else 404)
        else:
            send(handler, self.search(kind, query))

    def search(self, kind: str, query: dict[str, list[str]]) -> dict[str, Any]:
        found = [one for one in self.store if one["resourceType"] == kind and _matches(one, query)]
        start = int(query.get("_offset", ["0"])[0])
        size = min(self.page, int(query["_count"][0]))
        shown = found[start : start + size]
        out: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        out["entry"] = [{"resource": one} for one in shown]
        if start + size < len(found):
            more = "&".join(f"{name}={value[0]}" for name, value in query.items() if name != "_offset")
            more = more.replace("|", "%7C")
            out["link"] = [{"relation": "next", "url": f"{self.base}/{kind}?{more}&_offset={start + size}"}]
        return out


def _matches(resource: dict[str, Any], query: dict[str, list[str]]) -> bool:
    subject = (resource.get("subject") or resource.get("patient") or {}).get("reference", "")
    if subject != f"Patient/{query['patient'][0]}":
        return False
    for name in ("code", "category"):
        if name in query:
            wanted = set(query[name][0].split(","))
            concepts = resource.get(name) or {}
            concepts = concepts if isinstance(concepts, list) else [concepts]
            have = {f"{c.get('system')}|{c.get('code')}" for one in concepts for c in one.get("coding", [])}
            if not wanted & have:
                return False
    return "status" not in query or resource.get("status") in query["status"][0].split(",")


def _handler(server: FhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        closing = server.closing

        def do_GET(self) -> None:
            with suppress(OSError):
                server.answer(self)

        def log_message(self, *_: object) -> None:
            """Writes nothing."""

    return Handler


@contextmanager
def fhir_server(store=()):
    server = FhirServer()
    server.store.extend(store)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.http.shutdown()
        server.http.server_close()
        thread.join()


def send(handler, value, status=200, kind="application/fhir+json", **headers):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, text in headers.items():
        handler.send_header(name.replace("_", "-"), text)
    handler.end_headers()
    handler.wfile.write(body)


def status(code, **headers):
    return lambda handler: send(handler, b"{}", code, **headers)


def body(value, **headers):
    return lambda handler: send(handler, value, **headers)


def silence(handler):
    handler.closing.wait()


def drip_body(handler):
    """One byte at a time, each well within any read timeout, never an end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000000")
    handler.end_headers()
    while not handler.closing.wait(0.02):
        handler.wfile.write(b" ")


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.closing.wait(0.02):
        handler.wfile.write(b"x")


def truncated(handler):
    """Less than was announced, and then the end of the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"resourceType": "Bundle", "entry": [')
    handler.close_connection = True


def truncated_json(handler):
    """A length that is right, of JSON that is not whole."""
    send(handler, b'{"resourceType": "Bundle", "entry": [')


def broken_chunks(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b'5\r\n{"res\r\nZZ')
    handler.close_connection = True


def hang_up(handler):
    handler.close_connection = True
    handler.connection.close()


def not_http(handler):
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


def endless(handler):
    """A body far beyond any limit, in chunks, for as long as anybody reads."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while not handler.closing.is_set():
        handler.wfile.write(chunk)


@cache
def _blanks():
    return gzip.compress(b" " * 100_000_000, 9)


def bomb(handler):
    """A hundred megabytes of blanks in a hundred kilobytes."""
    send(handler, _blanks(), Content_Encoding="gzip")


def broken_gzip(handler):
    send(handler, gzip.compress(b'{"resourceType": "Bundle"}')[:-12], Content_Encoding="gzip")


def no_gzip(handler):
    send(handler, b'{"resourceType": "Bundle"}', Content_Encoding="gzip")
