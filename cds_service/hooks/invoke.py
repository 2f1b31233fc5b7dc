"""From a read request to its evaluation: the same function for HTTP and the command line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cards.evaluate import Evaluation, evaluate
from cards.facts.record import Record
from cards.facts.resources import as_list, obj
from cards.knowledge.loader import Knowledge, load_knowledge
from cards.policy import Policy
from cds_service.errors import Problem, Refused
from cds_service.hooks.keys import KEYS
from cds_service.hooks.prefetch import read_prefetch
from cds_service.hooks.schemas import HookRequest
from cds_service.settings import Settings
from cds_service.site_terminology import site_terminology
from terminology.load import Terminology

# Until clients authenticate, all calls come from one client.
CLIENT = "unauthenticated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """All that an evaluation needs besides the request; read once, safe to share between threads."""

    knowledge: Knowledge
    terminology: Terminology
    policy: Policy
    max_resources: int


def load_engine(settings: Settings) -> Engine:
    """Reads knowledge and terminology. Raises KnowledgeFileError or TableError for a wrong file."""
    return Engine(
        knowledge=load_knowledge(),
        terminology=site_terminology(settings),
        policy=Policy(
            jurisdiction=settings.jurisdiction, zone=settings.zone, statement_url=_statement_url(settings)
        ),
        max_resources=settings.max_resources,
    )


def answer(request: HookRequest, engine: Engine, now: datetime) -> Evaluation:
    """The evaluation of one request at `now` (aware).

    Raises Refused: 413 for too many resources, 412 where the patient cannot be obtained.
    """
    refuse_too_many(request, engine.max_resources)
    if nothing_ordered(request):
        return Evaluation(cards=(), issues=request.issues)
    record = read_prefetch(request.prefetch, request.patient_id, request.issues)
    refuse_without_required(record)
    return evaluated(request, record, engine, now)


def nothing_ordered(request: HookRequest) -> bool:
    """Whether draftOrders was empty: nothing to advise on, whatever else was sent."""
    return request.drafts == () and not any(issue.code == "unreadable-resource" for issue in request.issues)


def evaluated(request: HookRequest, record: Record, engine: Engine, now: datetime) -> Evaluation:
    """The evaluation of a request whose record has been read."""
    service = request.service
    return evaluate(
        service.hook,
        record,
        request.drafts or (),
        request.selections,
        now=now,
        policy=engine.policy,
        knowledge=engine.knowledge,
        terminology=engine.terminology,
        card_scope=f"{CLIENT}|{request.patient_id}|{service.hook}|{request.hook_instance}",
    )


def response(evaluation: Evaluation) -> dict[str, Any]:
    """The body of a successful answer."""
    return {"cards": [card.as_json() for card in evaluation.cards]}


def refuse_without_required(record: Record) -> None:
    """Raises Refused (412) where a required key was not sent, or its query failed at the client."""
    missing = [row for row in KEYS if row.required and record.state(row.key) != "given"]
    if not missing:
        return
    problems = []
    for row in missing:
        state = record.state(row.key)
        why = "was not sent" if state == "absent" else "could not be read by the client"
        if state == "absent" and any(issue.text.startswith(f"{row.words}:") for issue in record.issues):
            why = "holds no usable resource of this patient"
        problems.append(
            Problem(
                "required",
                f"prefetch.{row.key} {why}, and this service does not query FHIR servers. Send it as the "
                f"result of {row.query}, or null if there is none.",
                f"prefetch.{row.key}",
            )
        )
    raise Refused(412, *problems)


def refuse_too_many(request: HookRequest, most: int) -> None:
    """Raises Refused (413) for more resources than this server evaluates in one call."""
    count = len(request.drafts or ()) + sum(_size(value) for value in request.prefetch.values())
    if count > most:
        raise Refused(413, Problem("too-long", f"More than {most} resources, the limit of this server."))


def _size(value: Any) -> int:
    """The number of entries under a key, counted without reading them."""
    if isinstance(value, dict) and "resource" in value and "resourceType" not in value:
        value = value["resource"]
    if isinstance(value, list):
        return sum(_size(item) for item in value)
    return max(1, len(as_list(obj(value).get("entry"))))


def _statement_url(settings: Settings) -> str | None:
    if settings.base_url is None or "knowledge" not in settings.pages:
        return None
    base = settings.base_url.replace("{", "{{").replace("}", "}}")
    return base + "/knowledge/{statement}"
