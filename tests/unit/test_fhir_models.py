"""fhir.resources validates R5 by default; this project reads and writes R4, so only its R4B models may be used."""

import ast
from pathlib import Path

import cards
import cds_service
import terminology

PACKAGES = (cards, cds_service, terminology)


def imported(source):
    """Modules of fhir.resources that a source file imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fhir"):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("fhir"))


def test_only_the_r4b_models_are_imported():
    files = [path for package in PACKAGES for path in Path(package.__file__).parent.rglob("*.py")]
    found = {name for path in files for name in imported(path.read_text(encoding="utf-8"))}
    assert found
    assert {name for name in found if not name.startswith("fhir.resources.R4B")} == set()


def test_the_check_sees_an_import_of_the_default_models():
    assert list(imported("from fhir.resources.bundle import Bundle\nimport fhir.resources")) == [
        "fhir.resources.bundle",
        "fhir.resources",
    ]
