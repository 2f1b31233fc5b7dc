"""The steps of the Dockerfile in a plain Debian root, where no container engine is needed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from programs import absent, program

pytestmark = [pytest.mark.enable_socket, pytest.mark.full]
ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
USER = 10_001


def instructions(name):
    """What follows each `name` of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.removeprefix(name + " ") for line in joined.splitlines() if line.startswith(name + " ")]


def in_root(root, *command, user=0, env=None):
    """Runs a command in the root as the image would: nothing of this machine's environment but the network's."""
    path = {"PATH": "/opt/cds-service/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin"}
    network = {
        name: value
        for name, value in os.environ.items()
        if name.lower().endswith("_proxy") or name in ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT")
    }
    return ["chroot", f"--userspec={user}:{user}", str(root), *command], path | network | (env or {})


def run(root, *command, **more):
    asked, env = in_root(root, *command, **more)
    told = subprocess.run(asked, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"{command}: {told.stdout[-2000:]}{told.stderr[-2000:]}"
    return told.stdout


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The root with the service installed, as the second stage of the Dockerfile holds it."""
    debootstrap = program("debootstrap", "debootstrap")
    if os.getuid() != 0:
        absent("debootstrap needs root")
    root = tmp_path_factory.mktemp("image") / "root"
    packages = "python3,python3-venv,ca-certificates"
    made = subprocess.run(
        [str(debootstrap), "--variant=minbase", f"--include={packages}", "bookworm", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        absent(f"debootstrap could not make a Debian root: {made.stdout[-300:]}")
    for file in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"):
        shutil.copyfile(file, str(root) + file)
    source = root / "src"
    for copied in instructions("COPY"):
        if copied.startswith("--from"):
            continue
        *files, to = copied.split()
        for file in files:
            target = source / to / Path(file).name if to.endswith("/") else source / to
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / file).is_dir():
                shutil.copytree(ROOT / file, source / to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(ROOT / file, target)
    for step in instructions("RUN"):
        run(root, "sh", "-c", f"cd /src && {step}")
    shutil.rmtree(source)
    yield root
    shutil.rmtree(root)


def started(root, **settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {"CDS_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"} | settings
    asked, env = in_root(
        root, "sh", "-c", "cd /var/lib/cds-service && exec cds-service serve", user=USER, env=env
    )
    return port, subprocess.Popen(asked, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def get(port, path):
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_image_answers_as_a_user_who_owns_nothing_but_its_store(image):
    run(image, "mkdir", "-p", "/dev/shm")  # noqa: S108  as a container has it
    (image / "dev" / "shm").chmod(0o1777)
    port, process = started(image, CDS_AUTH="off", CDS_HOST="0.0.0.0")  # noqa: S104  as in the image
    try:
        for _ in range(300):
            assert process.poll() is None, process.stdout.read()
            try:
                assert get(port, "/readyz") == 200
                break
            except OSError:
                time.sleep(0.1)
        assert get(port, "/healthz") == 200
        check = re.search(r'CMD \["python", "-c", "(.+)"\]', DOCKERFILE).group(1)
        run(image, "python", "-c", check, user=USER, env={"CDS_PORT": str(port)})
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    written = {
        str(file.relative_to(image))
        for file in image.rglob("*")
        if file.is_file() and not file.is_symlink() and file.stat().st_uid == USER
    }
    assert {name.split("/")[0] for name in written} <= {"var", "tmp"}, written
    assert "var/lib/cds-service/cds-service.sqlite" in written


def test_the_image_refuses_to_be_exposed_without_clients(image):
    _, process = started(image, CDS_HOST="0.0.0.0")  # noqa: S104
    told = process.communicate(timeout=60)[0]
    assert process.returncode != 0
    assert "CDS_CLIENTS" in told


def test_the_image_holds_no_tool_that_only_built_it(image):
    listed = run(image, "python", "-m", "pip", "list", "--format", "freeze").lower()
    assert "neuropathic-cds-hooks==" in listed
    assert "hatchling" not in listed
    assert "pytest" not in listed
