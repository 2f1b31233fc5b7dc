"""Signals, crashes and restarts of the service as it runs, several workers and all."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from uuid import uuid4

import pytest
from hook_requests import SIGN
from make_tokens import claims, jwk, jwks, private_key, signed, write_clients
from sqlalchemy import create_engine, select

from cds_service.store.engine import database_url
from cds_service.store.schema import upgrade
from cds_service.store.tables import audit, cards, feedback, seen_tokens

pytestmark = pytest.mark.enable_socket
FEEDBACK = SIGN + "/feedback"
SCRIPT = Path(sys.executable).with_name("cds-service")
VALUE_SET = Path(__file__).parent.parent.parent / "terminology" / "tables" / "value_sets"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder, **more):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "PROMETHEUS_"))}
    (folder / "key").write_text("x" * 64)
    return (
        own | {"CDS_HASH_KEY_FILE": str(folder / "key")} | {name: str(value) for name, value in more.items()}
    )


class Service:
    def __init__(self, port, process, errors):
        self.port, self.process, self.errors = port, process, errors

    def call(self, method, path, body=None, **headers):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            content = json.dumps(body).encode() if body is not None else None
            headers = {"Content-Type": "application/json"} | headers
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def token(self, path, key=None, **more):
        kid = more.pop("kid", "k1")
        made = claims(time.time(), path, aud=f"http://127.0.0.1:{self.port}{path}", **more)
        return {"Authorization": f"Bearer {signed(made, key, kid=kid)}"}

    def ready(self):
        return json.loads(self.call("GET", "/readyz")[1])

    def children(self):
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(one) for one in listed.split()]


@contextmanager
def running(folder, workers=2, port=None, **more):
    port = port or free_port()
    more = {
        "CDS_DATABASE_URL": f"sqlite:///{folder}/s.sqlite",
        "CDS_BASE_URL": f"http://127.0.0.1:{port}",
    } | more
    errors = (folder / "errors.txt").open("ab")
    process = subprocess.Popen(
        [SCRIPT, "serve", "--port", str(port), "--workers", str(workers)],
        env=environment(folder, **more), stdout=errors, stderr=errors, cwd=folder,
    )  # fmt: skip
    service = Service(port, process, folder / "errors.txt")
    try:
        until(lambda: process.poll() is not None or answers(service))
        assert process.poll() is None, service.errors.read_text()
        yield service
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(40)
        errors.close()


def example():
    done = subprocess.run([SCRIPT, "example", "gabapentin-renal"], capture_output=True, check=True)
    return json.loads(done.stdout)


def answers(service):
    try:
        return service.call("GET", "/healthz")[0] == 200
    except OSError:
        return False


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def rows(database, table):
    engine = create_engine(database_url(database))
    try:
        with engine.connect() as connection:
            return connection.execute(select(table)).mappings().all()
    finally:
        engine.dispose()


def test_hup_renews_the_clients_and_a_wrong_file_leaves_them_as_they_were(tmp_path):
    first = {"name": "first", "iss": "https://first.example.org", "jwks_file": "keys.json"}
    second = {"name": "second", "iss": "https://second.example.org", "jwks_file": "keys.json"}
    file = write_clients(tmp_path, first)
    with running(tmp_path, CDS_CLIENTS=file) as service:

        def accepted(client):
            headers = service.token(SIGN, iss=client["iss"])
            return service.call("POST", SIGN, {}, **headers)[0] == 400  # past the token, to the empty body

        assert (accepted(first), accepted(second)) == (True, False)
        before = set(service.children())
        write_clients(tmp_path, second)
        assert (accepted(first), accepted(second)) == (True, False)
        os.kill(service.process.pid, signal.SIGHUP)
        until(lambda: not before & set(service.children()) and len(service.children()) == 2)
        assert [accepted(second) for _ in range(8)] == [True] * 8
        assert [accepted(first) for _ in range(8)] == [False] * 8
        before = set(service.children())
        file.write_text("[[client]]\nname = 'third'")
        os.kill(service.process.pid, signal.SIGHUP)
        until(lambda: not before & set(service.children()) and len(service.children()) == 2)
        assert [accepted(second) for _ in range(8)] == [True] * 8
        assert [accepted(first) for _ in range(8)] == [False] * 8
        assert service.ready()["clientsFile"] == "outdated"
    assert '"trouble":"clients-file"' in service.errors.read_text()


def test_rotated_keys_of_a_file_are_read_on_hup(tmp_path):
    client = {"name": "main", "iss": "https://ehr.example.org/fhir", "jwks_file": "keys.json"}
    file = write_clients(tmp_path, client)
    new = private_key("ES384", "rotated")
    with running(tmp_path, workers=1, CDS_CLIENTS=file) as service:

        def accepted(**key):
            return service.call("POST", SIGN, {}, **service.token(SIGN, **key))[0] == 400

        assert (accepted(), accepted(key=new, kid="k2")) == (True, False)
        before = set(service.children())
        write_clients(tmp_path, client, keys=jwks(jwk(new, "k2")))
        os.kill(service.process.pid, signal.SIGHUP)
        until(lambda: not before & set(service.children()) and len(service.children()) == 1)
        assert (accepted(), accepted(key=new, kid="k2")) == (False, True)


def test_a_token_is_used_once_across_workers_and_a_restart(tmp_path, database):
    upgrade(database_url(database))
    more = {"CDS_CLIENTS": write_clients(tmp_path), "CDS_DATABASE_URL": database}
    with running(tmp_path, 2, **more) as service:
        headers = [service.token(SIGN) for _ in range(5)]
        for one in headers:
            outcomes: list[int] = []

            def call(one=one, outcomes=outcomes):
                outcomes.append(service.call("POST", SIGN, {}, **one)[0])

            threads = [threading.Thread(target=call) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == [400] + [401] * 7
        port = service.port
    with running(tmp_path, 2, port, **more) as service:
        for one in headers:
            assert service.call("POST", SIGN, {}, **one)[0] == 401
        assert service.call("POST", SIGN, {}, **service.token(SIGN))[0] == 400
    assert len(rows(database, seen_tokens)) == 6


def test_kill_9_of_workers_under_load_loses_no_acknowledged_feedback(tmp_path, database):
    upgrade(database_url(database))
    acknowledged, failed, stop = set(), [], threading.Event()
    with running(tmp_path, 2, CDS_DATABASE_URL=database) as service:

        def load():
            while not stop.is_set():
                card = str(uuid4())
                entry = {"card": card, "outcome": "overridden"}
                try:
                    status, _ = service.call("POST", FEEDBACK, {"feedback": [entry]})
                except (OSError, HTTPException):
                    failed.append(card)
                    continue
                if status == 200:
                    acknowledged.add(card)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for one in threads:
            one.start()
        for _ in range(5):
            grown = len(acknowledged) + 40
            until(lambda grown=grown: len(acknowledged) >= grown)
            os.kill(random.choice(service.children()), signal.SIGKILL)
        grown = len(acknowledged) + 40
        until(lambda: len(acknowledged) >= grown)
        stop.set()
        for one in threads:
            one.join()
    kept = {row["card"] for row in rows(database, feedback)}
    assert len(acknowledged) >= 240
    assert acknowledged <= kept


def test_what_waits_is_written_before_the_service_ends(tmp_path):
    with running(tmp_path, 2) as service:
        body = example()
        for place in range(20):
            status, _ = service.call("POST", SIGN, body | {"hookInstance": str(place)})
            assert status == 200
    database = f"sqlite:///{tmp_path}/s.sqlite"
    assert len(rows(database, audit)) == 20
    assert len(rows(database, cards)) == 20


def test_hup_keeps_the_terminology_and_a_new_master_reads_it_anew(tmp_path):
    folder = tmp_path / "sets"
    folder.mkdir()
    with running(tmp_path, workers=1, CDS_VALUE_SETS=folder) as service:
        before = service.ready()["terminology"]
        source = min(VALUE_SET.glob("*.yaml"))
        (folder / source.name).write_text(source.read_text())
        old = set(service.children())
        os.kill(service.process.pid, signal.SIGHUP)
        until(lambda: not old & set(service.children()) and len(service.children()) == 1)
        assert service.ready()["terminology"] == before
        os.kill(service.process.pid, signal.SIGUSR2)
        until(lambda: new_master(service) is not None)
        new = new_master(service)
        try:
            until(lambda: has_children(new))
            service.process.terminate()
            service.process.wait(40)
            assert service.ready()["terminology"] != before
        finally:
            os.kill(new, signal.SIGTERM)
            until(lambda: not alive(new))


def new_master(service):
    """The process that the master began anew, known by the environment that gunicorn gives it."""
    for pid in service.children():
        try:
            if b"GUNICORN_FD" in Path(f"/proc/{pid}/environ").read_bytes():
                return pid
        except OSError:
            continue
    return None


def has_children(pid):
    try:
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:
        return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def refused_to_start(folder, **more):
    port = more.pop("port", None) or free_port()
    done = subprocess.run(
        [SCRIPT, "serve", "--port", str(port), "--workers", "1"],
        env=environment(folder, **more), capture_output=True, timeout=60, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode not in (0, -15)
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_what_is_wrong_with_clients_or_store_stops_the_start(tmp_path):
    base = {"CDS_BASE_URL": "https://cds.example.org"}
    file = write_clients(tmp_path, {"name": "main", "iss": "", "jwks_file": "keys.json"})
    assert "iss" in refused_to_start(tmp_path, CDS_CLIENTS=file, **base)
    assert "CDS_BASE_URL" in refused_to_start(tmp_path, CDS_CLIENTS=write_clients(tmp_path))
    assert "CDS_CLIENTS" in refused_to_start(tmp_path, CDS_AUTH="required", **base)
    assert "CDS_DATABASE_URL" in refused_to_start(tmp_path, CDS_DATABASE_URL="mysql://x")


def test_an_old_schema_of_postgresql_stops_the_start(tmp_path, postgres):
    from databases import new_postgres

    assert "db upgrade" in refused_to_start(tmp_path, CDS_DATABASE_URL=new_postgres(postgres))


def test_the_service_starts_and_answers_while_its_database_is_away(tmp_path):
    with running(
        tmp_path, workers=1, CDS_DATABASE_URL="postgresql://cds:secret-word@127.0.0.1:1/none"
    ) as service:
        body = example()
        status, answer = service.call("POST", SIGN, body)
        assert status == 200
        assert json.loads(answer)["cards"]
        assert service.call("POST", FEEDBACK, {"feedback": [{"card": "c", "outcome": "accepted"}]})[0] == 503
        assert service.ready()["store"] == "down"
    said = service.errors.read_text()
    assert "cards are answered" in said
    assert "secret-word" not in said


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /Mustermann Mustermann HTTP/1.1\r\n\r\n",
        b"Mustermann\r\n\r\n",
        b"GET / HTTP/1.1\r\nMuster mann: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: Mustermann\r\n\r\n",
        b"POST "
        + SIGN.encode()
        + b"?Mustermann HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Mustermann\r\n\r\n",
    ],
)
def test_what_is_no_http_is_not_quoted_in_the_log(odd_service, sent):
    with socket.create_connection(("127.0.0.1", odd_service.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.settimeout(10)
        while connection.recv(4096):
            pass
    assert answers(odd_service)
    assert "Mustermann" not in odd_service.errors.read_text()


@pytest.fixture(scope="module")
def odd_service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("odd"), workers=1) as service:
        yield service
