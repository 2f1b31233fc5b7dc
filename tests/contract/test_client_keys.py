"""Keys of a jku: fetched, cached, renewed, and never asked for too often."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hook_requests import NOW, SIGN, plain
from make_tokens import ISS, bearer, claims, jwk, jwks, private_key, signed, write_clients

from cds_service.fhir.connections import new_session
from cds_service.security.jwks import KeySource, KeysUnavailableError, fetch_keys

ALGORITHMS = ("ES384", "RS384")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def source(*bodies):
    """A source whose fetches bring these bodies one after another, the last for ever; and its log and clock."""
    asked, clock = [], Clock()

    def fetch():
        body = bodies[min(len(asked), len(bodies) - 1)]
        asked.append(clock.now)
        if body is None:
            raise KeysUnavailableError
        return body

    return KeySource(fetch, ALGORITHMS, clock), asked, clock


def body(*names):
    return json.dumps(jwks(*(jwk(private_key("ES384", name), name) for name in names))).encode()


def test_keys_are_fetched_once_for_many_tokens():
    keys, asked, _ = source(body("a"))
    for _ in range(20):
        assert keys.key("a", "ES384").kid == "a"
    assert len(asked) == 1


def test_a_new_key_is_found_at_once_and_an_unknown_one_is_not_asked_for_again_and_again():
    keys, asked, clock = source(body("a"), body("a", "b"))
    assert keys.key("a", "ES384")
    clock.now += 31
    assert keys.key("b", "ES384").kid == "b"
    for _ in range(50):
        with pytest.raises(KeyError):
            keys.key("c", "ES384")
    assert len(asked) == 2
    clock.now += 31
    with pytest.raises(KeyError):
        keys.key("c", "ES384")
    assert len(asked) == 3


def test_a_withdrawn_key_is_gone_with_the_next_renewal():
    keys, _, _ = source(body("a"), body("b"))
    assert keys.key("a", "ES384")
    keys.renew()
    with pytest.raises(KeyError):
        keys.key("a", "ES384")
    assert keys.key("b", "ES384")


def test_keys_that_cannot_be_renewed_stay_for_a_day():
    keys, _, clock = source(body("a"), None)
    assert keys.key("a", "ES384")
    for _ in range(3):
        clock.now += 20_000
        keys.renew()
        assert keys.key("a", "ES384")
        assert keys.ready
    clock.now += 86_400
    with pytest.raises(KeysUnavailableError):
        keys.key("a", "ES384")
    assert not keys.ready


@pytest.mark.parametrize("answer", [None, b"", b"{", b"[]", b'{"keys": 1}', b"<html>"])
def test_an_answer_without_keys_changes_nothing(answer):
    keys, _, _ = source(body("a"), answer)
    assert keys.key("a", "ES384")
    keys.renew()
    assert keys.key("a", "ES384")
    keys, _, _ = source(answer)
    with pytest.raises(KeysUnavailableError):
        keys.key("a", "ES384")


def test_many_threads_fetch_once():
    keys, asked, _ = source(body("a"))
    threads = [threading.Thread(target=keys.key, args=("a", "ES384")) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(asked) == 1


@contextmanager
def server(answer):
    """An HTTP server whose GETs `answer(handler)` serves; yields its URL and the paths that were asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            answer(self)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", asked
    finally:
        running.shutdown()
        running.server_close()


def sent(content, status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def dripping(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


@pytest.mark.enable_socket
def test_a_jku_is_fetched_without_cookies_or_credentials():
    with server(sent(body("a"))) as (url, asked), new_session(1, None) as session:
        assert fetch_keys(session, url + "/jwks.json") == body("a")
    ((path, headers),) = asked
    assert path == "/jwks.json"
    assert not {"Authorization", "Cookie"} & headers.keys()


@pytest.mark.enable_socket
@pytest.mark.parametrize("status", [204, 404, 500])
def test_another_status_brings_no_keys(status):
    with (
        server(sent(b"", status)) as (url, _),
        new_session(1, None) as session,
        pytest.raises(KeysUnavailableError),
    ):
        fetch_keys(session, url)


@pytest.mark.enable_socket
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status):
    with (
        server(sent(body("a"))) as (other, elsewhere),
        server(sent(b"", status, Location=other)) as (url, _),
        new_session(1, None) as session,
    ):
        with pytest.raises(KeysUnavailableError):
            fetch_keys(session, url)
        assert elsewhere == []


@pytest.mark.enable_socket
@pytest.mark.parametrize("answer", [sent(b" " * 500_001), dripping], ids=["large", "slow"])
def test_a_large_or_slow_answer_is_given_up(answer):
    with server(answer) as (url, _), new_session(1, None) as session, pytest.raises(KeysUnavailableError):
        fetch_keys(session, url)


@pytest.mark.enable_socket
def test_the_service_fetches_the_listed_jku_and_none_that_a_token_names(serve, tmp_path):
    with server(sent(json.dumps(jwks()).encode())) as (url, asked), server(sent(b"")) as (evil, asked_evil):
        jku = f"{url}/jwks.json"
        app = serve(
            clients_file=write_clients(tmp_path, {"name": "main", "iss": ISS, "jku": jku}), auth_required=True
        )

        def status(**header):
            token = signed(claims(NOW.timestamp(), SIGN), **header)
            return app.test_client().post(SIGN, json=plain(), headers=bearer(token)).status_code

        assert status(jku=jku) == 200
        assert status() == 200
        for other in (f"{evil}/jwks.json", f"{jku}/../evil", jku.replace("127.0.0.1", "localhost")):
            assert status(jku=other) == 401
        assert asked_evil == []
        assert {path for path, _ in asked} == {"/jwks.json"}
        assert app.test_client().get("/readyz").json["clientsWithoutKeys"] == 0


@pytest.mark.enable_socket
def test_a_client_whose_keys_cannot_be_fetched_is_refused_and_shown_in_readiness(serve, tmp_path):
    with server(sent(b"", 503)) as (url, _):
        file = write_clients(tmp_path, {"name": "main", "iss": ISS, "jku": f"{url}/jwks.json"})
        app = serve(clients_file=file, auth_required=True)
        token = signed(claims(NOW.timestamp(), SIGN))
        assert app.test_client().post(SIGN, json=plain(), headers=bearer(token)).status_code == 401
        ready = app.test_client().get("/readyz")
        assert ready.status_code == 200
        assert ready.json["clientsWithoutKeys"] == ready.json["clients"] == 1
