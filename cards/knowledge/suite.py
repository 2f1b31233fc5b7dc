"""The whole case suite of a site: the shipped cases, those of what it added, and its own in place of shipped ones.

A site that changes a value makes the shipped cases of that value fail. Its own cases of the new value stand in
`cases/`, under the path of the shipped file; `replaces` lists the names of those that they stand in for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cards.knowledge.cases import CaseResult, run_file
from cards.knowledge.index import Knowledge
from cards.knowledge.loader import HOME, cases_file, knowledge_files
from cards.knowledge.overlay import FOLDERS
from cards.knowledge.path_words import is_text
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read
from terminology.load import Terminology


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """One file of cases under `home`; `replaced` maps names of its cases to the site's in their place."""

    path: Path
    home: Path
    replaced: Mapping[str, str] = field(default_factory=dict)


def suite_files(overlay: Path | None, home: Path = HOME) -> tuple[SuiteFile, ...]:
    """Every file of cases that counts at a site. Raises KnowledgeFileError for one that is not in order."""
    own = own_cases(overlay)
    replaced = (
        {path.relative_to(overlay / "cases"): _replaced(path, home, overlay) for path in own}
        if overlay
        else {}
    )
    shipped = [cases_file(path) for path in knowledge_files(home)]
    added = [cases_file(path) for path in knowledge_files(overlay)] if overlay else []
    return (
        *(SuiteFile(path, home, replaced.get(path.relative_to(home), {})) for path in shipped),
        *(SuiteFile(path, overlay or home) for path in (*added, *own)),
    )


def run_suite(
    knowledge: Knowledge, terminology: Terminology, overlay: Path | None, home: Path = HOME
) -> Iterator[CaseResult]:
    """Every case of a site, on the knowledge as it is in force."""
    for one in suite_files(overlay, home):
        yield from run_file(one.path, knowledge, terminology, one.home, one.replaced)


def own_cases(overlay: Path | None) -> list[Path]:
    """The site's own cases of shipped statements."""
    if overlay is None:
        return []
    return [path for name in FOLDERS for path in sorted((overlay / "cases" / name).glob("*.cases.yaml"))]


def unproved(knowledge: Knowledge, overlay: Path | None) -> tuple[str, ...]:
    """Statements in which the site changed a value, without a case of its own on each side."""
    named: dict[str, set[str]] = {"expect": set(), "silent": set()}
    for path in own_cases(overlay):
        for case in _cases(path):
            for side, found in named.items():
                found.update(case.get(side) or ())
    return tuple(
        name
        for name, one in sorted(knowledge.statements.items())
        if any(not is_text(change.path) for change in one.changed)
        and not (name in named["expect"] and name in named["silent"])
    )


def _replaced(path: Path, home: Path, overlay: Path) -> dict[str, str]:
    """Names of shipped cases, each with the name of the site's case in its place."""
    within = path.relative_to(overlay / "cases")
    shipped = home / within
    names = {case.get("name") for case in _cases(shipped)} if shipped.exists() else set()
    replaced: dict[str, str] = {}
    for place, case in enumerate(_cases(path)):
        listed = case.get("replaces", [])
        for at, name in enumerate(listed if isinstance(listed, list) else [listed]):
            if name not in names:
                line = line_of(path, (place, "replaces", at))
                raise KnowledgeFileError(
                    f"{path.name}: line {line}: {place}.replaces: {within} has no case named {name!r}"
                )
            replaced[name] = str(case.get("name"))
    return replaced


def _cases(path: Path) -> list[Mapping[str, Any]]:
    document = read(path)
    if not isinstance(document, list) or not all(isinstance(one, dict) and "name" in one for one in document):
        raise KnowledgeFileError(f"{path.name}: needs a list of cases, each with a name")
    return document
