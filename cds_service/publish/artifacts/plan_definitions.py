"""One PlanDefinition for each statement: an event-condition-action rule that reviewers and repositories can read.

One per statement, not per file: a statement is what is reviewed, approved, changed and switched off. The rule runs
in this service; its conditions stand here as text and as predicates of Library/predicates, not as CQL.
"""

from datetime import date
from typing import Final

from cards.card import TOPIC_DISPLAY, TOPIC_SYSTEM, Indicator
from cards.knowledge.checks import conditions
from cards.knowledge.conditions import Condition, Escalation
from cards.knowledge.governance import Approval
from cards.knowledge.index import Knowledge
from cards.knowledge.statements import Reference, Statement
from cds_service.hooks.discovery import SERVICES
from cds_service.publish.artifacts.metadata import Resource, canonical, jurisdictions, publishable
from cds_service.publish.attributes import Attribute, source_attributes
from cds_service.publish.downloads import logic
from cds_service.publish.predicate_words import Titles, condition_words, titles_of
from cds_service.publish.publisher import DEVELOPER
from cds_service.publish.statement_page import KINDS, sets_of
from terminology.canonical import CANONICAL_BASE
from terminology.load import Terminology

ATTRIBUTE: Final = f"{CANONICAL_BASE}/StructureDefinition/source-attribute"
EVIDENCE: Final = f"{CANONICAL_BASE}/StructureDefinition/evidence"
LANGUAGE: Final = "text/x-neuropathic-cds-predicates"
PREDICATES: Final = canonical("Library", "predicates")
_USAGE: Final = (
    "Evaluated by the CDS Hooks service of this release. A site reviews it, changes its values in an overlay and "
    "approves it before it relies on it."
)
_PRIORITY: Final = {Indicator.critical: "urgent", Indicator.warning: "routine", Indicator.info: "routine"}
# Where it decides whether the statement speaks; the other conditions of a rule only shape what it says.
_DECIDES: Final = {"when": "", "indication": "", "unless": "not "}


def plan_definition(
    one: Statement, knowledge: Knowledge, terms: Terminology, day: date, on: date | None, release: str
) -> Resource:
    """The statement as it stands at this site on that local day. Only an approved one is active."""
    titles = titles_of(terms)
    approved = one.review.state_on(day) in ("approved", "overdue") and one.review.current is not None
    resource = publishable(
        "PlanDefinition",
        one.id,
        title=one.title,
        version=knowledge.version,
        on=on,
        status="active" if approved else "draft",
        description=f"{KINDS.get(one.kind, '')} {logic(one, titles)}".strip(),
    )
    attributes = source_attributes(one, knowledge, terms, release)
    return {
        **resource,
        "extension": [
            {"url": EVIDENCE, "valueCode": one.evidence},
            *(_attribute(each) for each in attributes),
        ],
        "type": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "eca-rule"}
            ]
        },
        "subjectCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "Patient"}]
        },
        "usage": _USAGE,
        "jurisdiction": jurisdictions(one.jurisdictions),
        **_reviewed(one.review.history, one.review.current),
        "topic": [
            {"coding": [{"system": TOPIC_SYSTEM, "code": one.topic, "display": TOPIC_DISPLAY[one.topic]}]}
        ],
        "author": [{"name": DEVELOPER}],
        "relatedArtifact": [
            *(_citation(source) for source in one.sources),
            *(
                {"type": "depends-on", "resource": canonical("ValueSet", name)}
                for name in sets_of(one, knowledge, terms)
            ),
        ],
        "library": [f"{PREDICATES}|{knowledge.version}"],
        "action": [_action(one, titles)],
    }


def _reviewed(history: tuple[Approval, ...], current: Approval | None) -> Resource:
    """Dates and names of approvals. No approval, no member: an empty one would look like a review."""
    found: Resource = {}
    if current is not None:
        found["approvalDate"] = current.on.isoformat()
    if history:
        found["lastReviewDate"] = max(each.on for each in history).isoformat()
    if current is not None:
        found["reviewer"] = [{"name": f"{current.by} ({current.role})" if current.role else current.by}]
    return found


def _citation(source: Reference) -> Resource:
    mark = "" if source.status in ("seen", "design") else f" ({source.status}: not checked against it)"
    return {
        "type": "citation",
        "label": source.key,
        "display": f"{source.title}{mark}",
        "citation": f"{source.title}, {source.section}",
        "url": source.url,
    }


def _attribute(one: Attribute) -> Resource:
    parts: list[Resource] = [
        {"url": "number", "valuePositiveInt": one.number},
        {"url": "name", "valueString": one.name},
    ]
    if one.used is not None:
        parts.append({"url": "used", "valueBoolean": one.used})
    parts += [{"url": "value", "valueString": line} for line in one.lines]
    return {"url": ATTRIBUTE, "extension": parts}


def _action(one: Statement, titles: Titles) -> Resource:
    deciding = [
        (str(member[1]), condition)
        for member, condition in conditions(one)
        if member[0] == "rule" and member[1] in _DECIDES and condition.predicates
    ]
    steps = [
        *(_step(step, "More", titles) for step in one.escalations),
        *(_step(step, "Less", titles) for step in one.caps),
    ]
    return {
        "title": one.title,
        "description": logic(one, titles),
        "textEquivalent": str(getattr(one.rule, "summary", "") or one.title),
        "priority": _PRIORITY[one.severity],
        "trigger": [{"type": "named-event", "name": service.hook} for service in SERVICES],
        **({"condition": [_condition(condition, titles, _DECIDES[name]) for name, condition in deciding]}
           if deciding else {}),
        **({"action": steps} if steps else {}),
    }  # fmt: skip


def _step(step: Escalation, word: str, titles: Titles) -> Resource:
    return {
        "title": f"{word} severe: {step.to.name}",
        "description": step.because,
        "priority": _PRIORITY[step.to],
        "condition": [_condition(step.when, titles, "")],
    }


def _condition(condition: Condition, titles: Titles, before: str) -> Resource:
    listed, said = ", ".join(map(str, condition.predicates)), condition_words(condition, titles)
    return {
        "kind": "applicability",
        "expression": {
            "description": f"{before}({said})" if before else said,
            "language": LANGUAGE,
            "expression": f"{before}{condition.mode}({listed})",
        },
    }
