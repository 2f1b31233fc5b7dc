"""Chromium for the tests of pages: one browser, a running service of its own, and what a page asked for."""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from running_service import answering, environment_with, free_port

# Set by CI, where a missing browser is a failure and no reason to skip.
REQUIRED = "CDS_TEST_BROWSER"
# Where pictures of the pages are put; CI keeps them.
SCREENSHOTS = "CDS_SCREENSHOTS"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _missing():
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if shutil.which("chromium") else "Chromium is not installed (apt-get install chromium)"


@pytest.fixture(scope="session")
def chromium():
    """A running browser; skips, saying why, where there is none."""
    missing = _missing()
    if missing and os.environ.get(REQUIRED) != "required":
        pytest.skip(missing)
    assert not missing, missing
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Service:
    """A service on loopback, with its database."""

    base: str
    database: Path


@contextmanager
def running_service(folder, **more):
    """The service as `make run` starts it, on a free port; `more` are settings of its environment."""
    port, database = free_port(), Path(folder) / "store.sqlite"
    # Small numbers are hidden on the page of alert burden, and a test makes few.
    own = environment_with(**{"CDS_DATABASE_URL": f"sqlite:///{database}", "CDS_SMALL_CELLS": "1"} | more)
    command = [sys.executable, "-m", "cds_service", "serve", "--port", str(port), "--workers", "1"]
    log = Path(folder) / "log"
    with log.open("wb") as out, subprocess.Popen(command, env=own, stdout=out, stderr=out) as process:
        try:
            answering(port, process, log)
            yield Service(f"http://127.0.0.1:{port}", database)
        finally:
            process.terminate()
            process.wait(40)


@pytest.fixture(scope="session")
def service(chromium, tmp_path_factory):  # noqa: ARG001  no service where there is no browser
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@dataclass
class Watch:
    """What pages of one test asked for, and what they complained of."""

    hosts: set = field(default_factory=set)
    complaints: list = field(default_factory=list)

    def over(self, page):
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _console(self, message):
        if message.type == "error":
            self.complaints.append(message.text)


@pytest.fixture
def open_page(chromium, service):
    """Opens a path in a page of its own; at the end nothing was asked of another host, and no script failed."""
    watch, contexts = Watch(), []

    def open_path(path="/", width=1280, **options):
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch.over(page)
        page.goto(service.base + path if path.startswith("/") else path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert watch.hosts <= {"127.0.0.1"}, watch.hosts
    assert watch.complaints == [], watch.complaints


@pytest.fixture
def picture(tmp_path):
    """Writes a picture of a page into CDS_SCREENSHOTS, else into the test's folder."""
    folder = Path(os.environ.get(SCREENSHOTS) or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        path = folder / f"{re.sub('[^a-z0-9-]+', '-', name)}.png"
        # To hide the caret Playwright would add a style element, which the pages' own policy refuses.
        page.screenshot(path=str(path), full_page=True, caret="initial")
        assert path.stat().st_size > 1_000

    return take
