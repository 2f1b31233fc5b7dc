"""deploy/compose.yaml against the Compose specification, offline, and against what the service asks of it."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import compose_spec
import pytest
import yaml

from cds_service.settings import check_exposure, read_settings
from cds_service.store.settings import store_settings

FILE = Path(__file__).parent.parent.parent / "deploy" / "compose.yaml"
TEXT = FILE.read_text()
CONTENT = yaml.safe_load(TEXT)
SERVICES = CONTENT["services"]


def read(text):
    options = compose_spec.PyOptions()
    options.apply_merge = True
    return options.from_yaml(text)


def test_it_is_what_the_specification_allows():
    read(TEXT).validate()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("imagee:", "image:"), ("depends-on:", "depends_on:"), ("source: lod", "source: load")],
)
def test_a_mistake_is_noticed(wrong, right):
    with pytest.raises(ValueError, match=r"x-|not defined"):
        read(TEXT.replace(right, wrong)).validate()


def test_all_that_is_waited_for_is_there():
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert SERVICES["service"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_only_this_machine_can_connect():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_image_is_of_a_named_version():
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    assert images
    assert all(":" in image and not image.endswith(":latest") for image in images)
    assert "#" in SERVICES["client"]["build"]["context"]


def test_the_service_takes_its_settings(monkeypatch, tmp_path):
    (tmp_path / "hash-key").write_text(CONTENT["configs"]["hash-key"]["content"])
    monkeypatch.setenv("CDS_HOST", "0.0.0.0")  # noqa: S104
    for name, value in SERVICES["service"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/etc/cds-service", str(tmp_path)))
    settings = read_settings()
    check_exposure(settings, settings.host)
    assert store_settings(settings).url.host == "db"
    assert settings.pages == {"knowledge"}
    assert settings.cors_origins == {f"http://localhost:{SERVICES['client']['ports'][0].split(':')[1]}"}
    assert [str(one) for one in settings.fhir_servers] == ["http://fhir:8080/fhir"]


def test_the_link_in_its_head_names_the_ports_that_it_opens():
    link = next(line for line in TEXT.splitlines() if "fhirServiceUrl=" in line)
    for name, port in (("client", "8081/"), ("fhir", "8080%2Ffhir"), ("service", "8000%2Fcds-services")):
        assert port in link
        assert SERVICES[name]["ports"][0].startswith(f"127.0.0.1:{port[:4]}:")


@pytest.mark.enable_socket
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_patients_are_sent_as_one_transaction_and_again_until_it_is_taken(tmp_path, status, code):
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Writes nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    patients = tmp_path / "patients.json"
    patients.write_text('{"resourceType": "Bundle"}')
    script = CONTENT["configs"]["load"]["content"].replace("/tmp/patients.json", str(patients))  # noqa: S108
    script = script.replace("http://fhir:8080", f"http://127.0.0.1:{server.server_address[1]}")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=60)
    thread.join()
    server.server_close()
    assert done.returncode == code, done.stderr
    assert [(kind, json.loads(body)) for kind, body in taken] == [
        ("application/fhir+json", {"resourceType": "Bundle"})
    ]
