"""Fetching as the service runs: threads and connections made in each worker, after the fork."""

import json
import time

import pytest
from chart import asking, chart
from fhir_server import fhir_server
from hook_requests import SIGN
from running_service import call, command, free_port

pytestmark = pytest.mark.enable_socket


def test_every_worker_fetches_and_ends_cleanly():
    with fhir_server(chart()) as server:
        port = free_port()
        arguments = ("serve", "--port", str(port), "--workers", "2")
        process = command(*arguments, CDS_FHIR_SERVERS=server.base, CDS_TIME_BUDGET_MS="20000")
        try:
            for _ in range(300):
                try:
                    if call(port, "GET", "/healthz")[0] == 200:
                        break
                except OSError:
                    assert process.poll() is None, process.stderr.read().decode()
                    time.sleep(0.1)
            for _ in range(12):
                status, body, *_ = call(
                    port, "POST", SIGN, json.dumps(asking(server)), Content_Type="application/json"
                )
                assert status == 200, body
                assert b"3600" in body
                assert b"could not be read" not in body
        finally:
            process.terminate()
            process.communicate(timeout=40)
        assert process.returncode == 0
        assert server.asked.count("Patient/p1") == 12
