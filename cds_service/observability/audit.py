"""The audit trail: one event for each call of a client, by keyed hashes, written off the path of the call."""

from cds_service.call import Call
from cds_service.hooks.invoke import CLIENT, Engine
from cds_service.installation import version
from cds_service.observability.outcomes import Outcomes
from cds_service.store.records import AuditEvent

# Named beside statements in `not_checked`: what of the input was not read.
_UNREAD = frozenset({"fetch-failed", "page-not-followed", "unreadable-resource", "rule-failed"})


def audit_event(
    call: Call, endpoint: str, status: int, milliseconds: float, engine: Engine, outcomes: Outcomes
) -> AuditEvent:
    """The event of a call. Of the statements it names those that spoke, were silenced, or could not be checked."""
    evaluation, refused, subject = call.evaluation, call.refused, call.subject
    evaluated = evaluation is not None
    return AuditEvent(
        at=call.now,
        request_id=call.request_id,
        endpoint=endpoint,
        client=call.client.name if call.client is not None else call.claimed_client or CLIENT,
        service=call.service,
        hook=call.hook,
        status=status,
        reason=call.unproved or (refused[0] if refused else ""),
        patient_hash=subject.patient_hash,
        user_hash=subject.user_hash,
        outcomes={"fired": outcomes.fired, "suppressed": outcomes.suppressed} if evaluated else {},
        not_checked=_not_checked(call, outcomes),
        cards=len(evaluation.cards) if evaluation is not None else 0,
        knowledge_version=engine.knowledge.version,
        terminology_version=engine.terminology.version,
        software_version=version(),
        latency_ms=round(milliseconds, 2),
    )


def _not_checked(call: Call, outcomes: Outcomes) -> tuple[str, ...]:
    issues = call.evaluation.issues if call.evaluation is not None else ()
    unread = [issue.code for issue in issues if issue.code in _UNREAD]
    return tuple(dict.fromkeys((*outcomes.unchecked, *unread)))
