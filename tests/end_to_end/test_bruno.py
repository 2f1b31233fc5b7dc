"""deploy/bruno run by Bruno's own command-line tool against the service as it runs."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bruno_files import FOLDER as COLLECTION
from make_tokens import write_clients
from running_service import answering, command, free_port

# Its packages take a quarter of a gigabyte; tests/contract/test_api_collection.py checks the same without them.
pytestmark = [pytest.mark.enable_socket, pytest.mark.full]
FOLDER = Path(__file__).parent / "bruno"


@pytest.fixture(scope="module")
def bru():
    """The tool, installed once, also where several processes run the tests."""
    installer = shutil.which("npm")
    if installer is None or shutil.which("node") is None:
        unable("needs node 20 and npm: apt-get install nodejs npm")
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / ".package-lock.json").exists():
            done = subprocess.run([installer, "ci", "--silent"], cwd=FOLDER, check=False, timeout=900)
            if done.returncode:
                unable("npm cannot install @usebruno/cli here")
    return FOLDER / "node_modules" / ".bin" / "bru"


def unable(why):
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def serving(**environment):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    more = {"CDS_TIME_BUDGET_MS": "20000"} | {
        name: value.format(base=base) for name, value in environment.items()
    }
    process = command("serve", "--port", str(port), "--workers", "1", **more)
    try:
        answering(port, process)
        yield base
    finally:
        process.terminate()
        process.communicate(timeout=40)


@pytest.fixture(scope="module")
def base():
    yield from serving()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    yield from serving(
        CDS_CLIENTS=str(write_clients(tmp_path_factory.mktemp("clients"))), CDS_BASE_URL="{base}"
    )


def run(bru, base, results, *parts, collection=COLLECTION):
    """Exit code and, by request, its status and the asserts that it did not meet."""
    arguments = [
        "run",
        *parts,
        "-r",
        "--env",
        "local",
        "--env-var",
        f"base={base}",
        "--reporter-json",
        results,
    ]
    done = subprocess.run([bru, *arguments], cwd=collection, check=False, capture_output=True, timeout=300)
    (ran,) = json.loads(results.read_text())
    found = {}
    for one in ran["results"]:
        assert one["assertionResults"] or one["error"], one["name"]
        found[one["name"]] = [result for result in one["assertionResults"] if result["status"] != "pass"]
    return done.returncode, found


def test_every_request_of_the_collection_gets_the_answer_that_it_documents(bru, base, tmp_path):
    parts = ("topics", "hooks", "errors", "fhir")
    code, found = run(bru, base, tmp_path / "results.json", *parts)
    assert {name: failed for name, failed in found.items() if failed} == {}
    assert len(found) == sum(len(list((COLLECTION / part).glob("*.bru"))) for part in parts)
    assert code == 0


def test_a_service_with_clients_refuses_as_documented(bru, guarded, tmp_path):
    code, found = run(bru, guarded, tmp_path / "results.json", "clients")
    assert {name: failed for name, failed in found.items() if failed} == {}
    assert code == 0


def test_another_answer_fails_the_run(bru, base, tmp_path):
    copy = shutil.copytree(COLLECTION, tmp_path / "copy")
    changed = copy / "topics" / "healthy.bru"
    changed.write_text(changed.read_text().replace("length 0", "length 1"))
    code, found = run(bru, base, tmp_path / "results.json", "topics/healthy.bru", collection=copy)
    assert [len(failed) for failed in found.values()] == [1]
    assert code != 0
