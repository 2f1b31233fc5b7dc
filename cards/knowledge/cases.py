"""Runs the cases that stand beside each knowledge file, through the same evaluation as a request.

A case writes a patient and orders in a few words; they become FHIR resources, so that a case covers reading,
terminology, rules and cards alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cards.evaluate import Evaluation, evaluate
from cards.knowledge.case_record import CASE_MEMBERS, NOW, check_members, make_case
from cards.knowledge.loader import HOME, Knowledge
from cards.knowledge.strict_yaml import KnowledgeFileError, read
from cards.policy import site_policy
from terminology.load import Terminology


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what did not hold in it; no problems means it passed.

    `set_aside` says why it does not count at this site: what it expects is switched off, or the site has
    another case in its place.
    """

    file: str
    name: str
    problems: tuple[str, ...]
    set_aside: str = ""


def run_file(
    path: Path,
    knowledge: Knowledge,
    terminology: Terminology,
    home: Path = HOME,
    replaced: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[CaseResult]:
    """The cases of one file, one result each. Raises KnowledgeFileError for a case that is not well formed.

    `replaced` maps the name of a case to that of the site's own in its place.
    """
    name = str(path.relative_to(home)) if path.is_relative_to(home) else path.name
    cases = read(path)
    if not isinstance(cases, list):
        raise KnowledgeFileError(f"{name}: needs a list of cases")
    for case in cases:
        check_members(name, case, CASE_MEMBERS)
        aside = _set_aside(case, knowledge, replaced)
        problems = () if aside else tuple(_problems(case, knowledge, terminology))
        yield CaseResult(name, case["name"], problems, aside)


def _set_aside(case: Mapping[str, Any], knowledge: Knowledge, replaced: Mapping[str, str]) -> str:
    if case["name"] in replaced:
        return f"replaced by the site's case “{replaced[case['name']]}”"
    off = [name for name in case.get("expect") or () if name in knowledge.dormant]
    if not off:
        return ""
    why = knowledge.dormant[off[0]]
    return why if knowledge.reason(off[0]) == "topic-off" else f"{off[0]}: {why}"


def _problems(case: Mapping[str, Any], knowledge: Knowledge, terminology: Terminology) -> Iterator[str]:
    evaluation = evaluate_case(case, knowledge, terminology)
    said = {
        judged.statement.id: judged.outcome.finding.severity.name
        for judged in evaluation.judged
        if judged.outcome.finding is not None
    }
    for statement, indicator in (case.get("expect") or {}).items():
        if said.get(statement) != indicator:
            yield f"{statement}: expected {indicator}, got {said.get(statement, 'nothing')}"
    for statement in case.get("silent") or ():
        if statement in said:
            yield f"{statement}: expected silence, got {said[statement]}"
        if statement not in knowledge.statements:
            yield f"{statement}: no such statement"
    if "cards" in case and len(evaluation.cards) != case["cards"]:
        yield f"expected {case['cards']} cards, got {[card.summary for card in evaluation.cards]}"
    lead = evaluation.cards[0] if evaluation.cards else None
    if "summary" in case and (lead is None or case["summary"] not in lead.summary):
        yield f"expected summary with {case['summary']!r}, got {lead.summary if lead else None!r}"
    labels = [one.label for card in evaluation.cards for one in card.suggestions]
    if "suggest" in case and not any(case["suggest"] in label for label in labels):
        yield f"expected a suggestion with {case['suggest']!r}, got {labels}"
    if case.get("no_suggestion") and any("Change to" in label for label in labels):
        yield f"expected no dose suggestion, got {labels}"


def evaluate_case(case: Mapping[str, Any], knowledge: Knowledge, terminology: Terminology) -> Evaluation:
    """The evaluation of one case at the fixed time NOW."""
    made = make_case(case, terminology)
    return evaluate(
        case.get("hook", "order-sign"),
        made.record,
        made.drafts,
        None,
        now=NOW,
        policy=site_policy(knowledge, jurisdiction=case.get("jurisdiction", "us")),
        knowledge=knowledge,
        terminology=terminology,
        card_scope=case["name"],
        acknowledged=made.acknowledged,
    )
