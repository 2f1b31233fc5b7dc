"""Checks on the installation itself: the version, and that the imported packages are this project's."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "neuropathic-cds-hooks"

# A file of each package that no other distribution of that name has.
_OURS = {"cards": "knowledge/loader.py", "terminology": "medication_lookup.py"}


class InstallationError(RuntimeError):
    """The installation cannot work; the message says what to do."""


@cache
def version() -> str:
    """The installed version, "unreleased" for a source tree that is not installed."""
    try:
        return installed_version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unreleased"


def check_packages() -> None:
    """Raises InstallationError when `cards` or `terminology` is not ours: PyPI has both names too."""
    home = Path(__file__).resolve().parent.parent
    for name, marker in _OURS.items():
        spec = find_spec(name)
        folder = Path(spec.origin).resolve().parent if spec and spec.origin else None
        if folder is None:
            raise InstallationError(f"package {name!r} is missing: install {DISTRIBUTION} again")
        if folder.parent != home or not (folder / marker).is_file():
            raise InstallationError(
                f"package {name!r} was imported from {folder}, which is not part of {DISTRIBUTION}. "
                f"Another distribution of that name is installed: uninstall it ('pip uninstall {name}') "
                f"and install {DISTRIBUTION} again."
            )
