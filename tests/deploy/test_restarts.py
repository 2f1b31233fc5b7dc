"""Restarts while an EHR calls a hundred times a second: nothing may be dropped."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import program
from proxy import nginx_file
from running_service import answering, environment_with, free_port
from steady_load import Load

pytestmark = [pytest.mark.enable_socket, pytest.mark.full]
SCRIPT = Path(sys.executable).with_name("cds-service")
CONFIGURATION = Path(__file__).parent.parent.parent / "deploy" / "gunicorn.conf.py"


def started(folder, port, command=None, **more):
    command = command or [str(SCRIPT), "serve", "--port", str(port), "--workers", "2"]
    (folder / "hash-key").write_text("x" * 64)
    own = environment_with(
        CDS_HASH_KEY_FILE=str(folder / "hash-key"),
        CDS_DATABASE_URL=f"sqlite:///{folder}/{port}.sqlite",
        CDS_LOG_LEVEL="warning",
        **more,
    )
    log = folder / f"{port}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=own, cwd=folder)
    answering(port, process, log)
    return process


def until(found, process, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "it ended"
        if found():
            return
        time.sleep(0.1)
    pytest.fail("it did not come in time")


@contextmanager
def stopped_after(*processes):
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def workers(process):
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return {int(one) for one in listed.split()}


@pytest.fixture
def body():
    return subprocess.run(
        [str(SCRIPT), "example", "gabapentin-renal"], capture_output=True, check=True
    ).stdout


@pytest.fixture
def nginx(tmp_path):
    one, other, listen = free_port(), free_port(), free_port()
    file = nginx_file(tmp_path, (one, other), listen)
    command = [
        str(program("nginx", "nginx-light")),
        "-c",
        str(file),
        "-p",
        str(tmp_path),
        "-g",
        "daemon off;",
    ]
    process = subprocess.Popen(command)
    yield one, other, listen
    process.terminate()
    process.wait(30)


def test_a_hup_of_one_instance_drops_no_call(tmp_path, body):
    port = free_port()
    master = started(tmp_path, port)
    with stopped_after(master):
        before = workers(master)
        with Load(port, body) as load:
            time.sleep(3)
            for _ in range(3):
                old = workers(master)
                master.send_signal(signal.SIGHUP)
                until(lambda old=old: len(workers(master)) == 2 and not workers(master) & old, master)
                time.sleep(2)
        assert not workers(master) & before
    assert set(load.answers) == {200}, load.answers
    assert load.answers[200] > 500


def test_the_stop_of_one_of_two_instances_behind_nginx_drops_no_call(tmp_path, body, nginx):
    one, other, listen = nginx
    first, second = started(tmp_path, one), started(tmp_path, other)
    replaced = []
    with stopped_after(second):
        with Load(listen, body, tls=True) as load:
            time.sleep(3)
            first.send_signal(signal.SIGTERM)
            assert first.wait(60) == 0
            time.sleep(3)
            replaced.append(started(tmp_path, one))
            time.sleep(3)
        replaced[0].terminate()
        replaced[0].wait(60)
    assert set(load.answers) == {200}, load.answers
    assert load.answers[200] > 500


def test_workers_that_have_answered_their_share_are_replaced_and_drop_no_call(tmp_path, body):
    port = free_port()
    few = ["--max-requests", "300", "--max-requests-jitter", "30"]
    gunicorn = [str(SCRIPT.with_name("gunicorn")), "-c", str(CONFIGURATION), *few]
    master = started(tmp_path, port, gunicorn, CDS_PORT=str(port), CDS_WORKERS="2")
    with stopped_after(master):
        before = workers(master)
        with Load(port, body) as load:
            until(lambda: len(workers(master)) == 2 and not workers(master) & before, master)
            time.sleep(2)
    assert set(load.answers) == {200}, load.answers
