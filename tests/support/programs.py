"""Programs of the system that some tests need; CI has all of them, a newcomer's machine may not."""

import os
import shutil
from pathlib import Path

import pytest

# Set by CI, where a missing program is a failure and no reason to skip.
REQUIRED = "CDS_TEST_PROGRAMS"
_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def program(name, package):
    """The path of a program of a Debian package; skips the test where it is not installed."""
    found = shutil.which(name, path=_FOLDERS)
    if found is None:
        absent(f"{name} is not installed (apt-get install {package})")
    return Path(found)


def absent(why):
    """Skips the test, or fails it where everything has to be there."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{REQUIRED}=required, but {why}")
    pytest.skip(why)
