"""The service as it runs: gunicorn on a real loopback socket."""

import json
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest
from hook_requests import SIGN
from running_service import call, command, free_port, started

from cds_service.installation import InstallationError, check_packages

pytestmark = pytest.mark.enable_socket
LIMIT = 60_000


@pytest.fixture(scope="module")
def port():
    number = free_port()
    process = command("serve", "--port", str(number), "--workers", "2", CDS_MAX_BODY_BYTES=str(LIMIT))
    try:
        for _ in range(300):
            try:
                if call(number, "GET", "/healthz")[0] == 200:
                    break
            except OSError:
                assert process.poll() is None, process.stderr.read().decode()
                time.sleep(0.1)
        yield number
    finally:
        process.terminate()
        process.communicate(timeout=40)
    assert process.returncode == 0


def example(name):
    with command("example", name) as process:
        return process.communicate(timeout=60)[0]


def test_the_renal_example_posted_to_the_running_service_gives_its_card(port):
    status, body = call(port, "POST", SIGN, example("gabapentin-renal"), Content_Type="application/json")
    assert status == 200
    (card,) = json.loads(body)["cards"]
    assert card["indicator"] == "critical"
    assert all(part in card["summary"] for part in ("3600", "25", "700"))
    link = card["links"][0]["url"]
    assert link.startswith(f"http://127.0.0.1:{port}/knowledge/")
    assert call(port, "GET", link.removeprefix(f"http://127.0.0.1:{port}"))[0] == 200


def test_the_healthy_example_gives_no_card(port):
    status, body = call(port, "POST", SIGN, example("gabapentin-healthy"), Content_Type="application/json")
    assert (status, json.loads(body)) == (200, {"cards": []})


def test_a_body_over_the_limit_is_refused_whether_its_length_is_announced_or_not(port):
    parts = [b" " * 10_000] * 7
    assert call(port, "POST", SIGN, b"".join(parts), Content_Type="application/json")[0] == 413
    status, body = call(port, "POST", SIGN, iter(parts), Content_Type="application/json")
    assert status == 413
    assert json.loads(body)["resourceType"] == "OperationOutcome"


def test_a_chunked_body_within_the_limit_is_read(port):
    text = example("gabapentin-healthy")
    status, body = call(port, "POST", SIGN, iter([text[:500], text[500:]]), Content_Type="application/json")
    assert (status, json.loads(body)) == (200, {"cards": []})


def test_a_body_that_is_wrongly_chunked_is_refused(port):
    # Given the header, http.client leaves the chunking to the caller, and this one does none.
    headers = {"Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    status, body = call(port, "POST", SIGN, iter([b"no chunk\r\n"]), **headers)
    assert status == 400
    assert json.loads(body)["resourceType"] == "OperationOutcome"


def test_a_connection_is_usable_after_a_refusal(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for path, status in (("/cds-services/none", 404), (SIGN, 400), ("/cds-services/none", 404)):
        connection.request("POST", path, body=b'{"a": 1}', headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == status
        response.read()
    connection.close()


def test_metrics_count_over_all_workers(port):
    before = settled(port)
    text = example("gabapentin-healthy")
    for _ in range(8):
        call(port, "POST", SIGN, text, Content_Type="application/json")
    assert settled(port) == before + 8


def settled(port):
    """The count when it grows no more: each worker writes what it counted once a second."""
    count, until = -1.0, time.monotonic() + 30
    while (now := counted(port)) != count and time.monotonic() < until:
        count = now
        time.sleep(2)
    return count


def counted(port):
    sample = b'cds_requests_total{hook="order-sign",status="2xx"} '
    lines = [line for line in call(port, "GET", "/metrics")[1].splitlines() if line.startswith(sample)]
    return sum(float(line.split()[-1]) for line in lines)


def test_a_port_in_use_is_said_so_at_once(port):
    with command("serve", "--port", str(port)) as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"in use" in error
    assert b"Traceback" not in error


def test_gunicorn_itself_refuses_an_exposed_address():
    address = f"0.0.0.0:{free_port()}"
    arguments = ["-c", "python:cds_service.gunicorn_conf", "-b", address, "cds_service.wsgi:app"]
    with started("gunicorn", *arguments) as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"CDS_AUTH=off" in error


def test_gunicorn_itself_does_not_expose_the_pages_of_operators():
    address = f"0.0.0.0:{free_port()}"
    arguments = ["-c", "python:cds_service.gunicorn_conf", "-b", address, "cds_service.wsgi:app"]
    with started("gunicorn", *arguments, CDS_AUTH="off") as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"is for operators" in error


def test_the_service_never_loads_the_fhir_models():
    code = "import sys, cds_service.wsgi; print([name for name in sys.modules if name.startswith('fhir')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert out.stdout.strip() == b"[]"


def test_the_packages_of_this_project_are_the_ones_imported(monkeypatch, tmp_path):
    check_packages()
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cards")
    with pytest.raises(InstallationError, match="pip uninstall cards"):
        check_packages()
