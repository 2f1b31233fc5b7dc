"""The cases of a statement and what became of them, run when somebody first looks and then remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cards.knowledge.cases import CaseResult, run_file
from cards.knowledge.index import Knowledge
from cards.knowledge.strict_yaml import read
from cards.knowledge.suite import SuiteFile, suite_files
from cds_service.publish.in_words import words
from terminology.load import Terminology

# What a case is about; its other members say what is expected.
_GIVEN = (
    "jurisdiction", "hook", "patient", "creatinine", "egfr", "labs", "results", "drafts", "active", "ended", "done",
    "devices", "planned", "missing", "acknowledged",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """One case as a statement's page shows it: `expected` of this statement, `problems` of the whole case."""

    file: str
    name: str
    expected: str
    given: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    set_aside: str = ""


@dataclass(slots=True)
class CaseResults:
    """The cases of the shipped files and of the site's overlay, by statement.

    A file is run once for each state of the knowledge; two threads may do so at the same time, with one result.
    """

    terminology: Terminology
    overlay: Path | None
    _cases: tuple[tuple[SuiteFile, list[Mapping[str, Any]]], ...] = ()
    _results: dict[tuple[int, Path], tuple[CaseResult, ...]] = field(default_factory=dict)

    def of(self, statement: str, knowledge: Knowledge) -> tuple[ShownCase, ...]:
        """Every case that names the statement, those in which it speaks first."""
        shown: list[ShownCase] = []
        for file, cases in self._read():
            if any(_expected(case, statement) for case in cases):
                results = self._run(file, knowledge)
                shown += [
                    _shown(case, result, statement)
                    for case, result in zip(cases, results, strict=True)
                    if _expected(case, statement)
                ]
        return tuple(sorted(shown, key=lambda one: (bool(one.set_aside), one.expected == "silent")))

    def _read(self) -> tuple[tuple[SuiteFile, list[Mapping[str, Any]]], ...]:
        if not self._cases:
            self._cases = tuple((file, read(file.path)) for file in suite_files(self.overlay))
        return self._cases

    def _run(self, file: SuiteFile, knowledge: Knowledge) -> tuple[CaseResult, ...]:
        key = (id(knowledge), file.path)
        if key not in self._results:
            made = run_file(file.path, knowledge, self.terminology, file.home, file.replaced)
            self._results[key] = tuple(made)
        return self._results[key]


def _expected(case: Mapping[str, Any], statement: str) -> str:
    """What the case expects of the statement: an indicator, "silent", or "" where it does not name it."""
    expect = case.get("expect") or {}
    if statement in expect:
        return str(expect[statement])
    return "silent" if statement in (case.get("silent") or ()) else ""


def _shown(case: Mapping[str, Any], result: CaseResult, statement: str) -> ShownCase:
    return ShownCase(
        file=result.file,
        name=result.name,
        expected=_expected(case, statement),
        given=tuple((name.replace("_", " "), words(case[name])) for name in _GIVEN if name in case),
        problems=result.problems,
        set_aside=result.set_aside,
    )
