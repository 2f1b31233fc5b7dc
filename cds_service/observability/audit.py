"""The audit trail: one event for each call of a client, by keyed hashes, written off the path of the call."""

from datetime import datetime

from flask import g

from cards.evaluate import Evaluation
from cds_service.hooks.invoke import CLIENT, Engine
from cds_service.hooks.issued import Subject
from cds_service.installation import version
from cds_service.observability.metrics import fired
from cds_service.store.records import AuditEvent

# Named beside statements in `not_checked`: what of the input was not read.
_UNREAD = frozenset({"fetch-failed", "page-not-followed", "unreadable-resource", "rule-failed"})


def caller() -> str:
    """The client of this call as the log and the audit trail name it: proved, claimed, or neither."""
    client = g.get("client")
    return str(client.name if client is not None else g.get("claimed_client") or CLIENT)


def audit_event(endpoint: str, status: int, milliseconds: float, engine: Engine, now: datetime) -> AuditEvent:
    """The event of the call that is being answered."""
    evaluation: Evaluation | None = g.get("evaluation")
    subject: Subject = g.get("subject", Subject())
    refused = g.get("refused", ())
    return AuditEvent(
        at=now,
        request_id=g.request_id,
        endpoint=endpoint,
        client=caller(),
        service=g.get("service", ""),
        hook=g.get("hook", ""),
        status=status,
        reason=g.get("audit_reason", "") or (refused[0] if refused else ""),
        patient_hash=subject.patient_hash,
        user_hash=subject.user_hash,
        outcomes=_outcomes(evaluation),
        not_checked=_not_checked(evaluation),
        cards=len(evaluation.cards) if evaluation else 0,
        knowledge_version=engine.knowledge.version,
        terminology_version=engine.terminology.version,
        software_version=version(),
        latency_ms=round(milliseconds, 2),
    )


def _outcomes(evaluation: Evaluation | None) -> dict[str, list[str]]:
    """Statements that spoke, and that an exception silenced; the rest was checked and had nothing to say."""
    if evaluation is None:
        return {}
    silent = dict.fromkeys(one.statement.id for one in evaluation.judged if one.outcome.kind == "suppressed")
    return {"fired": list(fired(evaluation)), "suppressed": list(silent)}


def _not_checked(evaluation: Evaluation | None) -> tuple[str, ...]:
    if evaluation is None:
        return ()
    statements = [one.statement.id for one in evaluation.judged if one.outcome.kind == "cannot-evaluate"]
    issues = [issue.code for issue in evaluation.issues if issue.code in _UNREAD]
    return tuple(dict.fromkeys((*statements, *issues)))
