"""The terminology server over real HTTP: a server in this process, and the fetcher the service uses."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.site_terminology import TerminologyFetch, site_terminology
from terminology.coding import SNOMED, Coding
from terminology.fhir_server import FhirTerminology

pytestmark = pytest.mark.enable_socket


class Answers(BaseHTTPRequestHandler):
    """$lookup knows one code, $expand one value set; the codes of a few others make trouble."""

    def do_GET(self):
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        code = query.get("code", [""])[0]
        self.server.asked.append(self.path)
        if code == "drips":
            self.drip()
            return
        if code == "slow":
            time.sleep(1)
        if code == "redirect":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            return
        known = parts.path.endswith("/CodeSystem/$lookup") and code == "1234567"
        body = {"resourceType": "OperationOutcome"}
        if known:
            name = "gabapentin 300 MG Oral Capsule"
            body = {"resourceType": "Parameters", "parameter": [{"name": "display", "valueString": name}]}
        elif parts.path.endswith("/ValueSet/$validate-code"):
            known = True
            inside = {"name": "result", "valueBoolean": code == "1234567"}
            body = {"resourceType": "Parameters", "parameter": [inside]}
        elif parts.path.endswith("/ValueSet/$expand") and query["url"] == ["http://site.example/copd"]:
            self.server.may_expand.wait(5)
            known = True
            inside = [{"system": SNOMED, "code": "1234567"}]
            body = {"resourceType": "ValueSet", "expansion": {"total": 1, "contains": inside}}
        content = b"<html>" if code == "html" else json.dumps(body).encode()
        self.send_response(200 if known or code == "html" else 500 if code == "broken" else 404)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def drip(self):
        """A byte now and then, each within the time that one wait may take."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with suppress(OSError):
            for _ in range(40):
                self.wfile.write(b" ")
                time.sleep(0.05)

    def log_message(self, *args):
        """Not to standard error."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.asked = []
    made.may_expand = threading.Event()
    made.may_expand.set()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def url(server):
    return f"http://127.0.0.1:{server.server_port}/fhir"


@pytest.fixture
def fetch():
    made = TerminologyFetch()
    yield made
    made.close()


def test_a_code_that_only_the_server_knows_is_a_drug(server):
    terms = site_terminology(Settings(terminology_url=url(server)))
    (found,) = terms.medication((Coding(SNOMED, "1234567"),), ()).medications
    assert (found.recognised_by, found.ingredients[0].name) == ("server", "gabapentin")
    assert terms.medication((Coding(SNOMED, "7654321"),), ()).medications == ()
    assert len(server.asked) == 2


@pytest.mark.parametrize("code", ["broken", "html", "redirect", "slow", "drips", "nothing"])
def test_trouble_of_the_server_costs_only_the_code(server, fetch, code):
    source = FhirTerminology(url(server), fetch, time.monotonic, timeout_s=0.2)
    assert source.display(Coding(SNOMED, code)) is None
    assert all("elsewhere" not in path for path in server.asked)
    assert source.display(Coding(SNOMED, "1234567")) == "gabapentin 300 MG Oral Capsule"


def test_a_server_that_is_not_there_costs_nothing_but_its_codes():
    terms = site_terminology(Settings(terminology_url="http://127.0.0.1:9"))
    (found,) = terms.medication((Coding(SNOMED, "1234567"),), ("gabapentin 300 mg capsule",)).medications
    assert found.recognised_by == "text"


def test_without_the_setting_nothing_is_asked(server):
    terms = site_terminology(Settings())
    assert terms.medication((Coding(SNOMED, "1234567"),), ()).medications == ()
    assert server.asked == []


def test_an_answer_that_drips_in_ends_with_its_time(server, fetch):
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011  requests' errors are OSErrors of many kinds
        fetch(f"{url(server)}/CodeSystem/$lookup?code=drips", 0.2)
    assert time.monotonic() - began < 1.5  # all bytes would take two seconds


def _sets(folder, *urls):
    folder.mkdir(exist_ok=True)
    listed = "".join(f"- {one}\n" for one in urls)
    (folder / "copd.yaml").write_text(f"id: copd\ntitle: T\nsource: site\nexpand:\n{listed}")
    return folder


def _until(holds):
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("did not happen within five seconds")


def test_a_worker_fetches_the_value_sets_of_the_server_in_the_background(server, tmp_path):
    server.may_expand.clear()
    settings = Settings(
        terminology_url=url(server),
        value_sets_folder=_sets(tmp_path / "sets", "http://site.example/copd"),
        database_url=f"sqlite:///{tmp_path / 'store.sqlite'}",
    )
    app = create_app(settings)
    client, worker = app.test_client(), app.extensions["cds_worker"]
    try:
        # the server keeps the expansion back, and the worker answers all the same
        assert client.get("/readyz").json["serverValueSets"] == {"wanted": 1, "fetched": 0}
        server.may_expand.set()
        _until(lambda: client.get("/readyz").json["serverValueSets"]["fetched"] == 1)
        assert [path for path in server.asked if "$expand" in path] == [
            "/fhir/ValueSet/$expand?url=http%3A%2F%2Fsite.example%2Fcopd"
        ]
        asked = len(server.asked)
        terms = worker.get().expansions._source
        wanted = {"http://site.example/copd": frozenset({"copd"})}
        assert terms.value_sets(Coding(SNOMED, "1234567"), wanted) == {"copd"}
        assert terms.value_sets(Coding(SNOMED, "7654321"), wanted) == frozenset()
        assert len(server.asked) == asked  # both answers came from the expansion
    finally:
        server.may_expand.set()
        worker.get().close()


def test_a_value_set_that_cannot_be_fetched_whole_is_asked_code_by_code(server, tmp_path):
    sets = _sets(tmp_path / "sets", "http://site.example/other")
    terms = site_terminology(Settings(terminology_url=url(server), value_sets_folder=sets))
    assert terms.server.refresh(["http://site.example/other"]) == {"http://site.example/other": False}
    assert "copd" in terms.value_sets(Coding(SNOMED, "1234567"))
    assert "copd" not in terms.value_sets(Coding(SNOMED, "7654321"))
    assert sum("$validate-code" in path for path in server.asked) == 2


def test_without_a_server_a_worker_fetches_no_value_sets(server, tmp_path):
    settings = Settings(
        value_sets_folder=_sets(tmp_path / "sets", "http://site.example/copd"),
        database_url=f"sqlite:///{tmp_path / 'store.sqlite'}",
    )
    app = create_app(settings)
    assert "serverValueSets" not in app.test_client().get("/readyz").json
    app.extensions["cds_worker"].get().close()
    assert server.asked == []
