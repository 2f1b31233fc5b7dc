"""The terminology server over real HTTP: a server in this process, and the fetcher the service uses."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from cds_service.settings import Settings
from cds_service.site_terminology import TerminologyFetch, site_terminology
from terminology.coding import SNOMED, Coding
from terminology.fhir_server import FhirTerminology

pytestmark = pytest.mark.enable_socket


class Answers(BaseHTTPRequestHandler):
    """$lookup knows one code; the codes of a few others make trouble."""

    def do_GET(self):
        parts = urlsplit(self.path)
        code = parse_qs(parts.query).get("code", [""])[0]
        self.server.asked.append(self.path)
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
        content = b"<html>" if code == "html" else json.dumps(body).encode()
        self.send_response(200 if known or code == "html" else 500 if code == "broken" else 404)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Not to standard error."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.asked = []
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


@pytest.mark.parametrize("code", ["broken", "html", "redirect", "slow", "nothing"])
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
