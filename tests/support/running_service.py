"""The service as a process of its own, on a loopback port."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection

import pytest


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment_with(**settings):
    """The environment of this process with these settings of the service and no others."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PROMETHEUS_"))}
    return own | settings


def started(module, *arguments, **environment):
    store = {"CDS_DATABASE_URL": f"sqlite:///{tempfile.mkdtemp()}/store.sqlite"}
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=environment_with(**store | environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def command(*arguments, **environment):
    return started("cds_service", *arguments, **environment)


def call(port, method, path, body=None, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            method,
            path,
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def healthy(port):
    try:
        return call(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def answering(port, process, log=None):
    """Waits until the service answers; fails with what it wrote where its process has ended."""
    for _ in range(600):
        if healthy(port):
            return
        if process.poll() is not None:
            pytest.fail(log.read_text() if log is not None else process.stderr.read().decode())
        time.sleep(0.1)
