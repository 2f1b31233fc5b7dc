"""What the image installs is pinned and hashed, and fits what the project asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def pinned(name):
    text = (ROOT / "deploy" / name).read_text()
    return {canonicalize_name(one): Version(version) for one, version in PINNED.findall(text)}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_every_line_of_a_lock_is_pinned_and_hashed_and_names_no_index(name):
    text = (ROOT / "deploy" / name).read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text.strip()) if not block.startswith("#")]
    assert len(blocks) == len(pinned(name))
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
    assert "://" not in text


@pytest.mark.parametrize("group", ["dependencies", "postgres", "backtest"])
def test_the_lock_holds_what_the_project_depends_on(group):
    project = PROJECT["project"]
    asked = project["dependencies"] if group == "dependencies" else project["optional-dependencies"][group]
    found = pinned("requirements.lock")
    for each in map(Requirement, asked):
        version = found.get(canonicalize_name(each.name))
        assert version is not None, f"{each.name}: run `make lock`"
        assert each.specifier.contains(version, prereleases=True), f"{each.name} {version}: run `make lock`"


def test_the_build_lock_holds_what_builds_the_wheel():
    found = pinned("requirements-build.lock")
    for each in map(Requirement, PROJECT["build-system"]["requires"]):
        assert each.specifier.contains(found[canonicalize_name(each.name)])


def test_the_dockerfile_installs_by_the_script_alone():
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    assert not [line for line in text.splitlines() if "pip" in line and not line.startswith("#")]
    assert [line for line in text.splitlines() if "install.sh" in line and line.startswith("RUN")] == [
        "RUN sh deploy/install.sh requirements",
        "RUN sh deploy/install.sh service",
    ]
