"""What came of the statements in one evaluation, read in one walk: most of them have nothing to say."""

from collections.abc import Iterable
from typing import NamedTuple

from cards.judging import Judged


class Outcomes(NamedTuple):
    """`by_kind` holds ids of statements once per order; the others hold each once.

    `fired` spoke, `suppressed` would have spoken but for an exception, `unchecked` could not be evaluated.
    """

    by_kind: dict[str, list[str]]
    fired: list[str]
    suppressed: list[str]
    unchecked: list[str]


def read_outcomes(judged: Iterable[Judged]) -> Outcomes:
    """The outcomes, in the order in which they were judged."""
    quiet: list[str] = []
    by_kind = {"not-fired": quiet, "fired": [], "cannot-evaluate": [], "suppressed": []}
    fired: list[str] = []
    for statement, _, outcome in judged:
        if outcome.kind == "not-fired":
            quiet.append(statement.id)
            continue
        by_kind[outcome.kind].append(statement.id)
        if outcome.finding is not None:
            fired.append(statement.id)
    return Outcomes(by_kind, _once(fired), _once(by_kind["suppressed"]), _once(by_kind["cannot-evaluate"]))


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))
