"""deploy/bruno: every request gets the answer that it documents, from a service on a loopback socket."""

import importlib.util
import threading
from datetime import UTC, datetime

import pytest
import requests
from bruno_files import FOLDER, collection, failed, filled, read_request_file
from make_tokens import write_clients
from running_service import free_port
from werkzeug.serving import WSGIRequestHandler, make_server

from cds_service.app import create_app
from cds_service.fhir.allow_list import read_allow_list
from cds_service.hooks.invoke import load_engine
from cds_service.sandbox.patients import synthetic_patients
from cds_service.settings import SANDBOX_FHIR, Settings
from cds_service.store.settings import prepare, store_settings

pytestmark = pytest.mark.enable_socket
OPEN = collection(FOLDER, "topics", "hooks", "errors", "fhir")
GUARDED = collection(FOLDER, "clients")
# Made by a script of the request, which only the command-line tool can run.
SCRIPTED = {"errors/413-too-many-orders"}


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        """Writes nothing."""


def serving(app, port):
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("store")
    own = read_allow_list([f"http://127.0.0.1:{port}{SANDBOX_FHIR}/*"], plain_http=False)
    pages = frozenset({"sandbox", "knowledge"})
    settings = Settings(
        pages=pages,
        time_budget_ms=20_000,
        fhir_servers=own,
        port=port,
        database_url=f"sqlite:///{folder}/store.sqlite",
    )
    assert prepare(store_settings(settings)) == ""
    app = create_app(settings, load_engine(settings))
    yield from serving(app, port)
    app.extensions["cds_worker"].get().close()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("clients")
    settings = Settings(
        base_url=f"http://127.0.0.1:{port}", clients_file=write_clients(folder), auth_required=True, port=port
    )
    yield from serving(create_app(settings, load_engine(settings)), port)


def send(request, base):
    url, body = filled(request, base, datetime.now(UTC).date())
    return requests.request(request.method, url, data=body, headers=request.headers, timeout=30)


@pytest.mark.parametrize(
    "request_file", [one for one in OPEN if one.name not in SCRIPTED], ids=lambda one: one.name
)
def test_each_request_gets_the_answer_that_it_documents(request_file, base):
    assert request_file.script == ""
    response = send(request_file, base)
    assert failed(request_file, response.status_code, response.headers, response.content) == []


@pytest.mark.parametrize("request_file", GUARDED, ids=lambda one: one.name)
def test_a_service_with_clients_answers_as_documented(request_file, guarded):
    response = send(request_file, guarded)
    assert failed(request_file, response.status_code, response.headers, response.content) == []


def test_there_is_a_request_for_each_topic_and_for_each_error():
    names = {one.name for one in (*OPEN, *GUARDED)}
    today = datetime.now(UTC).date()
    assert {f"topics/{name}" for name in synthetic_patients(today)} <= names
    for status in (400, 401, 404, 405, 412, 413, 415):
        assert any(f"/{status}-" in name for name in names), status


def test_another_answer_is_told_of():
    request = read_request_file(FOLDER / "topics" / "healthy.bru")
    assert failed(request, 200, {}, b'{"cards": []}') == []
    assert len(failed(request, 500, {}, b'{"cards": [{}]}')) == 2
    assert len(failed(request, 200, {}, b"no JSON")) == 1


def test_a_construct_that_is_not_known_is_an_error(tmp_path):
    file = tmp_path / "x.bru"
    file.write_text("get {\n  url: x\n  body: none\n}\n\ntests {\n  test();\n}\n")
    with pytest.raises(AssertionError, match="tests"):
        read_request_file(file)


def test_the_generated_requests_are_up_to_date():
    """Where this fails: `python deploy/bruno/generate.py`, and look at what changed."""
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / "topics").glob("*.bru")}
    assert module.requests() == written
